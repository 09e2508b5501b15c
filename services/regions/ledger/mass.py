"""Double entry for mass. Each event that moves a lot's kilograms is one posting whose entries sum to zero; postings commute.

published → on offer → reserved → in transit (at `loaded`) → settled + deducted + weighing difference; ways back by
`quantity.released`; withdrawn and expired are accounts of their own. `quantity.consumed` posts nothing: the load's
`shipment.received` already did. A ticket that is put right moves the differences between settled, deducted and weighing
difference: what the load consumed stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.regions.model import Account, Entries, Posting
from shared.events import Event
from shared.events.listings import LotChanged, LotExpired, LotPublished, LotWithdrawn, QuantityReleased, QuantityReserved
from shared.events.logistics import ShipmentCorrected, ShipmentLoaded, ShipmentReceived


def move(source: Account, to: Account, kg: int) -> Entries:
    """`kg` leave one account for another; none where it is zero."""
    return {source: -kg, to: kg} if kg else {}


def _received(event: ShipmentReceived) -> Entries:
    entries: Entries = {
        "in_transit": -event.consumed_kg,
        "settled": event.settled_kg,
        "deducted": event.deducted_kg,
        "weighing_difference": event.difference_kg,
    }
    return {account: kg for account, kg in entries.items() if kg}


def _corrected(event: ShipmentCorrected) -> Entries:
    entries: Entries = {
        "settled": event.settled_kg - event.previous_settled_kg,
        "deducted": event.deducted_kg - event.previous_deducted_kg,
        "weighing_difference": event.difference_kg - event.previous_difference_kg,
    }
    return {account: kg for account, kg in entries.items() if kg}


def entries_of(event: Event) -> Entries:
    """The entries that `event` posts; none where it moves nothing. Raises ValueError where they do not balance."""
    rule = POSTED.get(type(event))
    entries = rule(event) if rule else {}
    if sum(entries.values()) != 0:
        raise ValueError(f"{event.TYPE} {event.id} does not balance: {entries}")
    return entries


def posting_of(event: Event, identifier: str, recorded_at: datetime) -> Posting | None:
    """The posting of `event`, whose CloudEvents id is `identifier`; None where it moves nothing."""
    entries = entries_of(event)
    if not entries:
        return None
    posting = Posting(identifier, 1, lot_of(event), event.TYPE, event.at, recorded_at, entries, event.id)
    posting.ticket, posting.reason = getattr(event, "ticket", None), getattr(event, "reason", None)
    return posting


def lot_of(event: Event) -> str:
    """The lot an event is about: the one it names, else itself."""
    lot_id: str = getattr(event, "lot_id", event.id)
    return lot_id


POSTED: Mapping[type[Event], Callable[[Any], Entries]] = {
    LotPublished: lambda event: move("published", "on_offer", event.quantity_kg),
    LotChanged: lambda event: move("published", "on_offer", event.quantity_kg - event.previous_quantity_kg),
    LotWithdrawn: lambda event: move("on_offer", "withdrawn", event.moved_kg),
    LotExpired: lambda event: move("on_offer", "expired", event.moved_kg),
    QuantityReserved: lambda event: move("on_offer", "reserved", event.kg),
    QuantityReleased: lambda event: move("in_transit" if event.in_transit else "reserved", event.lot_to, event.kg),
    ShipmentLoaded: lambda event: move("reserved", "in_transit", event.planned_kg),
    ShipmentReceived: _received,
    ShipmentCorrected: _corrected,
}
"""Which events move a lot's kilograms, and how."""
