"""The collections of haulage: shipments, the bytes of their photos, the haulage of each trade, tickets that were used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.logistics.model import Haulage, PhotoFile, Shipment
from shared import parties
from shared.mongo import Repository, Sealed, Unit


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


def use_ticket(unit: Unit, buyer_id: str, number: str, shipment_id: str) -> bool:
    """Whether the buyer's ticket was unused, or is this load's own; it is used now."""
    ticket = Ticket(f"{buyer_id}:{number}", shipment_id)
    used = TICKETS.find(unit, ticket.id)
    if used is not None:
        return used.shipment_id == shipment_id
    TICKETS.add(unit, ticket)
    return True
