"""The read side: lists of shipments, and what a carrier earned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from services.logistics.model import ENDED, Shipment, freight_fen
from services.logistics.store import SHIPMENTS, received
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.http.filters import in_material, in_region
from shared.mongo import Page, Unit


@dataclass
class Earned:
    """Freight of the loads that were received on a day of Asia/Shanghai: kilograms as planned, fen."""

    day: date
    loads: int = 0
    kg: int = 0
    fen: int = 0


def earned(unit: Unit, carrier_id: str, since: date) -> list[Earned]:
    """Every day from `since` on that has a load, the newest first."""
    days: dict[date, Earned] = {}
    for row in received(unit, {"carrier_id": carrier_id}, _start(since)):
        at = max(one["report"]["at"] for one in row["events"] if one["report"]["type"] == "received")
        found = days.setdefault(day := at.astimezone(SHANGHAI).date(), Earned(day))
        found.loads += 1
        found.kg += row["planned_kg"]
        found.fen += freight_fen(row["freight_fen_per_t"], row["planned_kg"])
    return sorted(days.values(), key=lambda one: one.day, reverse=True)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def page(unit: Unit, caller: Caller, filters: Mapping[str, Any], cursor: str | None, limit: int) -> Page[Shipment]:
    """What the caller may see, newest first. `filters` by name, None where not asked."""
    conditions = [*_visible_to(caller), *(_condition(name, value) for name, value in filters.items() if value is not None)]
    return SHIPMENTS.page(unit, {"$and": conditions} if conditions else {}, cursor, limit)


def _visible_to(caller: Caller) -> list[dict[str, Any]]:
    own = caller.organisation_id
    if caller.role == "operator":
        return []
    if caller.role == "carrier":
        return [{"$or": [{"carrier_id": own}, {"status": "planned"}]}]
    return [{"buyer_id" if caller.role == "buyer" else "seller_id": own}]


def _condition(name: str, value: Any) -> dict[str, Any]:
    if name == "under_way":
        return {"status": {"$nin" if value else "$in": ["planned", *ENDED]}}
    if name == "received_on":
        on = {"report.type": "received", "report.at": {"$gte": _start(value), "$lt": _start(value + timedelta(days=1))}}
        return {"status": "received", "events": {"$elemMatch": on}}
    if name == "material":
        return in_material("grade", value)
    if name == "region":
        return {"$or": [in_region("from_region", value), in_region("to_region", value)]}
    if name in ("from_region", "to_region"):
        return in_region(name, value)
    return {name: value}
