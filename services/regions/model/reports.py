"""Monthly returns: what they say, as a document of sections without a language, and the life of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from shared.clock import SHANGHAI
from shared.events import Event
from shared.events.regions import ReportMade

Format = Literal["xlsx", "pdf"]
Language = Literal["zh", "en"]
FORMATS: tuple[Format, ...] = ("xlsx", "pdf")
LANGUAGES: tuple[Language, ...] = ("zh", "en")
Unit = Literal["text", "t", "pct", "km", "count", "kg_per_t", "time"]
"""What a column holds: texts, kilograms shown as tonnes, basis points as per cent, metres as kilometres, whole numbers,
kilograms per tonne, moments."""
Value = str | int | None


@dataclass(frozen=True, slots=True)
class Named:
    """A word in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Column:
    name: Named
    unit: Unit


Printed = Value | Named | datetime


@dataclass(frozen=True, slots=True)
class Section:
    """One table: what its figures measure and where they come from stand with it. `remarks` are what a reader must know."""

    title: Named
    measure: Named
    source: Named
    columns: tuple[Column, ...]
    rows: tuple[tuple[Printed, ...], ...]
    remarks: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Return:
    """The monthly return of a region or park, as known at `as_of`."""

    region: str
    place: Named
    month: str
    as_of: datetime
    sections: tuple[Section, ...]


@dataclass
class Report:
    """A return that was asked for. Its files are made once and stay as they are; `files` has their SHA-256 by `pdf.zh`. Its
    organisation and `readers` may read it. `id` is of its schedule and month where a schedule asked for it."""

    id: str
    version: int
    organisation_id: str
    region: str
    month: str
    created_at: datetime
    readers: list[str] = field(default_factory=list)
    schedule_id: str | None = None
    status: Literal["queued", "done"] = "queued"
    ready_at: datetime | None = None
    files: dict[str, str] = field(default_factory=dict)

    def done(self, made: Return, files: Mapping[str, str], now: datetime) -> list[Event]:
        """Its files are there."""
        self.status, self.ready_at, self.files = "done", now, dict(files)
        self.version += 1
        return [
            ReportMade(
                id=self.id,
                version=self.version,
                at=now,
                organisation_id=self.organisation_id,
                readers=tuple(self.readers),
                region=self.region,
                name_zh=made.place.zh,
                name_en=made.place.en,
                month=self.month,
            )
        ]


@dataclass
class ReportFile:
    """One file of a report; `id` is `<report>.<format>.<language>`."""

    id: str
    version: int
    report_id: str
    content: bytes
    sha256: str


@dataclass
class ReportSchedule:
    """A return of `region` every month, of the month before, on `day_of_month` at six in the morning in China. `last_month` is
    the one it asked for last."""

    id: str
    version: int
    organisation_id: str
    region: str
    day_of_month: int
    created_at: datetime
    next_at: datetime
    readers: list[str] = field(default_factory=list)
    status: Literal["active", "ended"] = "active"
    last_month: str | None = None

    def due(self, now: datetime) -> Report | None:
        """The report that it asks for now, if it is time; what was missed while nobody looked is asked for once, the last."""
        if self.status != "active" or now < self.next_at:
            return None
        self.last_month = month_before(now if now >= at_six(now, self.day_of_month) else at_six(now, 1) - timedelta(days=1))
        self.next_at = next_time(now, self.day_of_month)
        self.version += 1
        identifier = f"{self.id}.{self.last_month}"
        return Report(identifier, 1, self.organisation_id, self.region, self.last_month, now, list(self.readers), self.id)

    def end(self) -> None:
        self.status = "ended"
        self.version += 1


def at_six(now: datetime, day: int) -> datetime:
    """Six in the morning of that day of the month in which `now` lies, in China."""
    return now.astimezone(SHANGHAI).replace(day=day, hour=6, minute=0, second=0, microsecond=0)


def next_time(now: datetime, day: int) -> datetime:
    """The next time that it is six in the morning on that day of a month."""
    here = at_six(now, day)
    if now < here:
        return here
    return at_six(here.replace(day=1) + timedelta(days=32), day)


def month_before(now: datetime) -> str:
    """The last whole month in China: `2026-10` in November."""
    return f"{now.astimezone(SHANGHAI).replace(day=1) - timedelta(days=1):%Y-%m}"


def month_span(month: str) -> tuple[datetime, datetime]:
    """When it begins and when the next one does, in China."""
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=SHANGHAI)
    return start, (start + timedelta(days=32)).replace(day=1)
