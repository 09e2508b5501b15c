"""A plan under construction: kilograms by pair that keep every rule at every step, with a journal to undo a trial.

The rules of a step: no side gives or takes more than it has; an indivisible lot goes whole to one demand; takes below a
side's minimum only where that take leaves nothing of the side (so at most one per side); blends within their bounds.
Plain integers throughout: products of absurd prices and masses do not overflow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from services.matching.clearing.columns import Columns, Ints, order_by
from services.matching.clearing.tightening import BlendRow, Pairs, micro

_UNLIMITED = 2**63


@dataclass(slots=True)
class Side:
    """One lot or demand: what is left of it, its minimum take, its takes by the other side's row, how many are small."""

    left: int
    minimum: int
    takes: dict[int, int] = field(default_factory=dict)
    small: int = 0

    def allows(self, old: int, new: int) -> bool:
        """Whether a take may go from `old` to `new` kilograms."""
        left = self.left + old - new
        small = self.small - (0 < old < self.minimum) + (0 < new < self.minimum)
        return left >= 0 and (small == 0 or (small == 1 and left == 0))

    def stranded(self) -> list[int]:
        """The takes below the minimum, where the rule does not bear them."""
        if self.small == 0 or (self.small == 1 and self.left == 0):
            return []
        return [other for other, kg in self.takes.items() if kg < self.minimum]

    def set(self, other: int, new: int) -> None:
        """Do it."""
        old = self.takes.pop(other, 0)
        self.left += old - new
        self.small += (0 < new < self.minimum) - (0 < old < self.minimum)
        if new:
            self.takes[other] = new


class Plan:
    """Takes by pair. `work` counts steps tried: the limit that a replay meets at the same place."""

    def __init__(self, columns: Columns, pairs: Pairs, rows: list[BlendRow], work_limit: int) -> None:
        found = pairs.candidates
        self.pairs = pairs
        self.lots = _sides(columns.lot_kg.tolist(), columns.lot_min_kg.tolist())
        self.demands = _sides(columns.demand_kg.tolist(), columns.demand_min_kg.tolist())
        self.whole: list[bool] = columns.lot_whole.tolist()
        self.lot_kg: list[int] = columns.lot_kg.tolist()
        self._key = found.lot * columns.demand_kg.size + found.demand
        self.weight: Mapping[tuple[int, int], int] = _Weights(self._key, columns.demand_kg.size, found.weight)
        self.strict = False
        """Whether a blend that earlier takes broke must be whole after every step; set when the replay is over."""
        self.work = 0
        self.work_limit = work_limit
        self._first = np.searchsorted(found.lot, np.arange(columns.lot_kg.size + 1)).tolist()
        self._by_demand = order_by(found.demand)
        edges = np.arange(columns.demand_kg.size + 1)
        self._first_of_demand = np.searchsorted(found.demand[self._by_demand], edges).tolist()
        self._of_lot: dict[int, list[tuple[int, int]]] = {}
        self._of_demand: dict[int, list[tuple[int, int]]] = {}
        self._rows = rows
        self._allowance: list[int] = columns.lot_allowance.tolist()
        self._allowed: list[int] = [*columns.allowance_kg.tolist(), _UNLIMITED]
        self._credit = [dict(row.credit) for row in rows]
        self._measure = [
            [micro(lot.quality.get(row.attribute, 0.0)) for lot in columns.market.lots] if row.bound else [] for row in rows
        ]
        self._limited = {demand for row in rows for demand in row.bound}
        self._journal: list[tuple[int, int, int]] = []

    def exhausted(self) -> bool:
        """Whether the work allowed is done."""
        return self.work >= self.work_limit

    def place(self, lot: Ints, demand: Ints) -> Ints:
        """Where these pairs are among the candidates."""
        return np.searchsorted(self._key, lot * len(self.demands) + demand)

    def pairs_of(self, lot: int) -> list[tuple[int, int]]:
        """(weight, demand) of the lot's pairs, best first, ties by row."""
        if lot not in self._of_lot:
            span = slice(self._first[lot], self._first[lot + 1])
            self._of_lot[lot] = self._ranked(span, self.pairs.candidates.demand)
        return self._of_lot[lot]

    def pairs_of_demand(self, demand: int) -> list[tuple[int, int]]:
        """(weight, lot) of the demand's pairs, best first, ties by row."""
        if demand not in self._of_demand:
            span = self._by_demand[self._first_of_demand[demand] : self._first_of_demand[demand + 1]]
            self._of_demand[demand] = self._ranked(span, self.pairs.candidates.lot)
        return self._of_demand[demand]

    def _ranked(self, span: slice | Ints, others: Ints) -> list[tuple[int, int]]:
        rows = zip(self.pairs.candidates.weight[span].tolist(), others[span].tolist(), strict=True)
        return sorted(rows, key=lambda pair: (-pair[0], pair[1]))

    def best_weight(self, lot: int) -> int:
        """The most that a tonne of the lot can add anywhere; 0 if it has no pair."""
        pairs = self.pairs_of(lot)
        return pairs[0][0] if pairs else 0

    def kg(self, lot: int, demand: int) -> int:
        """What the pair carries."""
        return self.lots[lot].takes.get(demand, 0)

    def excesses(self, lot: int, demand: int) -> list[int]:
        """What a kilogram of the lot adds to each blend bound of the demand (0 where it has none)."""
        return [row.excess(self._measure[k][lot], demand) if demand in row.bound else 0 for k, row in enumerate(self._rows)]

    def is_limited(self, demand: int) -> bool:
        """Whether the demand has blend limits."""
        return demand in self._limited

    def blend_holds(self, demand: int) -> bool:
        """Whether everything the demand has taken keeps its blend limits."""
        return all(credit.get(demand, 0) >= 0 for credit in self._credit)

    def room(self, lot: int, demand: int) -> int:
        """Most kilograms by which the pair could grow, minimum takes aside."""
        most = min(self.lots[lot].left, self.demands[demand].left, self._allowed[self._allowance[lot]])
        if demand in self._limited:
            for credit, excess in zip(self._credit, self.excesses(lot, demand), strict=True):
                if excess > 0:
                    most = min(most, max(credit.get(demand, 0), 0) // excess)
        return most

    def try_set(self, lot: int, demand: int, new: int) -> bool:
        """Set the pair to `new` kilograms if every rule allows it."""
        self.work += 1
        side_lot, side_demand = self.lots[lot], self.demands[demand]
        old = side_lot.takes.get(demand, 0)
        if self.whole[lot] and new not in (0, self.lot_kg[lot]):
            return False
        if not (side_lot.allows(old, new) and side_demand.allows(old, new)):
            return False
        if new - old > self._allowed[self._allowance[lot]]:
            return False
        if demand in self._limited and not self._blend_allows(lot, demand, new - old):
            return False
        self._put(lot, demand, new)
        self._journal.append((lot, demand, old))
        return True

    def _blend_allows(self, lot: int, demand: int, change: int) -> bool:
        """A change may not break a bound. While the plan is being replayed, indivisible lots come in any order, since together
        they hold, and a bound that earlier takes broke may stay broken if the change mends it; later only a demand without
        takes may be in such a state."""
        if self.whole[lot] and not self.strict:
            return True
        emptied = len(self.demands[demand].takes) == 1 and change == -self.kg(lot, demand)
        for credit, excess in zip(self._credit, self.excesses(lot, demand), strict=True):
            left = credit.get(demand, 0) - change * excess
            if left < 0 and not emptied and (self.strict or change * excess > 0):
                return False
        return True

    def _put(self, lot: int, demand: int, new: int) -> None:
        change = new - self.kg(lot, demand)
        if demand in self._limited:
            for credit, excess in zip(self._credit, self.excesses(lot, demand), strict=True):
                if demand in credit:
                    credit[demand] -= change * excess
        if self._allowance[lot] >= 0:
            self._allowed[self._allowance[lot]] -= change
        self.lots[lot].set(demand, new)
        self.demands[demand].set(lot, new)

    def mark(self) -> int:
        """A point to come back to."""
        return len(self._journal)

    def undo(self, mark: int) -> None:
        """Back to the plan of `mark`."""
        while len(self._journal) > mark:
            lot, demand, old = self._journal.pop()
            self._put(lot, demand, old)

    def drop(self, lot: int, demand: int) -> None:
        """Take the pair out whatever the rules say of what remains; for repairs that go on until they hold."""
        self._journal.append((lot, demand, self.kg(lot, demand)))
        self._put(lot, demand, 0)

    def stranded(self) -> list[tuple[int, int]]:
        """Small takes of sides that are not empty: what `drop` may leave behind."""
        lots = [(lot, demand) for lot, side in enumerate(self.lots) for demand in side.stranded()]
        return lots or [(lot, demand) for demand, side in enumerate(self.demands) for lot in side.stranded()]

    def value(self) -> int:
        """The plan's objective in milli-fen."""
        return sum(self.weight[lot, demand] * kg for lot, side in enumerate(self.lots) for demand, kg in side.takes.items())

    def gained_since(self, mark: int) -> int:
        """What the changes since `mark` added to the objective, in milli-fen."""
        before: dict[tuple[int, int], int] = {}
        for lot, demand, old in self._journal[mark:]:
            before.setdefault((lot, demand), old)
        return sum(self.weight[pair] * (self.kg(*pair) - old) for pair, old in before.items())


class _Weights(dict[tuple[int, int], int]):
    """Fen per tonne by (lot, demand), looked up when first asked for: a plan touches few of a market's pairs. `keys`: lot ×
    `demands` + demand of every pair, ascending."""

    def __init__(self, keys: Ints, demands: int, weight: Ints) -> None:
        super().__init__()
        self._keys: list[int] = keys.tolist()
        self._demands, self._weight = demands, weight

    def __missing__(self, pair: tuple[int, int]) -> int:
        place = bisect_left(self._keys, pair[0] * self._demands + pair[1])
        self[pair] = weight = int(self._weight[place])
        return weight


def _sides(kilograms: list[int], minimums: list[int]) -> list[Side]:
    return [Side(left, minimum) for left, minimum in zip(kilograms, minimums, strict=True)]
