"""Ejection chains: a lot left out pushes cheaper takes to where they cost least.

Every trial is made on the plan itself, so no rule is ever broken, and undone unless the objective grows. The work is bounded
by the plan's count of steps.
"""

from __future__ import annotations

from services.matching.clearing.growing import grow
from services.matching.clearing.plan import Plan

_BREADTH = 6
_DEPTH = 2


def exchange(plan: Plan) -> None:
    """Push until nothing gains or the work allowed is done."""
    improved = True
    while improved and not plan.exhausted():
        improved = False
        for lot in _waiting(plan):
            improved |= _best_push(plan, lot)


def _waiting(plan: Plan) -> list[int]:
    """Lots with something left that some demand would gain by, the most valuable first."""
    worth = {
        lot: best * side.left
        for lot, side in enumerate(plan.lots)
        if side.left and (best := plan.best_weight(lot)) > 0 and (plan.whole[lot] or not side.takes)
    }
    return sorted(worth, key=lambda lot: (-worth[lot], lot))


def _best_push(plan: Plan, lot: int) -> bool:
    """Try the lot at its best demands and keep the exchange that gains most."""
    best_gain, best_demand = 0, -1
    for weight, demand in plan.pairs_of(lot)[:_BREADTH]:
        if plan.exhausted() or weight <= 0:
            break
        mark = plan.mark()
        if _push(plan, lot, demand, _DEPTH):
            gain = plan.gained_since(mark)
            if gain > best_gain:
                best_gain, best_demand = gain, demand
        plan.undo(mark)
    return best_demand >= 0 and _push(plan, lot, best_demand, _DEPTH)


def _push(plan: Plan, lot: int, demand: int, depth: int) -> bool:
    """Free the room, place the lot, find places for what was pushed out. False: it could not be placed at all."""
    size = plan.lots[lot].left
    if not plan.whole[lot]:
        size = min(size, plan.demands[demand].left + sum(plan.demands[demand].takes.values()))
    pushed = _make_room(plan, demand, size)
    if not plan.try_set(lot, demand, plan.kg(lot, demand) + size):
        return False
    for other in pushed:
        replace(plan, other, demand, depth - 1)
    return True


def replace(plan: Plan, lot: int, besides: int, depth: int) -> None:
    """Find the best places for what is left of a lot, elsewhere than at the demand that it was pushed out of."""
    choices = [(weight, demand) for weight, demand in plan.pairs_of(lot) if demand != besides and weight > 0]
    for _, demand in choices:
        if not plan.lots[lot].left or plan.exhausted():
            return
        if plan.demands[demand].left:
            grow(plan, lot, demand)
    if depth > 0 and plan.whole[lot] and plan.lots[lot].left:
        for _, demand in choices[: _BREADTH // 2]:
            mark = plan.mark()
            if _push(plan, lot, demand, depth) and plan.gained_since(mark) > 0:
                return
            plan.undo(mark)


def _make_room(plan: Plan, demand: int, size: int) -> list[int]:
    """Shorten or drop takes of the demand until `size` kilograms are free, those that lose least elsewhere first."""
    side = plan.demands[demand]
    if side.left >= size:
        return []
    losses = sorted((_loss(plan, lot, demand), lot) for lot in side.takes)
    pushed = []
    for _, lot in losses:
        short = size - side.left
        if short <= 0:
            break
        rest = side.takes[lot] - short
        if (rest > 0 and plan.try_set(lot, demand, rest)) or plan.try_set(lot, demand, 0):
            pushed.append(lot)
    return pushed


def _loss(plan: Plan, lot: int, demand: int) -> int:
    """What a tonne of the lot loses if it goes to its best other demand with room."""
    here = plan.weight[lot, demand]
    needed = plan.lot_kg[lot] if plan.whole[lot] else 1
    for weight, other in plan.pairs_of(lot):
        if other != demand and plan.demands[other].left >= needed:
            return here - max(weight, 0)
    return here
