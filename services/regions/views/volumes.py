"""Regions, their volumes, flows, balances, entries and revisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from services.regions import ledger, store
from services.regions.ledger import (
    SHANGHAI,
    Area,
    Granularity,
    Place,
    Span,
    areas,
    place_of_area,
    place_of_park,
    place_of_region,
)
from services.regions.model import ACCOUNTS, Account, Entries, Fact, Measure, Posting, Side
from shared.geo import Region, children, prefix, region, regions
from shared.mongo import Page, Row, Unit
from shared.parties import SITES, KnownSite
from shared.problem import NotFound

EVER = Span()


MOST_FLOWS = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks of a region: which material (a family or a grade), when, by which periods of which zone, hauled how;
    and as of which moment (None: now)."""

    material: str | None = None
    span: Span = EVER
    side: Side = "origin"
    granularity: Granularity = "day"
    zone: str = SHANGHAI
    mode: str | None = None
    as_of: datetime | None = None
    by_mode: bool = False

    def wanted(self) -> store.Wanted:
        span = (self.span, self.granularity, self.zone)
        return store.Wanted(self.side, self.material, self.mode, *span, self.as_of, self.by_mode)


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One period and grade; kilograms by measure. Where the reader does not see the region in full, `own` is what of them is
    its firm's, and `withheld` whether there may be more."""

    period: str
    material: str
    kg: Mapping[Measure, int]
    own: Mapping[Measure, int] | None = None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """What was received (net kilograms) of a grade from one region in another; by one mode, where they were told apart.
    `own_kg` is what of it is the reader's own firm's, where it does not see the region in full."""

    from_region: str
    to_region: str
    material: str
    received_kg: int
    mode: str | None = None
    own_kg: int | None = None


Found = Region | Area | KnownSite
Kind = Literal["province", "area", "park"]


def code_of(found: Found) -> str:
    """What it is asked for by: a park by its site's id."""
    return found.id if isinstance(found, KnownSite) else found.code


def known_region(unit: Unit, code: str) -> Found:
    """A region of GB/T 2260, an area of policy, or a park by its site's id. Raises NotFound."""
    found: Found | None = region(code) or areas().get(code)
    if found is None:
        site = SITES.find(unit, code)
        found = site if site is not None and site.kind == "park" else None
    if found is None:
        known = ", ".join(areas())
        raise NotFound(
            zh=f"没有代码为 {code[:40]} 的地区：应为 GB/T 2260 六位代码（如 420100）、政策区域代码（{known}）或园区的场站编号",
            en=f"There is no region {code[:40]}: write a six-digit code of GB/T 2260 such as 420100, an area of "
            f"policy ({known}), or the id of a park's site",
        )
    return found


def place(unit: Unit, code: str) -> Place:
    """Where its figures lie. Raises NotFound."""
    return places(unit, [known_region(unit, code)])[0]


def places(unit: Unit, found: Sequence[Found]) -> list[Place]:
    """Where the figures of each lie."""
    inside: defaultdict[str | None, list[KnownSite]] = defaultdict(list)
    if parks := [one.id for one in found if isinstance(one, KnownSite)]:
        for site in SITES.select(unit, {"park_id": {"$in": parks}}, [("_id", 1)]):
            inside[site.park_id].append(site)
    return [_place(one, inside[code_of(one)]) for one in found]


def _place(found: Found, inside: Sequence[KnownSite]) -> Place:
    if isinstance(found, Region):
        return place_of_region(found.code, prefix(found.code))
    if isinstance(found, Area):
        return place_of_area(found)
    return place_of_park(found.id, tuple(one.id for one in inside), tuple(sorted({one.region for one in (found, *inside)})))


def list_regions(
    unit: Unit, parent: str | None, kind: Kind | None, after: str | None, limit: int
) -> tuple[Sequence[Found], bool]:
    """The provinces, or what lies directly below `parent`; the areas of policy, or the parks (in `parent`); by code, and
    whether there are more."""
    found: Iterable[Found]
    if kind == "area":
        found = sorted(areas().values(), key=code_of)
    elif kind == "park":
        inside = {"region": {"$regex": f"^{prefix(parent)}"}} if parent else {}
        found = SITES.select(unit, {"kind": "park", **inside}, [("_id", 1)])
    elif parent is not None:
        found = children(parent)
    else:
        found = (one for one in regions() if one.level == "province")
    page = list(islice((one for one in found if after is None or code_of(one) > after), limit + 1))
    return page[:limit], len(page) > limit


def check_kept(unit: Unit, asked: Asked) -> None:
    """Raises InputIsInvalid where figures of that time are no longer kept by such fine periods."""
    ledger.check_kept(asked.span, asked.granularity, asked.zone, store.retention_of(unit))


def volumes(unit: Unit, code: str, asked: Asked) -> list[VolumeRow]:
    """What the region and all below it counted, by period and grade. Raises NotFound."""
    return volumes_of(unit, [place(unit, code)], asked)[0]


def volumes_of(unit: Unit, there: Sequence[Place], asked: Asked) -> list[list[VolumeRow]]:
    """What each place, with all below it, counted, by period and grade."""
    sums = store.sums_of_volumes(unit, there, asked.wanted())
    return [[VolumeRow(period, grade, kg) for (period, grade), kg in one.items()] for one in sums]


def flows(unit: Unit, code: str, asked: Asked) -> list[Flow]:
    """Where what left or reached the region came from and went, the largest first. Raises NotFound."""
    rows = store.sum_flows(unit, place(unit, code), asked.wanted(), MOST_FLOWS)
    return [Flow(from_region, to_region, grade, kg, mode) for from_region, to_region, grade, mode, kg in rows]


def balance(
    unit: Unit, code: str, material: str | None, as_of: datetime | None = None, firm: str | None = None
) -> list[tuple[str, dict[str, int]]]:
    """The mass ledger of the lots published in the region, or of one firm's: kilograms by account, grade by grade; `published`
    is positive. Raises NotFound."""
    there = place(unit, code)
    if firm is not None:
        sums = store.sum_own_balance(unit, there, material, as_of, firm)
    else:
        sums = store.sum_balance(unit, there, material, as_of)
    return [(grade, _accounts(kg)) for grade, kg in sums.items() if any(kg.values())]


def _accounts(kg: Entries) -> dict[str, int]:
    return {"published": -kg.get("published", 0), **{account: kg.get(account, 0) for account in ACCOUNTS}}


def entries(
    unit: Unit,
    code: str,
    where: Mapping[str, str | None],
    account: Account | None,
    cursor: str | None,
    limit: int,
    whose: Row,
) -> Page[Posting]:
    """The postings behind a region's balance, newest first, where `whose` holds. Raises NotFound."""
    return store.page_of_entries(unit, place(unit, code), where, account, cursor, limit, whose)


def revisions(unit: Unit, code: str, asked: Asked, cursor: str | None, limit: int, whose: Row) -> Page[Fact]:
    """What changed a day of the region that was over, newest first, where `whose` holds. Raises NotFound."""
    return store.page_of_revisions(unit, place(unit, code), asked.material, asked.span, cursor, limit, whose)
