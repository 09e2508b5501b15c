"""Ejection chains: a lot left out pushes cheaper takes to where they cost least, and room left over pulls lots in.

Every trial is made on the plan itself, so no rule is ever broken, and undone unless the objective grows. The work is bounded
by the plan's count of steps.
"""

from __future__ import annotations

from services.matching.clearing.plan import Plan

_BREADTH = 6
_PULLED = 6
_DEPTH = 2


def exchange(plan: Plan) -> None:
    """Push and pull until nothing gains or the work allowed is done."""
    improved = True
    while improved and not plan.exhausted():
        improved = False
        for lot in _waiting(plan):
            improved |= _best_push(plan, lot)
        for demand, side in enumerate(plan.demands):
            if side.left and not plan.exhausted():
                improved |= _pull(plan, demand)


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


def grow(plan: Plan, lot: int, demand: int) -> bool:
    """Give the pair all that is free and allowed."""
    old, room = plan.kg(lot, demand), plan.room(lot, demand)
    if room <= 0:
        return False
    return plan.try_set(lot, demand, plan.lot_kg[lot] if plan.whole[lot] else old + room)


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


def _pull(plan: Plan, demand: int) -> bool:
    """Move a lot from a worse place into the demand's free room and fill the place it left; the first exchange that gains."""
    tried = 0
    for weight, lot in plan.pairs_of_demand(demand):
        if tried >= _PULLED or weight <= 0 or plan.exhausted():
            return False
        places = list(plan.lots[lot].takes)
        if not places or plan.kg(lot, demand) or (plan.whole[lot] and plan.lot_kg[lot] > plan.demands[demand].left):
            continue
        tried += 1
        mark = plan.mark()
        worst = min(places, key=lambda place: (plan.weight[lot, place], place))
        if plan.try_set(lot, worst, 0) and grow(plan, lot, demand):
            replace(plan, lot, demand, 0)
            _refill(plan, worst)
            if plan.gained_since(mark) > 0:
                return True
        plan.undo(mark)
    return False


def _refill(plan: Plan, demand: int) -> None:
    """Fill the demand's free room with the best lots that have something left."""
    for weight, lot in plan.pairs_of_demand(demand):
        if weight <= 0 or not plan.demands[demand].left or plan.exhausted():
            return
        if plan.lots[lot].left:
            grow(plan, lot, demand)
