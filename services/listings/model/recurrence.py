"""A recurrence: the same lot or demand again every day, week or month, from the lot or demand that it is made after."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.clock import SHANGHAI
from shared.problem import InputIsInvalid

Every = Literal["day", "week", "month"]
Side = Literal["lot", "demand"]
Obstacle = Literal["organisation-suspended", "organisation-not-verified", "site-gone", "grade-gone", "allowance-passed"]
Reason = Obstacle | Literal["over"]
_SHORTEST = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=28)}
_LONGEST = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=31)}


@dataclass(kw_only=True)
class Recurrence:
    """`id` is that of the lot or demand. Its periods count from `begin`, where that one's window begins; `number` is the next
    period's, `next_at` when it comes. A period is named by its day in Shanghai; those up to `last_period` are done."""

    id: str
    version: int = 1
    side: Side
    organisation_id: str
    every: Every
    quantity_kg: int
    begin: datetime
    until: datetime | None
    number: int = 0
    next_at: datetime | None = None
    status: Literal["running", "stopped", "ended", "removed"] = "running"
    reason: Reason | None = None
    made: int = 0
    last_id: str | None = None
    last_period: str | None = None
    created_at: datetime
    updated_at: datetime

    def start(self, every: Every, quantity_kg: int, begin: datetime, until: datetime | None, now: datetime) -> None:
        """From the first period after now that was not made yet. Raises InputIsInvalid where none comes before `until`."""
        self.every, self.quantity_kg, self.begin, self.until = every, quantity_kg, begin, until
        self.number = first_after(begin, every, now)
        while self.last_period is not None and period_of(occurrence(begin, every, self.number)) <= self.last_period:
            self.number += 1
        self.status, self.reason, self.next_at = "running", None, occurrence(begin, every, self.number)
        if until is not None and self.next_at > until:
            raise InputIsInvalid([("/until", "截止时间早于下一期", "It ends before the next period begins")])
        self.touch(now)

    def is_due(self, now: datetime) -> bool:
        return self.status == "running" and self.next_at is not None and self.next_at <= now

    def done(self, now: datetime, made_id: str | None) -> None:
        """The period that was due is over with: `made_id` came of it, or None where its window was over already."""
        if made_id is not None:
            self.made += 1
            self.last_id = made_id
        self.last_period = period_of(occurrence(self.begin, self.every, self.number))
        self.number += 1
        self.next_at = occurrence(self.begin, self.every, self.number)
        if self.until is not None and self.next_at > self.until:
            self.status, self.reason, self.next_at = "ended", "over", None
        self.touch(now)

    def stop(self, reason: Obstacle, now: datetime) -> None:
        """It can't go on; its owner may start it again."""
        self.status, self.reason, self.next_at = "stopped", reason, None
        self.touch(now)

    def remove(self, now: datetime) -> None:
        """Its owner wants no more; which periods were made is not forgotten."""
        self.status, self.reason, self.next_at = "removed", None, None
        self.touch(now)

    def touch(self, now: datetime) -> None:
        self.version += 1
        self.updated_at = now


def occurrence(begin: datetime, every: Every, number: int) -> datetime:
    """When period `number` begins, at the same time of day in Shanghai; a month without the day has its last instead."""
    if every != "month":
        return begin + _SHORTEST[every] * number
    local = begin.astimezone(SHANGHAI)
    year, month = divmod(local.year * 12 + local.month - 1 + number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last)).astimezone(begin.tzinfo)


def first_after(begin: datetime, every: Every, now: datetime) -> int:
    """The first period after now; period 0 is the lot or demand itself."""
    number = max(1, (now - begin) // _LONGEST[every])
    while occurrence(begin, every, number) <= now:
        number += 1
    return number


def period_of(at: datetime) -> str:
    """A period's name: its day in Shanghai."""
    return at.astimezone(SHANGHAI).date().isoformat()
