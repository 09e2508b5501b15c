"""How many kilograms a pair can carry in any feasible plan: minimum takes and blend limits as capacities.

A pair that the pairwise rules allow may still be impossible: three tonnes for a demand that takes five or more, a damp lot
where nothing dry can balance it. Left in, such pairs would count in every bound and never in a plan. What is dropped here
appears in no feasible plan at all, so the bound stays a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.matching.clearing.candidates import MICRO, Candidates, Rule
from services.matching.clearing.columns import Columns, Flags, Floats, Ints
from services.matching.clearing.market import Demand

_ROUNDS = 4
_SLACK = 1e-9
"""Relative head-room for float sums, outward: capacities may only err upwards."""


def micro(value: float) -> int:
    """A measure in millionths, so that blends are added up exactly."""
    return round(value * MICRO)


@dataclass(frozen=True, slots=True)
class BlendRow:
    """One bound of one attribute. Excess is what a kilogram adds to the bound's sum, in millionths; a plan is feasible for a
    demand when Σ kg × excess ≤ `credit` (what earlier takes left)."""

    attribute: str
    end: Literal["min", "max"]
    bound: dict[int, int]
    credit: dict[int, int]

    def excess(self, measure_micro: int, demand: int) -> int:
        """Excess of a kilogram of that measure at a demand of `bound`."""
        distance = measure_micro - self.bound[demand]
        return distance if self.end == "max" else -distance


def blend_rows(columns: Columns) -> list[BlendRow]:
    """Every blend bound of the market."""
    rows: dict[tuple[str, Literal["min", "max"]], BlendRow] = {}
    for number, demand in enumerate(columns.market.demands):
        for attribute in sorted(demand.blend_limits):
            for end in ("min", "max"):
                if end in demand.blend_limits[attribute]:
                    row = rows.setdefault((attribute, end), BlendRow(attribute, end, {}, {}))
                    row.bound[number] = micro(demand.blend_limits[attribute][end])
                    row.credit[number] = _credit(row, demand, number)
    return [rows[key] for key in sorted(rows)]


def _credit(row: BlendRow, demand: Demand, number: int) -> int:
    """What earlier takes leave of a bound; one whose measure was not known counts as just at the bound."""
    known = ((taken.kg, taken.quality[row.attribute]) for taken in demand.taken if row.attribute in taken.quality)
    return -sum(kg * row.excess(micro(measure), number) for kg, measure in known)


def blend_excess(columns: Columns, found: Candidates, rows: list[BlendRow]) -> Floats:
    """What a kilogram of each pair adds to each bound, in millionths (0 where its demand has none); shape rows × pairs."""
    excess = np.zeros((len(rows), found.size))
    for number, row in enumerate(rows):
        limited, bound = np.zeros(columns.demand_kg.size, dtype=np.bool_), np.zeros(columns.demand_kg.size)
        limited[list(row.bound)], bound[list(row.bound)] = True, list(row.bound.values())
        at = np.flatnonzero(limited[found.demand])
        distance = np.rint(columns.quality[row.attribute][found.lot[at]] * MICRO) - bound[found.demand[at]]
        excess[number, at] = distance if row.end == "max" else -distance
    return excess


def limited_demands(columns: Columns, rows: list[BlendRow]) -> Flags:
    """Which demands have blend limits: there even a pair without gain of its own can pay, by balancing another."""
    limited = np.zeros(columns.demand_kg.size, dtype=np.bool_)
    for row in rows:
        limited[list(row.bound)] = True
    return limited


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidates with capacities. `cap`: most kilograms in any plan. `lot_small`/`demand_small`: even that is below the side's
    minimum take, so the pair can only be the last take, which empties that side; a side has at most one such."""

    candidates: Candidates
    cap: Ints
    lot_small: Flags
    demand_small: Flags

    def keep(self, kept: Flags) -> Pairs:
        """Only the pairs marked."""
        if bool(kept.all()):
            return self
        return Pairs(self.candidates.keep(kept), self.cap[kept], self.lot_small[kept], self.demand_small[kept])


def tighten(columns: Columns, found: Candidates, rows: list[BlendRow]) -> tuple[Pairs, dict[Rule, list[tuple[int, int]]]]:
    """The pairs that can carry something, and those that cannot, as (lot, demand) by rule."""
    dropped: dict[Rule, list[tuple[int, int]]] = {Rule.ALLOWANCE: [], Rule.BLEND: [], Rule.MIN_TAKE: []}
    most_kg = _allowed_kg(columns)
    fine = (most_kg > 0) & (~columns.lot_whole | (most_kg >= columns.lot_kg))
    cap = np.minimum(most_kg[found.lot], columns.demand_kg[found.demand])
    found, cap = _drop(found, cap, fine[found.lot], dropped[Rule.ALLOWANCE])
    for _ in range(_ROUNDS):
        before = found.size
        for row in rows:
            cap, fine = _blend_cap(columns, found, cap, row)
            found, cap = _drop(found, cap, fine, dropped[Rule.BLEND])
        lot_small, demand_small, fine = _smallness(columns, found, cap)
        found, cap = _drop(found, cap, fine, dropped[Rule.MIN_TAKE])
        if found.size == before:
            break
    lot_small, demand_small, _ = _smallness(columns, found, cap)
    return Pairs(found, cap, lot_small, demand_small), dropped


def _allowed_kg(columns: Columns) -> Ints:
    """What a lot may give if its seller's others give nothing."""
    under = columns.lot_allowance >= 0
    most_kg = columns.lot_kg.copy()
    most_kg[under] = np.minimum(most_kg[under], columns.allowance_kg[columns.lot_allowance[under]])
    return most_kg


def _drop(found: Candidates, cap: Ints, fine: Flags, dropped: list[tuple[int, int]]) -> tuple[Candidates, Ints]:
    if not bool(fine.all()):
        dropped.extend(zip(found.lot[~fine].tolist(), found.demand[~fine].tolist(), strict=True))
    return found.keep(fine), cap[fine]


def _blend_cap(columns: Columns, found: Candidates, cap: Ints, row: BlendRow) -> tuple[Ints, Flags]:
    """Capacities under one blend bound: what all the better lots together can balance."""
    size = columns.demand_kg.size
    limited, credit = np.zeros(size, dtype=np.bool_), np.zeros(size)
    limited[list(row.bound)], credit[list(row.credit)] = True, list(row.credit.values())
    at = limited[found.demand]
    excess = blend_excess(columns, found, [row])[0]
    balance = credit + np.bincount(found.demand, np.maximum(-excess, 0.0) * cap, minlength=size)
    balance += np.abs(balance) * _SLACK
    room = np.floor(balance[found.demand] / np.where(excess > 0, excess, 1.0) + _SLACK)
    room = np.clip(np.where(excess > 0, room, cap), 0, cap).astype(np.int64)
    whole_fits = ~columns.lot_whole[found.lot] | (room >= columns.lot_kg[found.lot])
    fine = ~at | ((balance[found.demand] >= 0) & (room > 0) & whole_fits)
    return np.where(at, room, cap), np.asarray(fine)


def _smallness(columns: Columns, found: Candidates, cap: Ints) -> tuple[Flags, Flags, Flags]:
    """Which pairs stay below the lot's or the demand's minimum take, and which can be carried nevertheless: the others of that
    side together must be able to take the rest."""
    lot_kg, demand_kg = columns.lot_kg, columns.demand_kg
    lot_small = np.asarray(cap < np.minimum(columns.lot_min_kg, lot_kg)[found.lot]) & ~columns.lot_whole[found.lot]
    demand_small = np.asarray(cap < np.minimum(columns.demand_min_kg, demand_kg)[found.demand])
    others_of_lot = np.bincount(found.lot, np.where(lot_small, 0, cap), minlength=lot_kg.size)
    others_of_demand = np.bincount(found.demand, np.where(demand_small, 0, cap), minlength=demand_kg.size)
    empties_lot = others_of_lot[found.lot] + cap >= lot_kg[found.lot]
    empties_demand = others_of_demand[found.demand] + cap >= demand_kg[found.demand]
    fine = (~lot_small | empties_lot) & (~demand_small | empties_demand)
    return lot_small, demand_small, np.asarray(fine)
