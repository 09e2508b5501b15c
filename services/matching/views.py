"""The read side: lists of proposals and clearings."""

from __future__ import annotations

from typing import Any

from services.matching.model import ClearingRecord, Price, Proposal
from services.matching.model.proposal import HIDDEN
from services.matching.store import CLEARINGS, PRICES, PROPOSALS
from shared import geo
from shared.auth import Caller
from shared.http.filters import in_material, in_region
from shared.mongo import Page, Unit

SIDES = {"collector": "terms.seller_id", "buyer": "terms.buyer_id"}
"""On which side of a proposal a role stands; the operator sees all that parties see."""


def proposals(unit: Unit, caller: Caller, filters: dict[str, str | None], cursor: str | None, limit: int) -> Page[Proposal]:
    """The caller's proposals, newest first; those that listings has not reserved are nobody's yet."""
    conditions: list[dict[str, Any]] = [{"status": {"$nin": list(HIDDEN)}}]
    conditions += [_condition(name, value) for name, value in filters.items() if value is not None]
    side = SIDES.get(caller.role)
    if side is not None:
        conditions.append({side: caller.organisation_id})
    return PROPOSALS.page(unit, {"$and": conditions}, cursor, limit)


def _condition(name: str, value: str) -> dict[str, Any]:
    if name == "material":
        return in_material("terms.grade", value)
    if name == "region":
        return {"$or": [in_region("terms.origin.region", value), in_region("terms.destination.region", value)]}
    return {f"terms.{name}" if name in ("lot_id", "demand_id", "mode") else name: value}


def clearings(unit: Unit, material: str | None, status: str | None, cursor: str | None, limit: int) -> Page[ClearingRecord]:
    """Clearings, newest first."""
    where: dict[str, Any] = {"status": status} if status else {}
    if material:
        where["material"] = material.split(".", 1)[0]
    return CLEARINGS.page(unit, where, cursor, limit)


def prices(unit: Unit, filters: dict[str, str | None], cursor: str | None, limit: int) -> Page[Price]:
    """Prices by day, newest first, of days, regions and grades that have or carry one."""
    conditions: list[dict[str, Any]] = [{"median_fen_per_t": {"$ne": None}}]
    for name in ("material", "grade"):
        if (code := filters[name]) is not None:
            conditions.append(in_material("grade", code))
    if (region := filters["region"]) is not None:
        is_county = geo.prefix(region) == region
        conditions.append({"region": next(iter(geo.ancestors(region)), region) if is_county else region})
    if (since := filters["from_"]) is not None:
        conditions.append({"day": {"$gte": since}})
    if (until := filters["to"]) is not None:
        conditions.append({"day": {"$lt": until}})
    return PRICES.page(unit, {"$and": conditions}, cursor, limit)


def clearing(unit: Unit, identifier: str) -> ClearingRecord:
    """Raises NotFound."""
    return CLEARINGS.get(unit, identifier)
