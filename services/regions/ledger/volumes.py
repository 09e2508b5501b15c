"""What each event adds to the volumes. Shipment events count by the time reported for the step, as `at` says; nothing is
subtracted later: what was agreed and then cancelled stands in both measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.regions.ledger.mass import lot_of
from services.regions.model import Fact, Measure
from shared.events import Event
from shared.events.listings import LotChanged, LotPublished, LotWithdrawn, QuantityReleased
from shared.events.logistics import ShipmentLoaded, ShipmentReceived, ShipmentRefused
from shared.events.trading import TradeAgreed, TradeCancelled

Volumes = dict[Measure, int]


def fact_of(event: Event, identifier: str) -> Fact | None:
    """What `event`, whose CloudEvents id is `identifier`, adds; None where that is nothing. A lot's own events are placed
    where the lot was published, which the caller knows: their facts come without a region."""
    rule = MEASURED.get(type(event))
    kg = {measure: more for measure, more in rule(event).items() if more > 0} if rule else {}
    if not kg:
        return None
    fact = Fact(identifier, 1, lot_of(event), event.TYPE, event.at, kg)
    if isinstance(event, TradeAgreed | TradeCancelled):
        terms = event.terms
        fact.lot_id, fact.grade = terms.lot_id, terms.grade
        fact.region, fact.to_region = terms.origin.region, terms.destination.region
        fact.seller_id, fact.buyer_id = terms.seller_id, terms.buyer_id
    elif isinstance(event, ShipmentLoaded | ShipmentReceived | ShipmentRefused):
        fact.grade, fact.region, fact.to_region = event.grade, event.from_region, event.to_region
        fact.seller_id, fact.buyer_id = event.seller_id, event.buyer_id
    return fact


def _released(event: QuantityReleased) -> Volumes:
    return {"withdrawn": event.kg} if event.lot_to == "withdrawn" else {}


MEASURED: Mapping[type[Event], Callable[[Any], Volumes]] = {
    LotPublished: lambda event: {"listed": event.quantity_kg},
    LotChanged: lambda event: {"listed": event.quantity_kg - event.previous_quantity_kg},
    LotWithdrawn: lambda event: {"withdrawn": event.moved_kg},
    QuantityReleased: _released,
    TradeAgreed: lambda event: {"agreed": event.terms.kg},
    TradeCancelled: lambda event: {"cancelled": event.released_kg},
    ShipmentLoaded: lambda event: {"loaded": event.planned_kg},
    ShipmentReceived: lambda event: {"received": event.net_kg, "deducted": event.deducted_kg},
    ShipmentRefused: lambda event: {"refused": event.planned_kg},
}
"""Which events count, and how much in which measure."""
