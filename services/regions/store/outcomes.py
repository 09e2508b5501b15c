"""Loads received, with the way they came."""

from __future__ import annotations

from collections.abc import Iterator

from services.regions.ledger import Place, Span
from services.regions.model import Received
from services.regions.store.conditions import at_place, in_span, lies_in, of_material
from services.regions.store.state import of_present_form
from shared.events.logistics import ShipmentReceived
from shared.mongo import Row, Unit


@of_present_form
def sum_received(unit: Unit, place: Place, own: Row, material: str | None, span: Span) -> Iterator[Received]:
    """What was received in the place, by grade, mode and whether it arose there too; where `own` holds. A ticket that was put
    right changes the kilograms, not the number of loads."""
    known = {"$ne": [{"$type": "$distance_m"}, "null"]}
    kg = "$kg.received"
    pipeline: list[Row] = [
        {
            "$match": {
                "$and": [at_place(place, "destination"), own],
                "kg.received": {"$exists": True},
                **of_material(material),
                **in_span("at", span),
            }
        },
        {
            "$group": {
                "_id": {"grade": "$grade", "mode": "$mode", "inside": lies_in(place, "$region", "$site_id")},
                "loads": {"$sum": {"$cond": [{"$eq": ["$type", ShipmentReceived.TYPE]}, 1, 0]}},
                "kg": {"$sum": kg},
                "hauled_kg": {"$sum": {"$cond": [known, kg, 0]}},
                "metre_kg": {"$sum": {"$multiply": [kg, {"$ifNull": ["$distance_m", 0]}]}},
            }
        },
        {"$sort": {"_id.grade": 1, "_id.mode": 1, "_id.inside": 1}},
    ]
    for row in unit.collection("facts").aggregate(pipeline, session=unit.session):
        key = row["_id"]
        sums = row["loads"], row["kg"], row["hauled_kg"], row["metre_kg"]
        yield Received(key["grade"], key["mode"], key["inside"], *sums)
