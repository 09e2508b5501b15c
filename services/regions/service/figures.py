"""The figures that a rule of alarms asks for, and what it finds in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from services.regions.ledger import Span
from services.regions.model import hour_of
from services.regions.model.alarms import AlarmRule, AlarmTerms, Finding, Kind
from services.regions.model.findings import (
    WINDOW_H,
    Standing,
    of_allowance,
    of_change,
    of_price,
    of_silence,
    of_stock,
    of_threshold,
)
from services.regions.store.alarms import measured_kg, place_at, sites_in
from services.regions.store.allowances import standing_allowances
from services.regions.store.watched import KNOWN_PRICES, SITE_ACTIVITIES, on_sites
from shared import geo, parties
from shared.clock import SHANGHAI
from shared.mongo import Unit

WEEK = timedelta(days=7)


def findings_of(unit: Unit, rule: AlarmRule) -> list[Finding]:
    """How everything that the rule watches stands now; nothing where it watches no more."""
    return FINDERS[rule.terms.kind](unit, rule) if rule.status == "standing" else []


def _threshold(unit: Unit, rule: AlarmRule) -> list[Finding]:
    """Of whole hours, the one that is running among them."""
    terms = rule.terms
    assert terms.measure is not None  # the schema asks for one
    start = hour_of(unit.now) - timedelta(hours=(terms.window_h or WINDOW_H) - 1)
    end = unit.now + timedelta(milliseconds=1)
    place = place_at(unit, terms.region, terms.site_id)
    return [of_threshold(terms, measured_kg(unit, place, terms.side, terms.measure, terms.material, Span(start, end)))]


def _change(unit: Unit, rule: AlarmRule) -> list[Finding]:
    """Days of Asia/Shanghai."""
    terms = rule.terms
    assert terms.measure is not None  # the schema asks for one
    day = unit.now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    what = place_at(unit, terms.region, terms.site_id), terms.side, terms.measure, terms.material
    now = unit.now + timedelta(milliseconds=1)
    then = Span(day - WEEK, now - WEEK)
    found = of_change(terms, measured_kg(unit, *what, Span(day, now)), measured_kg(unit, *what, then))
    return [found] if found is not None else []


def _silence(unit: Unit, rule: AlarmRule) -> list[Finding]:
    terms = rule.terms
    sites = sites_in(unit, terms.site_id, terms.region, with_permit=False)
    seen = SITE_ACTIVITIES.many(unit, [one.id for one in sites])
    found = []
    for site in sites:
        last = seen[site.id].last_at if site.id in seen else None
        standing = Standing(site.id, site.name, site.organisation_id, last_at=last)
        found.append(of_silence(terms, standing, rule.updated_at, unit.now))
    return found


def _stock(unit: Unit, rule: AlarmRule) -> list[Finding]:
    terms = rule.terms
    sites = sites_in(unit, terms.site_id, terms.region, with_permit=True)
    there = on_sites(unit, [one.id for one in sites])
    found = [of_stock(terms, _standing(site, there.get(site.id, 0))) for site in sites]
    return [one for one in found if one is not None]


def _standing(site: parties.KnownSite, on_site_kg: int) -> Standing:
    return Standing(site.id, site.name, site.organisation_id, site.stock_limit_kg, on_site_kg)


def _price(unit: Unit, rule: AlarmRule) -> list[Finding]:
    terms = rule.terms
    prices = KNOWN_PRICES.select(unit, {"grade": terms.material, "region": terms.region})
    return [of_price(terms, one) for one in prices]


def _allowance(unit: Unit, rule: AlarmRule) -> list[Finding]:
    """Of the producers that are at home in the region, or that a rule for what lies in it limits."""
    terms = rule.terms
    found = standing_allowances(unit, terms.region, terms.material, unit.now)
    producers = parties.PARTIES.many(unit, {one.organisation_id for one in found})
    findings = []
    for allowance in found:
        producer = producers.get(allowance.organisation_id)
        if geo.contains(terms.region, allowance.region) or _at_home(terms, producer):
            findings.append(of_allowance(terms, allowance, producer.name if producer else allowance.organisation_id))
    return findings


def _at_home(terms: AlarmTerms, producer: parties.Party | None) -> bool:
    return producer is not None and geo.contains(terms.region, producer.region)


FINDERS: Mapping[Kind, Callable[[Unit, AlarmRule], list[Finding]]] = {
    "threshold": _threshold,
    "change": _change,
    "silence": _silence,
    "stock": _stock,
    "price": _price,
    "allowance": _allowance,
}
