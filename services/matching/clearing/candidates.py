"""Which lot may go to which demand: every «never proposed» rule of the contract, vectorised, each with a name.

A rule is a function over pairs (row of the lot, row of the demand) that marks the broken ones. `candidates` runs the rules
over the whole market, cheap ones first, and keeps what is left; `broken_rules` runs the same functions over one pair, so
that an explanation can never differ from what the clearing did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from services.matching.clearing.columns import Columns, Flags, Floats, Ints
from services.matching.clearing.market import Demand, Lot, Market
from shared.catalogue.freight import FreightOption, option_table, tariff
from shared.geo.distance import EARTH_RADIUS_M

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
    BLOCKED = "blocked"
    ENDED_BEFORE = "ended-before"
    LOT_OVER = "lot-over"
    NOT_WHOLE = "not-whole"
    COMPLIANCE = "compliance"
    QUALITY = "quality"
    QUALITY_UNKNOWN = "quality-unknown"
    WINDOW = "window"
    GAIN = "gain"
    KEPT = "kept"
    MIN_TAKE = "min-take"
    ALLOWANCE = "allowance"
    BLEND = "blend"
    QUANTITY = "quantity"
    UNDER_TENDER = "under-tender"


def _own(c: Columns, i: Ints, j: Ints) -> Flags:
    return np.asarray(c.lot_seller[i] == c.demand_buyer[j])


def _blocked(c: Columns, i: Ints, j: Ints) -> Flags:
    return _among(c.blocked, c.lot_seller[i] * c.people + c.demand_buyer[j]) if c.blocked.size else _none(i)


def _ended_before(c: Columns, i: Ints, j: Ints) -> Flags:
    return _among(c.excluded, i * len(c.market.demands) + j) if c.excluded.size else _none(i)


def _none(i: Ints) -> Flags:
    return np.zeros(i.size, dtype=np.bool_)


def _among(known: Ints, keys: Ints) -> Flags:
    """Which of `keys` are in `known`, which is sorted and not empty."""
    found = np.minimum(np.searchsorted(known, keys), known.size - 1)
    return np.asarray(known[found] == keys)


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
    (Rule.BLOCKED, _blocked),
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
    reserve = _reserve(columns, i, j)
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


def _reserve(columns: Columns, i: Ints, j: Ints) -> Ints:
    """What both sides are worth elsewhere, fen per tonne."""
    return np.asarray(columns.lot_reserve[i] + columns.demand_reserve[j])


def broken_rules(market: Market, lot: Lot, demand: Demand) -> list[Rule]:
    """Every rule that this pair breaks by itself, in the order they are applied; empty for a candidate."""
    ended = [(lot.id, demand.id)] if (lot.id, demand.id) in market.excluded else []
    people = (lot.seller_id, demand.buyer_id)
    blocked = [people] if people in market.blocked else []
    pair = replace(market, lots=[lot], demands=[demand], excluded=ended, blocked=blocked, allowance_kg={})
    columns = Columns.of(pair)
    one = np.zeros(1, dtype=np.int64)
    broken = [rule for rule, check in PAIR_RULES if bool(check(columns, one, one)[0])]
    priced = priced_pairs(columns, one, one)
    if not priced.in_time[0]:
        broken.append(Rule.WINDOW)
    if priced.best_gain[0] < 0:
        broken.append(Rule.GAIN)
    elif priced.in_time[0] and -_reserve(columns, one, one)[0] <= priced.candidates.weight[0] < 0:
        broken.append(Rule.KEPT)
    return broken
