"""The time of day, passed in wherever a rule needs it, so that a test can set it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The zone of calendar days, unless a caller asks for another."""


Calendar = Literal["month", "year"]


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month or year of Asia/Shanghai, `2026-11` or `2026`; `end` exclusive."""

    name: str
    start: datetime
    end: datetime


def period_at(at: datetime, calendar: Calendar, start: datetime, end: datetime | None) -> Period | None:
    """The period in which `at` lies, cut to what begins at `start` and ends at `end` (None: never); None outside of that."""
    if at < start or (end is not None and at >= end):
        return None
    whole_year = calendar == "year"
    local = at.astimezone(SHANGHAI)
    first = local.replace(month=1 if whole_year else local.month, day=1, hour=0, minute=0, second=0, microsecond=0)
    year, month = divmod(first.year * 12 + first.month - 1 + (12 if whole_year else 1), 12)
    after = first.replace(year=year, month=month + 1).astimezone(UTC)
    name = f"{first:%Y}" if whole_year else f"{first:%Y-%m}"
    return Period(name, max(first.astimezone(UTC), start), after if end is None else min(after, end))


def utc_now() -> datetime:
    """Now in UTC, cut to milliseconds: what MongoDB keeps, so that a value read back equals the one written."""
    return cut_to_ms(datetime.now(UTC))


def cut_to_ms(at: datetime) -> datetime:
    """Times inside are milliseconds, as MongoDB keeps them."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def iso(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and a `Z`."""
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
