"""以渣定产: the rules, and what they allow whom."""

from __future__ import annotations

from flask import Request

from services.regions import service
from services.regions.api.tables import listed
from services.regions.schemas.allowances import (
    AllowanceOut,
    AllowanceRuleIn,
    AllowanceRuleOut,
    AllowanceRulePatch,
    AllowanceRulesQuery,
    AllowancesQuery,
)
from services.regions.views.allowances import (
    AllowanceSeen,
    list_allowance_rules,
    list_allowances,
    read_allowance,
    read_allowance_rule,
)
from shared.auth import Caller, authorise
from shared.http import Answer, PageOut, Precondition, Routes, created, page_of
from shared.mongo import Page, Unit

routes = Routes("regions")


@routes.get("/v1/allowance-rules", "allowance_rules.list", PageOut[AllowanceRuleOut])
def list_rules(unit: Unit, query: AllowanceRulesQuery) -> PageOut[AllowanceRuleOut]:
    """Where new output follows verified use, newest first."""
    return page_of(list_allowance_rules(unit, query.where(), query.cursor, query.limit), AllowanceRuleOut.of)


@routes.post("/v1/allowance-rules", "allowance_rules.create", AllowanceRuleOut, status=201)
def create_rule(unit: Unit, caller: Caller, body: AllowanceRuleIn) -> Answer:
    """Set a rule for a region and a grade of waste; what was listed and used in its time before counts."""
    rule = service.create_allowance_rule(unit, caller, body.terms())
    return created(f"/v1/allowance-rules/{rule.id}", AllowanceRuleOut.of(rule))


@routes.get("/v1/allowance-rules/<rule_id>", "allowance_rules.read", AllowanceRuleOut)
def read_rule(unit: Unit, caller: Caller, rule_id: str) -> AllowanceRuleOut:
    """A rule."""
    rule = read_allowance_rule(unit, rule_id)
    authorise(caller, "allowance_rules.read", {"visible"})
    return AllowanceRuleOut.of(rule)


@routes.patch("/v1/allowance-rules/<rule_id>", "allowance_rules.change", AllowanceRuleOut)
def change_rule(unit: Unit, caller: Caller, rule_id: str, body: AllowanceRulePatch, match: Precondition) -> AllowanceRuleOut:
    """Change a rule, or withdraw it."""
    return AllowanceRuleOut.of(service.change_allowance_rule(unit, caller, rule_id, match.check, body.revise))


@routes.get("/v1/allowances", "allowances.list", PageOut[AllowanceOut])
def list_all(unit: Unit, caller: Caller, request: Request, query: AllowancesQuery) -> Answer:
    """Allowances that the caller may see: a producer's own, a park operator's of its region, an operator's all. CSV by
    Accept."""
    return _listed(unit, caller, request, query, None)


@routes.get("/v1/regions/<code>/allowances", "allowances.list", PageOut[AllowanceOut])
def list_of_region(unit: Unit, caller: Caller, request: Request, query: AllowancesQuery, code: str) -> Answer:
    """Of one region, as far as the caller may see them. CSV by Accept."""
    authorise(caller, "allowances.list", {"visible"})
    return _listed(unit, caller, request, query, code)


def _listed(unit: Unit, caller: Caller, request: Request, query: AllowancesQuery, region: str | None) -> Answer:
    def page(cursor: str | None) -> Page[AllowanceSeen]:
        return list_allowances(unit, caller, query.where(), region, cursor, query.limit)

    return listed(request, AllowanceOut, AllowanceOut.of, query.cursor, page)


@routes.get("/v1/allowances/<allowance_id>", "allowances.read", AllowanceOut)
def read_one(unit: Unit, caller: Caller, allowance_id: str) -> AllowanceOut:
    """An allowance with its head-room and its forecast."""
    return AllowanceOut.of(read_allowance(unit, caller, allowance_id))
