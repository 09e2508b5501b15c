"""Loads received, with the way they came."""

from __future__ import annotations

from collections.abc import Iterator

from services.regions.ledger import Span
from services.regions.model import Delivery, Received
from services.regions.store.conditions import in_span, of_material
from shared.mongo import Repository, Row, Sealed, Unit


class DeliveryDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "deliveries",
        "indexes": [
            ("to_region", "at"),
            ("haul.to_site", "at"),
            ("seller_id", "at"),
            ("buyer_id", "at"),
            {"fields": ["trade_id"], "partialFilterExpression": {"waiting": True}},
        ],
    }


DELIVERIES = Repository(DeliveryDocument, Delivery)


def waiting_deliveries(unit: Unit, trade_id: str) -> list[Delivery]:
    """The loads of a trade that was not heard of when they came."""
    return DELIVERIES.select(unit, {"trade_id": trade_id, "waiting": True})


def sum_received(unit: Unit, there: Row, here: Row, material: str | None, span: Span) -> Iterator[Received]:
    """What was received where `there` holds, by grade, mode and whether it arose where `here` holds (an expression)."""
    pipeline: list[Row] = [
        {"$match": {**there, **of_material(material), **in_span("at", span)}},
        {
            "$group": {
                "_id": {"grade": "$grade", "mode": "$haul.mode", "inside": here},
                "loads": {"$sum": 1},
                "kg": {"$sum": "$net_kg"},
                "metre_kg": {"$sum": {"$multiply": ["$net_kg", {"$ifNull": ["$haul.distance_m", 0]}]}},
                "freight_mg": {"$sum": {"$multiply": ["$net_kg", {"$ifNull": ["$haul.co2e_g_per_t", 0]}]}},
            }
        },
        {"$sort": {"_id.grade": 1, "_id.mode": 1, "_id.inside": 1}},
    ]
    for row in unit.collection("deliveries").aggregate(pipeline, session=unit.session):
        key = row["_id"]
        sums = row["loads"], row["kg"], row["metre_kg"], row["freight_mg"]
        yield Received(key["grade"], key.get("mode"), key["inside"], *sums)
