"""Minimum takes by diving: the programme is solved, some takes that are too small are let go, made large enough or given the
place of their side's last take, and it is solved again from where it stood, which takes milliseconds.

A demand's place goes to the small pair that the programme all but chose; the fewer rounds are left, the less certain it need
be. What else of that demand is too small goes to the nearer of nothing and the minimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.matching.clearing.columns import Columns, Flags, Floats, Ints, order_by
from services.matching.clearing.coupling import Relaxed, near_pairs
from services.matching.clearing.programme import Programme
from services.matching.clearing.tightening import Pairs

_ROUNDS = 60
_TRUST, _TRUST_LESS = 0.99, 0.04
"""How much of a small pair must be used for it to get its demand's place, and by how much that falls from round to round."""
_NOTHING = 1e-6
"""Tonnes; less is a solver's rounding."""
_KG = 0.001


def breaks_minimum(columns: Columns, pairs: Pairs, kg: Ints) -> bool:
    """Whether flows (kilograms by pair) are too small for a side that they do not empty, or a side has several such."""
    found, whole = pairs.candidates, columns.lot_whole
    return bool(
        _broken(found.lot, kg, np.where(whole, 0, columns.lot_min_kg), columns.lot_kg).any()
        or _broken(found.demand, kg, columns.demand_min_kg, columns.demand_kg).any()
    )


def _broken(ends: Ints, kg: Ints, least: Ints, has: Ints) -> Flags:
    """By row of the side."""
    few = (kg > 0) & (kg < least[ends])
    count = np.bincount(ends[few], minlength=has.size)
    return np.asarray((count > 1) | ((count == 1) & (np.bincount(ends, kg, minlength=has.size) < has)))


def dive(columns: Columns, pairs: Pairs, relaxed: Relaxed, kg: Ints) -> Ints:
    """Kilograms by pair that keep most minimum takes. Indivisible lots stay as they are in `kg`, which is the answer where the
    programme has none."""
    used = np.flatnonzero((kg > 0) | (relaxed.kg > 0))
    chosen = np.union1d(near_pairs(relaxed.relaxation, relaxed.weight, pairs), used)
    whole = columns.lot_whole[pairs.candidates.lot[chosen]]
    chosen = chosen[~whole | (kg[chosen] > 0)]
    found = _Dive(columns, pairs, chosen, Programme(columns, pairs, relaxed.couplings, chosen), kg)
    tonnes = found.tonnes()
    if tonnes is None:
        return kg
    result = np.zeros_like(kg)
    result[chosen] = np.rint(tonnes / _KG).astype(np.int64)
    return result


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the columns: its row by column, what it has, the least that a take is (tonnes, by row), and which columns
    can't reach that."""

    row: Ints
    has: Floats
    least: Floats
    small: Flags

    def pieces(self, tonnes: Floats) -> tuple[Flags, Flags, Flags]:
        """Which columns carry too little, which rows such takes break, and which rows are used up."""
        few = (tonnes > _NOTHING) & (tonnes < self.least[self.row] - _NOTHING)
        count = np.bincount(self.row[few], minlength=self.has.size)
        full = np.bincount(self.row, tonnes, minlength=self.has.size) >= self.has - _NOTHING
        return few, np.asarray((count > 1) | ((count == 1) & ~full)), np.asarray(full)


class _Dive:
    def __init__(self, columns: Columns, pairs: Pairs, chosen: Ints, programme: Programme, kg: Ints) -> None:
        found = pairs.candidates
        lot, demand = found.lot[chosen], found.demand[chosen]
        lot_least = np.where(columns.lot_whole, 0, np.minimum(columns.lot_min_kg, columns.lot_kg))
        demand_least = np.minimum(columns.demand_min_kg, columns.demand_kg)
        self.cap = _tonnes(pairs.cap[chosen])
        self.lots = _Side(lot, _tonnes(columns.lot_kg), _tonnes(lot_least), pairs.lot_small[chosen])
        self.demands = _Side(demand, _tonnes(columns.demand_kg), _tonnes(demand_least), pairs.demand_small[chosen])
        self.programme = programme
        held = columns.lot_whole[lot]
        self.least = np.where(held, kg[chosen] * _KG, 0.0)
        self.most = np.where(held, kg[chosen] * _KG, self.cap)
        programme.bound(np.flatnonzero(held), self.least[held], self.most[held])
        self.last = np.full(columns.demand_kg.size, -1)
        self.small_of = np.split(*_grouped(demand, self.demands.small, columns.demand_kg.size))

    def tonnes(self) -> Floats | None:
        """By column, as the last programme that could be solved has it."""
        tonnes = None
        for number in range(_ROUNDS):
            if not self.programme.run():
                break
            tonnes = self.programme.tonnes()
            if not self._decide(tonnes, max(_TRUST - _TRUST_LESS * number, 0.0)):
                break
        return tonnes

    def _decide(self, tonnes: Floats, trust: float) -> bool:
        """Narrow what breaks a minimum take; False where nothing does."""
        least, most = self.least.copy(), self.most.copy()
        few_of_lot, broken_lots, _ = self.lots.pieces(tonnes)
        few, broken, full = self.demands.pieces(tonnes)
        let_go = few_of_lot & broken_lots[self.lots.row]
        least[let_go] = most[let_go] = 0.0
        places = np.flatnonzero(few & broken[self.demands.row])
        for demand in np.flatnonzero(broken).tolist():
            self._decide_at(demand, places[self.demands.row[places] == demand], tonnes, bool(full[demand]), trust, least, most)
        changed = np.flatnonzero((least != self.least) | (most != self.most))
        self.least, self.most = least, most
        self.programme.bound(changed, least[changed], most[changed])
        return bool(broken.any() or broken_lots.any())

    def _decide_at(
        self, demand: int, pieces: Ints, tonnes: Floats, full: bool, trust: float, least: Floats, most: Floats
    ) -> None:
        small = self.demands.small
        if self.last[demand] < 0 and full:
            self._give_place(demand, pieces, tonnes, trust, most)
        settled = self.last[demand] >= 0 or not full
        for place in pieces.tolist():
            if place == self.last[demand]:
                if not full:
                    least[place] = most[place] = 0.0
            elif settled and small[place]:
                least[place] = most[place] = 0.0
            elif settled or trust <= 0:
                self._round(place, demand, tonnes[place], least, most)

    def _give_place(self, demand: int, pieces: Ints, tonnes: Floats, trust: float, most: Floats) -> None:
        """Choose the demand's last take, if one is certain enough: of small pairs the fullest, else the smallest take."""
        small = pieces[self.demands.small[pieces]]
        if small.size:
            share = tonnes[small] / self.cap[small]
            best = int(np.argmax(share))
            if share[best] < trust:
                return
            last = int(small[best])
        else:
            last = int(pieces[np.argmin(tonnes[pieces])])
            most[last] = min(most[last], self.demands.least[demand] - _KG)
        self.last[demand] = last
        others = self.small_of[demand]
        most[others[others != last]] = 0.0

    def _round(self, place: int, demand: int, tonnes: float, least: Floats, most: Floats) -> None:
        """To the minimum where that is nearer and both sides have room for it, else to nothing."""
        needed, lot = self.demands.least[demand], self.lots.row[place]
        room = self.lots.has[lot] - least[self.lots.row == lot].sum(), self.demands.has[demand] - self._promised(demand, least)
        if tonnes >= needed / 2 and most[place] >= needed and min(room) >= needed:
            least[place] = needed
        else:
            least[place] = most[place] = 0.0

    def _promised(self, demand: int, least: Floats) -> float:
        return float(least[self.demands.row == demand].sum())


def _tonnes(kg: Ints) -> Floats:
    return np.asarray(kg * _KG, dtype=np.float64)


def _grouped(rows: Ints, marked: Flags, count: int) -> tuple[Ints, Ints]:
    """The places marked, by row, and where the rows after the first begin."""
    places = np.flatnonzero(marked)
    places = places[order_by(rows[places])]
    return places, np.searchsorted(rows[places], np.arange(1, count))
