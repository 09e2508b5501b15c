"""From the divisible relaxation to a plan that keeps every rule: reduced-cost rounding, then repair by bounded work.

1. Indivisible lots that the relaxation sends whole to one demand stay there; the others come in by swaps (`packing`). The
   divisible lots are then solved again in the room that is left, with most minimum takes kept where there are any (`diving`).
2. The flows are replayed into a `Plan`, large takes first. What a minimum take or a blend forbids is enlarged, or made to
   fit by shortening another take of the same side where that gains.
3. What is still free is filled, lots left out push out cheaper takes where that gains (`exchange`), and small parts of the
   plan are taken apart and put together anew (`shake`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from services.matching.clearing.columns import Columns, Ints
from services.matching.clearing.coupling import Relaxed
from services.matching.clearing.diving import breaks_minimum, dive
from services.matching.clearing.exchange import exchange
from services.matching.clearing.growing import grow_or_borrow
from services.matching.clearing.network import Supply, relax
from services.matching.clearing.packing import Packing
from services.matching.clearing.plan import Plan
from services.matching.clearing.shake import is_close, shake
from services.matching.clearing.tightening import BlendRow, Pairs, limited_demands


def start_of(columns: Columns, pairs: Pairs, rows: list[BlendRow], relaxed: Relaxed) -> Ints:
    """Kilograms by pair that a plan begins with."""
    kg = _place_whole_lots(columns, pairs, rows, relaxed)
    return dive(columns, pairs, relaxed, kg) if breaks_minimum(columns, pairs, kg) else kg


def _place_whole_lots(columns: Columns, pairs: Pairs, rows: list[BlendRow], relaxed: Relaxed) -> Ints:
    """Indivisible lots whole or not at all, divisible ones as the relaxation has them, or by the flow around the others where
    no blend is at stake."""
    found = pairs.candidates
    whole = columns.lot_whole[found.lot]
    if not whole.any():
        return relaxed.kg
    packing = Packing(columns, pairs, rows, relaxed.relaxation, relaxed.kg, relaxed.weight)
    packing.mend()
    packing.improve()
    kg = packing.kg_by_pair()
    if not whole.all():
        loose = ~whole & ~limited_demands(columns, rows)[found.demand]
        kg = np.where(whole, kg, np.where(loose, 0, relaxed.kg))
        given = np.bincount(found.lot, kg, minlength=columns.lot_kg.size).astype(np.int64)
        taken = np.bincount(found.demand, kg, minlength=columns.demand_kg.size).astype(np.int64)
        left = Supply.of(columns).less(given)
        left = replace(left, kg=np.where(columns.lot_whole, 0, left.kg))
        kg[loose] = relax(pairs.keep(loose), left, columns.demand_kg - taken, relaxed.weight[loose]).kg
    return kg


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
    if is_close(plan.value(), bound):
        return
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
