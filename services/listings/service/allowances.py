"""Keeping new output of wastes within what its producer is allowed: listings decides on lots, by what regions tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.listings.model import Lot
from services.listings.model.allowance import Allowance, AllowanceIsPassed, AllowanceRule, AllowanceTurn, Headroom, used_kg
from services.listings.store import ALLOWANCE_RULES, ALLOWANCE_TURNS, ALLOWANCES, standing_rules_for, used_of
from shared.clock import Period
from shared.events.regions import AllowanceChanged, AllowanceRuleChanged
from shared.mongo import Unit

WASTE = "solid_waste."


def on_allowance_rule(unit: Unit, event: AllowanceRuleChanged) -> None:
    """Keep the newest version."""
    known = ALLOWANCE_RULES.find(unit, event.id)
    if known is None or known.version < event.version:
        rule = AllowanceRule(
            event.id,
            event.version,
            event.region,
            event.material,
            event.initial_kg,
            event.period,
            event.start,
            event.end,
            event.status,
        )
        ALLOWANCE_RULES.save(unit, rule)


def on_allowance(unit: Unit, event: AllowanceChanged) -> None:
    """Keep the newest version."""
    known = ALLOWANCES.find(unit, event.id)
    if known is None or known.version < event.version:
        ALLOWANCES.save(unit, Allowance(event.id, event.version, event.allowed_kg))


def must_be_allowed(unit: Unit, lot: Lot, before_kg: int = 0, beside: Sequence[Lot] = ()) -> None:
    """Ask this of a lot that was published or changed, in the same transaction. `before_kg`: what it used of its allowance
    before; using no more is always allowed. `beside`: lots that the transaction has not written yet. Raises
    AllowanceIsPassed."""
    needed = used_kg(lot)
    if needed <= before_kg:
        return
    for headroom in _headrooms(unit, lot, beside, promised=False):
        if needed > headroom.left_kg:
            raise AllowanceIsPassed(headroom, needed)


def is_promised_out(unit: Unit, lot: Lot | None, kg: int) -> bool:
    """Whether promising `kg` more of the lot would pass an allowance, which may have shrunk since it was listed."""
    if lot is None:
        return False
    promised = lot.reserved_kg + lot.consumed_kg + kg
    return any(promised > headroom.left_kg for headroom in _headrooms(unit, lot, (), promised=True))


def _headrooms(unit: Unit, lot: Lot, beside: Sequence[Lot], promised: bool) -> Iterator[Headroom]:
    """What every rule that covers the lot leaves for it; its turn is taken."""
    if not lot.terms.grade.startswith(WASTE):
        return
    for rule in standing_rules_for(unit, lot.terms.grade):
        period = rule.period_of(lot, unit.now)
        if period is None:
            continue
        identifier = f"{rule.id}:{lot.seller_id}:{period.name}"
        turn = ALLOWANCE_TURNS.find(unit, identifier) or AllowanceTurn(identifier)
        turn.version += 1
        ALLOWANCE_TURNS.save(unit, turn)
        known = ALLOWANCES.find(unit, identifier)
        allowed = known.allowed_kg if known is not None else rule.initial_kg
        used = used_of(unit, lot, rule.region, period, promised) + _beside(unit, lot, rule, period, beside)
        yield Headroom(rule.id, rule.material, period.name, allowed, used)


def _beside(unit: Unit, lot: Lot, rule: AllowanceRule, period: Period, beside: Sequence[Lot]) -> int:
    return sum(used_kg(one) for one in beside if one.seller_id == lot.seller_id and rule.period_of(one, unit.now) == period)
