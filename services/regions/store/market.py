"""Small copies of other rooms' things, for the market's picture."""

from __future__ import annotations

from services.regions.model import KnownClearing, KnownListing, KnownTrade
from shared.mongo import Repository, Row, Sealed, Unit

CLEARINGS_ARE_KEPT_S = 30 * 86400


class ListingDocument(Sealed):
    meta = {"collection": "known_listings", "indexes": [("status", "kind", "available_kg")]}  # noqa: RUF012


class TradeDocument(Sealed):
    meta = {"collection": "known_trades", "indexes": ["agreed_at", ("status", "kg")]}  # noqa: RUF012


class ClearingDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "known_clearings",
        "indexes": [{"fields": ["at"], "expireAfterSeconds": CLEARINGS_ARE_KEPT_S}],
    }


LISTINGS = Repository(ListingDocument, KnownListing)
TRADES = Repository(TradeDocument, KnownTrade)
CLEARINGS = Repository(ClearingDocument, KnownClearing)


def sum_open(unit: Unit, kind: str) -> tuple[int, int]:
    """How many listings are open and the kilograms they offer or ask."""
    return _count(unit, "known_listings", {"status": "open", "kind": kind}, "$available_kg")


def sum_trades(unit: Unit) -> tuple[int, int]:
    """How many trades stand (agreed and not cancelled), and their kilograms."""
    return _count(unit, "known_trades", {"status": {"$ne": "cancelled"}}, "$kg")


def _count(unit: Unit, collection: str, where: Row, kg: str) -> tuple[int, int]:
    pipeline: list[Row] = [{"$match": where}, {"$group": {"_id": None, "count": {"$sum": 1}, "kg": {"$sum": kg}}}]
    for row in unit.collection(collection).aggregate(pipeline, session=unit.session):
        return row["count"], row["kg"]
    return 0, 0
