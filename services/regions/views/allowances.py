"""Allowances as those may see them whom they concern: the producer, the park operators of its region, the operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.regions.model.allowances import Allowance, AllowanceRule, AllowanceTerms, Forecast
from services.regions.store.allowances import ALLOWANCE_RULES, ALLOWANCES
from shared import geo, parties
from shared.auth import Caller, Relation, authorise
from shared.mongo import Page, Row, Unit
from shared.problem import NotFound


@dataclass(frozen=True, slots=True)
class AllowanceSeen:
    """An allowance with its rule's terms, its producer's name, and what is to come of it."""

    allowance: Allowance
    terms: AllowanceTerms
    organisation: str | None
    forecast: Forecast


def list_allowance_rules(unit: Unit, where: Mapping[str, str], cursor: str | None, limit: int) -> Page[AllowanceRule]:
    """Newest first."""
    return ALLOWANCE_RULES.page(unit, where, cursor, limit)


def read_allowance_rule(unit: Unit, rule_id: str) -> AllowanceRule:
    """Raises NotFound."""
    return ALLOWANCE_RULES.get(unit, rule_id)


def list_allowances(
    unit: Unit, caller: Caller, where: Mapping[str, str], region: str | None, cursor: str | None, limit: int
) -> Page[AllowanceSeen]:
    """Those that the caller may see; of a region, by the rules for it, for what lies in it, and for what it lies in. Raises
    NotFound."""
    conditions: list[Row] = [dict(where), _visible_to(unit, caller)]
    if region is not None:
        if not geo.exists(region):
            raise NotFound(zh=f"没有代码为 {region} 的行政区划", en=f"GB/T 2260 has no region {region}")
        conditions.append({"$or": [_in(region), {"region": {"$in": list(geo.ancestors(region))}}]})
    page = ALLOWANCES.page(unit, {"$and": conditions}, cursor, limit)
    names = parties.PARTIES.many(unit, {one.organisation_id for one in page.items})
    rules = ALLOWANCE_RULES.many(unit, {one.rule_id for one in page.items})
    return Page([_seen(unit, one, rules[one.rule_id], names.get(one.organisation_id)) for one in page.items], page.next_cursor)


def read_allowance(unit: Unit, caller: Caller, allowance_id: str) -> AllowanceSeen:
    """Raises NotFound."""
    allowance = ALLOWANCES.get(unit, allowance_id)
    producer = parties.PARTIES.find(unit, allowance.organisation_id)
    authorise(caller, "allowances.read", _relations(caller, allowance, producer))
    return _seen(unit, allowance, ALLOWANCE_RULES.get(unit, allowance.rule_id), producer)


def _seen(unit: Unit, allowance: Allowance, rule: AllowanceRule, producer: parties.Party | None) -> AllowanceSeen:
    forecast = allowance.forecast(rule.terms.ratio_bp, unit.now)
    return AllowanceSeen(allowance, rule.terms, producer.name if producer else None, forecast)


def _relations(caller: Caller, allowance: Allowance, producer: parties.Party | None) -> set[Relation]:
    if caller.organisation_id == allowance.organisation_id:
        return {"own"}
    if caller.role == "park_operator":
        home = caller.region
        if geo.contains(home, allowance.region) or (producer is not None and geo.contains(home, producer.region)):
            return {"own"}
    return set()


def _visible_to(unit: Unit, caller: Caller) -> dict[str, Any]:
    if caller.role == "operator":
        return {}
    own: Row = {"organisation_id": caller.organisation_id}
    if caller.role != "park_operator":
        return own
    home = caller.region
    producers = unit.collection(ALLOWANCES.name).distinct("organisation_id", session=unit.session)
    there = [one.id for one in parties.PARTIES.many(unit, producers).values() if geo.contains(home, one.region)]
    return {"$or": [_in(home), {"organisation_id": {"$in": there}}]}


def _in(region: str) -> Row:
    return {"region": {"$regex": f"^{geo.prefix(region)}"}}
