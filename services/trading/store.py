"""The collection of trades; copies of organisations are in `shared.parties`."""

from __future__ import annotations

from typing import Any

from services.trading.model import Trade
from shared import parties
from shared.mongo import Repository, Sealed


class TradeDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "trades",
        "indexes": [
            {"fields": ["proposal_id"], "unique": True},
            ["terms.seller_id", "id"],
            ["terms.buyer_id", "id"],
            ["status", "id"],
            "terms.lot_id",
            "terms.demand_id",
        ],
    }


TRADES = Repository(TradeDocument, Trade)
DOCUMENTS: tuple[type[Sealed], ...] = (TradeDocument, *parties.DOCUMENTS)
BY_ID: tuple[Repository[Any], ...] = (TRADES, *parties.BY_ID)
"""What events name, read before each batch of them."""
