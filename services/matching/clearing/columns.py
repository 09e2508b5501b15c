"""The market as arrays, a row for each lot and each demand, so that rules and figures are worked out for many pairs at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from services.matching.clearing.market import Limits, Lot, Market
from shared.geo import Position

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 in UTC."""
    return (at - _EPOCH) // _MS


def order_by(rows: Ints) -> Ints:
    """The places sorted by row, equals as they come. Rows mostly fit 16 bits, and are then sorted by digits."""
    small = rows.size > 0 and int(rows.max()) < 2**16
    return np.argsort(rows.astype(np.uint16) if small else rows, kind="stable")


@dataclass(frozen=True, slots=True)
class Columns:
    """The market as arrays: `lot_*` of length n, `demand_*` of length m; quality by attribute, NaN where not said. `lot_unit`
    (n × 3) and `demand_unit` (3 × m): the places as points of the unit sphere. Allowances that may bind are
    numbered: `lot_allowance` by lot (−1: none), `allowance_kg` and its id by number."""

    market: Market
    now_ms: int
    lot_kg: Ints
    lot_min_kg: Ints
    lot_whole: Flags
    lot_ask: Ints
    lot_from: Ints
    lot_until: Ints
    lot_lat: Floats
    lot_lon: Floats
    lot_seller: Ints
    lot_grade: Ints
    lot_compliant: Flags
    lot_reserve: Ints
    lot_park: Ints
    demand_kg: Ints
    demand_min_kg: Ints
    demand_bid: Ints
    demand_from: Ints
    demand_until: Ints
    demand_lat: Floats
    demand_lon: Floats
    lot_unit: Floats
    demand_unit: Floats
    demand_buyer: Ints
    demand_grade: Flags
    demand_compliant_only: Flags
    demand_reserve: Ints
    demand_park: Ints
    quality: dict[str, Floats]
    bounds: dict[str, tuple[Floats, Floats]]
    blended: dict[str, Flags]
    excluded: Ints
    people: int
    blocked: Ints
    lot_allowance: Ints
    allowance_kg: Ints
    allowance_id: list[str]

    @classmethod
    def of(cls, market: Market) -> Columns:
        """The columns of a checked market."""
        lots, demands = market.lots, market.demands
        grades = {grade: number for number, grade in enumerate(sorted({lot.grade for lot in lots}))}
        people = {who: k for k, who in enumerate(sorted({lot.seller_id for lot in lots} | {d.buyer_id for d in demands}))}
        parks = {park: k for k, park in enumerate(sorted({lot.park_id for lot in lots if lot.park_id}))}
        bound = _binding_allowances(market)
        lot_at, demand_at = [lot.position for lot in lots], [demand.position for demand in demands]
        attributes = sorted({a for d in demands for a in (*d.quality_limits, *d.blend_limits)})
        return cls(
            market=market,
            now_ms=to_ms(market.now),
            lot_kg=_ints([lot.kg_available for lot in lots]),
            lot_min_kg=_ints([lot.min_take_kg for lot in lots]),
            lot_whole=np.array([not lot.divisible for lot in lots], dtype=np.bool_),
            lot_ask=_ints([lot.ask_net_fen_per_t for lot in lots]),
            lot_from=_ints([to_ms(lot.available_from) for lot in lots]),
            lot_until=_ints([to_ms(lot.available_until) for lot in lots]),
            lot_lat=np.array([at.lat for at in lot_at], dtype=np.float64),
            lot_lon=np.array([at.lon for at in lot_at], dtype=np.float64),
            lot_seller=_ints([people[lot.seller_id] for lot in lots]),
            lot_grade=_ints([grades[lot.grade] for lot in lots]),
            lot_compliant=np.array([_compliant(lot, market.now) for lot in lots], dtype=np.bool_),
            lot_reserve=_ints([market.reserve_fen_per_t.get(lot.id, 0) for lot in lots]),
            lot_park=_ints([parks.get(lot.park_id or "", -1) for lot in lots]),
            demand_kg=_ints([d.kg_available for d in demands]),
            demand_min_kg=_ints([d.min_take_kg for d in demands]),
            demand_bid=_ints([d.bid_net_fen_per_t for d in demands]),
            demand_from=_ints([to_ms(d.deliver_from) for d in demands]),
            demand_until=_ints([to_ms(d.deliver_until) for d in demands]),
            demand_lat=np.array([at.lat for at in demand_at], dtype=np.float64),
            demand_lon=np.array([at.lon for at in demand_at], dtype=np.float64),
            lot_unit=_unit(lot_at),
            demand_unit=np.ascontiguousarray(_unit(demand_at).T),
            demand_buyer=_ints([people[d.buyer_id] for d in demands]),
            demand_grade=_wanted(market, grades),
            demand_compliant_only=np.array([d.compliant_sellers_only for d in demands], dtype=np.bool_),
            demand_reserve=_ints([market.reserve_fen_per_t.get(d.id, 0) for d in demands]),
            demand_park=_ints([parks.get(d.park_id or "", -2) for d in demands]),
            quality={a: _measures([lot.quality.get(a) for lot in lots]) for a in attributes},
            bounds={a: _bounds([d.quality_limits for d in demands], a) for a in attributes},
            blended={a: np.array([a in d.blend_limits for d in demands], dtype=np.bool_) for a in attributes},
            excluded=_excluded(market),
            people=len(people),
            blocked=_blocked(market, people),
            lot_allowance=_ints([bound.get(lot.under, -1) for lot in lots]),
            allowance_kg=_ints([market.allowance_kg[one] for one in bound]),
            allowance_id=list(bound),
        )


def _wanted(market: Market, grades: Mapping[str, int]) -> Flags:
    """Which demand asks for which grade, by number; shape m × grades."""
    wanted = np.zeros((len(market.demands), len(grades)), dtype=np.bool_)
    for row, demand in enumerate(market.demands):
        wanted[row, [grades[grade] for grade in demand.grades if grade in grades]] = True
    return wanted


def _binding_allowances(market: Market) -> dict[str, int]:
    """Numbers of the allowances that are less than the lots here under them come to."""
    offered: dict[str, int] = {}
    for lot in market.lots:
        if lot.under in market.allowance_kg:
            offered[lot.under] = offered.get(lot.under, 0) + lot.kg_available
    binding = sorted(one for one, kg in offered.items() if kg > market.allowance_kg[one])
    return {one: number for number, one in enumerate(binding)}


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _measures(values: list[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _bounds(limits: list[Limits], attribute: str) -> tuple[Floats, Floats]:
    low = _measures([limit.get(attribute, {}).get("min") for limit in limits])
    return low, _measures([limit.get(attribute, {}).get("max") for limit in limits])


def _unit(places: list[Position]) -> Floats:
    """Points on the unit sphere, shape n × 3."""
    phi, theta = np.radians(np.array([(at.lat, at.lon) for at in places], dtype=np.float64).reshape(-1, 2)).T
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=1)


def _compliant(lot: Lot, now: datetime) -> bool:
    """One entry must hold now and at the earliest loading."""
    loading = max(now, lot.available_from)
    return any(entry.since <= now and loading < entry.until for entry in lot.compliance)


def _excluded(market: Market) -> Ints:
    """Sorted keys (row of the lot × demands + row of the demand) of the pairs not to be proposed again."""
    lot_rows = {lot.id: row for row, lot in enumerate(market.lots)}
    demand_rows = {demand.id: row for row, demand in enumerate(market.demands)}
    width = len(market.demands)
    keys = [
        lot_rows[lot] * width + demand_rows[demand]
        for lot, demand in set(market.excluded)
        if lot in lot_rows and demand in demand_rows
    ]
    return np.sort(_ints(keys))


def _blocked(market: Market, people: Mapping[str, int]) -> Ints:
    """Sorted keys (number of the seller × people + number of the buyer) of those who do not trade with each other."""
    known = {(seller, buyer) for seller, buyer in market.blocked if seller in people and buyer in people}
    return np.sort(_ints([people[seller] * len(people) + people[buyer] for seller, buyer in known]))
