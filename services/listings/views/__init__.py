"""The read side of listings: single lots and demands, lists, the search index and the search."""

from __future__ import annotations

from services.listings.views.attached import list_attached, read_paper, read_photo
from services.listings.views.criteria import Criteria, Sort
from services.listings.views.drift import Drift, check, repair
from services.listings.views.exports import DemandsExport, LotsExport, export_demands, export_lots, export_rejected
from services.listings.views.index import INDEXED, KINDS, Kind, ensure_indices, expected, expected_of, project, rebuild
from services.listings.views.lag import Indexed, Lag, indexed
from services.listings.views.listed import (
    list_counterparties,
    list_demands,
    list_imports,
    list_lots,
    read_demand,
    read_import,
    read_lot,
    read_recurrence,
)
from services.listings.views.saved import document_of, list_saved_searches, query_of, read_saved_search
from services.listings.views.search import Found, Hit, destination, search
from services.listings.views.suggest import Suggestion, suggest

__all__ = [
    "INDEXED",
    "KINDS",
    "Criteria",
    "DemandsExport",
    "Drift",
    "Found",
    "Hit",
    "Indexed",
    "Kind",
    "Lag",
    "LotsExport",
    "Sort",
    "Suggestion",
    "check",
    "destination",
    "document_of",
    "ensure_indices",
    "expected",
    "expected_of",
    "export_demands",
    "export_lots",
    "export_rejected",
    "indexed",
    "list_attached",
    "list_counterparties",
    "list_demands",
    "list_imports",
    "list_lots",
    "list_saved_searches",
    "project",
    "query_of",
    "read_demand",
    "read_import",
    "read_lot",
    "read_paper",
    "read_photo",
    "read_recurrence",
    "read_saved_search",
    "rebuild",
    "repair",
    "search",
    "suggest",
]
