"""The relaxation under blend limits: each bound of each demand gets a price per unit of excess, found by a few flows.

A blend limit Σ kg × excess ≤ credit is priced into the weights (weight − price × excess) and its credit paid back, which for
any price ≥ 0 gives an upper bound (Lagrange); the lowest bound met is kept. Prices move by sign alone, with steps that grow
while the sign stays and halve when it turns. Everything that enters a bound is an exact integer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from services.matching.clearing.candidates import MICRO, Columns, Floats, Ints
from services.matching.clearing.network import Relaxation, relax
from services.matching.clearing.tightening import BlendRow, Pairs, micro

_FLOWS = 10
_ARCS = 500_000
"""Flows solved in search of prices: at most so many, and no more than so many arcs in all."""
_PRICE_LIMIT = 4_000_000
_LEAST_WEIGHT = -1_000_000_000


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The blend bounds side by side: entry e says that pair `pair[e]` adds `excess[e]` per kg to bound `of[e]`."""

    pair: Ints
    of: Ints
    excess: Ints
    credit: list[int]
    key: list[tuple[int, str, str]]


def relax_blended(columns: Columns, pairs: Pairs, rows: list[BlendRow]) -> tuple[Relaxation, Ints]:
    """The relaxation with the lowest bound found, and the priced weights that it was solved with."""
    weight = pairs.candidates.weight
    best = relax(pairs, columns.lot_kg, columns.demand_kg, weight)
    bounds = _bounds(columns, pairs, rows)
    if not bounds.pair.size or not bool((_violation(bounds, best.kg) > 0).any()):
        return best, weight
    best_weight, relaxed = weight, best
    price = np.zeros(len(bounds.credit), dtype=np.float64)
    step = _first_steps(bounds, weight)
    sign = np.zeros(price.size)
    for _ in range(min(_FLOWS, max(_ARCS // pairs.cap.size, 2))):
        turn = np.sign(_violation(bounds, relaxed.kg))
        step = np.where(turn * sign > 0, step * 1.4, np.where(turn * sign < 0, step * 0.5, step))
        moved = np.clip(price + turn * step, 0, _PRICE_LIMIT)
        if np.array_equal(np.floor(moved), np.floor(price)):
            break
        price, sign = moved, turn
        relaxed, priced = _priced(columns, pairs, bounds, np.floor(price).astype(np.int64))
        if relaxed.bound < best.bound:
            best, best_weight = relaxed, priced
    return best, best_weight


def _bounds(columns: Columns, pairs: Pairs, rows: list[BlendRow]) -> _Bounds:
    found = pairs.candidates
    by_demand: dict[int, list[tuple[int, BlendRow]]] = {}
    credit: list[int] = []
    key: list[tuple[int, str, str]] = []
    for row in rows:
        for demand in row.bound:
            by_demand.setdefault(demand, []).append((len(credit), row))
            credit.append(row.credit[demand])
            key.append((demand, row.attribute, row.end))
    limited = np.flatnonzero(np.isin(found.demand, list(by_demand)))
    entries = []
    for pair in limited.tolist():
        lot, demand = columns.market.lots[int(found.lot[pair])], int(found.demand[pair])
        for number, row in by_demand[demand]:
            entries.append((pair, number, row.excess(micro(lot.quality[row.attribute]), demand)))
    table = np.array(entries, dtype=np.int64).reshape(-1, 3)
    return _Bounds(table[:, 0], table[:, 1], table[:, 2], credit, key)


def _violation(bounds: _Bounds, kg: Ints) -> Floats:
    """By how much each bound is broken (positive) or kept."""
    used = kg[bounds.pair].astype(np.float64) * bounds.excess
    return np.asarray(np.bincount(bounds.of, used, minlength=len(bounds.credit)) - np.array(bounds.credit, dtype=np.float64))


def _first_steps(bounds: _Bounds, weight: Ints) -> Floats:
    """Half the price at which a pair of the bound's mean weight and mean excess would just be given up."""
    over = bounds.excess > 0
    size = len(bounds.credit)
    gain = np.bincount(bounds.of[over], weight[bounds.pair[over]], minlength=size)
    excess = np.bincount(bounds.of[over], bounds.excess[over], minlength=size) / MICRO
    return np.asarray(np.clip(0.5 * gain / np.maximum(excess, 1e-3), 1.0, _PRICE_LIMIT / 4))


def _priced(columns: Columns, pairs: Pairs, bounds: _Bounds, price: Ints) -> tuple[Relaxation, Ints]:
    """The relaxation at these prices (fen per tonne and unit of excess); roundings make its bound larger, never smaller."""
    weight = pairs.candidates.weight.copy()
    np.subtract.at(weight, bounds.pair, price[bounds.of] * bounds.excess // MICRO)
    weight = np.maximum(weight, _LEAST_WEIGHT)
    relaxed = relax(pairs, columns.lot_kg, columns.demand_kg, weight)
    paid_back = sum(-(-fen * credit // MICRO) for fen, credit in zip(price.tolist(), bounds.credit, strict=True))
    prices = {key: fen for key, fen in zip(bounds.key, price.tolist(), strict=True) if fen}
    return replace(relaxed, bound=relaxed.bound + paid_back, blend_price=prices), weight
