"""Routes of logistics: `/v1/quotes`, `/v1/shipments`, `/v1/earnings`."""

from __future__ import annotations

from datetime import timedelta

from flask import Request

from services.logistics import service, views
from services.logistics.model import Shipment
from services.logistics.schemas import (
    DAYS,
    AssignIn,
    CorrectionIn,
    EarnedOut,
    EarningsOut,
    EarningsQuery,
    EventIn,
    PhotoOut,
    QuoteIn,
    QuoteOption,
    QuoteQuery,
    QuotesOut,
    ShipmentOut,
    ShipmentQuery,
)
from shared.auth import Caller
from shared.clock import SHANGHAI
from shared.http import Answer, PageOut, Routes, Upload, created, file_answer, page_of
from shared.mongo import Unit
from shared.pictures import picture

routes = Routes("logistics")


def _out(shipment: Shipment, caller: Caller) -> ShipmentOut:
    takes_part = bool(service.takes_part(shipment, caller))
    return ShipmentOut.of(shipment, takes_part or caller.role == "operator", takes_part)


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


@routes.get("/v1/earnings", "earnings.read", EarningsOut)
def read_earnings(unit: Unit, caller: Caller, query: EarningsQuery) -> EarningsOut:
    """The carrier's freight by day, of all its loads that were received since."""
    since = query.since or unit.now.astimezone(SHANGHAI).date() - timedelta(days=DAYS - 1)
    return EarningsOut(items=[EarnedOut.of(one) for one in views.earned(unit, caller.organisation_id, since)])


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


@routes.post("/v1/shipments/<identifier>/photos", "shipment_photos.add", PhotoOut, status=201, multipart=True)
def add_photo(unit: Unit, caller: Caller, identifier: str, file: Upload) -> Answer:
    """Add a photo (JPEG, PNG or WebP) to a load, of its ticket for one; one that it has already is the same photo."""
    out = PhotoOut.of(identifier, service.add_photo(unit, caller, identifier, file.once(picture)))
    return created(out.url, out)


@routes.get("/v1/shipments/<identifier>/photos/<photo_id>", "shipment_photos.read")
def read_photo(unit: Unit, caller: Caller, identifier: str, photo_id: str, request: Request) -> Answer:
    """A photo's picture."""
    return file_answer(service.photo_file(unit, caller, identifier, photo_id, False), request, "inline")


@routes.get("/v1/shipments/<identifier>/photos/<photo_id>/thumbnail", "shipment_photos.read")
def read_thumbnail(unit: Unit, caller: Caller, identifier: str, photo_id: str, request: Request) -> Answer:
    """A photo's picture, small."""
    return file_answer(service.photo_file(unit, caller, identifier, photo_id, True), request, "inline")


@routes.delete("/v1/shipments/<identifier>/photos/<photo_id>", "shipment_photos.remove")
def remove_photo(unit: Unit, caller: Caller, identifier: str, photo_id: str) -> Answer:
    """Take one's own photo off a load that is not received."""
    service.remove_photo(unit, caller, identifier, photo_id)
    return Answer(None, 204)
