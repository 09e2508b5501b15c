"""Indivisible lots as a knapsack per demand: swaps of up to two lots out for up to two in, until nothing gains.

A lot may come in from outside the plan or from another demand, and goes out to where there is room, or out of the plan. What a
move leaves behind is not lost at once: room is worth a share of its dual price, a lot put out a share of its own, and the
share falls to nothing from pass to pass, so that the first passes may take from others what the later ones give back.

For each number of kilograms that the outs set free, the best pair that fits comes from a table of the pairs by size with the
running maximum of their value: all of some hundred thousand combinations are looked at by one search in a sorted array. Where
a demand has blend limits, fewer are looked at, one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.matching.clearing.candidates import MICRO
from services.matching.clearing.columns import Columns, Flags, Floats, Ints, order_by
from services.matching.clearing.network import Relaxation
from services.matching.clearing.tightening import BlendRow, Pairs, blend_excess

_SHARES = (0.8, 0.4, 0.0)
"""What is left behind is worth this share of its dual price, pass by pass."""
_STEPS = 6
"""Swaps in a row at one demand."""
_OUTS, _INS = 24, 24
_OUTS_BLENDED, _INS_BLENDED = 14, 30
"""Lots looked at for going out and for coming in, the most promising first."""
_NEVER = -1e300


@dataclass(frozen=True, slots=True)
class _Moves:
    """Sets of up to two of some lots: `first` and `second` are places among them (−1: none), with the sums of both."""

    first: Ints
    second: Ints
    kg: Ints
    value: Floats
    excess: Floats

    @classmethod
    def of(cls, kg: Ints, value: Floats, excess: Floats, *, none: bool) -> _Moves:
        """All of them; `excess` has a row for each blend bound. `none`: with the empty set, which comes first."""
        count = kg.size
        a, b = _TRIANGLE[count] if count < len(_TRIANGLE) else np.triu_indices(count, 1)
        alone, empty = np.arange(count), np.full(1 if none else 0, -1)
        first, second = np.concatenate([empty, alone, a]), np.concatenate([empty, np.full(count, -1), b])
        zero = np.zeros(empty.size)
        return cls(
            first,
            second,
            np.concatenate([zero.astype(np.int64), kg, kg[a] + kg[b]]),
            np.concatenate([zero, value, value[a] + value[b]]),
            np.concatenate([np.zeros((excess.shape[0], empty.size)), excess, excess[:, a] + excess[:, b]], axis=1),
        )

    def members(self, move: int) -> list[int]:
        """Places of the set's lots."""
        return [place for place in (int(self.first[move]), int(self.second[move])) if place >= 0]


_TRIANGLE = [np.triu_indices(count, 1) for count in range(max(_OUTS, _INS) + 1)]


class Packing:
    """Whole lots in demands. `at` gives the pair that each lot is in, −1 where it is in none; lots that are not indivisible
    stay out of it. `room` in kg, `credit` in kg × 10⁻⁶ by blend row and demand."""

    def __init__(
        self, columns: Columns, pairs: Pairs, rows: list[BlendRow], relaxed: Relaxation, start: Ints, priced: Ints
    ) -> None:
        found = pairs.candidates
        whole = columns.lot_whole[found.lot]
        self.lot, self.demand, self.weight = found.lot, found.demand, found.weight.astype(np.float64)
        self.blend_cost = self.weight - priced
        self.kg = columns.lot_kg
        self.usable = whole & ~pairs.demand_small
        self.lot_price, self.demand_price = relaxed.lot_price.astype(np.float64), relaxed.demand_price.astype(np.float64)
        loose = np.where(whole, 0, start)
        self.room = columns.demand_kg - self._by_demand(loose, columns.demand_kg.size).astype(np.int64)
        self.excess = blend_excess(columns, found, rows)
        self.credit = np.full((len(rows), columns.demand_kg.size), np.inf)
        for number, row in enumerate(rows):
            self.credit[number, list(row.credit)] = list(row.credit.values())
            self.credit[number] -= self._by_demand(loose * self.excess[number], columns.demand_kg.size)
        self.limited: Flags = np.isfinite(self.credit).any(axis=0)
        order = order_by(found.demand)
        order = order[self.usable[order]]
        edges = np.searchsorted(found.demand[order], np.arange(columns.demand_kg.size + 1))
        self.pairs_of = [order[edges[k] : edges[k + 1]] for k in range(columns.demand_kg.size)]
        self.lots_of = [self.lot[pairs] for pairs in self.pairs_of]
        self.size_of = [self.kg[lots] for lots in self.lots_of]
        self.weight_of = [self.weight[pairs] for pairs in self.pairs_of]
        self.first_of_lot = np.searchsorted(found.lot, np.arange(self.kg.size + 1))
        self.at = np.full(self.kg.size, -1)
        self._put(np.flatnonzero(self.usable & (start == self.kg[found.lot])))

    def kg_by_pair(self) -> Ints:
        """What the pairs carry."""
        kg = np.zeros(self.lot.size, dtype=np.int64)
        placed = self.at[self.at >= 0]
        kg[placed] = self.kg[self.lot[placed]]
        return kg

    def _by_demand(self, values: Ints | Floats, demands: int) -> Floats:
        return np.asarray(np.bincount(self.demand, values, minlength=demands), dtype=np.float64)

    def _put(self, pairs: Ints) -> None:
        self.at[self.lot[pairs]] = pairs
        np.subtract.at(self.room, self.demand[pairs], self.kg[self.lot[pairs]])
        for number in range(self.excess.shape[0]):
            np.subtract.at(self.credit[number], self.demand[pairs], self.excess[number, pairs] * self.kg[self.lot[pairs]])

    def _take(self, pairs: Ints) -> None:
        self.at[self.lot[pairs]] = -1
        np.add.at(self.room, self.demand[pairs], self.kg[self.lot[pairs]])
        for number in range(self.excess.shape[0]):
            np.add.at(self.credit[number], self.demand[pairs], self.excess[number, pairs] * self.kg[self.lot[pairs]])

    def mend(self) -> None:
        """Put out the lots that harm a broken blend most for what they are worth, until all hold."""
        for demand in np.flatnonzero((self.credit < 0).any(axis=0)).tolist():
            self._mend(demand)

    def _mend(self, demand: int) -> None:
        own = self._own(demand)
        while own.size and (self.credit[:, demand] < 0).any():
            harm = np.where(self.credit[:, demand, None] < 0, self.excess[:, own], 0).sum(axis=0) / MICRO
            worst = int(np.argmin(np.where(harm > 0, self.weight[own] / np.maximum(harm, 1e-9), np.inf)))
            self._take(own[worst : worst + 1])
            own = np.delete(own, worst)

    def improve(self) -> None:
        """All passes."""
        for share in _SHARES:
            # what a demand gives up with a tonne of each pair
            self.given_up = self.weight - share * (self.blend_cost + self.demand_price[self.demand])
            hole = self.demand_price * self.room
            demands = np.argsort(-hole, kind="stable").tolist()
            for demand in demands:
                for _ in range(_STEPS):
                    if not self._step(demand, share):
                        break

    def _own(self, demand: int) -> Ints:
        pairs = self.pairs_of[demand]
        return np.asarray(pairs[self.at[self.lot[pairs]] == pairs])

    def _step(self, demand: int, share: float) -> bool:
        """The best swap at the demand; False where none gains."""
        pairs, size = self.pairs_of[demand], self.size_of[demand]
        there = self.at[self.lots_of[demand]]
        inside = there == pairs
        price, blended = share * self.demand_price[demand], bool(self.limited[demand])
        most_outs, most_ins = (_OUTS_BLENDED, _INS_BLENDED) if blended else (_OUTS, _INS)
        outs, kept, homes = self._outs(pairs[inside], share, most_outs)
        loss = kept - price * self.kg[self.lot[outs]]
        room = int(self.room[demand])
        widest = int(np.sort(self.kg[self.lot[outs]])[-2:].sum())
        held = np.where(there >= 0, self.given_up[there], 0.0)
        worth = self.weight_of[demand] - price - held
        if blended:
            worth -= share * self.blend_cost[pairs]
        able = (size <= room + widest) & (worth > (0.0 if share == 0 else -price)) & ~inside
        fits = self._spared(there, np.flatnonzero(able))
        if not fits.size:
            return False
        if fits.size > most_ins:
            promise = worth[fits] - (1 - share) * self.blend_cost[pairs[fits]]
            fits = fits[np.argpartition(-promise, most_ins)[:most_ins]]
        ins = pairs[fits]
        in_moves = _Moves.of(size[fits], worth[fits] * size[fits], self._harm(ins, blended), none=False)
        out_moves = _Moves.of(self.kg[self.lot[outs]], loss, self._harm(outs, blended), none=True)
        found = self._best_blended(demand, room, in_moves, out_moves) if blended else _best(room, in_moves, out_moves)
        if found is None:
            return False
        coming, going = ins[in_moves.members(found[0])], out_moves.members(found[1])
        left = self.at[self.lot[coming]]
        left = left[left >= 0]
        self._take(left)
        self._take(outs[going])
        self._put(coming)
        for place in going:
            home = int(homes[place])
            if home >= 0 and self.room[self.demand[home]] >= self.kg[self.lot[home]]:
                self._put(np.array([home]))
        for source in set(self.demand[left].tolist()):  # two lots that each could go, but not both
            self._mend(source)
        return True

    def _spared(self, there: Ints, places: Ints) -> Ints:
        """Of some places in a demand's pairs those whose lot no other demand needs for its blend. `there`: the pair that each
        lot is in."""
        if not self.excess.shape[0]:
            return places
        source = there[places]
        left = self.credit[:, self.demand[source]] + self.excess[:, source] * self.kg[self.lot[source]]
        return np.asarray(places[(source < 0) | (left >= 0).all(axis=0)])

    def _harm(self, pairs: Ints, blended: bool) -> Floats:
        if not blended:
            return np.zeros((0, pairs.size))
        return self.excess[:, pairs] * self.kg[self.lot[pairs]]

    def _outs(self, own: Ints, share: float, most: int) -> tuple[Ints, Floats, Ints]:
        """The pairs cheapest to give up, what each loses (its gain less that of the best other place with room, or a share of
        the lot's price), and that place (−1: none)."""
        first = self.first_of_lot[self.lot[own]]
        count = self.first_of_lot[self.lot[own] + 1] - first
        starts = np.cumsum(count) - count
        every = np.repeat(first - starts, count) + np.arange(int(count.sum()))
        of = np.repeat(np.arange(own.size), count)
        size = self.kg[self.lot[own]]
        fine = self.usable[every] & (self.room[self.demand[every]] >= size[of]) & ~self.limited[self.demand[every]]
        fine &= self.demand[every] != self.demand[own][of]
        value = np.where(fine, self.weight[every], _NEVER)
        best = np.maximum.reduceat(value, starts) if own.size else np.zeros(0)
        homes = np.full(own.size, -1)
        hits = np.flatnonzero((value == best[of]) & fine)
        homes[of[hits][::-1]] = every[hits][::-1]
        cost = self.blend_cost[own]
        lost = self.weight[own] - share * cost - np.maximum(np.maximum(best, share * self.lot_price[self.lot[own]]), 0)
        cheap = np.argsort(lost - (1 - share) * cost, kind="stable")[:most]
        return own[cheap], (lost * size)[cheap], homes[cheap]

    def _best_blended(self, demand: int, room: int, ins: _Moves, outs: _Moves) -> tuple[int, int] | None:
        gain = ins.value[:, None] - outs.value[None, :]
        fine = ins.kg[:, None] <= room + outs.kg[None, :]
        for number in range(ins.excess.shape[0]):
            fine &= ins.excess[number][:, None] - outs.excess[number][None, :] <= self.credit[number, demand]
        gain = np.where(fine, gain, _NEVER)
        best = int(np.argmax(gain))
        return divmod(best, outs.kg.size) if gain.flat[best] > 1.0 else None


def _best(room: int, ins: _Moves, outs: _Moves) -> tuple[int, int] | None:
    """The set that comes in and the set that goes out with the highest gain, or None where none gains."""
    order = np.argsort(ins.kg, kind="stable")
    running = np.maximum.accumulate(ins.value[order])
    place = np.searchsorted(ins.kg[order], room + outs.kg, side="right") - 1
    gain = np.where(place >= 0, running[place], _NEVER) - outs.value
    out = int(np.argmax(gain))
    if gain[out] <= 1.0:
        return None
    upto = int(np.searchsorted(running, running[place[out]]))
    return int(order[upto]), out
