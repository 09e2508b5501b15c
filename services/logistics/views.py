"""The read side: lists of shipments."""

from __future__ import annotations

from typing import Any

from services.logistics.model import Shipment
from services.logistics.store import SHIPMENTS
from shared.auth import Caller
from shared.http.filters import in_material, in_region
from shared.mongo import Page, Unit


def page(unit: Unit, caller: Caller, filters: dict[str, str | None], cursor: str | None, limit: int) -> Page[Shipment]:
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


def _condition(name: str, value: str) -> dict[str, Any]:
    if name == "material":
        return in_material("grade", value)
    if name == "region":
        return {"$or": [in_region("from_region", value), in_region("to_region", value)]}
    if name in ("from_region", "to_region"):
        return in_region(name, value)
    return {name: value}
