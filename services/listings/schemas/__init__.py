"""Shapes of lots, demands, lists and the search, in and out."""

from __future__ import annotations

from services.listings.schemas.demands import DemandIn, DemandOut, DemandPatch
from services.listings.schemas.imports import ImportOut, ImportQuery, ImportsQuery, draft_of
from services.listings.schemas.lots import LotIn, LotOut, LotPatch
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
    "DemandIn",
    "DemandOut",
    "DemandPatch",
    "DemandsQuery",
    "FoundDemands",
    "FoundLots",
    "ImportOut",
    "ImportQuery",
    "ImportsQuery",
    "LotIn",
    "LotOut",
    "LotPatch",
    "LotSearchQuery",
    "LotsQuery",
    "MaterialsOut",
    "MaterialsQuery",
    "SearchQuery",
    "SuggestOut",
    "SuggestQuery",
    "SuggestionOut",
    "draft_of",
]
