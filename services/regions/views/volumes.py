"""Regions, their volumes, flows and balances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from services.regions import store
from services.regions.ledger import SHANGHAI, Granularity, Span
from services.regions.ledger.periods import FORMATS
from services.regions.model import Side
from shared.geo import Region, children, prefix, region, regions
from shared.mongo import Unit
from shared.problem import NotFound

EVER = Span()


MOST_FLOWS = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks of a region: which material (a family or a grade), when, by which periods of which zone."""

    material: str | None = None
    span: Span = EVER
    side: Side = "origin"
    granularity: Granularity = "day"
    zone: str = SHANGHAI


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One period and grade; kilograms by measure."""

    period: str
    material: str
    kg: dict[str, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """What was received (net kilograms) of a grade from one region in another."""

    from_region: str
    to_region: str
    material: str
    received_kg: int


def known_region(code: str) -> Region:
    """Raises NotFound."""
    found = region(code)
    if found is None:
        raise NotFound(zh=f"没有代码为 {code} 的行政区划", en=f"GB/T 2260 has no region {code}")
    return found


def list_regions(parent: str | None, after: str | None, limit: int) -> tuple[list[Region], bool]:
    """The provinces, or what lies directly below `parent`, by code; and whether there are more. Raises NotFound."""
    found: Iterator[Region] | list[Region] = regions()
    if parent is not None:
        known_region(parent)
        found = children(parent)
    else:
        found = (one for one in regions() if one.level == "province")
    page = list(islice((one for one in found if after is None or one.code > after), limit + 1))
    return page[:limit], len(page) > limit


def volumes(unit: Unit, code: str, asked: Asked) -> list[VolumeRow]:
    """What the region and all below it counted, by period and grade. Raises NotFound."""
    known_region(code)
    time_format = FORMATS[asked.granularity]
    rows = store.sum_volumes(unit, asked.side, prefix(code), asked.material, asked.span, time_format, asked.zone)
    return [VolumeRow(*row) for row in rows]


def flows(unit: Unit, code: str, asked: Asked) -> list[Flow]:
    """Where what left or reached the region came from and went, the largest first. Raises NotFound."""
    known_region(code)
    return [Flow(*row) for row in store.sum_flows(unit, prefix(code), asked.material, asked.span, MOST_FLOWS)]


def balance(unit: Unit, code: str, material: str | None) -> list[tuple[str, dict[str, int]]]:
    """The mass ledger of the lots published in the region: kilograms by account, grade by grade. Raises NotFound."""
    known_region(code)
    return list(store.sum_balance(unit, prefix(code), material))
