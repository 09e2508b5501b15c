"""Routes of logistics: `/v1/quotes`, `/v1/shipments`."""

from __future__ import annotations

from services.logistics import service, views
from services.logistics.model import Shipment
from services.logistics.schemas import (
    AssignIn,
    CorrectionIn,
    EventIn,
    QuoteIn,
    QuoteOption,
    QuoteQuery,
    QuotesOut,
    ShipmentOut,
    ShipmentQuery,
)
from shared.auth import Caller
from shared.http import Answer, PageOut, Routes, created, page_of
from shared.mongo import Unit

routes = Routes("logistics")


def _out(shipment: Shipment, caller: Caller) -> ShipmentOut:
    return ShipmentOut.of(shipment, caller.role == "operator" or service.relations(shipment, caller) != {"visible"})


def _quotes(unit: Unit, caller: Caller, asked: QuoteIn | QuoteQuery) -> QuotesOut:
    found = service.quote(unit, caller, (asked.from_, asked.to), asked.tonnes, asked.material)
    return QuotesOut(options=[QuoteOption.of(one) for one in found])


@routes.get("/v1/quotes", "quotes.read", QuotesOut)
def read_quotes(unit: Unit, caller: Caller, query: QuoteQuery) -> QuotesOut:
    """What a haul costs, takes and emits, by mode."""
    return _quotes(unit, caller, query)


@routes.post("/v1/quotes", "quotes.read", QuotesOut)
def ask_quotes(unit: Unit, caller: Caller, body: QuoteIn) -> QuotesOut:
    """The same by POST."""
    return _quotes(unit, caller, body)


@routes.get("/v1/shipments", "shipments.list", PageOut[ShipmentOut])
def list_shipments(unit: Unit, caller: Caller, query: ShipmentQuery) -> PageOut[ShipmentOut]:
    """The caller's loads, and for carriers the loads on offer; newest first."""
    page = views.page(unit, caller, query.filters(), query.cursor, query.limit)
    return page_of(page, lambda shipment: _out(shipment, caller))


@routes.get("/v1/shipments/<identifier>", "shipments.read", ShipmentOut)
def read_shipment(unit: Unit, caller: Caller, identifier: str) -> ShipmentOut:
    """One load with what was reported of it."""
    return _out(service.readable(unit, caller, identifier), caller)


@routes.post("/v1/shipments/<identifier>/assign", "shipments.assign", ShipmentOut)
def assign_shipment(unit: Unit, caller: Caller, identifier: str, body: AssignIn) -> ShipmentOut:
    """Name the carrier and its vehicle."""
    return _out(service.assign(unit, caller, identifier, body.carrier_id, body.vehicle), caller)


@routes.post("/v1/shipments/<identifier>/events", "shipments.haul", ShipmentOut, status=201)
def report_event(unit: Unit, caller: Caller, identifier: str, body: EventIn) -> Answer:
    """Report the next step of a load."""
    shipment = service.report(unit, caller, identifier, body.report())
    return created(f"/v1/shipments/{shipment.id}", _out(shipment, caller))


@routes.post("/v1/shipments/<identifier>/corrections", "shipments.correct", ShipmentOut, status=201)
def correct_shipment(unit: Unit, caller: Caller, identifier: str, body: CorrectionIn) -> Answer:
    """Put the ticket, the inspection or the time of a received load right, with the reason."""
    shipment = service.correct(unit, caller, identifier, body.changes())
    return created(f"/v1/shipments/{shipment.id}", _out(shipment, caller))
