"""What a clearing reads: the lots and demands of one material family at one moment, checked before anything is solved.

Masses are kilograms, prices fen per tonne net of VAT, times aware datetimes. `min_take_kg` binds unless the side's own
remainder is smaller; `quality_limits` hold for every lot taken, `blend_limits` for the tonnage-weighted average of all taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.geo import Position

Limits = Mapping[str, Mapping[str, float]]
"""Quality attribute → `{"min": …, "max": …}`, either or both."""

MAX_KG = 10_000_000_000
MAX_FEN_PER_T = 1_000_000_000


class BadListing(ValueError):
    """A lot or demand that no clearing can use: `listing_id` names it, so that the caller can leave it out and go on."""

    def __init__(self, listing_id: str, text: str) -> None:
        super().__init__(f"{listing_id}: {text}")
        self.listing_id = listing_id


class DuplicateListing(BadListing):
    """Two lots or two demands with the same id."""


class BadMarket(ValueError):
    """Figures of the whole clearing that make no sense (carbon price, moment)."""


@dataclass(frozen=True, slots=True)
class Validity:
    """A time in which a compliance entry holds; `until` is exclusive."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """What a demand already has in proposals and trades, for its blend limits."""

    kg: int
    quality: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Preferences:
    """What policy would rather see, as terms of the objective in fen per tonne; no price ever knows of them. `in_park` is added
    where both sides stand in one park, `beyond_per_km` taken off for each kilometre of the haul over `radius_m`."""

    in_park_fen_per_t: int = 0
    radius_m: int = 0
    beyond_fen_per_tkm: int = 0


@dataclass(frozen=True, slots=True)
class Lot:
    """What a seller offers. `compliance` holds the seller's valid times for the lot's family. Indivisible: all or nothing."""

    id: str
    seller_id: str
    grade: str
    kg_available: int
    ask_net_fen_per_t: int
    available_from: datetime
    available_until: datetime
    position: Position
    min_take_kg: int = 0
    divisible: bool = True
    quality: Mapping[str, float] = field(default_factory=dict)
    compliance: tuple[Validity, ...] = ()
    park_id: str | None = None
    allowance_id: str = ""

    @property
    def under(self) -> str:
        """The allowance that it counts towards, if there is one of that name."""
        return self.allowance_id or self.seller_id


@dataclass(frozen=True, slots=True)
class Demand:
    """What a buyer asks for, at the gate. `taken` is what it holds already."""

    id: str
    buyer_id: str
    grades: tuple[str, ...]
    kg_available: int
    bid_net_fen_per_t: int
    deliver_from: datetime
    deliver_until: datetime
    position: Position
    min_take_kg: int = 0
    quality_limits: Limits = field(default_factory=dict)
    blend_limits: Limits = field(default_factory=dict)
    compliant_sellers_only: bool = False
    taken: tuple[Taken, ...] = ()
    park_id: str | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """One clearing's input. `excluded` are (lot id, demand id) not to be proposed again, `blocked` (seller, buyer) of whom one
    does not trade with the other. What steers the choice and never
    enters a price: `preferences`, `carbon_fen_per_t_co2e` (0.08 CNY per kg is 8000), and `reserve_fen_per_t`, by id of a lot or
    demand: what a tonne of it is worth elsewhere, so that a trade must gain more than that.
    `allowance_kg`: the most that all lots under an allowance may give in this clearing (以渣定产: output follows use), by the
    lots' `allowance_id`, or by seller for those that name none."""

    family: str
    now: datetime
    lots: Sequence[Lot]
    demands: Sequence[Demand]
    excluded: Collection[tuple[str, str]] = ()
    carbon_fen_per_t_co2e: int = 0
    modes: tuple[str, ...] = ("road",)
    reserve_fen_per_t: Mapping[str, int] = field(default_factory=dict)
    preferences: Preferences = Preferences()
    allowance_kg: Mapping[str, int] = field(default_factory=dict)
    blocked: Collection[tuple[str, str]] = ()

    def checked(self) -> Market:
        """The same market, sorted by id, without sides that have nothing left; BadListing or BadMarket names what is wrong."""
        if self.now.tzinfo is None:
            raise BadMarket("the moment of a clearing needs a time zone")
        if not 0 <= self.carbon_fen_per_t_co2e <= MAX_FEN_PER_T:
            raise BadMarket("the carbon price must be 0 or more, in fen per tonne CO2e")
        if not self.modes:
            raise BadMarket("at least one mode of transport is needed")
        if not all(0 <= fen <= MAX_FEN_PER_T for fen in self.reserve_fen_per_t.values()):
            raise BadMarket("a reserve price must be 0 or more, in fen per tonne")
        if not all(0 <= kg <= MAX_KG for kg in self.allowance_kg.values()):
            raise BadMarket(f"an allowance must be 0 to {MAX_KG} kg")
        wishes = self.preferences
        if not all(
            0 <= value <= MAX_FEN_PER_T for value in (wishes.in_park_fen_per_t, wishes.beyond_fen_per_tkm, wishes.radius_m)
        ):
            raise BadMarket("a preference must be 0 or more, in fen per tonne or metres")
        _check_unique(lot.id for lot in self.lots)
        _check_unique(demand.id for demand in self.demands)
        for lot in self.lots:
            _check_lot(lot, self.family)
        for demand in self.demands:
            _check_demand(demand)
        return replace(
            self,
            lots=sorted((lot for lot in self.lots if lot.kg_available), key=lambda lot: lot.id),
            demands=sorted((demand for demand in self.demands if demand.kg_available), key=lambda demand: demand.id),
        )


def _check_unique(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for listing_id in ids:
        if listing_id in seen:
            raise DuplicateListing(listing_id, "is in the clearing twice")
        seen.add(listing_id)


def _check_lot(lot: Lot, family: str) -> None:
    fail = _failing(lot.id)
    if lot.grade.split(".", 1)[0] != family:
        fail(f"grade {lot.grade} is not of the family {family}")
    _check_amounts(lot.kg_available, lot.min_take_kg, lot.ask_net_fen_per_t, fail)
    _check_window(lot.available_from, lot.available_until, fail)
    _check_position(lot.position, fail)
    _check_quality(lot.quality, fail)
    for validity in lot.compliance:
        _check_window(validity.since, validity.until, fail)


def _check_demand(demand: Demand) -> None:
    fail = _failing(demand.id)
    _check_amounts(demand.kg_available, demand.min_take_kg, demand.bid_net_fen_per_t, fail)
    _check_window(demand.deliver_from, demand.deliver_until, fail)
    _check_position(demand.position, fail)
    for limits in (demand.quality_limits, demand.blend_limits):
        for attribute, bounds in limits.items():
            if not bounds or set(bounds) - {"min", "max"}:
                fail(f"the limits of {attribute} are not min and max")
            _check_quality({f"{attribute} {end}": value for end, value in bounds.items()}, fail)
    for taken in demand.taken:
        if taken.kg < 0:
            fail("what it has taken is negative")
        _check_quality(taken.quality, fail)


def _failing(listing_id: str) -> Callable[[str], None]:
    def fail(text: str) -> None:
        raise BadListing(listing_id, text)

    return fail


def _check_amounts(kg: object, min_take_kg: object, fen_per_t: object, fail: Callable[[str], None]) -> None:
    for name, value, largest in (
        ("the quantity", kg, MAX_KG),
        ("the minimum take", min_take_kg, MAX_KG),
        ("the price", fen_per_t, MAX_FEN_PER_T),
    ):
        if isinstance(value, bool) or not isinstance(value, int):
            fail(f"{name} is not a whole number of kilograms or fen")
        elif not 0 <= value <= largest:
            fail(f"{name} {value} is outside 0 to {largest}")


def _check_window(since: datetime, until: datetime, fail: Callable[[str], None]) -> None:
    if since.tzinfo is None or until.tzinfo is None:
        fail("its times need a time zone")
    elif since > until:
        fail("its window ends before it begins")


def _check_position(position: Position, fail: Callable[[str], None]) -> None:
    if not (-90 <= position.lat <= 90 and -180 <= position.lon <= 180):
        fail(f"{position} is nowhere on Earth")


def _check_quality(quality: Mapping[str, float], fail: Callable[[str], None]) -> None:
    for attribute, value in quality.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e6:
            fail(f"{attribute} is {value!r}, not a measure")
