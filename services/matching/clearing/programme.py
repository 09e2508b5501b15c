"""A linear programme over some pairs of a market, which takes in more of them as its own prices say that they are missing.

A programme over all pairs is slow; one that begins with the pairs that a flow uses or nearly uses is exact after a few rounds.
Simplex steps and rounds are counted, never the clock.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from services.matching.clearing.columns import Columns, Floats, Ints
from services.matching.clearing.tightening import Pairs

_ROUNDS = 12
"""Most programmes solved; each begins where the last one ended."""
_ITERATIONS = 40_000
"""Simplex steps of one of them. What ends early still gives valid prices."""
_NEW_COLUMNS = 4_000


@dataclass(frozen=True, slots=True)
class Couplings:
    """Limits over pairs of one side, side by side. Entry e says that a tonne of pair `pair[e]` uses `uses[e]` ÷ `of_each[e]` of
    limit `of[e]`, whose price is in fen per unit; by blends, then `lot_places`, then `demand_places` (rows of the sides).
    `credit` ÷ `divided` is what may be used of a limit in thousandths, by kilograms × uses ÷ of_each. A blend that earlier
    takes broke has no credit: to take nothing more is allowed too."""

    pair: Ints
    of: Ints
    uses: Ints
    of_each: Ints
    credit: Ints
    divided: Ints
    blends: list[tuple[int, str, str]]
    lot_places: Ints
    demand_places: Ints

    def violation(self, kg: Ints) -> Floats:
        """By how much each limit is broken (positive) or kept."""
        used = kg[self.pair] * (self.uses / self.of_each)
        return np.asarray(np.bincount(self.of, used, minlength=self.credit.size) - self.credit / self.divided)


class Programme:
    """Rows: what each lot has, what each demand takes, allowances, couplings; in tonnes, so that figures stay near one.
    `columns` are the pairs taken in so far."""

    def __init__(self, columns: Columns, pairs: Pairs, couplings: Couplings, first: Ints) -> None:
        found = pairs.candidates
        self.size = found.size
        self.weight, self.cap = found.weight.astype(np.float64), pairs.cap / 1000
        n, m = columns.lot_kg.size, columns.demand_kg.size
        under = np.flatnonzero(columns.lot_allowance[found.lot] >= 0)
        allowance = n + m + columns.lot_allowance[found.lot[under]]
        self.first_coupling = n + m + columns.allowance_kg.size
        limits = [columns.lot_kg, columns.demand_kg, columns.allowance_kg, couplings.credit / couplings.divided]
        upper = np.concatenate(limits) / 1000
        every = np.arange(self.size)
        pair = np.concatenate([every, every, under, couplings.pair])
        row = np.concatenate([found.lot, n + found.demand, allowance, self.first_coupling + couplings.of])
        value = np.concatenate([np.ones(row.size - couplings.of.size), couplings.uses / couplings.of_each])
        order = np.argsort(pair, kind="stable")
        self.row, self.value = row[order].astype(np.int32), value[order]
        self.start = np.searchsorted(pair[order], np.arange(self.size + 1))
        self.columns = np.zeros(0, dtype=np.int64)
        self.solver = highspy.Highs()
        for name, option in (("output_flag", False), ("threads", 1), ("solver", "simplex"), ("presolve", "off")):
            self.solver.setOptionValue(name, option)
        self.solver.setOptionValue("simplex_iteration_limit", _ITERATIONS)
        nothing, least = np.zeros(0, dtype=np.int32), np.full(upper.size, -highspy.kHighsInf)
        self.solver.addRows(upper.size, least, upper, 0, np.zeros(upper.size, dtype=np.int32), nothing, np.zeros(0))
        self.solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        self.add(first)

    def add(self, pairs: Ints) -> None:
        """Take these pairs in as well."""
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
        """Prices of the couplings, fen per unit, and kilograms by pair (none where the solver came to no end: its prices do,
        its plan may break a rule)."""
        owner = np.repeat(np.arange(self.size), np.diff(self.start))
        for _ in range(_ROUNDS):
            optimal = self.run()
            price = np.asarray(self.solver.getSolution().row_dual)
            reduced = self.weight - np.bincount(owner, price[self.row] * self.value, minlength=self.size)
            reduced[self.columns] = 0
            missing = np.flatnonzero(reduced > 0.5)
            if not missing.size or not optimal:
                break
            if missing.size > _NEW_COLUMNS:
                missing = np.sort(missing[np.argpartition(-reduced[missing], _NEW_COLUMNS)[:_NEW_COLUMNS]])
            self.add(missing)
        else:
            optimal = self.run()
        kg = np.zeros(self.size, dtype=np.int64)
        if optimal:
            kg[self.columns] = np.floor(self.tonnes() * 1000 + 1e-3).astype(np.int64)
        return np.asarray(self.solver.getSolution().row_dual)[self.first_coupling :], kg

    def run(self) -> bool:
        """Solve it as it stands; whether that came to an optimum."""
        self.solver.run()
        return bool(self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def tonnes(self) -> Floats:
        """What the columns carry."""
        return np.asarray(self.solver.getSolution().col_value, dtype=np.float64)

    def bound(self, places: Ints, least: Floats, most: Floats) -> None:
        """Let the columns at these places carry from `least` to `most` tonnes."""
        self.solver.changeColsBounds(places.size, places.astype(np.int32), least, most)
