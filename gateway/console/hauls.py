"""Loads as people follow them: whose step is next, and where a load stands on the day's time axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.clock import SHANGHAI

NEXT: Mapping[str, tuple[str, str]] = {
    "planned": ("carrier", "assign"),
    "assigned": ("carrier", "booked"),
    "booked": ("carrier", "loaded"),
    "loaded": ("carrier", "arrived"),
    "position": ("carrier", "arrived"),
    "arrived": ("buyer", "weighed"),
    "weighed": ("buyer", "inspected"),
    "inspected": ("buyer", "received"),
    "refused": ("carrier", "returned"),
}
"""By status, who takes the next step, and which."""
ON_THE_WAY = ("loaded", "position")
AT_THE_GATE = ("arrived", "weighed", "inspected")
COMING = ("assigned", "booked", *ON_THE_WAY, *AT_THE_GATE)
"""States of a load that a buyer waits for."""
ENDED = ("received", "returned", "cancelled")
TONES = {"received": "good", "refused": "bad", "returned": "bad", "cancelled": "bad", "planned": "plain"}
"""Of a state's badge; what is under way waits."""
HOURS = 24
TICK_H = 6

Json = Mapping[str, Any]


def moment(text: str) -> datetime:
    """A time as the API gives it."""
    return datetime.fromisoformat(text)


def at_of(load: Json, *kinds: str) -> datetime | None:
    """When a step of these was last reported."""
    found = [one["at"] for one in load["events"] if one["type"] in kinds]
    return moment(found[-1]) if found else None


def last_of(load: Json, kind: str) -> Json | None:
    """The last report of this kind."""
    return next((one for one in reversed(load["events"]) if one["type"] == kind), None)


MEASURED: Mapping[str, Sequence[str]] = {
    "weighed": ("gross_t", "tare_t", "ticket"),
    "inspected": ("moisture_pct", "impurity_pct"),
}


def as_it_stands(load: Json, kind: str) -> Json | None:
    """The last weighing or inspection, as it was last put right."""
    report = last_of(load, kind)
    if report is None or not load["corrections"]:
        return report
    return {**report, **{name: load["corrections"][-1][name] for name in MEASURED[kind]}}


def tone(status: str) -> str:
    return TONES.get(status, "wait")


@dataclass(frozen=True)
class Axis:
    """A day of the market's zone, in hundredths of its length."""

    start: datetime

    @classmethod
    def of(cls, day: datetime) -> Axis:
        """The day in which `day` lies."""
        return cls(day.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0))

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=HOURS)

    def at(self, moment: datetime) -> float:
        """0 to 100; what lies outside stands at the edge."""
        return round(min(100.0, max(0.0, (moment - self.start) / timedelta(hours=HOURS) * 100)), 2)

    def holds(self, moment: datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """`(hundredths, hour)`."""
        return [(100 * hour / HOURS, f"{hour:02d}") for hour in range(0, HOURS + 1, TICK_H)]


@dataclass(frozen=True)
class Mark:
    """A step on the axis."""

    at: float
    kind: str
    time: str


@dataclass(frozen=True)
class Truck:
    """A load on the axis: the way it has made, the way it should still make, and its steps. `due` is when it should arrive, by
    the hours that its haul was quoted with."""

    load: Json
    begin: float
    reached: float
    until: float
    marks: Sequence[Mark]
    due: datetime | None
    is_late: bool
    who: str
    step: str

    @property
    def due_text(self) -> str:
        return "" if self.due is None else self.due.isoformat()


def truck(load: Json, axis: Axis, now: datetime, hours: float | None) -> Truck:
    """`hours` of the haul, where they are known."""
    left, there = at_of(load, "loaded"), at_of(load, "arrived")
    due = left + timedelta(hours=hours) if left is not None and hours is not None else None
    marks = [
        Mark(axis.at(moment(one["at"])), one["type"], moment(one["at"]).astimezone(SHANGHAI).strftime("%H:%M"))
        for one in load["events"]
        if one["type"] != "position" and axis.holds(moment(one["at"]))
    ]
    begin = axis.at(left or there or now)
    reached = max(begin, axis.at(there or now)) if left is not None else begin
    until = axis.at(due) if due is not None and there is None else reached
    who, step = NEXT.get(load["status"], ("", ""))
    late = due is not None and there is None and due < now and load["status"] in ON_THE_WAY
    return Truck(load, begin, reached, max(reached, until), marks, due, late, who, step)


def concerns(load: Json, axis: Axis) -> bool:
    """Whether a load is the day's: it is under way or at the gate, or a step of it was today."""
    if load["status"] in COMING:
        return True
    return any(axis.holds(moment(one["at"])) for one in load["events"])


def hours_of(proposals: Iterable[Json]) -> dict[tuple[str, str], float]:
    """The quoted hours of hauls by lot and demand."""
    return {(one["lot_id"], one["demand_id"]): one["hours"] for one in proposals}


def in_order(trucks: Iterable[Truck]) -> list[Truck]:
    """Those at the gate first, then by when they should be there; those that wait for a truck after; those that ended last."""

    def place(one: Truck) -> tuple[int, str]:
        status = one.load["status"]
        if status in AT_THE_GATE:
            return 0, (at_of(one.load, "arrived") or datetime.max.replace(tzinfo=SHANGHAI)).isoformat()
        if status in ON_THE_WAY:
            return 1, one.due_text or "~"
        return (2 if status in COMING else 3), str(one.load["updated_at"])

    return sorted(trucks, key=place)
