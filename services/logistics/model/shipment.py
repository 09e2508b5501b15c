"""A load's rules: the table of steps, who may report which, and what a received load weighs.

The chain is a table as data (`STEPS`). A shipment's status is the last step's name, `planned` before any. The order of steps
is that of arrival; a step's reported time may equal the one before, never precede it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from services.logistics.model.correction import Changes, Correction, Weighing
from services.logistics.model.intake import intake, settled
from services.logistics.model.photo import MOST, Photo
from shared.events import Event
from shared.events.base import Point
from shared.events.logistics import (
    PositionReported,
    ShipmentArrived,
    ShipmentAssigned,
    ShipmentBooked,
    ShipmentCorrected,
    ShipmentInspected,
    ShipmentLoaded,
    ShipmentPlanned,
    ShipmentReceived,
    ShipmentRefused,
    ShipmentReturned,
    ShipmentWeighed,
)
from shared.problem import InputIsInvalid, NotAllowed, NotFound, WrongState
from shared.units import div_half_up

Reported = Literal["booked", "loaded", "position", "arrived", "weighed", "inspected", "received", "refused", "returned"]
"""The types of `POST /v1/shipments/{id}/events`."""
Status = Literal[Reported, "planned", "assigned", "cancelled"]
STATUSES_ZH: Final[Mapping[Status, str]] = {
    "planned": "待派车",
    "assigned": "已派车",
    "booked": "已约车",
    "loaded": "已装车",
    "position": "在途",
    "arrived": "已到厂",
    "weighed": "已过磅",
    "inspected": "已质检",
    "received": "已收货",
    "refused": "已拒收",
    "returned": "已退回",
    "cancelled": "已取消",
}
"""How a refusal names them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the chain: the states it may follow, the side that reports it, the event that tells of it."""

    after: frozenset[Status]
    by: Literal["carrier", "buyer"]
    event: type[Event]


def _step(by: Literal["carrier", "buyer"], event: type[Event], *after: Status) -> Step:
    return Step(frozenset(after), by, event)


STEPS: Final[Mapping[Reported, Step]] = {
    "booked": _step("carrier", ShipmentBooked, "assigned"),
    "loaded": _step("carrier", ShipmentLoaded, "booked"),
    "position": _step("carrier", PositionReported, "loaded", "position"),
    "arrived": _step("carrier", ShipmentArrived, "loaded", "position"),
    "weighed": _step("buyer", ShipmentWeighed, "arrived"),
    "inspected": _step("buyer", ShipmentInspected, "weighed"),
    "received": _step("buyer", ShipmentReceived, "inspected"),
    "refused": _step("buyer", ShipmentRefused, "arrived", "weighed", "inspected"),
    "returned": _step("carrier", ShipmentReturned, "refused"),
}
TOLD: Final = (
    *("id", "version", "trade_id", "proposal_id", "lot_id", "demand_id", "seller_id", "buyer_id", "grade"),
    *("planned_kg", "from_region", "to_region", "mode", "carrier_id", "vehicle", "status"),
    *("from_site_id", "to_site_id", "distance_m", "resold_bp"),
)
"""What every event of a shipment says of it."""
ASSIGNABLE: Final[frozenset[Status]] = frozenset({"planned", "assigned"})
ENDED: Final[frozenset[Status]] = frozenset({"received", "returned", "cancelled"})
BEFORE_LOADING: Final[frozenset[Status]] = frozenset({"planned", "assigned", "booked"})


def freight_fen(fen_per_t: int, kg: int) -> int:
    """Of a load, rounded half up."""
    return div_half_up(fen_per_t * kg, 1000)


@dataclass(frozen=True)
class Report:
    """A step as reported. Only the fields of its type are set; masses are kilograms."""

    type: Reported
    at: datetime
    position: Point | None = None
    gross_kg: int = 0
    tare_kg: int = 0
    ticket: str | None = None
    moisture_pct: float | None = None
    impurity_pct: float | None = None
    found_grade: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Recorded:
    """A report as kept, with who made it and when it came."""

    report: Report
    recorded_at: datetime
    by: str


@dataclass
class Shipment:
    """One load of a trade. What the trade's terms froze is copied into it."""

    id: str
    version: int
    trade_id: str
    proposal_id: str
    lot_id: str
    demand_id: str
    seller_id: str
    buyer_id: str
    grade: str
    planned_kg: int
    from_region: str
    to_region: str
    from_position: Point
    to_position: Point
    mode: str
    distance_m: int
    freight_fen_per_t: int
    contract: dict[str, float]
    """Contract quality of the attributes that are deducted for, where the trade names any."""
    created_at: datetime
    updated_at: datetime
    status: Status = "planned"
    carrier_id: str | None = None
    vehicle: str | None = None
    events: list[Recorded] = field(default_factory=list)
    net_kg: int | None = None
    settled_kg: int | None = None
    from_site_id: str | None = None
    to_site_id: str | None = None
    resold_bp: int = 0
    consumed_kg: int | None = None
    """What it used of the reservation when it was received; a correction leaves that as it is."""
    corrections: list[Correction] = field(default_factory=list)
    photos: list[Photo] = field(default_factory=list)

    def last(self, kind: Reported) -> Report:
        """The report of a step that was taken."""
        return next(one.report for one in reversed(self.events) if one.report.type == kind)

    def _moved(self, now: datetime, at: datetime) -> dict[str, Any]:
        """One more version, and what every event of it carries."""
        self.version += 1
        self.updated_at = now
        return {name: getattr(self, name) for name in TOLD} | {"at": at, "recorded_at": now}

    def planned(self, loads: int, now: datetime) -> ShipmentPlanned:
        return ShipmentPlanned(**self._moved(now, now), loads=loads)

    def assign(self, carrier_id: str, vehicle: str, now: datetime) -> list[Event]:
        """Name carrier and vehicle, again until it is booked. Raises WrongState."""
        if self.status not in ASSIGNABLE:
            raise WrongState(
                zh=f"运单{STATUSES_ZH[self.status]}，不能再换承运方或车辆",
                en=f"The shipment is {self.status}: a carrier can be named only before it is booked",
            )
        self.carrier_id, self.vehicle, self.status = carrier_id, vehicle, "assigned"
        return [ShipmentAssigned(**self._moved(now, now))]

    def report(self, report: Report, by: str, tolerance_pct: float, now: datetime) -> list[Event]:
        """Take one step of the chain. Raises WrongState where it may not follow, or its time precedes the one before."""
        step = STEPS[report.type]
        if self.status not in step.after:
            raise WrongState(
                zh=f"运单{STATUSES_ZH[self.status]}，不能登记「{STATUSES_ZH[report.type]}」",
                en=f"The shipment is {self.status}: {report.type} must follow {', '.join(sorted(step.after))}",
            )
        if self.events and report.at < self.events[-1].report.at:
            raise WrongState(
                zh="时间早于上一步", en="`at` is before the event that came last; events are reported in their order"
            )
        self.status = report.type
        self.events.append(Recorded(report, now, by))
        details = self._details(report, tolerance_pct)
        return [step.event(**self._moved(now, report.at), **details)]

    def _details(self, report: Report, tolerance_pct: float) -> dict[str, Any]:
        """What the event of this step carries beside the shipment's state."""
        if report.type == "position":
            return {"position": report.position}
        if report.type == "weighed":
            self.net_kg = report.gross_kg - report.tare_kg
            return {"gross_kg": report.gross_kg, "tare_kg": report.tare_kg, "ticket": report.ticket}
        if report.type == "inspected":
            names = ("moisture_pct", "impurity_pct", "found_grade")
            return {name: getattr(report, name) for name in names}
        if report.type == "refused":
            return {"reason": report.reason}
        return self._receive(tolerance_pct) if report.type == "received" else {}

    def _receive(self, tolerance_pct: float) -> dict[str, Any]:
        weighed, inspected = self.last("weighed"), self.last("inspected")
        found = {"moisture_pct": inspected.moisture_pct, "impurity_pct": inspected.impurity_pct}
        taken = intake(self.planned_kg, weighed.gross_kg - weighed.tare_kg, self.contract, found, tolerance_pct)
        self.net_kg, self.settled_kg, self.consumed_kg = taken.net_kg, taken.settled_kg, taken.consumed_kg
        return {**asdict(taken), "ticket": weighed.ticket, **found}

    @property
    def weighing(self) -> Weighing:
        """What it is reckoned by: its reports, or the last correction of them."""
        if self.corrections:
            return self.corrections[-1].stands
        weighed, inspected = self.last("weighed"), self.last("inspected")
        assert weighed.ticket is not None  # the shape of a weighing asks for it
        measured = weighed.gross_kg, weighed.tare_kg, weighed.ticket, inspected.moisture_pct, inspected.impurity_pct
        return Weighing(self.last("received").at, *measured)

    def correct(self, changes: Changes, by: str, tolerance_pct: float, now: datetime) -> list[Event]:
        """Put right what was reported of it. What it consumed stays, so the change of its net goes to the weighing difference.
        Raises WrongState before it is received, InputIsInvalid where what would stand can't be."""
        if self.status != "received" or self.net_kg is None or self.settled_kg is None:
            raise WrongState(
                zh="只有已收货的运单可以更正磅单", en=f"The shipment is {self.status}: only a received load can be put right"
            )
        before = self.weighing
        stands = changes.of(before)
        self._must_be_possible(before, stands)
        consumed_kg = self._consumed(tolerance_pct)
        settled_before, net_before = self.settled_kg, self.net_kg
        self.net_kg, self.settled_kg = stands.net_kg, settled(stands.net_kg, self.contract, stands.found)
        self.corrections.append(Correction(changes.reason, by, now, stands, self.net_kg, self.settled_kg))
        event = ShipmentCorrected(
            **self._moved(now, stands.received_at),
            reason=changes.reason,
            net_kg=self.net_kg,
            settled_kg=self.settled_kg,
            deducted_kg=self.net_kg - self.settled_kg,
            difference_kg=consumed_kg - self.net_kg,
            ticket=stands.ticket,
            **stands.found,
            previous_at=before.received_at,
            previous_net_kg=net_before,
            previous_settled_kg=settled_before,
            previous_deducted_kg=net_before - settled_before,
            previous_difference_kg=consumed_kg - net_before,
        )
        return [event]

    def _consumed(self, tolerance_pct: float) -> int:
        """What it used of the reservation; of loads received before that was kept, by the tolerance as it is."""
        if self.consumed_kg is None:
            assert self.net_kg is not None
            self.consumed_kg = intake(self.planned_kg, self.net_kg, {}, {}, tolerance_pct).consumed_kg
        return self.consumed_kg

    def _must_be_possible(self, before: Weighing, stands: Weighing) -> None:
        if stands == before:
            raise InputIsInvalid([("", "没有任何更正", "Nothing would change")])
        if stands.gross_kg <= stands.tare_kg:
            raise InputIsInvalid([("/gross_t", "毛重应大于皮重", "The gross must be greater than the tare")])
        if stands.received_at < self.last("loaded").at:
            raise InputIsInvalid([("/received_at", "早于装车时间", "Before the load was loaded")])

    def cancel(self, now: datetime) -> None:
        """Its trade is off; nothing was loaded."""
        self.status = "cancelled"
        self._moved(now, now)

    def add_photo(self, offered: Photo, now: datetime) -> Photo:
        """Take `offered`, or give the same picture where the load has it. A new version that no event tells of: no other room
        needs a photo. Raises WrongState where it is cancelled or full."""
        if self.status == "cancelled":
            raise WrongState(zh="运单已取消，不能再加照片", en="The shipment is cancelled: no photo can be added")
        for one in self.photos:
            if one.sha256 == offered.sha256:
                return one
        if len(self.photos) >= MOST:
            raise WrongState(
                zh=f"一个运单最多 {MOST} 张照片，请先删除一些", en=f"A load has at most {MOST} photos; delete one first"
            )
        self.photos.append(offered)
        self.version, self.updated_at = self.version + 1, now
        return offered

    def photo(self, identifier: str) -> Photo:
        """Raises NotFound."""
        found = next((one for one in self.photos if one.id == identifier), None)
        if found is None:
            raise NotFound
        return found

    def remove_photo(self, gone: Photo, organisation_id: str, now: datetime) -> None:
        """Raises NotAllowed where another added it, WrongState: what a load was received by stays."""
        if gone.organisation_id != organisation_id:
            raise NotAllowed(zh="只能删除自己添加的照片", en="Only who added a photo may delete it")
        if self.status == "received":
            raise WrongState(zh="已收货，照片不能再删除", en="The load is received: its photos stay")
        self.photos.remove(gone)
        self.version, self.updated_at = self.version + 1, now
