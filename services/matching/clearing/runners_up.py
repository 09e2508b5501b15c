"""What came second: for a matched lot the best demand that it did not go to, for a matched demand the best lot it did not get.

A pair is ranked by its weight less the dual price of the other side: what it is worth once room (or the lot) is paid for at
what others would gain with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.matching.clearing.candidates import Candidates
from services.matching.clearing.columns import Ints, order_by
from services.matching.clearing.network import Relaxation

Lack = Literal["gain", "worth", "fit"]
"""Less gain per tonne · the other side gains more with others · it did not fit beside the rest of the plan."""

_SHOWN = (0, 2, 3, 5)
"""Of the figures of `Candidates`: gain, mode, distance, freight."""


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A pair not matched. `lacked_fen_per_t`: by how much it gains less (`gain`), or by how much more its room or lot is worth
    to others (`worth`); 0 for `fit`."""

    lot_id: str
    demand_id: str
    mode: str
    distance_m: int
    freight_fen_per_t: int
    gain_fen_per_t: int
    lacked: Lack
    lacked_fen_per_t: int


def runners_up(
    found: Candidates, relaxed: Relaxation, pairs: Ints, lots: list[str], demands: list[str]
) -> list[tuple[RunnerUp, ...]]:
    """For each of `pairs`, which are all that the plan uses: the best pair not used of its lot and of its demand, where there
    is one. `lots`, `demands`: ids by row."""
    used = np.zeros(found.size, dtype=np.bool_)
    used[pairs] = True
    free = np.flatnonzero(~used)
    by_demand = free[order_by(found.demand[free])]
    of_lot = _best(free, found.lot, found.weight - relaxed.demand_price[found.demand], len(lots))[found.lot[pairs]]
    of_demand = _best(by_demand, found.demand, found.weight - relaxed.lot_price[found.lot], len(demands))[found.demand[pairs]]
    return [
        tuple(one for one in both if one is not None)
        for both in zip(
            _compared(found, pairs, of_lot, relaxed.demand_price[found.demand], lots, demands),
            _compared(found, pairs, of_demand, relaxed.lot_price[found.lot], lots, demands),
            strict=True,
        )
    ]


def _compared(
    found: Candidates, pairs: Ints, others: Ints, price: Ints, lots: list[str], demands: list[str]
) -> Iterator[RunnerUp | None]:
    """What each of `others` (−1: none) lacked beside the pair used; `price`: of the side that differs, by pair."""
    less, dearer = found.gain[pairs] - found.gain[others], price[others] - price[pairs]
    figures = zip(
        (others >= 0).tolist(),
        found.lot[others].tolist(),
        found.demand[others].tolist(),
        *found.figures[_SHOWN, others[:, None]].T.tolist(),
        less.tolist(),
        dearer.tolist(),
        strict=True,
    )
    for there, lot, demand, gain, mode, distance_m, freight, lower, higher in figures:
        lacked: Lack = "gain" if lower > 0 else "worth" if higher > 0 else "fit"
        lacked_fen = lower if lower > 0 else max(higher, 0)
        second = RunnerUp(lots[lot], demands[demand], found.modes[mode], distance_m, freight, gain, lacked, lacked_fen)
        yield second if there else None


def _best(pairs: Ints, side: Ints, value: Ints, count: int) -> Ints:
    """The pair of the highest value by row of `side`, the first of equals, −1 where there is none; `pairs` come sorted by that
    row."""
    best = np.full(count, -1)
    if pairs.size:
        rows, values = side[pairs], value[pairs]
        starts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
        most = np.repeat(np.maximum.reduceat(values, starts), np.diff(np.append(starts, rows.size)))
        hits = np.flatnonzero(values == most)
        best[rows[starts]] = pairs[hits[np.searchsorted(hits, starts)]]
    return best
