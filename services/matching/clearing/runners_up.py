"""What came second: for a matched lot the best demand that it did not go to, for a matched demand the best lot it did not get.

A pair is ranked by its weight less the dual price of the other side: what it is worth once room (or the lot) is paid for at
what others would gain with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.matching.clearing.candidates import Candidates, Flags, Ints
from services.matching.clearing.network import Relaxation

Lack = Literal["gain", "worth", "fit"]
"""Less gain per tonne · the other side gains more with others · it did not fit beside the rest of the plan."""


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


class RunnersUp:
    """The best pair not taken of every lot and of every demand. `lots`, `demands`: ids by row; `taken`: by pair."""

    def __init__(self, found: Candidates, relaxed: Relaxation, taken: Flags, lots: list[str], demands: list[str]) -> None:
        self._found, self._lots, self._demands = found, lots, demands
        self._lot_price, self._demand_price = relaxed.lot_price, relaxed.demand_price
        free = np.flatnonzero(~taken)
        by_demand = free[np.argsort(found.demand[free], kind="stable")]
        self._of_lot = _best(free, found.lot, found.weight - relaxed.demand_price[found.demand])
        self._of_demand = _best(by_demand, found.demand, found.weight - relaxed.lot_price[found.lot])

    def of(self, pair: int) -> Iterator[RunnerUp]:
        """Those of the matched pair's lot and of its demand, where there are any."""
        found = self._found
        lot, demand = int(found.lot[pair]), int(found.demand[pair])
        if lot in self._of_lot:
            yield self._compare(pair, self._of_lot[lot], self._demand_price, found.demand)
        if demand in self._of_demand:
            yield self._compare(pair, self._of_demand[demand], self._lot_price, found.lot)

    def _compare(self, pair: int, other: int, price: Ints, side: Ints) -> RunnerUp:
        found = self._found
        less = int(found.gain[pair] - found.gain[other])
        dearer = int(price[side[other]] - price[side[pair]])
        option = found.option(other)
        lacked: Lack = "gain" if less > 0 else "worth" if dearer > 0 else "fit"
        return RunnerUp(
            lot_id=self._lots[int(found.lot[other])],
            demand_id=self._demands[int(found.demand[other])],
            mode=option.mode,
            distance_m=option.distance_m,
            freight_fen_per_t=option.freight_fen_per_t,
            gain_fen_per_t=int(found.gain[other]),
            lacked=lacked,
            lacked_fen_per_t={"gain": less, "worth": dearer, "fit": 0}[lacked],
        )


def _best(pairs: Ints, side: Ints, value: Ints) -> dict[int, int]:
    """The pair of the highest value by row of `side`, the first of equals; `pairs` come sorted by that row."""
    if not pairs.size:
        return {}
    rows, values = side[pairs], value[pairs]
    starts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
    most = np.repeat(np.maximum.reduceat(values, starts), np.diff(np.append(starts, rows.size)))
    hits = np.flatnonzero(values == most)
    first = pairs[hits[np.searchsorted(hits, starts)]]
    return dict(zip(rows[starts].tolist(), first.tolist(), strict=True))
