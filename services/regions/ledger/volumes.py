"""What each event adds to the volumes. Shipment events count by the time reported for the step, as `at` says. Nothing is
subtracted later (what was agreed and then cancelled stands in both measures) but by a ticket put right, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.regions.ledger.mass import lot_of
from services.regions.model import Fact, Kilograms, day_of, hour_of
from services.regions.model.volumes import BEFORE
from shared.events import Event
from shared.events.listings import LotChanged, LotPublished, LotWithdrawn, QuantityReleased
from shared.events.logistics import ShipmentCorrected, ShipmentLoaded, ShipmentReceived, ShipmentRefused
from shared.events.trading import TradeAgreed, TradeCancelled
from shared.units import div_half_up

TRADED = (TradeAgreed, TradeCancelled)
HAULED = (ShipmentLoaded, ShipmentReceived, ShipmentRefused, ShipmentCorrected)


def facts_of(event: Event, identifier: str, recorded_at: datetime) -> list[Fact]:
    """What `event`, whose CloudEvents id is `identifier`, adds; none where that is nothing. A lot's own events are placed where
    the lot was published, which the caller knows: their facts come without a region."""
    if isinstance(event, ShipmentCorrected):
        return _corrected(event, identifier, recorded_at)
    rule = MEASURED.get(type(event))
    kg = {measure: more for measure, more in rule(event).items() if more > 0} if rule else {}
    if not kg:
        return []
    fact = _placed(Fact(identifier, 1, lot_of(event), event.TYPE, event.at, recorded_at, kg), event)
    if isinstance(event, HAULED) and day_of(event.at) < day_of(recorded_at):
        fact.revision, fact.reason = "late", LATE
    return [fact]


LATE = "late-ticket"
"""The reason of a revision that came by a report after its day."""


def _placed(fact: Fact, event: Event) -> Fact:
    """Where it counts and whose it is, where the event says so."""
    fact.subject_id = event.id
    if isinstance(event, TRADED):
        terms = event.terms
        fact.lot_id, fact.grade, fact.mode, fact.distance_m = terms.lot_id, terms.grade, terms.mode, terms.distance_m
        fact.region, fact.site_id = terms.origin.region, terms.origin.site_id
        fact.to_region, fact.to_site_id = terms.destination.region, terms.destination.site_id
        fact.seller_id, fact.buyer_id = terms.seller_id, terms.buyer_id
    elif isinstance(event, HAULED):
        fact.grade, fact.mode, fact.distance_m = event.grade, event.mode, event.distance_m
        fact.region, fact.to_region = event.from_region, event.to_region
        fact.site_id, fact.to_site_id = event.from_site_id, event.to_site_id
        fact.seller_id, fact.buyer_id = event.seller_id, event.buyer_id
        fact.ticket = getattr(event, "ticket", None)
    return fact


def _corrected(event: ShipmentCorrected, identifier: str, recorded_at: datetime) -> list[Fact]:
    """What stands now instead of what stood before: one fact of the difference, or two where it belongs to another hour."""
    now = _taken(event.net_kg, event.deducted_kg, event.resold_bp)
    before = _taken(event.previous_net_kg, event.previous_deducted_kg, event.resold_bp)
    apart = hour_of(event.at) != hour_of(event.previous_at)
    parts = [(identifier, event.at, now if apart else _less(now, before))]
    if apart:
        parts.append((identifier + BEFORE, event.previous_at, _less({}, before)))
    facts = []
    for name, at, kg in parts:
        kg = {measure: more for measure, more in kg.items() if more}
        if kg:
            fact = _placed(Fact(name, 1, event.lot_id, event.TYPE, at, recorded_at, kg), event)
            fact.revision, fact.reason, fact.previous_at = "corrected", event.reason, event.previous_at
            facts.append(fact)
    return facts


def _less(kg: Kilograms, less: Kilograms) -> Kilograms:
    return {measure: kg.get(measure, 0) - less.get(measure, 0) for measure in {**kg, **less}}


def _taken(net_kg: int, deducted_kg: int, resold_bp: int) -> Kilograms:
    """A load that was taken in. What its lot's seller had received from others before was counted as used there."""
    return {"received": net_kg, "deducted": deducted_kg, "used": net_kg - div_half_up(net_kg * resold_bp, 10_000)}


def _released(event: QuantityReleased) -> Kilograms:
    return {"withdrawn": event.kg} if event.lot_to == "withdrawn" else {}


MEASURED: Mapping[type[Event], Callable[[Any], Kilograms]] = {
    LotPublished: lambda event: {"listed": event.quantity_kg},
    LotChanged: lambda event: {"listed": event.quantity_kg - event.previous_quantity_kg},
    LotWithdrawn: lambda event: {"withdrawn": event.moved_kg},
    QuantityReleased: _released,
    TradeAgreed: lambda event: {"agreed": event.terms.kg},
    TradeCancelled: lambda event: {"cancelled": event.released_kg},
    ShipmentLoaded: lambda event: {"loaded": event.planned_kg},
    ShipmentReceived: lambda event: _taken(event.net_kg, event.deducted_kg, event.resold_bp),
    ShipmentRefused: lambda event: {"refused": event.planned_kg},
}
"""Which events count, and how much in which measure; `ShipmentCorrected` has a rule of its own."""
