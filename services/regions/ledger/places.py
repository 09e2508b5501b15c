"""Where figures belong: regions of GB/T 2260 with all they lie in, areas of policy with codes of their own, sites."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from services.regions.model import Period
from shared.geo import Position, lineage, region
from shared.tables import read_table


@dataclass(frozen=True, slots=True)
class Area:
    """An area of policy: every region whose code begins with one of `within`."""

    code: str
    name_zh: str
    name_en: str
    position: Position
    within: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Place:
    """What a reader asks about. Its cells are those of `cells`, its hours those of `hours`; its facts and postings lie in
    regions that begin with one of `within` and, for a park, at one of its `sites`."""

    code: str
    cells: tuple[str, ...]
    hours: tuple[str, ...]
    within: tuple[str, ...]
    sites: tuple[str, ...] | None = None

    def keys(self, period: Period) -> tuple[str, ...]:
        """The places whose cells sum to it."""
        return self.hours if period == "hour" else self.cells

    def holds(self, region: str | None, site: str | None = None) -> bool:
        """Whether what is known of an end of a fact lies in it."""
        inside = region is not None and region.startswith(self.within)
        return inside and (self.sites is None or site in self.sites)


@cache
def areas() -> dict[str, Area]:
    """The areas of policy by code."""
    return {
        row["code"]: Area(
            row["code"],
            row["name_zh"],
            row["name_en"],
            Position(float(row["lat"]), float(row["lon"])),
            tuple(row["within"].split()),
            row["source"],
        )
        for row in read_table("services.regions", "policy_areas.csv")
    }


@cache
def areas_of(code: str) -> tuple[str, ...]:
    """The areas of policy in which the region lies."""
    return tuple(area.code for area in areas().values() if code.startswith(area.within))


@cache
def places_of(code: str) -> tuple[str, ...]:
    """The region, all it lies in, and its areas of policy."""
    return (*lineage(code), *areas_of(code))


@cache
def city_of(code: str) -> str:
    """The city of a region: the least place whose figures tell who stands behind them. A county directly under its province
    is one of its own, and so is a province without cities."""
    for outer in lineage(code):
        found = region(outer)
        if found is not None and found.level == "city":
            return outer
    return code


def place_of_region(code: str, prefix: str) -> Place:
    """A region of GB/T 2260."""
    return Place(code, (code,), (code,), (prefix,))


def place_of_area(area: Area) -> Place:
    """Its hours are its members': no cell is kept of an area's hour."""
    hours = tuple(one.ljust(6, "0") for one in area.within)
    return Place(area.code, (area.code,), hours, area.within)


def place_of_park(park_id: str, sites: tuple[str, ...], regions: tuple[str, ...]) -> Place:
    """A park is the sites that stand in it now."""
    keys = (park_id, *sites)
    return Place(park_id, keys, keys, regions, keys)
