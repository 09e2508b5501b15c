"""`python -m shared.catalogue.lint`: what is wrong with the catalogue's tables, so that a new grade is a change of data.

It reads the tables as text, as they were written; each fault names its file and row.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise

from shared.catalogue.rules import EVERY
from shared.catalogue.tables import NO_EDITION, PACKAGE, parts
from shared.tables import read_table

Row = dict[str, str]
Read = Callable[[str], list[Row]]

FAMILY = re.compile(r"[a-z][a-z_]*")
GRADE = re.compile(r"[a-z][a-z_]*\.[a-z][a-z0-9_]*")
ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]*")
EDITION = re.compile(r"\d{4}(-\d{2}){0,2}")
HAN = re.compile(r"[\u4e00-\u9fff]")
UNITS = {
    "%": "pct", "mm": "mm", "kg": "kg", "t/m³": "t_m3", "ppm": "ppm", "g/10min": "g_10min", "V": "v", "d": "days",
    "MJ/kg": "mj_kg", "µSv/h": "usv_h", "Bq/cm²": "bq_cm2", "pH": "ph", "mg/kg": "mg_kg",
}  # fmt: skip
"""How an attribute's name ends, by its unit."""


def faults(read: Read = lambda name: read_table(PACKAGE, name)) -> list[str]:
    """Every fault of the tables that `read` gives by file name; empty where all is well."""
    return [fault for check in CHECKS for fault in check(read)]


def _codes(read: Read) -> Iterator[str]:
    for name, form, column in (
        ("families.csv", FAMILY, "code"),
        ("grades.csv", GRADE, "code"),
        ("attributes.csv", ATTRIBUTE, "name"),
        ("compliance.csv", FAMILY, "code"),
        ("hard_stops.csv", FAMILY, "code"),
        ("tax_categories.csv", FAMILY, "code"),
        ("editions.csv", EDITION, "edition"),
    ):
        seen: set[str] = set()
        for row in read(name):
            code = row[column]
            if not form.fullmatch(code):
                yield f"{name}: {code!r} has not the form of a code"
            if code in seen:
                yield f"{name}: {code} is there twice"
            seen.add(code)


def _texts(read: Read) -> Iterator[str]:
    """Both languages everywhere: what is Chinese has a Chinese character in it, what is English has none."""
    for name, key in (
        ("families.csv", "code"),
        ("grades.csv", "code"),
        ("attributes.csv", "name"),
        ("compliance.csv", "code"),
        ("hard_stops.csv", "code"),
        ("tax_categories.csv", "code"),
        ("bases.csv", "attribute"),
        ("editions.csv", "edition"),
    ):
        for row in read(name):
            for column, text in row.items():
                if column.endswith("_zh") and not any(HAN.search(one) for one in parts(text)):
                    yield f"{name}: {row[key]} has no Chinese {column}"
                if column.endswith("_en") and (not text.strip() or HAN.search(text)):
                    yield f"{name}: {row[key]} has no English {column}"


def _references(read: Read) -> Iterator[str]:
    families = {row["code"] for row in read("families.csv")}
    attributes = {row["name"]: row for row in read("attributes.csv")}
    stops = {row["code"] for row in read("hard_stops.csv")}
    lists = {row["code"] for row in read("compliance.csv")}
    categories = {row["code"] for row in read("tax_categories.csv")}
    grades = {row["code"] for row in read("grades.csv")}

    def known(name: str, of: str, wanted: tuple[str, ...], there: set[str]) -> Iterator[str]:
        yield from (f"{name}: {of} names {one!r}, which is not there" for one in wanted if one not in there)

    for row in read("families.csv"):
        yield from known("families.csv", row["code"], parts(row["compliance"]), lists)
        yield from known("families.csv", row["code"], (row["tax"],), categories)
    for row in read("grades.csv"):
        yield from known("grades.csv", row["code"], (row["code"].split(".")[0],), families)
        yield from known("grades.csv", row["code"], parts(row["attributes"]), set(attributes))
    for row in read("attributes.csv"):
        yield from known("attributes.csv", row["name"], parts(row["hard_stop"]), stops)
    for row in read("hard_stops.csv"):
        yield from known("hard_stops.csv", row["code"], parts(row["families"].removeprefix(EVERY)), families)
    for row in read("bases.csv"):
        yield from known("bases.csv", row["attribute"], (row["attribute"],), set(attributes))
    for row in read("shared_names.csv"):
        yield from known("shared_names.csv", row["name"], parts(row["grades"]), grades)
    for row in read("standards.csv"):
        yield from known("standards.csv", row["code"], (row["grade"],), grades)
    yield from (f"families.csv: {one} has no grade" for one in families - {code.split(".")[0] for code in grades})
    yield from (
        f"compliance.csv: {one} governs no family" for one in lists - {row["compliance"] for row in read("families.csv")}
    )


def _attributes(read: Read) -> Iterator[str]:
    for row in read("attributes.csv"):
        unit = UNITS.get(row["unit"])
        if unit is None or not row["name"].endswith(f"_{unit}"):
            yield f"attributes.csv: {row['name']} does not end in its unit {row['unit']}"
        if float(row["min"]) > float(row["max"]):
            yield f"attributes.csv: {row['name']} has its min above its max"


def _limits(read: Read) -> Iterator[str]:
    attributes = {row["name"]: row for row in read("attributes.csv")}
    for name in ("standards.csv", "hard_stops.csv"):
        for row in read(name):
            for cell in parts(row["limits"]):
                attribute, _, rest = cell.partition(":")
                kind, _, value = rest.partition(":")
                if attribute not in attributes:
                    yield f"{name}: {row['code']} limits {attribute!r}, which is not there"
                elif kind not in ("min", "max") or not re.fullmatch(r"\d+(\.\d+)?", value):
                    yield f"{name}: {row['code']} has {cell!r}, which is no limit"
                elif not float(attributes[attribute]["min"]) <= float(value) <= float(attributes[attribute]["max"]):
                    yield f"{name}: {row['code']} limits {attribute} outside of what can be declared"


def _standards(read: Read) -> Iterator[str]:
    seen: set[tuple[str, str, str]] = set()
    for row in read("standards.csv"):
        key = (row["standard"], row["edition"], row["code"])
        if key in seen:
            yield f"standards.csv: {key} is there twice"
        seen.add(key)
        if row["edition"] != NO_EDITION and not EDITION.fullmatch(row["edition"]):
            yield f"standards.csv: {key} has no edition; write {NO_EDITION} where the source names none"
    for name in ("standards.csv", "hard_stops.csv", "tax.csv", "bases.csv", "shared_names.csv"):
        for row in read(name):
            if not row["source"]:
                yield f"{name}: {next(iter(row.values()))} has no source"
            if row.get("verified", "yes") not in ("yes", "no"):
                yield f"{name}: {next(iter(row.values()))}: verified is yes or no"


def _taxes(read: Read) -> Iterator[str]:
    categories = {row["code"] for row in read("tax_categories.csv")}
    for row in read("tax.csv"):
        name = f"tax.csv: {row['category']} {row['rule']}"
        if row["category"] not in categories:
            yield f"{name}: there is no such category"
        if float(row["low"]) > float(row["high"]) or row["unit"] not in ("%", "CNY"):
            yield f"{name}: {row['low']} to {row['high']} {row['unit']} is no figure"
        try:
            begin, end = (date.fromisoformat(row[part] or "9999-12-31") for part in ("valid_from", "valid_until"))
        except ValueError:
            yield f"{name}: its days are not dates"
            continue
        if not row["valid_from"] or end < begin:
            yield f"{name}: it ends before it begins, or never begins"


def _names(read: Read) -> Iterator[str]:
    """A name means one grade or one family; those of several stand in a table of their own."""
    meant: dict[str, set[str]] = defaultdict(set)
    for name in ("families.csv", "grades.csv"):
        for row in read(name):
            own = (row["code"], row["name_zh"], row["name_en"], *parts(row["synonyms_zh"]), *parts(row["synonyms_en"]))
            keys = [key_of(one) for one in own]
            if not (row["synonyms_zh"] and row["synonyms_en"]):
                yield f"{name}: {row['code']} has no synonyms in one of the languages"
            for key in keys:
                meant[key].add(row["code"])
            listed = [key_of(one) for column in ("synonyms_zh", "synonyms_en") for one in row[column].split("|")]
            if "" in listed:
                yield f"{name}: {row['code']} has an empty synonym"
    for key, named in sorted(meant.items()):
        codes = named - {code.split(".")[0] for code in named if "." in code}  # a family's name may be its grade's as well
        if len(codes) > 1:
            yield f"{key!r} means {' and '.join(sorted(codes))}; a name of several belongs into shared_names.csv"
    for row in read("shared_names.csv"):
        if meant.get(key_of(row["name"])) or len(parts(row["grades"])) < 2:
            yield f"shared_names.csv: {row['name']} means one thing alone, or is also a name of it"


def key_of(name: str) -> str:
    """A name as people type it, compared: width, case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _traits(read: Read) -> Iterator[str]:
    """Each value of a trait once, under names of its own, for families that are there."""
    families = {row["code"] for row in read("families.csv")}
    meant: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in read("traits.csv"):
        name = f"traits.csv: {row['trait']} {row['value']}"
        if not (FAMILY.fullmatch(row["trait"]) and FAMILY.fullmatch(row["value"])):
            yield f"{name}: has not the form of a code"
        for column in ("trait_zh", "name_zh"):
            if not HAN.search(row[column]):
                yield f"{name}: has no Chinese {column}"
        for column in ("trait_en", "name_en"):
            if not row[column] or HAN.search(row[column]):
                yield f"{name}: has no English {column}"
        yield from (f"{name}: names {one!r}, which is not there" for one in parts(row["families"]) if one not in families)
        for word in (row["value"], row["name_zh"], row["name_en"], *parts(row["synonyms_zh"]), *parts(row["synonyms_en"])):
            meant[row["trait"], key_of(word)].add(row["value"])
    for (trait, word), values in sorted(meant.items()):
        if len(values) > 1:
            yield f"traits.csv: {word!r} means {' and '.join(sorted(values))} of {trait}"


def _editions(read: Read) -> Iterator[str]:
    rows = read("editions.csv")
    if not rows:
        yield "editions.csv: there is no edition"
    for before, after in pairwise(rows):
        if not (before["edition"] < after["edition"] and before["published"] <= after["published"]):
            yield f"editions.csv: {after['edition']} does not follow {before['edition']}"


CHECKS: tuple[Callable[[Read], Iterator[str]], ...] = (
    _codes,
    _texts,
    _references,
    _attributes,
    _limits,
    _standards,
    _taxes,
    _names,
    _traits,
    _editions,
)


def main() -> int:
    """`make check`."""
    found = faults()
    sys.stderr.writelines(f"{fault}\n" for fault in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
