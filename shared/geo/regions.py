"""GB/T 2260: provinces (two digits), cities (four) and counties (six), all written with six digits.

The hierarchy is in the code. Counties directly under a province stand below a heading that is no city (4290.., 4690..,
6590.., …): their only ancestor is the province.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from shared.geo.distance import Position, great_circle_m
from shared.tables import read_table

Level = Literal["province", "city", "county"]
GROUPS = ("市辖区", "县")
"""What stands between a municipality and its parts."""
LEVELS: dict[str, Level] = {"province": "province", "city": "city", "county": "county"}


@dataclass(frozen=True, slots=True)
class Region:
    """A region with its code, names, level and a point inside or near it."""

    code: str
    name_zh: str
    name_en: str
    level: Level
    position: Position


@cache
def _table() -> dict[str, Region]:
    return {
        row["code"]: Region(
            row["code"],
            row["name_zh"],
            row["name_en"],
            LEVELS[row["level"]],
            Position(float(row["lat"]), float(row["lon"])),
        )
        for row in read_table("shared.geo", "regions.csv")
    }


def regions() -> Iterator[Region]:
    """Every region, by code."""
    return iter(_table().values())


def region(code: str) -> Region | None:
    """The region with this six-digit code."""
    return _table().get(code)


def exists(code: str) -> bool:
    """Whether GB/T 2260 has this six-digit code."""
    return code in _table()


def _is_heading(city_code: str) -> bool:
    """Whether a four-digit group is the heading of counties directly under their province."""
    return city_code[2:4] == "90"


def ancestors(code: str) -> tuple[str, ...]:
    """The codes of what `code` lies in, the nearest first, without itself: a county's are its city and province."""
    province, city = code[:2] + "0000", code[:4] + "00"
    above = (province,) if _is_heading(city) else (city, province)
    return tuple(outer for outer in above if outer != code and exists(outer))


def lineage(code: str) -> tuple[str, ...]:
    """`code` and what it lies in, the nearest first."""
    return (code, *ancestors(code))


def prefix(code: str) -> str:
    """The digits with which every code in `code` begins: `42` for 420000, `4201` for 420100, a county's own six."""
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def contains(outer: str, inner: str) -> bool:
    """Whether `inner` is `outer` or lies in it."""
    return inner.startswith(prefix(outer))


def children(code: str) -> list[Region]:
    """The regions directly below `code`: a province's cities and directly administered counties, a municipality's districts,
    a city's counties."""
    found = (r for r in _table().values() if r.code != code and contains(code, r.code) and not is_group(r.code))
    return [r for r in found if code in (ancestors(r.code)[0], places_above(r.code)[0])]


def places_above(code: str) -> tuple[str, ...]:
    """Of what `code` lies in, what is a place of its own, the nearest first."""
    return tuple(one for one in ancestors(code) if not is_group(one))


def is_group(code: str) -> bool:
    """Whether it merely groups what lies in it: the heading of counties directly under a province, and what stands between a
    municipality and its districts or counties (市辖区 110100, 县 500200)."""
    return code.endswith("00") and not code.endswith("0000") and (_is_heading(code) or _table()[code].name_zh in GROUPS)


@cache
def _counties() -> tuple[Region, ...]:
    return tuple(r for r in _table().values() if r.level == "county" and r.name_zh != "市辖区")


def nearest_county(position: Position, within: str = "") -> Region:
    """The county whose point is nearest to `position`: a guess at where a position lies, without boundaries.

    `within` names the region the position is known to lie in; a region without counties is its own answer.
    """
    inside = [county for county in _counties() if not within or contains(within, county.code)]
    if not inside:
        return _table()[within]
    return min(inside, key=lambda one: great_circle_m(position.lat, position.lon, one.position.lat, one.position.lon))
