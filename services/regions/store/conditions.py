"""Conditions that several of the room's queries share."""

from __future__ import annotations

from typing import Any, Literal

from services.regions.ledger import Place, Span
from shared.mongo import Row

End = Literal["origin", "destination"]
FIELDS: dict[End, tuple[str, str]] = {"origin": ("region", "site_id"), "destination": ("to_region", "to_site_id")}


def at_place(place: Place, end: End = "origin", site: str | None = None) -> Row:
    """The condition that a fact, a posting or (with a field `site` of its own) a load has that end in the place."""
    region, usual = FIELDS[end]
    starts = sorted(place.within)
    if all(len(one) == 6 for one in starts):  # whole codes: equality finds them in the order of any index
        where: Row = {region: starts[0] if len(starts) == 1 else {"$in": starts}}
    elif len(starts) == 1:
        where = {region: {"$regex": f"^{starts[0]}"}}
    else:
        where = {"$or": [{region: {"$regex": f"^{one}"}} for one in starts]}
    return where if place.sites is None else {**where, site or usual: {"$in": list(place.sites)}}


def of_material(material: str | None) -> Row:
    """The condition that `grade` is `material` or of that family."""
    if material is None:
        return {}
    return {"grade": material if "." in material else {"$regex": f"^{material}\\."}}


def of_mode(mode: str | None) -> Row:
    """The condition that it was hauled by that mode."""
    return {} if mode is None else {"mode": mode}


def in_span(field: str, span: Span) -> Row:
    """The condition that `field` lies in `span`."""
    bounds: dict[str, Any] = {}
    if span.start is not None:
        bounds["$gte"] = span.start
    if span.end is not None:
        bounds["$lt"] = span.end
    return {field: bounds} if bounds else {}


def lies_in(place: Place, region: str, site: str) -> Row:
    """The expression that these fields of a document lie in the place."""
    if place.sites is not None:
        return {"$in": [site, list(place.sites)]}
    return {"$or": [{"$eq": [{"$substrCP": [region, 0, len(one)]}, one]} for one in place.within]}


def of_firm(firm: str) -> Row:
    """The condition that a firm is the seller or the buyer."""
    return {"$or": [{"seller_id": firm}, {"buyer_id": firm}]}
