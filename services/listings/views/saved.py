"""Reading saved searches, and what each looks for as the search's own query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.listings.model import Demand, Lot, SavedSearch
from services.listings.store import SAVED_SEARCHES
from services.listings.views.criteria import Criteria
from services.listings.views.index import KINDS
from services.listings.views.query import query_of as search_query
from shared.auth import Caller, authorise
from shared.mongo import Page, Unit
from shared.parties import Compliance


def list_saved_searches(unit: Unit, caller: Caller, where: dict[str, Any], cursor: str | None, limit: int) -> Page[SavedSearch]:
    """The caller's organisation's, newest first."""
    own = {**where, "organisation_id": caller.organisation_id, "removed_at": None}
    return SAVED_SEARCHES.page(unit, own, cursor, limit)


def read_saved_search(unit: Unit, caller: Caller, identifier: str) -> SavedSearch:
    """Raises NotFound."""
    saved = SAVED_SEARCHES.get(unit, identifier)
    authorise(caller, "saved_searches.read", saved.relations(caller.organisation_id))
    return saved


def query_of(unit: Unit, criteria: Criteria) -> dict[str, Any]:
    """What the search sends to Elasticsearch where it is not sorted by relevance, and so finds only what was asked for: alerts
    are judged by nothing else."""
    return search_query(unit, replace(criteria, sort="newest"), eased=False)


def document_of(listing: Lot | Demand, compliance: Sequence[Compliance]) -> dict[str, Any]:
    """A lot or demand as the index has it."""
    return KINDS["lots" if isinstance(listing, Lot) else "demands"].document(listing, compliance).source
