"""From the divisible relaxation to a plan that keeps every rule: reduced-cost rounding, then repair by bounded work.

1. Indivisible lots that the relaxation sends whole to one demand stay there. The others are placed by reduced gain (weight less
   the demand's dual price), most valuable first, where they fit beside the other indivisible ones; the divisible lots are then
   solved again in the room that is left.
2. The flows are replayed into a `Plan`, large takes first. What a minimum take or a blend forbids is enlarged, or made to
   fit by shortening another take of the same side where that gains.
3. What is still free is filled, lots left out push out cheaper takes where that gains (`exchange`), and small parts of the
   plan are taken apart and put together anew (`shake`).
"""

from __future__ import annotations

import numpy as np

from services.matching.clearing.candidates import Candidates, Columns, Flags, Ints
from services.matching.clearing.exchange import exchange
from services.matching.clearing.growing import grow_or_borrow
from services.matching.clearing.network import Relaxation, relax
from services.matching.clearing.plan import Plan
from services.matching.clearing.shake import shake
from services.matching.clearing.tightening import Pairs

_RESOLVES = 3


def place_whole_lots(columns: Columns, pairs: Pairs, relaxed: Relaxation, weight: Ints) -> Ints:
    """Kilograms by pair: indivisible lots whole or not at all, divisible ones by the flow around them."""
    found = pairs.candidates
    whole = columns.lot_whole[found.lot]
    kept = whole & (relaxed.kg > 0) & (relaxed.kg == columns.lot_kg[found.lot])
    split = np.unique(found.lot[whole & (relaxed.kg > 0) & ~kept])
    if not split.size:
        return relaxed.kg
    best_kg, best_value = np.where(whole & ~kept, 0, relaxed.kg), -1
    prices = relaxed.demand_price
    lots = split
    for _ in range(_RESOLVES):
        fixed = _assign(columns, found, np.where(kept, relaxed.kg, 0), lots, weight - prices[found.demand])
        used = np.bincount(found.demand, fixed, minlength=columns.demand_kg.size).astype(np.int64)
        loose = pairs.keep(~whole)
        again = relax(loose, np.where(columns.lot_whole, 0, columns.lot_kg), columns.demand_kg - used, weight[~whole])
        kg = fixed.copy()
        kg[~whole] = again.kg
        value = _value(weight, kg)
        if value <= best_value:
            break
        best_kg, best_value = kg, value
        prices = again.demand_price
        kept, lots = _stay(found, fixed, weight - prices[found.demand])
    return best_kg


def _stay(found: Candidates, fixed: Ints, reduced: Ints) -> tuple[Flags, Ints]:
    """Split the whole lots in those content where they are and those that the new prices would place elsewhere."""
    best = np.zeros(int(found.lot.max()) + 1, dtype=np.int64)
    np.maximum.at(best, found.lot, reduced)
    here = fixed > 0
    kept = here & (reduced >= best[found.lot])
    return kept, np.setdiff1d(np.unique(found.lot[(reduced > 0) | here]), found.lot[kept])


def _assign(columns: Columns, found: Candidates, fixed: Ints, lots: Ints, reduced: Ints) -> Ints:
    """Place `lots` (those of them that are indivisible) whole beside what is fixed, the highest reduced gain in all first."""
    kg = fixed.copy()
    room = columns.demand_kg - np.bincount(found.demand, fixed, minlength=columns.demand_kg.size).astype(np.int64)
    mine = np.flatnonzero(np.isin(found.lot, lots) & columns.lot_whole[found.lot])
    mine = mine[reduced[mine] >= 0]
    total = reduced[mine].astype(np.float64) * columns.lot_kg[found.lot[mine]]
    placed: set[int] = set()
    for pair in mine[np.lexsort((mine, -total))].tolist():
        lot, demand = int(found.lot[pair]), int(found.demand[pair])
        size = int(columns.lot_kg[lot])
        if lot not in placed and size <= room[demand]:
            placed.add(lot)
            room[demand] -= size
            kg[pair] = size
    return kg


def _value(weight: Ints, kg: Ints) -> int:
    used = kg > 0
    return sum(w * k for w, k in zip(weight[used].tolist(), kg[used].tolist(), strict=True))


def build(plan: Plan, kg: Ints, bound: int) -> None:
    """Replay flows into an empty plan, repair what the rules forbid and search on below `bound` (milli-fen)."""
    found = plan.pairs.candidates
    used = np.flatnonzero(kg > 0)
    rows = list(zip(found.lot[used].tolist(), found.demand[used].tolist(), kg[used].tolist(), strict=True))
    rows.sort(key=lambda row: (any(e > 0 for e in plan.excesses(row[0], row[1])), -row[2], row[0], row[1]))
    late = [(lot, demand) for lot, demand, take in rows if not plan.try_set(lot, demand, take)]
    for lot, demand in late:
        grow_or_borrow(plan, lot, demand)
    _mend_blends(plan)
    plan.strict = True
    fill(plan)
    exchange(plan)
    fill(plan)
    shake(plan, bound)
    fill(plan)


def _mend_blends(plan: Plan) -> None:
    """Take out what breaks a blend (only earlier takes can have broken it), the least gainful first, then the small takes
    that this left without their reason, until every rule holds again."""
    mended = True
    while mended:
        mended = False
        for demand, side in enumerate(plan.demands):
            while side.takes and not plan.blend_holds(demand):
                plan.drop(_worst(plan, demand), demand)
                mended = True
        for lot, demand in plan.stranded():
            plan.drop(lot, demand)
            mended = True


def _worst(plan: Plan, demand: int) -> int:
    """The lot to take out of a broken blend: one that harms it, then the least gainful."""
    harmless = {lot: not any(excess > 0 for excess in plan.excesses(lot, demand)) for lot in plan.demands[demand].takes}
    return min(harmless, key=lambda lot: (harmless[lot], plan.weight[lot, demand], lot))


def fill(plan: Plan) -> None:
    """Give what is free to the best pairs that can take it, until nothing grows."""
    found = plan.pairs.candidates
    while not plan.exhausted():
        lots = np.array([side.left for side in plan.lots], dtype=np.int64) > 0
        demands = np.array([side.left for side in plan.demands], dtype=np.int64) > 0
        free = np.flatnonzero(lots[found.lot] & demands[found.demand]) if found.size else found.lot
        free = free[found.weight[free] >= 0]
        order = free[np.lexsort((free, -found.weight[free]))].tolist()
        grown = False
        for pair in order:
            if plan.exhausted():
                break
            grown |= grow_or_borrow(plan, int(found.lot[pair]), int(found.demand[pair]))
        if not grown:
            return
