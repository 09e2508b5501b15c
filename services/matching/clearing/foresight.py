"""Reserve prices: what room at a demand will be worth once the lots have come that are still to come.

A demand that takes what comes first gives its room to lots that gain little and has none when better ones come. The forecast
is the plainest that does: each lot of the last day comes once more in the day ahead, at an even pace. What waits and what is
expected are relaxed together; the dual price of room is what a lot must gain over (`docs/decisions/0011`; what it is
worth: `tests/bench/online.py`). Whole lots, minimum takes and blend limits are left out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from services.matching.clearing.candidates import Candidates, candidates
from services.matching.clearing.columns import Columns, Flags, Ints
from services.matching.clearing.market import Lot, Market
from services.matching.clearing.network import Relaxation, Supply, relax
from services.matching.clearing.tightening import Pairs

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A lot as it came, with all its tonnes, and when."""

    lot: Lot
    at: datetime


def reserve_prices(market: Market, day: Sequence[Arrival]) -> dict[str, int]:
    """Fen per tonne by demand, for those worth anything; `day`: the lots of the last day.

    A demand that closes before a day is over is offered that part of each lot. One fen is left out, so that of lots that gain
    alike none waits for another. Raises BadListing or BadMarket.
    """
    replace(market, lots=[arrival.lot for arrival in day], demands=[]).checked()  # says by its own name which is wrong
    expected = [_again(arrival, market.now) for arrival in day]
    market = replace(market, lots=[*market.lots, *expected], reserve_fen_per_t={}, allowance_kg={}).checked()
    columns = Columns.of(market)
    found = candidates(columns)
    found = found.keep(found.weight >= 0)
    names = {lot.id for lot in expected}
    is_expected = np.array([lot.id in names for lot in market.lots], dtype=np.bool_)
    left = np.clip((columns.demand_until - columns.now_ms) / (DAY / timedelta(milliseconds=1)), 0, 1)
    share = np.where(is_expected[found.lot], left[found.demand], 1)
    most = np.rint(columns.lot_kg[found.lot] * share).astype(np.int64)
    lot_kg = np.zeros_like(columns.lot_kg)
    np.maximum.at(lot_kg, found.lot, most)
    _, relaxed = relax_open(found, lot_kg, columns.demand_kg, most)
    prices = (relaxed.demand_price - 1).tolist()
    return {demand.id: fen for demand, fen in zip(market.demands, prices, strict=True) if fen > 0}


def relax_open(found: Candidates, lot_kg: Ints, room_kg: Ints, most_kg: Ints | None = None) -> tuple[Flags, Relaxation]:
    """The best divisible plan over the pairs marked: those that have some of both sides. `most_kg`: what a pair may carry."""
    kept = (lot_kg[found.lot] > 0) & (room_kg[found.demand] > 0)
    lots, lot = np.unique(found.lot[kept], return_inverse=True)
    few = Candidates(lot, found.demand[kept], found.figures[:, kept], found.modes)
    none = np.zeros(few.size, dtype=np.bool_)
    cap = np.minimum(lot_kg[lots][few.lot], room_kg[few.demand])
    pairs = Pairs(few, cap if most_kg is None else np.minimum(cap, most_kg[kept]), none, none)
    supply = Supply(lot_kg[lots], np.full(lots.size, -1), np.zeros(0, dtype=np.int64))
    return kept, relax(pairs, supply, room_kg, few.weight)


def _again(arrival: Arrival, now: datetime) -> Lot:
    """The same lot, as though it came now."""
    lot, later = arrival.lot, now - arrival.at
    return replace(
        lot, id=f"expected:{lot.id}", available_from=lot.available_from + later, available_until=lot.available_until + later
    )
