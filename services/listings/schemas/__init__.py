"""Shapes of lots, demands, lists and the search, in and out."""

from __future__ import annotations

from services.listings.schemas.attachments import AttachedQuery, DocumentOut, DocumentQuery, PhotoOut
from services.listings.schemas.counterparties import CounterpartiesQuery, CounterpartyIn, CounterpartyOut
from services.listings.schemas.demands import DemandIn, DemandOut, DemandPatch
from services.listings.schemas.exports import DemandsExportQuery, LotsExportQuery, demand_rows, lot_rows, rejected_rows
from services.listings.schemas.imports import ImportOut, ImportQuery, ImportsQuery, draft_of
from services.listings.schemas.lots import LotIn, LotOut, LotPatch
from services.listings.schemas.operations import IndexedOut
from services.listings.schemas.recurrences import RecurrenceIn, RecurrenceOut
from services.listings.schemas.saved_searches import (
    SavedSearchesQuery,
    SavedSearchIn,
    SavedSearchOut,
    SavedSearchPatch,
    query_of_saved,
)
from services.listings.schemas.search import (
    DemandsQuery,
    FoundDemands,
    FoundLots,
    LotSearchQuery,
    LotsQuery,
    MaterialsOut,
    MaterialsQuery,
    SearchQuery,
    SuggestionOut,
    SuggestOut,
    SuggestQuery,
)

__all__ = [
    "AttachedQuery",
    "CounterpartiesQuery",
    "CounterpartyIn",
    "CounterpartyOut",
    "DemandIn",
    "DemandOut",
    "DemandPatch",
    "DemandsExportQuery",
    "DemandsQuery",
    "DocumentOut",
    "DocumentQuery",
    "FoundDemands",
    "FoundLots",
    "ImportOut",
    "ImportQuery",
    "ImportsQuery",
    "IndexedOut",
    "LotIn",
    "LotOut",
    "LotPatch",
    "LotSearchQuery",
    "LotsExportQuery",
    "LotsQuery",
    "MaterialsOut",
    "MaterialsQuery",
    "PhotoOut",
    "RecurrenceIn",
    "RecurrenceOut",
    "SavedSearchIn",
    "SavedSearchOut",
    "SavedSearchPatch",
    "SavedSearchesQuery",
    "SearchQuery",
    "SuggestOut",
    "SuggestQuery",
    "SuggestionOut",
    "demand_rows",
    "draft_of",
    "lot_rows",
    "query_of_saved",
    "rejected_rows",
]
