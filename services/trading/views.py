"""The read side: lists of trades."""

from __future__ import annotations

from typing import Any

from services.trading.model import Trade
from services.trading.store import TRADES
from shared import parties
from shared.auth import Caller
from shared.http.filters import in_material, in_region
from shared.mongo import Page, Unit
from shared.parties import Party

SIDES = {"collector": "terms.seller_id", "buyer": "terms.buyer_id"}
"""On which side of a trade a role stands; the operator sees all."""


def page(unit: Unit, caller: Caller, filters: dict[str, str | None], cursor: str | None, limit: int) -> Page[Trade]:
    """The caller's trades, newest first. `filters` by name, None where not asked."""
    conditions = [_condition(name, value) for name, value in filters.items() if value is not None]
    side = SIDES.get(caller.role)
    if side is not None:
        conditions.append({side: caller.organisation_id})
    return TRADES.page(unit, {"$and": conditions} if conditions else {}, cursor, limit)


def _condition(name: str, value: str) -> dict[str, Any]:
    if name == "material":
        return in_material("terms.grade", value)
    if name == "region":
        return {"$or": [in_region("terms.origin.region", value), in_region("terms.destination.region", value)]}
    if name in ("from_region", "to_region"):
        return in_region("terms.origin.region" if name == "from_region" else "terms.destination.region", value)
    return {name if name in ("proposal_id", "status") else f"terms.{name}": value}


def parties_of(unit: Unit, *trades: Trade) -> dict[str, Party]:
    """Sellers and buyers of `trades` by id. Raises NotHeardYet."""
    wanted = {side for trade in trades for side in (trade.terms.seller_id, trade.terms.buyer_id)}
    found = parties.PARTIES.many(unit, wanted)
    return {one: found.get(one) or parties.party(unit, one) for one in wanted}
