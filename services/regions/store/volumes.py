"""Facts and cells: what is counted where and when."""

from __future__ import annotations

from collections.abc import Iterator

from services.regions.ledger import Span
from services.regions.model import MEASURES, Cell, Fact, Side
from services.regions.store.conditions import in_span, of_material, within
from shared.mongo import Repository, Row, Sealed, Unit


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


FACTS = Repository(FactDocument, Fact)
CELLS = Repository(CellDocument, Cell)


def waiting_facts(unit: Unit, lot_id: str) -> list[Fact]:
    """The facts about a lot that wait for its publication."""
    return FACTS.select(unit, {"lot_id": lot_id, "waiting": True})


def sum_volumes(
    unit: Unit, side: Side, prefix: str, material: str | None, span: Span, time_format: str, zone: str
) -> Iterator[tuple[str, str, dict[str, int]]]:
    """`(period, grade, kilograms by measure)` by period and grade. Cells answer a span of whole hours of a zone whose offset
    is whole hours; facts any other, exactly."""
    cells = span.on_the_hour and _whole_hours(zone)
    place = "region" if cells or side == "origin" else "to_region"
    time_field = "hour" if cells else "at"
    where = {**within(place, prefix), **of_material(material), **in_span(time_field, span)}
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


def sum_flows(unit: Unit, prefix: str, material: str | None, span: Span, limit: int) -> Iterator[tuple[str, str, str, int]]:
    """`(from, to, grade, received kilograms)` of what left or reached the region, the largest first."""
    touches = {"$or": [within("region", prefix), within("to_region", prefix)]}
    where = {**touches, **of_material(material), **in_span("at", span), "kg.received": {"$gt": 0}}
    group = {"_id": {"from": "$region", "to": "$to_region", "grade": "$grade"}, "kg": {"$sum": "$kg.received"}}
    pipeline: list[Row] = [{"$match": where}, {"$group": group}, {"$sort": {"kg": -1, "_id": 1}}, {"$limit": limit}]
    for row in unit.collection("facts").aggregate(pipeline, session=unit.session):
        yield row["_id"]["from"], row["_id"]["to"], row["_id"]["grade"], row["kg"]
