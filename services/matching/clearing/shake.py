"""Take a few neighbouring demands of the plan apart, put them together in another order, keep what is no worse.

The order is drawn from a generator with a fixed seed and the search ends by work done, by rounds without gain or at the
bound, so a replay gives the same plan.
"""

from __future__ import annotations

import random

from services.matching.clearing.exchange import replace
from services.matching.clearing.growing import grow_or_borrow
from services.matching.clearing.plan import Plan

_SEED = 20261124
_NEIGHBOURS = 2
_PATIENCE = 400
"""Rounds without gain after which the search ends; fewer where there are few pairs to try."""
_PATIENCE_PER_PAIR = 4
_CLOSE = 2000
"""The search ends when the plan is within one part in so many of the bound."""


def is_close(value: int, bound: int) -> bool:
    """Whether a plan is so good that searching on is not worth the while."""
    return (bound - value) * _CLOSE <= bound


def shake(plan: Plan, bound: int) -> None:
    """Search until the bound is near, nothing gains for a while, or the work allowed is done."""
    demands = sorted(set(plan.pairs.candidates.demand.tolist()))
    rng = random.Random(_SEED)
    value, quiet = plan.value(), 0
    patience = min(_PATIENCE, _PATIENCE_PER_PAIR * plan.pairs.cap.size)
    while demands and quiet < patience and not is_close(value, bound) and not plan.exhausted():
        mark = plan.mark()
        group = _neighbourhood(plan, _draw(rng, demands), rng)
        touched = _take_apart(plan, group)
        _put_together(plan, group, rng)
        for lot in touched:
            if plan.lots[lot].left:
                replace(plan, lot, -1, 0)
        gained = plan.gained_since(mark)
        quiet = 0 if gained > 0 else quiet + 1
        if gained < 0:
            plan.undo(mark)
        else:
            value += gained


def _draw(rng: random.Random, items: list[int]) -> int:
    return items[int(rng.random() * len(items))]


def _neighbourhood(plan: Plan, demand: int, rng: random.Random) -> list[int]:
    """The demand and some that hold lots it could take, or could take lots it holds."""
    near = {other for _, lot in plan.pairs_of_demand(demand) for other in plan.lots[lot].takes}
    near |= {other for lot in plan.demands[demand].takes for _, other in plan.pairs_of(lot)[:4]}
    rest = sorted(near - {demand})
    group = [demand]
    while rest and len(group) <= _NEIGHBOURS:
        group.append(rest.pop(int(rng.random() * len(rest))))
    return group


def _take_apart(plan: Plan, group: list[int]) -> list[int]:
    """Drop the group's takes, small ones first, as the rules allow; the lots that lost one."""
    touched = []
    for demand in group:
        takes = plan.demands[demand].takes
        for lot in sorted(takes, key=lambda lot: (takes[lot], lot)):
            if plan.try_set(lot, demand, 0):
                touched.append(lot)
    return touched


def _put_together(plan: Plan, group: list[int], rng: random.Random) -> None:
    """Fill the group again, pairs in the order of their gain in all or per tonne, each with some noise."""
    by_total = rng.random() < 0.5
    offers = []
    for demand in group:
        for weight, lot in plan.pairs_of_demand(demand):
            if weight <= 0:
                break
            if plan.lots[lot].left:
                kg = min(plan.lots[lot].left, plan.demands[demand].left) if by_total else 1
                offers.append((weight * kg * (0.75 + 0.5 * rng.random()), lot, demand))
    for _, lot, demand in sorted(offers, reverse=True):
        grow_or_borrow(plan, lot, demand)
