"""The rules of lots, demands and reservations as plain dataclasses whose methods return events."""

from __future__ import annotations

from services.listings.model.demand import Demand, DemandDraft, DemandTerms
from services.listings.model.listing import Listing, Place, QuantitiesAreWrong, Status
from services.listings.model.lot import Lot, LotDraft, LotTerms
from services.listings.model.reservation import Reservation, agree, consume, release, reserve, tombstone
from services.listings.model.spreadsheet import Import, ImportPart, ImportRejects, ImportRows, RejectedRow, RowFault

__all__ = [
    "Demand",
    "DemandDraft",
    "DemandTerms",
    "Import",
    "ImportPart",
    "ImportRejects",
    "ImportRows",
    "Listing",
    "Lot",
    "LotDraft",
    "LotTerms",
    "Place",
    "QuantitiesAreWrong",
    "RejectedRow",
    "Reservation",
    "RowFault",
    "Status",
    "agree",
    "consume",
    "release",
    "reserve",
    "tombstone",
]
