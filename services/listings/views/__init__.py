"""The read side of listings: single lots and demands, lists, the search index and the search."""

from __future__ import annotations

from services.listings.views.criteria import Criteria, Sort
from services.listings.views.drift import Drift, check, repair
from services.listings.views.index import INDEXED, KINDS, Kind, ensure_indices, expected, project, rebuild
from services.listings.views.lag import Lag
from services.listings.views.listed import list_demands, list_imports, list_lots, read_demand, read_import, read_lot
from services.listings.views.search import Found, Hit, destination, search
from services.listings.views.suggest import Suggestion, suggest

__all__ = [
    "INDEXED",
    "KINDS",
    "Criteria",
    "Drift",
    "Found",
    "Hit",
    "Kind",
    "Lag",
    "Sort",
    "Suggestion",
    "check",
    "destination",
    "ensure_indices",
    "expected",
    "list_demands",
    "list_imports",
    "list_lots",
    "project",
    "read_demand",
    "read_import",
    "read_lot",
    "rebuild",
    "repair",
    "search",
    "suggest",
]
