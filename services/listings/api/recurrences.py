"""Lots and demands that come again."""

from __future__ import annotations

from flask import Request

from services.listings import service, views
from services.listings.model.recurrence import Side
from services.listings.schemas import (
    DemandOut,
    DemandPatch,
    LotOut,
    LotPatch,
    RecurrenceIn,
    RecurrenceOut,
)
from shared.auth import Caller
from shared.http import Answer, Routes, created
from shared.http.wire import language_of
from shared.mongo import Unit

routes = Routes("listings")


@routes.post("/v1/lots/<lot_id>/copy", "lots.copy", LotOut, status=201)
def copy_lot(unit: Unit, caller: Caller, lot_id: str, body: LotPatch) -> Answer:
    """Sell this again: a new draft with its window moved to now, and the changes of the body."""
    lot = service.copy_lot(unit, caller, lot_id, body.revise)
    return created(f"/v1/lots/{lot.id}", LotOut.of(lot, True, caller.organisation_id))


@routes.post("/v1/lots/<lot_id>/recurrence", "recurrences.set", RecurrenceOut, status=201)
def set_lot_recurrence(unit: Unit, caller: Caller, lot_id: str, body: RecurrenceIn, request: Request) -> Answer:
    """Offer the lot again every day, week or month."""
    return _recurring(unit, caller, "lot", lot_id, body, request)


@routes.get("/v1/lots/<lot_id>/recurrence", "recurrences.read", RecurrenceOut)
def read_lot_recurrence(unit: Unit, caller: Caller, lot_id: str, request: Request) -> RecurrenceOut:
    """When the lot is offered again."""
    return RecurrenceOut.of(views.read_recurrence(unit, caller, "lot", lot_id), language_of(request))


@routes.delete("/v1/lots/<lot_id>/recurrence", "recurrences.remove")
def remove_lot_recurrence(unit: Unit, caller: Caller, lot_id: str) -> Answer:
    """Offer the lot again no more; what was made of it stays."""
    service.remove_recurrence(unit, caller, "lot", lot_id)
    return Answer(None, 204)


def _recurring(unit: Unit, caller: Caller, side: Side, of: str, body: RecurrenceIn, request: Request) -> Answer:
    set_to = service.set_recurrence(unit, caller, side, of, body.every, body.quantity_t, body.until)
    return created(f"/v1/{side}s/{of}/recurrence", RecurrenceOut.of(set_to, language_of(request)))


@routes.post("/v1/demands/<demand_id>/copy", "demands.copy", DemandOut, status=201)
def copy_demand(unit: Unit, caller: Caller, demand_id: str, body: DemandPatch) -> Answer:
    """Ask for this again: a new draft with its window moved to now, and the changes of the body."""
    demand = service.copy_demand(unit, caller, demand_id, body.revise)
    return created(f"/v1/demands/{demand.id}", DemandOut.of(demand, True))


@routes.post("/v1/demands/<demand_id>/recurrence", "recurrences.set", RecurrenceOut, status=201)
def set_demand_recurrence(unit: Unit, caller: Caller, demand_id: str, body: RecurrenceIn, request: Request) -> Answer:
    """Post the demand again every day, week or month."""
    return _recurring(unit, caller, "demand", demand_id, body, request)


@routes.get("/v1/demands/<demand_id>/recurrence", "recurrences.read", RecurrenceOut)
def read_demand_recurrence(unit: Unit, caller: Caller, demand_id: str, request: Request) -> RecurrenceOut:
    """When the demand is posted again."""
    return RecurrenceOut.of(views.read_recurrence(unit, caller, "demand", demand_id), language_of(request))


@routes.delete("/v1/demands/<demand_id>/recurrence", "recurrences.remove")
def remove_demand_recurrence(unit: Unit, caller: Caller, demand_id: str) -> Answer:
    """Post the demand again no more; what was made of it stays."""
    service.remove_recurrence(unit, caller, "demand", demand_id)
    return Answer(None, 204)
