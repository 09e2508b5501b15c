"""Alarms and their rules, for those whom they concern."""

from __future__ import annotations

from collections.abc import Mapping

from services.regions.model.alarms import Alarm, AlarmRule
from services.regions.store.alarms import ALARM_RULES, ALARMS
from shared.auth import Caller, authorise
from shared.mongo import Page, Unit


def list_alarm_rules(unit: Unit, caller: Caller, where: Mapping[str, str], cursor: str | None, limit: int) -> Page[AlarmRule]:
    """One's own; an operator's are all. Newest first."""
    own = {} if caller.role == "operator" else {"organisation_id": caller.organisation_id}
    return ALARM_RULES.page(unit, {**where, **own}, cursor, limit)


def read_alarm_rule(unit: Unit, caller: Caller, rule_id: str) -> AlarmRule:
    """Raises NotFound."""
    rule = ALARM_RULES.get(unit, rule_id)
    authorise(caller, "alarm_rules.read", {"own"} if rule.organisation_id == caller.organisation_id else set())
    return rule


def list_alarms(unit: Unit, caller: Caller, where: Mapping[str, object], cursor: str | None, limit: int) -> Page[Alarm]:
    """Those that concern the caller; an operator's are all. Newest first."""
    mine = {} if caller.role == "operator" else {"audience": caller.organisation_id}
    return ALARMS.page(unit, {**where, **mine}, cursor, limit)


def read_alarm(unit: Unit, caller: Caller, alarm_id: str) -> Alarm:
    """Raises NotFound."""
    alarm = ALARMS.get(unit, alarm_id)
    authorise(caller, "alarms.read", alarm.relations(caller.organisation_id))
    return alarm
