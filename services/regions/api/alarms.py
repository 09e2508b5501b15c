"""Alarms and the rules that raise them."""

from __future__ import annotations

from flask import Request

from services.regions import service
from services.regions.api.tables import listed
from services.regions.model.alarms import Alarm
from services.regions.schemas.alarms import (
    AcknowledgeIn,
    AlarmOut,
    AlarmRuleIn,
    AlarmRuleOut,
    AlarmRulePatch,
    AlarmRulesQuery,
    AlarmsQuery,
)
from services.regions.views import alarms as views
from shared.auth import Caller
from shared.http import Answer, PageOut, Precondition, Routes, created, page_of
from shared.mongo import Page, Unit

routes = Routes("regions")


@routes.get("/v1/alarm-rules", "alarm_rules.list", PageOut[AlarmRuleOut])
def list_rules(unit: Unit, caller: Caller, query: AlarmRulesQuery) -> PageOut[AlarmRuleOut]:
    """One's own rules, newest first; an operator's are all."""
    return page_of(views.list_alarm_rules(unit, caller, query.where(), query.cursor, query.limit), AlarmRuleOut.of)


@routes.post("/v1/alarm-rules", "alarm_rules.create", AlarmRuleOut, status=201)
def create_rule(unit: Unit, caller: Caller, body: AlarmRuleIn) -> Answer:
    """Watch something: a park operator in its region, an operator anywhere."""
    rule = service.create_alarm_rule(unit, caller, body.terms())
    return created(f"/v1/alarm-rules/{rule.id}", AlarmRuleOut.of(rule))


@routes.get("/v1/alarm-rules/<rule_id>", "alarm_rules.read", AlarmRuleOut)
def read_rule(unit: Unit, caller: Caller, rule_id: str) -> AlarmRuleOut:
    """A rule."""
    return AlarmRuleOut.of(views.read_alarm_rule(unit, caller, rule_id))


@routes.patch("/v1/alarm-rules/<rule_id>", "alarm_rules.change", AlarmRuleOut)
def change_rule(unit: Unit, caller: Caller, rule_id: str, body: AlarmRulePatch, match: Precondition) -> AlarmRuleOut:
    """Change a rule, pause or withdraw it."""
    return AlarmRuleOut.of(service.change_alarm_rule(unit, caller, rule_id, match.check, body.revise))


@routes.get("/v1/alarms", "alarms.list", PageOut[AlarmOut])
def list_alarms(unit: Unit, caller: Caller, request: Request, query: AlarmsQuery) -> Answer:
    """Alarms that concern the caller, newest first; an operator's are all. CSV by Accept."""

    def page(cursor: str | None) -> Page[Alarm]:
        return views.list_alarms(unit, caller, query.where(), cursor, query.limit)

    return listed(request, AlarmOut, AlarmOut.of, query.cursor, page)


@routes.get("/v1/alarms/<alarm_id>", "alarms.read", AlarmOut)
def read_alarm(unit: Unit, caller: Caller, alarm_id: str) -> AlarmOut:
    """An alarm."""
    return AlarmOut.of(views.read_alarm(unit, caller, alarm_id))


@routes.post("/v1/alarms/<alarm_id>/acknowledge", "alarms.acknowledge", AlarmOut)
def acknowledge(unit: Unit, caller: Caller, alarm_id: str, body: AcknowledgeIn) -> AlarmOut:
    """Take it on, with a note of what is done about it; it is escalated no more."""
    return AlarmOut.of(service.acknowledge(unit, caller, alarm_id, body.note))
