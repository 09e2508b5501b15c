"""How figures are written: always the same way, wherever they stand."""

from __future__ import annotations

from gateway.console.texts import Texts
from shared import catalogue, geo

NOTHING = "–"
MUNICIPALITIES = ("11", "12", "31", "50")
"""Their codes have a level between them and their districts that has no name of its own."""


def tonnes(value: float | None) -> str:
    """Up to three decimals, as entered: 30.5, 1,204.125."""
    if value is None:
        return NOTHING
    text = f"{value:,.3f}"
    return text.rstrip("0").rstrip(".")


def money(value: float | None) -> str:
    """Two decimals."""
    return NOTHING if value is None else f"{value:,.2f}"


def number(value: float | None, decimals: int = 0) -> str:
    """With separators."""
    return NOTHING if value is None else f"{value:,.{decimals}f}"


def material_name(code: str, words: Texts) -> str:
    """A family's or grade's name; its code where the catalogue has none."""
    found = catalogue.grade(code) or catalogue.family(code)
    if found is None:
        return code
    return found.name_zh if words.code == "zh" else found.name_en


def region_name(code: str | None, words: Texts) -> str:
    """The city that a region is or lies in; a municipality for its districts; a county's own where it has no city."""
    found = geo.region(code or "")
    if found is None:
        return code or NOTHING
    outer = found.code[:2] + "0000" if found.code[:2] in MUNICIPALITIES else found.code[:4] + "00"
    shown = geo.region(outer) if outer in geo.lineage(found.code) else None
    return (shown or found).name_zh if words.code == "zh" else (shown or found).name_en
