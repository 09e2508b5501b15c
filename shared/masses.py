"""Masses as people type them: a number with its unit (`30.5吨`, `61000 斤`, `30,500 kg`, `2车`), exact to the kilogram."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from shared.units import MAX_T, UnitFault

TONNE = 1_000_000
GRAMS = {
    **dict.fromkeys(("t", "吨", "公吨", "ton", "tonne", "tonnes", "tons", "mt"), TONNE),
    **dict.fromkeys(("万吨",), 10_000_000_000),
    **dict.fromkeys(("kg", "kgs", "kilo", "kilos", "公斤", "千克"), 1000),
    **dict.fromkeys(("斤", "市斤", "jin"), 500),
}
"""A unit in grams. A ton is metric: nothing here is weighed in long or short tons."""
LOADS = frozenset({"车", "整车", "卡车", "货车", "车次", "truck", "trucks", "truckload", "truckloads", "load", "loads"})
"""Units that mean what a truck takes, which must be stated."""
_MASS = re.compile(r"(?P<number>\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?P<unit>\D+)")
LONGEST = 40
_STATED = re.compile(
    rf"(?P<loads>[^()]+?(?:{'|'.join(sorted(LOADS, key=len, reverse=True))}))[(,;]?(?P<before>每车|一车|各|of|[*x×@])?"
    rf"(?P<each>\d[\d.,]*(?:{'|'.join(GRAMS)}))(?P<after>/车|每车|一车|each|/truck|/load)?\)?"
)


def loads_of(compact: str) -> tuple[str, str | None]:
    """`2车(每车32吨)` is `2车` with `32吨` on each; a text without spaces that states no load is itself, as is `2车(32吨)`,
    which may mean 32 t in all."""
    found = _STATED.fullmatch(compact)
    return (found["loads"], found["each"]) if found and (found["before"] or found["after"]) else (compact, None)


def parse_mass(text: str, load_kg: int | None = None) -> int:
    """Kilograms. `load_kg` is what a load (车) takes, where the text does not say so itself. Raises UnitFault: no such mass,
    finer than a kilogram, too much."""
    compact, stated = loads_of("".join(unicodedata.normalize("NFKC", text[: LONGEST + 1]).casefold().split()))
    load_kg = load_kg if stated is None else parse_mass(stated)
    found = _MASS.fullmatch(compact) if len(text) <= LONGEST else None
    unit = found["unit"] if found else ""
    if found is None or (unit not in GRAMS and unit not in LOADS):
        raise UnitFault(
            "not_a_mass",
            "应为数字加单位，例如 30.5吨、61000斤、30500kg、2车",
            "This must be a number with its unit, for example 30.5 t, 30500 kg, 61000 jin or 2 trucks",
        )
    if unit in LOADS and load_kg is None:
        raise UnitFault(
            "load_unknown",
            "按车计量需说明每车吨数，例如 2车(每车32吨)，或用 load_t",
            "a quantity in loads needs the tonnes of one, for example 2车(32吨/车), or load_t",
        )
    grams = Fraction(found["number"].replace(",", "")) * (GRAMS[unit] if unit in GRAMS else (load_kg or 0) * 1000)
    if grams > MAX_T * TONNE:
        raise UnitFault("too_large", f"数量不能大于 {MAX_T} 吨", f"A quantity must be at most {MAX_T} t")
    if grams % 1000:
        raise UnitFault("too_fine", "数量应精确到公斤", "A quantity must be whole kilograms")
    return int(grams // 1000)
