"""Lots of one's own."""

from __future__ import annotations

from services.listings import service, views
from services.listings.schemas import (
    LotIn,
    LotOut,
    LotPatch,
    LotsQuery,
)
from shared.auth import Caller
from shared.http import Answer, PageOut, Precondition, Routes, created, page_of
from shared.mongo import Unit

routes = Routes("listings")


@routes.post("/v1/lots", "lots.create", LotOut, status=201)
def create_lot(unit: Unit, caller: Caller, body: LotIn) -> Answer:
    """Create a lot, as a draft or open at once."""
    lot = service.create_lot(unit, caller, body.draft(), body.publish)
    return created(f"/v1/lots/{lot.id}", LotOut.of(lot, True, caller.organisation_id))


@routes.get("/v1/lots", "lots.list", PageOut[LotOut])
def list_lots(unit: Unit, caller: Caller, query: LotsQuery) -> PageOut[LotOut]:
    """List one's own lots."""
    page = views.list_lots(unit, caller, query.where(), query.cursor, query.limit)
    return page_of(page, lambda lot: LotOut.of(lot, True, caller.organisation_id))


@routes.get("/v1/lots/<lot_id>", "lots.read", LotOut)
def read_lot(unit: Unit, caller: Caller, lot_id: str) -> LotOut:
    """Read a lot."""
    return LotOut.of(*views.read_lot(unit, caller, lot_id), caller.organisation_id)


@routes.patch("/v1/lots/<lot_id>", "lots.change", LotOut)
def change_lot(unit: Unit, caller: Caller, lot_id: str, body: LotPatch, match: Precondition) -> LotOut:
    """Change a lot: a draft freely, an open one within what is promised."""
    return LotOut.of(service.change_lot(unit, caller, lot_id, match.check, body.revise), True, caller.organisation_id)


@routes.post("/v1/lots/<lot_id>/publish", "lots.publish", LotOut)
def publish_lot(unit: Unit, caller: Caller, lot_id: str) -> LotOut:
    """Put a draft on offer."""
    return LotOut.of(service.publish_lot(unit, caller, lot_id), True, caller.organisation_id)


@routes.post("/v1/lots/<lot_id>/withdraw", "lots.withdraw", LotOut)
def withdraw_lot(unit: Unit, caller: Caller, lot_id: str) -> LotOut:
    """Take what is available of a lot off the market."""
    return LotOut.of(service.withdraw_lot(unit, caller, lot_id), True, caller.organisation_id)
