"""The tables that say how materials are to be read and dealt with: editions, bases of attributes, hard stops, taxes."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cache

from shared.catalogue.material import Basis, Edition, HardStop, TaxCategory, TaxRule, Trait, TraitValue
from shared.catalogue.tables import PACKAGE, limit_of, parts
from shared.tables import read_table

EVERY = "*"


@cache
def editions() -> tuple[Edition, ...]:
    """Every edition of the catalogue, oldest first."""
    rows = read_table(PACKAGE, "editions.csv")
    return tuple(Edition(row["edition"], row["published"], row["changes_zh"], row["changes_en"]) for row in rows)


def edition() -> str:
    """The code of the edition in force."""
    return editions()[-1].code


@cache
def bases() -> dict[str, Basis]:
    """What the figures of attributes refer to, for those where it matters."""
    return {
        row["attribute"]: Basis(
            row["attribute"], row["basis"], row["basis_zh"], row["basis_en"], row["source"], row["verified"] == "yes"
        )
        for row in read_table(PACKAGE, "bases.csv")
    }


@cache
def traits() -> tuple[Trait, ...]:
    """What of a lot is a word and no figure, with the words."""
    names: dict[str, tuple[str, str]] = {}
    values: dict[str, list[TraitValue]] = defaultdict(list)
    for row in read_table(PACKAGE, "traits.csv"):
        names[row["trait"]] = row["trait_zh"], row["trait_en"]
        words = parts(row["synonyms_zh"]), parts(row["synonyms_en"])
        values[row["trait"]].append(TraitValue(row["value"], row["name_zh"], row["name_en"], *words, parts(row["families"])))
    return tuple(Trait(code, *named, tuple(values[code])) for code, named in names.items())


@cache
def trait_value(trait: str, code: str) -> TraitValue | None:
    """The value of this code."""
    return next((one for known in traits() if known.code == trait for one in known.values if one.code == code), None)


@cache
def _hard_stops() -> dict[str, HardStop]:
    return {
        row["code"]: HardStop(
            row["code"],
            row["name_zh"],
            row["name_en"],
            tuple(limit_of(cell) for cell in parts(row["limits"])),
            row["text_zh"],
            row["text_en"],
            () if row["families"] == EVERY else parts(row["families"]),
            row["source"],
        )
        for row in read_table(PACKAGE, "hard_stops.csv")
    }


def hard_stop(code: str) -> HardStop | None:
    """The hard stop with this code."""
    return _hard_stops().get(code)


def hard_stops(family: str | None = None) -> tuple[HardStop, ...]:
    """Every hard stop, or those that concern the family."""
    return tuple(stop for stop in _hard_stops().values() if family is None or stop.concerns(family))


@cache
def _tax_categories() -> dict[str, TaxCategory]:
    rules: dict[str, list[TaxRule]] = defaultdict(list)
    for row in read_table(PACKAGE, "tax.csv"):
        rules[row["category"]].append(
            TaxRule(
                row["category"],
                row["rule"],
                Decimal(row["low"]),
                Decimal(row["high"]),
                row["unit"],
                row["valid_from"],
                row["valid_until"],
                row["source"],
                row["verified"] == "yes",
            )
        )
    rows = read_table(PACKAGE, "tax_categories.csv")
    return {row["code"]: TaxCategory(row["code"], row["name_zh"], row["name_en"], tuple(rules[row["code"]])) for row in rows}


def tax_category(code: str) -> TaxCategory | None:
    """The tax category with this code."""
    return _tax_categories().get(code)


def tax_categories() -> tuple[TaxCategory, ...]:
    """Every tax category, with its rules of all times."""
    return tuple(_tax_categories().values())


def tax_rules(category: str, on: date) -> tuple[TaxRule, ...]:
    """The rules of a category that stand on a day; none for an unknown category."""
    found = tax_category(category)
    day = on.isoformat()
    return tuple(one for one in (found.rules if found else ()) if one.valid_from <= day <= (one.valid_until or day))


@cache
def names_of_several() -> dict[str, tuple[str, ...]]:
    """Names that mean more than one grade, with the codes of those."""
    return {row["name"]: parts(row["grades"]) for row in read_table(PACKAGE, "shared_names.csv")}
