"""Shapes of shipments. They name no organisation but the carrier: a load on offer hides its parties."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import StringConstraints

from services.logistics.model import Correction, Recorded, Reported, Shipment, Status, freight_fen
from services.logistics.schemas.photos import PhotoOut
from shared.catalogue import family_of
from shared.events.base import Point
from shared.geo import round_km
from shared.http import ListQuery, Position, Shape
from shared.http.filters import Material, Region
from shared.http.shapes import Time
from shared.units import CnyOut, TonnesOut

HIDDEN_KM = 5
"""Distances of loads whose ends are hidden are rounded to this."""
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class AssignIn(Shape):
    """Who hauls it, and with what (a plate, a vessel, a train)."""

    carrier_id: Short
    vehicle: Short


class ShipmentQuery(ListQuery):
    trade_id: str | None = None
    lot_id: str | None = None
    demand_id: str | None = None
    material: Material | None = None
    status: Status | None = None
    carrier_id: str | None = None
    region: Region | None = None
    """At either end."""
    from_region: Region | None = None
    to_region: Region | None = None
    mode: str | None = None
    under_way: bool | None = None
    """Whether it is somebody's and has a step to come."""
    received_on: date | None = None
    """A day of Asia/Shanghai."""

    def filters(self) -> dict[str, Any]:
        return self.model_dump(exclude={"limit", "cursor"})


class EventOut(Shape):
    """A step as reported; fields of other steps are null. `recorded_at` is when it came, which orders them."""

    type: Reported
    at: Time
    recorded_at: Time
    lat: float | None
    lon: float | None
    gross_t: TonnesOut | None
    tare_t: TonnesOut | None
    ticket: str | None
    moisture_pct: float | None
    impurity_pct: float | None
    grade: str | None
    reason: str | None

    @classmethod
    def of(cls, recorded: Recorded) -> EventOut:
        report = recorded.report
        return cls(
            type=report.type,
            at=report.at,
            recorded_at=recorded.recorded_at,
            lat=report.position.lat if report.position else None,
            lon=report.position.lon if report.position else None,
            gross_t=report.gross_kg if report.type == "weighed" else None,
            tare_t=report.tare_kg if report.type == "weighed" else None,
            ticket=report.ticket,
            moisture_pct=report.moisture_pct,
            impurity_pct=report.impurity_pct,
            grade=report.found_grade,
            reason=report.reason,
        )


class CorrectionOut(Shape):
    """What stands of a received load since its ticket or inspection was put right, and why."""

    reason: str
    recorded_at: Time
    received_at: Time
    gross_t: TonnesOut
    tare_t: TonnesOut
    ticket: str
    moisture_pct: float | None
    impurity_pct: float | None
    net_t: TonnesOut
    settled_t: TonnesOut

    @classmethod
    def of(cls, one: Correction) -> CorrectionOut:
        stands = one.stands
        return cls(
            reason=one.reason,
            recorded_at=one.recorded_at,
            received_at=stands.received_at,
            gross_t=stands.gross_kg,
            tare_t=stands.tare_kg,
            ticket=stands.ticket,
            moisture_pct=stands.moisture_pct,
            impurity_pct=stands.impurity_pct,
            net_t=one.net_kg,
            settled_t=one.settled_kg,
        )


class ShipmentOut(Shape):
    id: str
    version: int
    status: Status
    trade_id: str
    lot_id: str
    demand_id: str
    material: str
    grade: str
    quantity_t: TonnesOut
    from_region: str
    to_region: str
    from_position: Position | None
    to_position: Position | None
    mode: str
    distance_km: float
    freight_cny_per_t: CnyOut
    freight_cny: CnyOut
    carrier_id: str | None
    vehicle: str | None
    net_t: TonnesOut | None
    settled_t: TonnesOut | None
    events: list[EventOut]
    corrections: list[CorrectionOut]
    photos: list[PhotoOut]
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, shipment: Shipment, exact: bool, photos: bool) -> ShipmentOut:
        """`exact` for the parties, the carrier and the operator; others see regions and a rounded distance. `photos` for the
        parties and the carrier; there are none for others."""
        distance_km = shipment.distance_m / 1000 if exact else round_km(shipment.distance_m, HIDDEN_KM)
        return cls(
            id=shipment.id,
            version=shipment.version,
            status=shipment.status,
            trade_id=shipment.trade_id,
            lot_id=shipment.lot_id,
            demand_id=shipment.demand_id,
            material=family_of(shipment.grade),
            grade=shipment.grade,
            quantity_t=shipment.planned_kg,
            from_region=shipment.from_region,
            to_region=shipment.to_region,
            from_position=_position(shipment.from_position) if exact else None,
            to_position=_position(shipment.to_position) if exact else None,
            mode=shipment.mode,
            distance_km=distance_km,
            freight_cny_per_t=shipment.freight_fen_per_t,
            freight_cny=freight_fen(shipment.freight_fen_per_t, shipment.planned_kg),
            carrier_id=shipment.carrier_id,
            vehicle=shipment.vehicle,
            net_t=shipment.net_kg,
            settled_t=shipment.settled_kg,
            events=[EventOut.of(one) for one in shipment.events],
            corrections=[CorrectionOut.of(one) for one in shipment.corrections],
            photos=[PhotoOut.of(shipment.id, one) for one in shipment.photos] if photos else [],
            created_at=shipment.created_at,
            updated_at=shipment.updated_at,
        )


def _position(point: Point) -> Position:
    return Position(lat=point.lat, lon=point.lon)
