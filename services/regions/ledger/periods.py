"""Spans and periods of time: from inclusive, to exclusive; a date is a day of the time zone, Asia/Shanghai unless asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.regions.model import Period, Retention, day_of, hour_of, month_of
from shared import clock
from shared.problem import Fault, InputIsInvalid

SHANGHAI = clock.SHANGHAI.key
LONGEST = timedelta(days=36525)
"""A hundred years; more is a slip of the keyboard."""
Granularity = Literal["hour", "day", "month", "year"]
FORMATS: dict[Granularity, str] = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


@dataclass(frozen=True, slots=True)
class Span:
    """`start` ≤ t < `end` in UTC; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    @property
    def edges(self) -> list[datetime]:
        """Where it begins and ends, unless open."""
        return [edge for edge in (self.start, self.end) if edge is not None]


def covered_by(span: Span, granularity: Granularity, zone: str, kept: Retention) -> Period | None:
    """The cells that answer it exactly, as far as they are kept: days (or the months that they became) for whole days of China,
    hours for whole hours; None where facts must. China and UTC have whole hours; elsewhere half hours exist, so that hourly
    cells could straddle a day."""
    if zone not in (SHANGHAI, "UTC"):
        return None
    if zone == SHANGHAI and granularity != "hour" and all(edge == day_of(edge) for edge in span.edges):
        whole = all(edge == month_of(edge) for edge in span.edges if kept.days_from is not None and edge < kept.days_from)
        return "day" if whole and (granularity != "day" or begins_in(span, kept.days_from)) else None
    return "hour" if begins_in(span, kept.hours_from) and all(edge == hour_of(edge) for edge in span.edges) else None


def begins_in(span: Span, since: datetime | None) -> bool:
    """Whether all of it lies after `since`; None is ever."""
    return since is None or (span.start is not None and span.start >= since)


def check_kept(span: Span, granularity: Granularity, zone: str, kept: Retention) -> None:
    """Raises InputIsInvalid where it asks by finer periods than are kept of its time."""
    coarser = {"hour": "day", "day": "month"}.get(granularity)
    since = kept.hours_from if granularity == "hour" else kept.days_from
    if coarser is None or since is None or begins_in(span, since):
        return
    if coarser == "day" and kept.days_from is not None and not begins_in(span, kept.days_from):
        coarser = "month"
    start = f"{since.astimezone(clock.SHANGHAI):%Y-%m-%d}" if zone == SHANGHAI else clock.iso(since)
    name = {"hour": ("小时", "hour"), "day": ("日", "day")}[granularity]
    raise InputIsInvalid(
        [
            (
                "/granularity",
                f"{start} 之前的数据已不按{name[0]}保留：请用 granularity={coarser}, 或 from={start} 及以后",
                f"Before {start} figures are no longer kept by the {name[1]}: ask for granularity={coarser}, or from={start} "
                "or later",
            )
        ]
    )


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone. Raises Fault."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # what ZoneInfo raises for names unknown, malformed, and folders
        raise Fault("应为 IANA 时区名，例如 Asia/Shanghai", "This is not an IANA time zone such as Asia/Shanghai") from error


def edge_of(text: str, zone: ZoneInfo) -> datetime:
    """A date (the start of that day in `zone`) or an RFC 3339 time with an offset, in UTC. Raises Fault."""
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
        # a query string's `+` of an offset often arrives as a blank
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Fault(
            "应为日期（2026-11-24）或带时区的 RFC 3339 时间",
            "Write a date (2026-11-24) or an RFC 3339 time with an offset",
        ) from error


def span_of(start: datetime | None, end: datetime | None) -> Span:
    """Raises Fault for a span that is reversed or absurd."""
    if start is not None and end is not None:
        if end <= start:
            raise Fault("截止应晚于开始", "It must end after it begins", "/to")
        if end - start > LONGEST:
            raise Fault("时间范围不能超过 100 年", "The span must be at most 100 years", "/to")
    return Span(start, end)
