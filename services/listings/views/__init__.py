"""The read side of listings: single lots and demands, lists, the search index and the search."""

from __future__ import annotations

from services.listings.views.exports import DemandsExport, LotsExport, export_demands, export_lots, export_rejected
from services.listings.views.index import INDEXED, KINDS, Kind, ensure_indices, expected, project, rebuild
from services.listings.views.listed import list_demands, list_imports, list_lots, read_demand, read_import, read_lot
from services.listings.views.search import Criteria, Found, Hit, Sort, search
from services.listings.views.suggest import Suggestion, suggest

__all__ = [
    "INDEXED",
    "KINDS",
    "Criteria",
    "DemandsExport",
    "Found",
    "Hit",
    "Kind",
    "LotsExport",
    "Sort",
    "Suggestion",
    "ensure_indices",
    "expected",
    "export_demands",
    "export_lots",
    "export_rejected",
    "list_demands",
    "list_imports",
    "list_lots",
    "project",
    "read_demand",
    "read_import",
    "read_lot",
    "rebuild",
    "search",
    "suggest",
]
