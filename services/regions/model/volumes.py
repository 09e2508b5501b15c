"""What events add to the volumes of regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

Measure = Literal["listed", "agreed", "loaded", "received", "refused", "deducted", "withdrawn", "cancelled", "used"]


MEASURES: tuple[Measure, ...] = (
    "listed",
    "agreed",
    "loaded",
    "received",
    "refused",
    "deducted",
    "withdrawn",
    "cancelled",
    "used",
)
"""Never added to one another: a tonne that is listed, agreed, loaded and received stands in each. `used` is what of the
received was not received before by somebody who sold it on: each physical tonne once."""


Side = Literal["origin", "destination"]
Period = Literal["hour", "day", "month"]
"""What a cell covers: an hour (UTC), a day or month in China."""
Revision = Literal["late", "corrected"]
Kilograms = dict[Measure, int]


ORIGIN_ONLY: frozenset[Measure] = frozenset({"listed", "withdrawn"})
"""What concerns a lot that has no buyer yet, and so no destination."""


NO_MODE = "none"
"""The mode of transport of what has none yet: a lot's own events."""


@dataclass
class Fact:
    """What one event adds to the volumes, at the time it happened (`at`) and the time it was recorded. A fact about a lot that
    was not published yet, as far as this room has heard, waits with no region; it is counted when that event comes.

    A load whose ticket is put right makes two where its hour moves: the second (`<event>-before`) takes off what stood there.
    """

    id: str
    version: int
    lot_id: str
    type: str
    at: datetime
    recorded_at: datetime
    kg: Kilograms
    region: str | None = None
    to_region: str | None = None
    grade: str | None = None
    mode: str = NO_MODE
    seller_id: str | None = None
    buyer_id: str | None = None
    site_id: str | None = None
    to_site_id: str | None = None
    subject_id: str | None = None
    """Whose event it is: the lot, the reservation, the trade or the load."""
    ticket: str | None = None
    distance_m: int | None = None
    revision: Revision | None = None
    reason: str | None = None
    previous_at: datetime | None = None
    waiting: bool = False

    def sides(self) -> Iterator[tuple[Side, str, str | None, Kilograms]]:
        """What it adds to: side, region, site, kilograms."""
        if self.region is not None:
            yield "origin", self.region, self.site_id, self.kg
        there = {measure: kg for measure, kg in self.kg.items() if measure not in ORIGIN_ONLY}
        if self.to_region is not None and there:
            yield "destination", self.to_region, self.to_site_id, there


BEFORE = "-before"
Tally = dict[str, dict[str, dict[str, dict[str, int]]]]
"""Family → grade within it → mode → measure → kilograms."""


@dataclass
class Cell:
    """The volumes of one side and place in one hour, day or month; a place is a region, a policy area or a site."""

    id: str
    version: int
    side: Side
    place: str
    period: Period
    start: datetime
    kg: Tally = field(default_factory=dict)

    def add(self, grade: str, mode: str, kg: Mapping[Measure, int]) -> None:
        """Count more."""
        family, within = grade.split(".", 1)
        tally = self.kg.setdefault(family, {}).setdefault(within, {}).setdefault(mode, {})
        for measure, more in kg.items():
            tally[measure] = tally.get(measure, 0) + more
        self.version += 1

    def take_in(self, other: Cell) -> None:
        """Count all that stands in a cell of a part of this one's period."""
        for family, grades in other.kg.items():
            for within, modes in grades.items():
                for mode, kg in modes.items():
                    self.add(f"{family}.{within}", mode, kg)  # type: ignore[arg-type]


def hour_of(at: datetime) -> datetime:
    """The hour (UTC) in which `at` lies."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime) -> datetime:
    """When the day in China (UTC+8, without summer time) began in which `at` lies, in UTC."""
    return (at.astimezone(UTC) + AHEAD).replace(hour=0, minute=0, second=0, microsecond=0) - AHEAD


def month_of(at: datetime) -> datetime:
    """When the month in China began in which `at` lies, in UTC."""
    return (at.astimezone(UTC) + AHEAD).replace(day=1, hour=0, minute=0, second=0, microsecond=0) - AHEAD


AHEAD = timedelta(hours=8)
STARTS = {"hour": hour_of, "day": day_of, "month": month_of}


def cell_id(side: Side, place: str, period: Period, start: datetime) -> str:
    """Named by the period as people write it."""
    return f"{side}/{place}/{name_of(period, start)}"


@lru_cache(4096)
def name_of(period: Period, start: datetime) -> str:
    """A period as people write it: an hour of UTC, a day or month of China."""
    local = start if period == "hour" else start + AHEAD
    return f"{local:{_NAMES[period]}}"


_NAMES: Mapping[Period, str] = {"hour": "%Y-%m-%dT%HZ", "day": "%Y-%m-%d", "month": "%Y-%m"}
