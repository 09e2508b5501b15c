"""How long figures are kept by the hour and by the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.regions.model.volumes import AHEAD, Period, day_of, hour_of, month_of

RETENTION = "cells"


@dataclass
class Retention:
    """From when on there are cells of hours and of days (None: of all there was); before, days alone, and before that months
    alone. Both only move on: what was added up is not taken apart again, whatever the policy becomes."""

    id: str = RETENTION
    version: int = 0
    hours_from: datetime | None = None
    days_from: datetime | None = None

    def advance(self, now: datetime, hours_are_kept_days: int, days_are_kept_months: int) -> bool:
        """Move on to what the policy keeps `now`; 0 keeps for ever. What has no days has no hours either. Whether it moved."""
        days_from = _later(self.days_from, _months_before(now, days_are_kept_months) if days_are_kept_months else None)
        hours_from = day_of(now) - timedelta(days=hours_are_kept_days) if hours_are_kept_days else None
        hours_from = _later(_later(self.hours_from, hours_from), days_from)
        if (hours_from, days_from) == (self.hours_from, self.days_from):
            return False
        self.hours_from, self.days_from = hours_from, days_from
        self.version += 1
        return True

    def cells_of(self, at: datetime) -> dict[Period, tuple[Period, datetime]]:
        """What counts for the hour and for the day in which `at` lies, and when that began: a day stands in its month once days
        are no longer kept, an hour nowhere."""
        cells: dict[Period, tuple[Period, datetime]] = {"day": ("day", day_of(at))}
        if self.days_from is not None and at < self.days_from:
            cells["day"] = ("month", month_of(at))
        if self.hours_from is None or at >= self.hours_from:
            cells["hour"] = ("hour", hour_of(at))
        return cells


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


def _months_before(now: datetime, months: int) -> datetime:
    """When the month in China began that was `months` before the one that runs."""
    local = now.astimezone(UTC) + AHEAD
    year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC) - AHEAD
