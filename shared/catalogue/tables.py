"""The catalogue's tables, read on first use and kept."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from shared.catalogue.material import Attribute, ComplianceList, Family, Grade, Limit, Standard
from shared.tables import read_table

COMMON_ATTRIBUTES = ("moisture_pct", "impurity_pct")
"""Carried by every grade: settlement deducts by them."""
PACKAGE = "shared.catalogue"


NO_EDITION = "-"
"""The edition of a standard whose source names none."""


def parts(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


@cache
def _attributes() -> dict[str, Attribute]:
    return {
        row["name"]: Attribute(
            row["name"],
            row["unit"],
            row["name_zh"],
            row["name_en"],
            float(row["min"]),
            float(row["max"]),
            row["hard_stop"],
        )
        for row in read_table(PACKAGE, "attributes.csv")
    }


@cache
def _compliance_lists() -> dict[str, ComplianceList]:
    return {row["code"]: ComplianceList(**row) for row in read_table(PACKAGE, "compliance.csv")}


@cache
def _families() -> dict[str, Family]:
    return {
        row["code"]: Family(
            row["code"],
            row["name_zh"],
            row["name_en"],
            parts(row["synonyms_zh"]),
            parts(row["synonyms_en"]),
            row["compliance"],
            row["tax"],
        )
        for row in read_table(PACKAGE, "families.csv")
    }


def limit_of(cell: str) -> Limit:
    """`attribute:min or max:value`."""
    name, kind, value = cell.split(":")
    return Limit(name, kind, float(value))


@cache
def _standards() -> dict[str, tuple[Standard, ...]]:
    found: dict[str, list[Standard]] = defaultdict(list)
    for row in read_table(PACKAGE, "standards.csv"):
        limits = tuple(limit_of(cell) for cell in parts(row["limits"]))
        edition = row["edition"].removeprefix(NO_EDITION)
        verified = row["verified"] == "yes"
        standard = Standard(row["standard"], edition, row["code"], row["name"], limits, row["source"], verified)
        found[row["grade"]].append(standard)
    return {code: tuple(standards) for code, standards in found.items()}


@cache
def _grades() -> dict[str, Grade]:
    return {
        row["code"]: Grade(
            row["code"],
            row["code"].split(".")[0],
            row["name_zh"],
            row["name_en"],
            parts(row["synonyms_zh"]),
            parts(row["synonyms_en"]),
            (*COMMON_ATTRIBUTES, *parts(row["attributes"])),
            _standards().get(row["code"], ()),
            row["licence"],
        )
        for row in read_table(PACKAGE, "grades.csv")
    }


def attribute(name: str) -> Attribute | None:
    """The quality attribute of this name."""
    return _attributes().get(name)


def attributes() -> tuple[Attribute, ...]:
    """Every quality attribute."""
    return tuple(_attributes().values())


def compliance_list(code: str) -> ComplianceList | None:
    """The conditions list with this code."""
    return _compliance_lists().get(code)


def compliance_lists() -> tuple[ComplianceList, ...]:
    """Every conditions list."""
    return tuple(_compliance_lists().values())


def family(code: str) -> Family | None:
    """The family with this code."""
    return _families().get(code)


def families() -> tuple[Family, ...]:
    """Every family, in the catalogue's order."""
    return tuple(_families().values())


def grade(code: str) -> Grade | None:
    """The grade with this code."""
    return _grades().get(code)


def grades() -> tuple[Grade, ...]:
    """Every grade, in the catalogue's order."""
    return tuple(_grades().values())


def family_of(grade_code: str) -> str:
    """The family code of a grade code (`steel` for `steel.hms1`); a family's own code stays itself."""
    return grade_code.split(".", 1)[0]
