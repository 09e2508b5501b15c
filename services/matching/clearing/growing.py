"""The two steps that every search is made of: enlarge a pair, and make a take fit by shortening another."""

from __future__ import annotations

from services.matching.clearing.plan import Plan

_DONORS_TRIED = 8


def grow(plan: Plan, lot: int, demand: int) -> bool:
    """Give the pair all that is free and allowed."""
    old, room = plan.kg(lot, demand), plan.room(lot, demand)
    if room <= 0:
        return False
    return plan.try_set(lot, demand, plan.lot_kg[lot] if plan.whole[lot] else old + room)


def grow_or_borrow(plan: Plan, lot: int, demand: int) -> bool:
    """Enlarge one pair by as much as the rules allow; shorten another take of either side where that is needed and gains."""
    if not plan.lots[lot].left or not plan.demands[demand].left:
        return False
    if grow(plan, lot, demand):
        return True
    if plan.whole[lot] or plan.kg(lot, demand):
        return False
    needed = max(plan.lots[lot].minimum, plan.demands[demand].minimum)
    return _borrow(plan, lot, demand, needed)


def _borrow(plan: Plan, lot: int, demand: int, needed: int) -> bool:
    """Make a take of `needed` kilograms by shortening one other take of the lot or of the demand; only if it gains."""
    short_lot, short_demand = needed - plan.lots[lot].left, needed - plan.demands[demand].left
    if short_lot > 0 and short_demand > 0:
        return False
    donors = (
        [(lot, other, kg - short_lot) for other, kg in plan.lots[lot].takes.items()]
        if short_lot > 0
        else [(other, demand, kg - short_demand) for other, kg in plan.demands[demand].takes.items()]
    )
    donors.sort(key=lambda donor: (plan.weight[donor[0], donor[1]], donor))
    for donor_lot, donor_demand, rest in donors[:_DONORS_TRIED]:
        mark = plan.mark()
        if (
            rest >= 0
            and plan.try_set(donor_lot, donor_demand, rest)
            and plan.try_set(lot, demand, needed)
            and plan.gained_since(mark) > 0
        ):
            return True
        plan.undo(mark)
    return False
