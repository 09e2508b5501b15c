"""Shapes of lots, demands, lists and the search, in and out."""

from __future__ import annotations

from services.listings.schemas.demands import DemandIn, DemandOut, DemandPatch
from services.listings.schemas.exports import DemandsExportQuery, LotsExportQuery, demand_rows, lot_rows, rejected_rows
from services.listings.schemas.imports import ImportOut, ImportQuery, ImportsQuery, draft_of
from services.listings.schemas.lots import LotIn, LotOut, LotPatch
from services.listings.schemas.search import (
    DemandsQuery,
    FoundDemands,
    FoundLots,
    LotsQuery,
    MaterialsOut,
    MaterialsQuery,
    SearchQuery,
    SuggestionOut,
    SuggestOut,
    SuggestQuery,
)

__all__ = [
    "DemandIn",
    "DemandOut",
    "DemandPatch",
    "DemandsExportQuery",
    "DemandsQuery",
    "FoundDemands",
    "FoundLots",
    "ImportOut",
    "ImportQuery",
    "ImportsQuery",
    "LotIn",
    "LotOut",
    "LotPatch",
    "LotsExportQuery",
    "LotsQuery",
    "MaterialsOut",
    "MaterialsQuery",
    "SearchQuery",
    "SuggestOut",
    "SuggestQuery",
    "SuggestionOut",
    "demand_rows",
    "draft_of",
    "lot_rows",
    "rejected_rows",
]
