"""The room's collections, and the sums that only the database should make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.regions.ledger import Span
from services.regions.model import (
    ACCOUNTS,
    MEASURES,
    Cell,
    Fact,
    KnownClearing,
    KnownListing,
    KnownTrade,
    LotAccounts,
    Posting,
    Side,
    Target,
)
from shared.mongo import Repository, Row, Sealed, Unit

CLEARINGS_ARE_KEPT_S = 30 * 86400


class PostingDocument(Sealed):
    meta = {"collection": "postings", "indexes": ["lot_id"]}  # noqa: RUF012


class LotAccountsDocument(Sealed):
    meta = {"collection": "lot_accounts", "indexes": [("region", "grade")]}  # noqa: RUF012


class FactDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "facts",
        "indexes": [
            ("region", "at"),
            ("to_region", "at"),
            {"fields": ["lot_id"], "partialFilterExpression": {"waiting": True}},
        ],
    }


class CellDocument(Sealed):
    meta = {"collection": "cells", "indexes": [("side", "region", "hour")]}  # noqa: RUF012


class ListingDocument(Sealed):
    meta = {"collection": "known_listings", "indexes": [("status", "kind", "available_kg")]}  # noqa: RUF012


class TradeDocument(Sealed):
    meta = {"collection": "known_trades", "indexes": ["agreed_at", ("status", "kg")]}  # noqa: RUF012


class ClearingDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "known_clearings",
        "indexes": [{"fields": ["at"], "expireAfterSeconds": CLEARINGS_ARE_KEPT_S}],
    }


class TargetDocument(Sealed):
    meta = {"collection": "targets", "indexes": [("terms.region", "id")]}  # noqa: RUF012


POSTINGS = Repository(PostingDocument, Posting)
LOT_ACCOUNTS = Repository(LotAccountsDocument, LotAccounts)
FACTS = Repository(FactDocument, Fact)
CELLS = Repository(CellDocument, Cell)
LISTINGS = Repository(ListingDocument, KnownListing)
TRADES = Repository(TradeDocument, KnownTrade)
CLEARINGS = Repository(ClearingDocument, KnownClearing)
TARGETS = Repository(TargetDocument, Target)

DOCUMENTS: tuple[type[Sealed], ...] = (
    PostingDocument,
    LotAccountsDocument,
    FactDocument,
    CellDocument,
    ListingDocument,
    TradeDocument,
    ClearingDocument,
    TargetDocument,
)
BY_ID: tuple[Repository[Any], ...] = (LOT_ACCOUNTS, LISTINGS, TRADES)
"""What events name, read before each batch of them."""


def waiting_facts(unit: Unit, lot_id: str) -> list[Fact]:
    """The facts about a lot that wait for its publication."""
    return FACTS.select(unit, {"lot_id": lot_id, "waiting": True})


def within(field: str, prefix: str) -> Row:
    """The condition that a region lies in the one whose codes begin with `prefix`."""
    return {field: {"$regex": f"^{prefix}"}}


def of_material(material: str | None) -> Row:
    """The condition that `grade` is `material` or of that family."""
    if material is None:
        return {}
    return {"grade": material if "." in material else {"$regex": f"^{material}\\."}}


def sum_volumes(
    unit: Unit, side: Side, prefix: str, material: str | None, span: Span, time_format: str, zone: str
) -> Iterator[tuple[str, str, dict[str, int]]]:
    """`(period, grade, kilograms by measure)` by period and grade. Cells answer a span of whole hours of a zone whose offset
    is whole hours; facts any other, exactly."""
    cells = span.on_the_hour and _whole_hours(zone)
    place = "region" if cells or side == "origin" else "to_region"
    time_field = "hour" if cells else "at"
    where = {**within(place, prefix), **of_material(material), **_in_span(time_field, span)}
    where |= {"side": side} if cells else {"waiting": False}
    period = {"$dateToString": {"date": f"${time_field}", "format": time_format, "timezone": zone}}
    sums = {measure: {"$sum": f"$kg.{measure}"} for measure in MEASURES}
    pipeline: list[Row] = [
        {"$match": where},
        {"$group": {"_id": {"period": period, "grade": "$grade"}, **sums}},
        {"$sort": {"_id.period": 1, "_id.grade": 1}},
    ]
    for row in unit.collection("cells" if cells else "facts").aggregate(pipeline, session=unit.session):
        yield row["_id"]["period"], row["_id"]["grade"], {measure: row[measure] for measure in MEASURES}


def _whole_hours(zone: str) -> bool:
    """China has no other offset; elsewhere half hours exist, so that hourly cells could straddle a day."""
    return zone in ("Asia/Shanghai", "UTC")


def _in_span(field: str, span: Span) -> Row:
    bounds: dict[str, Any] = {}
    if span.start is not None:
        bounds["$gte"] = span.start
    if span.end is not None:
        bounds["$lt"] = span.end
    return {field: bounds} if bounds else {}


def sum_flows(unit: Unit, prefix: str, material: str | None, span: Span, limit: int) -> Iterator[tuple[str, str, str, int]]:
    """`(from, to, grade, received kilograms)` of what left or reached the region, the largest first."""
    touches = {"$or": [within("region", prefix), within("to_region", prefix)]}
    where = {**touches, **of_material(material), **_in_span("at", span), "kg.received": {"$gt": 0}}
    group = {"_id": {"from": "$region", "to": "$to_region", "grade": "$grade"}, "kg": {"$sum": "$kg.received"}}
    pipeline: list[Row] = [{"$match": where}, {"$group": group}, {"$sort": {"kg": -1, "_id": 1}}, {"$limit": limit}]
    for row in unit.collection("facts").aggregate(pipeline, session=unit.session):
        yield row["_id"]["from"], row["_id"]["to"], row["_id"]["grade"], row["kg"]


def sum_balance(unit: Unit, prefix: str, material: str | None) -> Iterator[tuple[str, dict[str, int]]]:
    """`(grade, kilograms by account)` of the lots published in the region; `published` is positive."""
    sums: Row = {account: {"$sum": f"$balance.{account}"} for account in ACCOUNTS}
    sums["source"] = {"$sum": "$balance.published"}
    where = {**within("region", prefix), **of_material(material)}
    pipeline: list[Row] = [{"$match": where}, {"$group": {"_id": "$grade", **sums}}, {"$sort": {"_id": 1}}]
    for row in unit.collection("lot_accounts").aggregate(pipeline, session=unit.session):
        yield row["_id"], {"published": -row["source"], **{account: row[account] for account in ACCOUNTS}}


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
