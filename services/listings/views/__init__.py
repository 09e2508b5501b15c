"""The read side of listings: single lots and demands, lists, the search index and the search."""

from __future__ import annotations

from services.listings.views.attached import list_attached, read_paper, read_photo
from services.listings.views.index import INDEXED, KINDS, Kind, ensure_indices, expected, project, rebuild
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
from services.listings.views.search import Criteria, Found, Hit, Sort, search
from services.listings.views.suggest import Suggestion, suggest

__all__ = [
    "INDEXED",
    "KINDS",
    "Criteria",
    "Found",
    "Hit",
    "Kind",
    "Sort",
    "Suggestion",
    "ensure_indices",
    "expected",
    "list_attached",
    "list_counterparties",
    "list_demands",
    "list_imports",
    "list_lots",
    "project",
    "read_demand",
    "read_import",
    "read_lot",
    "read_paper",
    "read_photo",
    "read_recurrence",
    "rebuild",
    "search",
    "suggest",
]
