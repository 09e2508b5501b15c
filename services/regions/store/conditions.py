"""Conditions that several of the room's queries share."""

from __future__ import annotations

from typing import Any

from services.regions.ledger import Span
from shared.mongo import Row


def within(field: str, prefix: str) -> Row:
    """The condition that a region lies in the one whose codes begin with `prefix`."""
    return {field: {"$regex": f"^{prefix}"}}


def of_material(material: str | None) -> Row:
    """The condition that `grade` is `material` or of that family."""
    if material is None:
        return {}
    return {"grade": material if "." in material else {"$regex": f"^{material}\\."}}


def in_span(field: str, span: Span) -> Row:
    """The condition that `field` lies in `span`."""
    bounds: dict[str, Any] = {}
    if span.start is not None:
        bounds["$gte"] = span.start
    if span.end is not None:
        bounds["$lt"] = span.end
    return {field: bounds} if bounds else {}


def begins(field: str, prefix: str) -> Row:
    """The expression that a region's code begins with `prefix`."""
    return {"$eq": [{"$substrCP": [field, 0, len(prefix)]}, prefix]}


def of_firm(firm: str) -> Row:
    """The condition that a firm is the seller or the buyer."""
    return {"$or": [{"seller_id": firm}, {"buyer_id": firm}]}
