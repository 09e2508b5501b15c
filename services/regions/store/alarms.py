"""Alarms, the rules that raise them, and the figures that rules ask for."""

from __future__ import annotations

from datetime import datetime

from services.regions.ledger import Place, Span
from services.regions.ledger.places import place_of_park, place_of_region
from services.regions.model import Measure, Side, hour_of
from services.regions.model.alarms import Alarm, AlarmRule, Watch
from services.regions.store.conditions import at_place, in_span, of_material
from services.regions.store.state import of_present_form
from services.regions.store.volumes import Wanted, sum_volumes
from shared import geo, parties
from shared.mongo import Repository, Row, Sealed, Unit


class AlarmRuleDocument(Sealed):
    meta = {"collection": "alarm_rules", "indexes": ["status", ("organisation_id", "id")]}  # noqa: RUF012


class AlarmDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "alarms",
        "indexes": [
            ("audience", "id"),
            ("rule_id", "status"),
            {"fields": ["escalate_at"], "partialFilterExpression": {"status": "raised"}},
        ],
    }


class WatchDocument(Sealed):
    meta = {"collection": "watches", "indexes": []}  # noqa: RUF012


ALARM_RULES = Repository(AlarmRuleDocument, AlarmRule)
ALARMS = Repository(AlarmDocument, Alarm)
WATCHES = Repository(WatchDocument, Watch)


def standing_rules(unit: Unit) -> list[AlarmRule]:
    return ALARM_RULES.select(unit, {"status": "standing"})


def open_alarms(unit: Unit, rule_id: str) -> list[Alarm]:
    return ALARMS.select(unit, {"rule_id": rule_id, "status": "raised"})


def alarms_to_escalate(unit: Unit, now: datetime, limit: int) -> list[Alarm]:
    return ALARMS.select(unit, {"status": "raised", "escalate_at": {"$lte": now}}, [("escalate_at", 1)], limit)


@of_present_form
def measured_kg(unit: Unit, place: Place, side: Side, measure: Measure, material: str | None, span: Span) -> int:
    """The kilograms of one measure that the place counts in the span: of whole hours by their cells, of what is left over by
    facts."""
    assert span.end is not None  # alarms look no further than now
    whole = Span(span.start, hour_of(span.end))
    counted = sum_volumes(unit, place, Wanted(side, material, None, whole, "hour"))
    return sum(kg[measure] for kg in counted.values()) + _facts_kg(
        unit, place, side, measure, material, Span(whole.end, span.end)
    )


def _facts_kg(unit: Unit, place: Place, side: Side, measure: Measure, material: str | None, span: Span) -> int:
    where: Row = {**at_place(place, side), **in_span("at", span), **of_material(material), "waiting": False}
    pipeline = [{"$match": where}, {"$group": {"_id": None, "kg": {"$sum": f"$kg.{measure}"}}}]
    rows = unit.collection("facts").aggregate(pipeline, session=unit.session)
    return next((int(row["kg"]) for row in rows), 0)


def place_at(unit: Unit, region: str, site_id: str | None) -> Place:
    """The region, or the site or park in it."""
    if site_id is None:
        return place_of_region(region, geo.prefix(region))
    sites = parties.SITES.select(unit, {"$or": [{"_id": site_id}, {"park_id": site_id}]})
    regions = tuple(sorted({one.region for one in sites})) or (region,)
    return place_of_park(site_id, tuple(one.id for one in sites if one.id != site_id), regions)


def sites_in(unit: Unit, site_id: str | None, region: str, with_permit: bool) -> list[parties.KnownSite]:
    """The site, or those of the park that it is, or of the region; of these those with a permit's limit alone."""
    where: Row = {"region": {"$regex": f"^{geo.prefix(region)}"}} if site_id is None else _at(site_id)
    return parties.SITES.select(unit, where | ({"stock_limit_kg": {"$ne": None}} if with_permit else {}))


def _at(site_id: str) -> Row:
    return {"$or": [{"_id": site_id, "kind": {"$ne": "park"}}, {"park_id": site_id}]}


def organisations_with(unit: Unit, role: str) -> list[parties.Party]:
    """The organisations of a role that are not suspended."""
    return parties.PARTIES.select(unit, {"role": role, "status": {"$ne": "suspended"}})


DOCUMENTS: tuple[type[Sealed], ...] = (AlarmRuleDocument, AlarmDocument, WatchDocument)
