"""The room's collections, and the sums that only the database should make, in a file for each concern."""

from __future__ import annotations

from typing import Any

from services.regions.store.conditions import in_span, of_material, within
from services.regions.store.ledger import LOT_ACCOUNTS, POSTINGS, LotAccountsDocument, PostingDocument, sum_balance
from services.regions.store.market import (
    CLEARINGS,
    LISTINGS,
    TRADES,
    ClearingDocument,
    ListingDocument,
    TradeDocument,
    sum_open,
    sum_trades,
)
from services.regions.store.targets import TARGETS, TargetDocument
from services.regions.store.volumes import (
    CELLS,
    FACTS,
    CellDocument,
    FactDocument,
    sum_flows,
    sum_volumes,
    waiting_facts,
)
from shared import parties
from shared.mongo import Repository, Sealed

DOCUMENTS: tuple[type[Sealed], ...] = (
    PostingDocument,
    LotAccountsDocument,
    FactDocument,
    CellDocument,
    ListingDocument,
    TradeDocument,
    ClearingDocument,
    TargetDocument,
    *parties.DOCUMENTS,
)
BY_ID: tuple[Repository[Any], ...] = (LOT_ACCOUNTS, LISTINGS, TRADES, *parties.BY_ID)
"""What events name, read before each batch of them."""

__all__ = [
    "BY_ID",
    "CELLS",
    "CLEARINGS",
    "DOCUMENTS",
    "FACTS",
    "LISTINGS",
    "LOT_ACCOUNTS",
    "POSTINGS",
    "TARGETS",
    "TRADES",
    "in_span",
    "of_material",
    "sum_balance",
    "sum_flows",
    "sum_open",
    "sum_trades",
    "sum_volumes",
    "waiting_facts",
    "within",
]
