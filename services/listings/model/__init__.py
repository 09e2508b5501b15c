"""The rules of lots, demands and reservations as plain dataclasses whose methods return events."""

from __future__ import annotations

from services.listings.model.attachment import Attachment, AttachmentFile
from services.listings.model.counterparty import Counterparty
from services.listings.model.demand import Demand, DemandDraft, DemandTerms
from services.listings.model.listing import Listing, Place, QuantitiesAreWrong, Status
from services.listings.model.lot import Lot, LotDraft, LotTerms, OnBehalfOf
from services.listings.model.recurrence import Recurrence
from services.listings.model.reservation import Reservation, agree, consume, release, reserve, tombstone
from services.listings.model.saved_search import (
    Alert,
    Revisions,
    SavedSearch,
    SavedSearchDraft,
    SearchKind,
    Watcher,
    must_have_room,
    new_saved_search,
)
from services.listings.model.spreadsheet import Import, ImportPart, ImportRejects, ImportRows, RejectedRow, RowFault

__all__ = [
    "Alert",
    "Attachment",
    "AttachmentFile",
    "Counterparty",
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
    "OnBehalfOf",
    "Place",
    "QuantitiesAreWrong",
    "Recurrence",
    "RejectedRow",
    "Reservation",
    "Revisions",
    "RowFault",
    "SavedSearch",
    "SavedSearchDraft",
    "SearchKind",
    "Status",
    "Watcher",
    "agree",
    "consume",
    "must_have_room",
    "new_saved_search",
    "release",
    "reserve",
    "tombstone",
]
