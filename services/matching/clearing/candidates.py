"""Which lot may go to which demand: every «never proposed» rule of the contract, vectorised, each with a name.

A rule is a function over pairs (row of the lot, row of the demand) that marks the broken ones. `candidates` runs the rules
over the whole market, cheap ones first, and keeps what is left; `broken_rules` runs the same functions over one pair, so
that an explanation can never differ from what the clearing did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from services.matching.clearing.market import Demand, Limits, Lot, Market
from shared.catalogue.freight import FreightOption, option_table, tariff
from shared.geo import Position
from shared.geo.distance import EARTH_RADIUS_M

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = np.iinfo(np.int64).min // 4
MICRO = 1_000_000
_BLOCK = 60_000
"""Lots × demands looked at in one go: arrays that stay in the processor's cache."""
_COSINE_SLACK = 1e-9
"""Outward, for float sums: some hundred metres where the points are near each other."""


class Rule(StrEnum):
    """Why a pair is not proposed. The last two are of single deals and of the book; no clearing meets them."""

    GRADE = "grade"
    OWN_ORGANISATION = "own-organisation"
    ENDED_BEFORE = "ended-before"
    LOT_OVER = "lot-over"
    NOT_WHOLE = "not-whole"
    COMPLIANCE = "compliance"
    QUALITY = "quality"
    QUALITY_UNKNOWN = "quality-unknown"
    WINDOW = "window"
    GAIN = "gain"
    MIN_TAKE = "min-take"
    ALLOWANCE = "allowance"
    BLEND = "blend"
    QUANTITY = "quantity"
    UNDER_TENDER = "under-tender"


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 in UTC."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Columns:
    """The market as arrays: `lot_*` of length n, `demand_*` of length m; quality by attribute, NaN where not said. `lot_unit`
    (n × 3) and `demand_unit` (3 × m): the places as points of the unit sphere. Allowances that may bind are
    numbered: `lot_allowance` by lot (−1: none), `allowance_kg` and the seller by number."""

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
    lot_allowance: Ints
    allowance_kg: Ints
    allowance_seller: list[str]

    @classmethod
    def of(cls, market: Market) -> Columns:
        """The columns of a checked market."""
        lots, demands = market.lots, market.demands
        grades = {grade: number for number, grade in enumerate(sorted({lot.grade for lot in lots}))}
        people = {who: k for k, who in enumerate(sorted({lot.seller_id for lot in lots} | {d.buyer_id for d in demands}))}
        parks = {park: k for k, park in enumerate(sorted({lot.park_id for lot in lots if lot.park_id}))}
        wanted = np.zeros((len(demands), len(grades)), dtype=np.bool_)
        for row, demand in enumerate(demands):
            for grade in demand.grades:
                if grade in grades:
                    wanted[row, grades[grade]] = True
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
            demand_grade=wanted,
            demand_compliant_only=np.array([d.compliant_sellers_only for d in demands], dtype=np.bool_),
            demand_reserve=_ints([market.reserve_fen_per_t.get(d.id, 0) for d in demands]),
            demand_park=_ints([parks.get(d.park_id or "", -2) for d in demands]),
            quality={a: _measures([lot.quality.get(a) for lot in lots]) for a in attributes},
            bounds={a: _bounds([d.quality_limits for d in demands], a) for a in attributes},
            blended={a: np.array([a in d.blend_limits for d in demands], dtype=np.bool_) for a in attributes},
            excluded=_excluded(market),
            lot_allowance=_ints([bound.get(lot.seller_id, -1) for lot in lots]),
            allowance_kg=_ints([market.allowance_kg[seller] for seller in bound]),
            allowance_seller=list(bound),
        )


def _binding_allowances(market: Market) -> dict[str, int]:
    """Numbers of the sellers whose lots here come to more than their allowance."""
    offered: dict[str, int] = {}
    for lot in market.lots:
        if lot.seller_id in market.allowance_kg:
            offered[lot.seller_id] = offered.get(lot.seller_id, 0) + lot.kg_available
    binding = sorted(seller for seller, kg in offered.items() if kg > market.allowance_kg[seller])
    return {seller: number for number, seller in enumerate(binding)}


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


def _own(c: Columns, i: Ints, j: Ints) -> Flags:
    return np.asarray(c.lot_seller[i] == c.demand_buyer[j])


def _ended_before(c: Columns, i: Ints, j: Ints) -> Flags:
    if not c.excluded.size:
        return np.zeros(i.size, dtype=np.bool_)
    keys = i * len(c.market.demands) + j
    found = np.minimum(np.searchsorted(c.excluded, keys), c.excluded.size - 1)
    return np.asarray(c.excluded[found] == keys)


def _lot_over(c: Columns, i: Ints, j: Ints) -> Flags:
    return np.asarray(c.lot_until[i] < c.now_ms)


def _not_whole(c: Columns, i: Ints, j: Ints) -> Flags:
    return np.asarray(c.lot_whole[i] & (c.lot_kg[i] > c.demand_kg[j]))


def _compliance(c: Columns, i: Ints, j: Ints) -> Flags:
    return np.asarray(c.demand_compliant_only[j] & ~c.lot_compliant[i])


def _quality(c: Columns, i: Ints, j: Ints) -> Flags:
    broken = np.zeros(i.size, dtype=np.bool_)
    for attribute, (low, high) in c.bounds.items():
        measure = c.quality[attribute][i]
        broken |= (measure < low[j]) | (measure > high[j])
    return broken


def _quality_unknown(c: Columns, i: Ints, j: Ints) -> Flags:
    broken = np.zeros(i.size, dtype=np.bool_)
    for attribute, (low, high) in c.bounds.items():
        limited = ~np.isnan(low) | ~np.isnan(high) | c.blended[attribute]
        broken |= np.isnan(c.quality[attribute])[i] & limited[j]
    return broken


def _grade(c: Columns, i: Ints, j: Ints) -> Flags:
    return np.asarray(~c.demand_grade[j, c.lot_grade[i]])


PAIR_RULES: tuple[tuple[Rule, Callable[[Columns, Ints, Ints], Flags]], ...] = (
    (Rule.GRADE, _grade),
    (Rule.OWN_ORGANISATION, _own),
    (Rule.ENDED_BEFORE, _ended_before),
    (Rule.LOT_OVER, _lot_over),
    (Rule.NOT_WHOLE, _not_whole),
    (Rule.COMPLIANCE, _compliance),
    (Rule.QUALITY, _quality),
    (Rule.QUALITY_UNKNOWN, _quality_unknown),
)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pairs that break no rule, by lot then demand. `figures` has a row for each of gain, weight, mode, distance, transit,
    freight and emissions, for the mode chosen for each pair."""

    lot: Ints
    demand: Ints
    figures: Ints
    modes: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many pairs."""
        return int(self.lot.size)

    @property
    def gain(self) -> Ints:
        """Fen per tonne: net bid − net ask − freight; never negative."""
        gain: Ints = self.figures[0]
        return gain

    @property
    def weight(self) -> Ints:
        """Gain with preferences, less carbon and reserve prices, fen per tonne: what the clearing maximises."""
        weight: Ints = self.figures[1]
        return weight

    def options(self, pairs: Ints) -> list[FreightOption]:
        """The ways that the tonnes of these pairs travel."""
        rows = self.figures[2:, pairs].T.tolist()
        return [FreightOption(self.modes[mode], *figures) for mode, *figures in rows]

    def keep(self, kept: Flags) -> Candidates:
        """Only the pairs marked."""
        if bool(kept.all()):
            return self
        return Candidates(self.lot[kept], self.demand[kept], self.figures[:, kept], self.modes)


def candidates(columns: Columns) -> Candidates:
    """Every pair that the rules allow. Blocks of lots keep the memory of a large market small."""
    lots = columns.lot_kg.size
    step = max(_BLOCK // max(columns.demand_kg.size, 1), 1)
    blocks = [candidates_of(columns, first, min(first + step, lots)) for first in range(0, max(lots, 1), step)]
    if len(blocks) == 1:
        return blocks[0]
    return Candidates(
        np.concatenate([block.lot for block in blocks]),
        np.concatenate([block.demand for block in blocks]),
        np.concatenate([block.figures for block in blocks], axis=1),
        columns.market.modes,
    )


def candidates_of(columns: Columns, first: int, end: int) -> Candidates:
    """The pairs of the lots from `first` up to `end`."""
    i, j = _within_reach(columns, first, end)
    for rule, broken in PAIR_RULES:
        if rule is not Rule.GRADE:
            fine = ~broken(columns, i, j)
            if not fine.all():
                i, j = i[fine], j[fine]
    priced = priced_pairs(columns, i, j)
    return priced.candidates.keep(priced.allowed)


def _within_reach(columns: Columns, first: int, end: int) -> tuple[Ints, Ints]:
    """The pairs, by lot then demand, whose grade is asked for and whose margin may pay the way: an outer estimate (a chord is
    shorter than its arc), so that the exact and slower figures are needed for few pairs."""
    if not columns.lot_kg.size:
        return columns.lot_kg, columns.lot_kg
    asked = columns.demand_grade.T[columns.lot_grade[first:end]]
    margin = (columns.demand_bid - columns.lot_ask[first:end, None]).astype(np.float64)
    reach = _reach(columns, margin)
    cosine = columns.lot_unit[first:end] @ columns.demand_unit
    near = (reach >= 0) & (cosine >= 1 - reach * reach / 2 - _COSINE_SLACK)
    i, j = np.nonzero(asked & near)
    return i.astype(np.int64) + first, j.astype(np.int64)


def _reach(columns: Columns, margin: Floats) -> Floats:
    """How far margins carry by the mode that carries farthest, in radians of great circle; negative: not even the base."""
    market = columns.market
    farthest = np.full(margin.shape, -1.0)
    for mode in market.modes:
        figures = tariff(mode, market.family)
        fen_per_radian = figures.rate_milli_fen_per_tkm * figures.detour_micro / MICRO**2 * EARTH_RADIUS_M
        farthest = np.maximum(farthest, (margin - figures.base_fen_per_t + 1) / fen_per_radian)
    return farthest


@dataclass(frozen=True, slots=True)
class Priced:
    """Pairs with their best mode. `allowed`: that mode meets both windows and gains; `in_time`: any mode meets the windows;
    `best_gain`: the highest gain of any mode in time, or of any at all."""

    candidates: Candidates
    allowed: Flags
    in_time: Flags
    best_gain: Ints


def priced_pairs(columns: Columns, i: Ints, j: Ints) -> Priced:
    """Price each pair by every mode and choose: the highest weight among the modes allowed, ties to the earlier mode."""
    market = columns.market
    places = (columns.lot_lat[i], columns.lot_lon[i], columns.demand_lat[j], columns.demand_lon[j])
    ready = np.maximum(columns.lot_from, columns.now_ms)[i]
    margin = columns.demand_bid[j] - columns.lot_ask[i]
    reserve = columns.lot_reserve[i] + columns.demand_reserve[j]
    wishes = market.preferences
    steer = np.where(columns.lot_park[i] == columns.demand_park[j], wishes.in_park_fen_per_t, 0) - reserve
    rank = np.full(i.size, _NEVER - 1, dtype=np.int64)
    gain_in_time, gain_late = rank.copy(), rank.copy()
    figures = np.zeros((7, i.size), dtype=np.int64)
    for number, mode in enumerate(market.modes):
        table = option_table(*places, market.family, mode)
        gain = margin - table.freight_fen_per_t
        weight = gain + steer - (table.co2e_g_per_t * market.carbon_fen_per_t_co2e + MICRO // 2) // MICRO
        weight -= np.maximum(table.distance_m - wishes.radius_m, 0) * wishes.beyond_fen_per_tkm // 1000
        on_time = (ready + table.transit_ms <= columns.demand_until[j]) & (
            columns.lot_until[i] + table.transit_ms >= columns.demand_from[j]
        )
        new_rank = np.where(on_time & (gain >= 0), weight, _NEVER)
        better = new_rank > rank
        row = (gain, weight, np.full(i.size, number), table.distance_m, table.transit_ms)
        figures = np.where(better, np.stack([*row, table.freight_fen_per_t, table.co2e_g_per_t]), figures)
        rank = np.where(better, new_rank, rank)
        gain_in_time = np.maximum(gain_in_time, np.where(on_time, gain, _NEVER))
        gain_late = np.maximum(gain_late, gain)
    in_time = gain_in_time > _NEVER
    return Priced(Candidates(i, j, figures, market.modes), rank > _NEVER, in_time, np.where(in_time, gain_in_time, gain_late))


def broken_rules(market: Market, lot: Lot, demand: Demand) -> list[Rule]:
    """Every rule that this pair breaks by itself, in the order they are applied; empty for a candidate."""
    ended = [(lot.id, demand.id)] if (lot.id, demand.id) in market.excluded else []
    pair = Market(market.family, market.now, [lot], [demand], ended, market.carbon_fen_per_t_co2e, market.modes)
    columns = Columns.of(pair)
    one = np.zeros(1, dtype=np.int64)
    broken = [rule for rule, check in PAIR_RULES if bool(check(columns, one, one)[0])]
    priced = priced_pairs(columns, one, one)
    if not priced.in_time[0]:
        broken.append(Rule.WINDOW)
    if priced.best_gain[0] < 0:
        broken.append(Rule.GAIN)
    return broken
