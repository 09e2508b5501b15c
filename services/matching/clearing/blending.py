"""The relaxation under blend limits, solved by column generation.

A blend limit Σ kg × excess ≤ credit gives every bound of every demand a price per unit of excess. Flows cannot hold such
limits, and a linear programme over all pairs is slow: so it begins with the pairs that the flow without blends uses or nearly
uses, and takes in those that its own prices say are missing, until there are none. Its blend prices, rounded to whole fen, are
then put into the weights (weight − price × excess) of one more flow, whose bound with the credits paid back holds for any
prices ≥ 0 (Lagrange), in exact integers, whatever the solver did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np

from services.matching.clearing.candidates import MICRO
from services.matching.clearing.columns import Columns, Floats, Ints
from services.matching.clearing.network import Relaxation, Supply, relax
from services.matching.clearing.tightening import BlendRow, Pairs, blend_excess, last_takes

_ROUNDS = 12
"""Most programmes solved; each begins where the last one ended."""
_ITERATIONS = 40_000
"""Simplex steps of one of them: work, never the clock. What ends early still gives valid prices."""
_NEAR_PCT = 2
"""The first columns: pairs whose reduced cost is within this share of the mean weight."""
_NEW_COLUMNS = 4_000
_PRICE_LIMIT = 4_000_000
_LEAST_WEIGHT = -1_000_000_000


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The blend bounds side by side: entry e says that pair `pair[e]` adds `excess[e]` per kg to bound `of[e]`; by pair. A
    bound that earlier takes broke has no credit: to take nothing more is allowed too."""

    pair: Ints
    of: Ints
    excess: Ints
    credit: Ints
    key: list[tuple[int, str, str]]


def relax_blended(columns: Columns, pairs: Pairs, rows: list[BlendRow]) -> tuple[Relaxation, Ints, Ints]:
    """The relaxation with its bound, the programme's plan (kilograms by pair; without blends the relaxation's own), and the
    priced weights that the bound was proved with."""
    weight = pairs.candidates.weight
    free = relax(pairs, Supply.of(columns), columns.demand_kg, weight)
    bounds = _bounds(columns, pairs, rows)
    if not bounds.pair.size or not bool((_violation(bounds, free.kg) > 0).any()):
        return free, free.kg, weight
    price, kg = _Programme(columns, pairs, bounds, free).solve()
    relaxed, priced = _priced(columns, pairs, bounds, np.rint(np.clip(price, 0, _PRICE_LIMIT)).astype(np.int64))
    if relaxed.bound < free.bound:
        return relaxed, kg, priced
    return free, kg, weight


def _bounds(columns: Columns, pairs: Pairs, rows: list[BlendRow]) -> _Bounds:
    found = pairs.candidates
    excess = blend_excess(columns, found, rows)
    number_of = np.full((len(rows), columns.demand_kg.size), -1)
    credit: list[int] = []
    key: list[tuple[int, str, str]] = []
    for number, row in enumerate(rows):
        for demand in row.bound:
            number_of[number, demand] = len(credit)
            credit.append(max(row.credit[demand], 0))
            key.append((demand, row.attribute, row.end))
    of = number_of[:, found.demand]
    pair, row_of = np.nonzero(of.T >= 0)
    taken = np.rint(excess[row_of, pair]).astype(np.int64)
    return _Bounds(pair, of[row_of, pair], taken, np.array(credit, dtype=np.int64), key)


def _violation(bounds: _Bounds, kg: Ints) -> Floats:
    """By how much each bound is broken (positive) or kept."""
    used = kg[bounds.pair].astype(np.float64) * bounds.excess
    return np.asarray(np.bincount(bounds.of, used, minlength=bounds.credit.size) - bounds.credit)


class _Programme:
    """The linear programme with the columns taken in so far. Rows: what each lot has, what each demand takes, the last small
    takes of both (see `tightening`), the blend bounds; in tonnes, so that figures stay near one."""

    def __init__(self, columns: Columns, pairs: Pairs, bounds: _Bounds, free: Relaxation) -> None:
        found = pairs.candidates
        self.found, self.bounds = found, bounds
        n, m = columns.lot_kg.size, columns.demand_kg.size
        self.weight, self.cap = found.weight.astype(np.float64), pairs.cap / 1000
        self.ends = (found.lot, n + found.demand)
        limits = [columns.lot_kg, columns.demand_kg]
        first = n + m
        self.small: list[tuple[Ints, Ints]] = []
        for side, small in ((found.lot, pairs.lot_small), (found.demand, pairs.demand_small)):
            sides, most, number = last_takes(side, small, pairs.cap)
            self.small.append((np.flatnonzero(small), first + number))
            limits.append(most)
            first += sides.size
        under = np.flatnonzero(columns.lot_allowance[found.lot] >= 0)
        self.small.append((under, first + columns.lot_allowance[found.lot[under]]))
        limits.append(columns.allowance_kg)
        self.first_bound = first = first + columns.allowance_kg.size
        upper = np.concatenate([*limits, bounds.credit / MICRO]) / 1000
        self.size = upper.size
        self._entries()
        near = self.weight - free.lot_price[found.lot] - free.demand_price[found.demand]
        slack = _NEAR_PCT / 100 * float(np.abs(self.weight).mean())
        self.columns = np.zeros(0, dtype=np.int64)
        self.solver = highspy.Highs()
        for name, value in (("output_flag", False), ("threads", 1), ("solver", "simplex"), ("presolve", "off")):
            self.solver.setOptionValue(name, value)
        self.solver.setOptionValue("simplex_iteration_limit", _ITERATIONS)
        nothing = np.zeros(0, dtype=np.int32)
        least = np.full(self.size, -highspy.kHighsInf)
        self.solver.addRows(self.size, least, upper, 0, np.zeros(self.size, dtype=np.int32), nothing, np.zeros(0))
        self.solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        self._add(np.flatnonzero((free.kg > 0) | (near >= -slack)))

    def _entries(self) -> None:
        """The matrix by pair: `start`, `row`, `value`."""
        size, bounds = self.found.size, self.bounds
        every = np.arange(size)
        pair = np.concatenate([every, every, *(places for places, _ in self.small), bounds.pair])
        row = np.concatenate([*self.ends, *(group for _, group in self.small), self.first_bound + bounds.of])
        value = np.concatenate([np.ones(row.size - bounds.of.size), bounds.excess / MICRO])
        order = np.argsort(pair, kind="stable")
        self.row, self.value = row[order].astype(np.int32), value[order]
        self.start = np.searchsorted(pair[order], np.arange(size + 1))

    def _add(self, pairs: Ints) -> None:
        count = self.start[pairs + 1] - self.start[pairs]
        starts = np.cumsum(count) - count
        entries = np.repeat(self.start[pairs] - starts, count) + np.arange(int(count.sum()))
        self.solver.addCols(
            pairs.size,
            self.weight[pairs],
            np.zeros(pairs.size),
            self.cap[pairs],
            entries.size,
            starts.astype(np.int32),
            self.row[entries],
            self.value[entries],
        )
        self.columns = np.concatenate([self.columns, pairs])

    def solve(self) -> tuple[Floats, Ints]:
        """Prices of the blend bounds, fen per tonne and unit of excess, and kilograms by pair (none where the solver came to no
        end: its prices do, its plan may break a rule)."""
        owner = np.repeat(np.arange(self.found.size), np.diff(self.start))
        for _ in range(_ROUNDS):
            self.solver.run()
            price = np.asarray(self.solver.getSolution().row_dual)
            reduced = self.weight - np.bincount(owner, price[self.row] * self.value, minlength=self.found.size)
            reduced[self.columns] = 0
            missing = np.flatnonzero(reduced > 0.5)
            if not missing.size or self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                break
            if missing.size > _NEW_COLUMNS:
                missing = np.sort(missing[np.argpartition(-reduced[missing], _NEW_COLUMNS)[:_NEW_COLUMNS]])
            self._add(missing)
        else:
            self.solver.run()
        solution = self.solver.getSolution()
        kg = np.zeros(self.found.size, dtype=np.int64)
        if self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            kg[self.columns] = np.floor(np.asarray(solution.col_value) * 1000 + 1e-3).astype(np.int64)
        return np.asarray(solution.row_dual)[self.first_bound :], kg


def _priced(columns: Columns, pairs: Pairs, bounds: _Bounds, price: Ints) -> tuple[Relaxation, Ints]:
    """The relaxation at these prices (fen per tonne and unit of excess); roundings make its bound larger, never smaller."""
    weight = pairs.candidates.weight.copy()
    np.subtract.at(weight, bounds.pair, price[bounds.of] * bounds.excess // MICRO)
    weight = np.maximum(weight, _LEAST_WEIGHT)
    relaxed = relax(pairs, Supply.of(columns), columns.demand_kg, weight)
    paid_back = sum(-(-fen * credit // MICRO) for fen, credit in zip(price.tolist(), bounds.credit.tolist(), strict=True))
    prices = {key: fen for key, fen in zip(bounds.key, price.tolist(), strict=True) if fen}
    return replace(relaxed, bound=relaxed.bound + paid_back, blend_price=prices), weight
