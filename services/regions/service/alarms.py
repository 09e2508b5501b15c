"""Alarms: their rules, what raises and clears them, who takes them on."""

from __future__ import annotations

from collections.abc import Callable

from services.regions.model.alarms import Alarm, AlarmRule, AlarmTerms, Finding, RuleStatus, Watch, settle
from services.regions.service.figures import findings_of
from services.regions.store.alarms import (
    ALARM_RULES,
    ALARMS,
    WATCHES,
    alarms_to_escalate,
    open_alarms,
    organisations_with,
)
from shared import parties
from shared.auth import Caller, authorise
from shared.geo import contains
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.problem import InputIsInvalid, NotAllowed

ESCALATED_AT_ONCE = 100
Check = Callable[[int], None]


def create_alarm_rule(unit: Unit, caller: Caller, terms: AlarmTerms) -> AlarmRule:
    """Raises NotAllowed outside a park operator's own region, InputIsInvalid for a site that is not there."""
    authorise(caller, "alarm_rules.create")
    _must_be_in_reach(unit, caller, terms)
    rule = AlarmRule(new_id(), 1, caller.organisation_id, caller.user_id, terms, unit.now, unit.now)
    ALARM_RULES.add(unit, rule)
    unit.emit(*rule.told())
    return rule


def change_alarm_rule(
    unit: Unit,
    caller: Caller,
    rule_id: str,
    check: Check,
    revise: Callable[[AlarmRule], tuple[AlarmTerms, RuleStatus]],
) -> AlarmRule:
    """Raises NotFound, VersionIsStale, InputIsInvalid, WrongState. What a rule that watches no more had raised is cleared."""
    rule = ALARM_RULES.get(unit, rule_id)
    authorise(caller, "alarm_rules.change", {"own"} if rule.organisation_id == caller.organisation_id else set())
    check(rule.version)
    told = rule.change(*revise(rule), unit.now)
    if told:
        _must_be_in_reach(unit, caller, rule.terms)
        ALARM_RULES.save(unit, rule)
        unit.emit(*told)
        _apply(unit, rule)
    return rule


def _must_be_in_reach(unit: Unit, caller: Caller, terms: AlarmTerms) -> None:
    if caller.role == "park_operator":
        home = caller.region
        if not contains(home, terms.region):
            raise NotAllowed(
                zh=f"只能为本单位所在地区（{home}）设置预警规则",
                en=f"Set alarm rules for your own region ({home}) or what lies in it",
            )
    if terms.site_id is not None:
        site = parties.site(unit, terms.site_id)
        if not contains(terms.region, site.region):
            raise InputIsInvalid([("/site_id", "场站不在这个地区内", "This site does not lie in the region")])


def acknowledge(unit: Unit, caller: Caller, alarm_id: str, note: str) -> Alarm:
    """Raises NotFound, NotAllowed, WrongState."""
    alarm = ALARMS.get(unit, alarm_id)
    authorise(caller, "alarms.acknowledge", alarm.relations(caller.organisation_id))
    told = alarm.acknowledge(caller.organisation_id, caller.user_id, note, unit.now)
    if told:
        ALARMS.save(unit, alarm)
        unit.emit(*told)
    return alarm


def evaluate(database: Database, rule_id: str) -> int:
    """Look at what the rule watches; raise and clear what follows. Most times nothing does, and nothing is written. Returns how
    many alarms changed."""
    unit = database.read()
    rule = ALARM_RULES.find(unit, rule_id)
    if rule is None or not settle(rule, findings_of(unit, rule), open_alarms(unit, rule_id)):
        return 0
    return database.write(lambda unit: _apply(unit, ALARM_RULES.get(unit, rule_id)))


def _apply(unit: Unit, rule: AlarmRule) -> int:
    changes = settle(rule, findings_of(unit, rule), open_alarms(unit, rule.id))
    if not changes:
        return 0
    watch = WATCHES.find(unit, rule.id) or Watch(rule.id)
    watch.turn()
    WATCHES.save(unit, watch)
    for alarm, because in changes.over:
        unit.emit(alarm.clear(because, unit.now))
        ALARMS.save(unit, alarm)
    deciding = _deciding(unit, rule) if changes.beyond else []
    for found in changes.beyond:
        _raise(unit, rule, found, deciding)
    return len(changes.over) + len(changes.beyond)


def _raise(unit: Unit, rule: AlarmRule, found: Finding, deciding: list[str]) -> None:
    alarm = Alarm.of(rule, found, deciding, unit.now)
    ALARMS.add(unit, alarm)
    unit.emit(alarm.raised())


def _deciding(unit: Unit, rule: AlarmRule) -> list[str]:
    """An operator's rule is for the park operators of its region as well."""
    owner = parties.PARTIES.find(unit, rule.organisation_id)
    if owner is None or owner.role != "operator":
        return []
    found = organisations_with(unit, "park_operator")
    return [one.id for one in found if contains(one.region, rule.terms.region) or contains(rule.terms.region, one.region)]


def escalate_due(database: Database) -> None:
    """The timer: what nobody took on in time goes to the operators."""
    if alarms_to_escalate(database.read(), database.clock(), 1):
        while database.write(_escalate_some) == ESCALATED_AT_ONCE:
            pass


def _escalate_some(unit: Unit) -> int:
    due = alarms_to_escalate(unit, unit.now, ESCALATED_AT_ONCE)
    operators = [one.id for one in organisations_with(unit, "operator")] if due else []
    for alarm in due:
        unit.emit(*alarm.escalate(operators, unit.now))
        ALARMS.save(unit, alarm)
    return len(due)
