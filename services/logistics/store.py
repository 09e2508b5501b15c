"""The collections of haulage: shipments, the bytes of their photos, the haulage of each trade, tickets that were used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.logistics.model import Haulage, PhotoFile, Shipment
from shared import parties
from shared.mongo import Repository, Row, Sealed, Unit


@dataclass
class Ticket:
    """A weighbridge ticket of a buyer, used once. `id` is `<buyer>:<number>`."""

    id: str
    shipment_id: str
    version: int = 1


class ShipmentDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "shipments",
        "indexes": [
            ["seller_id", "id"],
            ["buyer_id", "id"],
            ["carrier_id", "id"],
            ["carrier_id", "updated_at"],
            ["status", "id"],
            "trade_id",
            "lot_id",
            "demand_id",
        ],
    }


class PhotoFileDocument(Sealed):
    meta = {"collection": "photo_files", "indexes": ["shipment_id"]}  # noqa: RUF012


class HaulageDocument(Sealed):
    meta = {"collection": "haulages", "indexes": []}  # noqa: RUF012


class TicketDocument(Sealed):
    meta = {"collection": "tickets", "indexes": []}  # noqa: RUF012


SHIPMENTS = Repository(ShipmentDocument, Shipment)
PHOTO_FILES = Repository(PhotoFileDocument, PhotoFile)
HAULAGES = Repository(HaulageDocument, Haulage)
TICKETS = Repository(TicketDocument, Ticket)
DOCUMENTS: tuple[type[Sealed], ...] = (
    ShipmentDocument,
    PhotoFileDocument,
    HaulageDocument,
    TicketDocument,
    *parties.DOCUMENTS,
)
BY_ID: tuple[Repository[Any], ...] = (SHIPMENTS, HAULAGES, *parties.BY_ID)
"""What events name, read before each batch of them."""


def received(unit: Unit, of: Mapping[str, Any], since: datetime) -> Iterator[Row]:
    """Of received loads no more than what freight is reckoned from."""
    on = {"report.type": "received", "report.at": {"$gte": since}}
    # the last change of a load that was received is no earlier than that: so an index finds them
    wanted = {**of, "updated_at": {"$gte": since}, "status": "received", "events": {"$elemMatch": on}}
    fields = {"planned_kg": 1, "freight_fen_per_t": 1, "events.report.type": 1, "events.report.at": 1}
    yield from unit.collection(SHIPMENTS.name).find(wanted, fields, session=unit.session)


def use_ticket(unit: Unit, buyer_id: str, number: str, shipment_id: str) -> bool:
    """Whether the buyer's ticket was unused, or is this load's own; it is used now."""
    ticket = Ticket(f"{buyer_id}:{number}", shipment_id)
    used = TICKETS.find(unit, ticket.id)
    if used is not None:
        return used.shipment_id == shipment_id
    TICKETS.add(unit, ticket)
    return True
