"""The rules of notices: the log, webhooks with their deliveries, messages to people. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal

from shared.clock import SHANGHAI

RETRIES = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600))
"""How long after each failed attempt the next one comes: the schedule that Standard Webhooks proposes."""
LEASE = timedelta(seconds=60)
"""A delivery being sent is nobody else's for so long; a sender that died leaves it to be sent again."""
OVERLAP = timedelta(hours=24)
"""How long the secret before the last rotation signs as well."""
MOST_WEBHOOKS = 20
ROLE, REGION = "role:", "region:"
"""Audiences beside organisations: `role:operator`, `region:420100`."""


@dataclass(frozen=True)
class Note:
    """What a notice says. `audience`: organisations, roles or regions; `subject` is the path of the resource, to be read there
    under the reader's own rights, so `data` holds nothing that a reader may not see."""

    type: str
    audience: tuple[str, ...]
    subject: str
    data: Mapping[str, Any]


@dataclass
class Notice:
    """An entry of the log; `seq` counts without gaps in the order of commits, and `id` is `seq` so that ids sort."""

    id: str
    seq: int
    type: str
    audience: list[str]
    subject: str
    data: dict[str, Any]
    at: datetime
    version: int = 1

    @classmethod
    def of(cls, note: Note, seq: int, at: datetime) -> Notice:
        return cls(f"{seq:016d}", seq, note.type, list(note.audience), note.subject, dict(note.data), at)


@dataclass
class Mark:
    """A place in the log: where it ends (`log`), how far the fan-out has read it (`fan-out`)."""

    id: str
    seq: int = 0
    version: int = 1


@dataclass
class Matter:
    """A proposal or trade that a notice will speak of later: a proposal shows once it is made and reserved, heard in any order;
    `remind_at` is when somebody should be reminded, None where there is nothing (more) to do."""

    id: str
    note: Note | None = None
    reserved_at: datetime | None = None
    ended: bool = False
    remind_at: datetime | None = None
    reminder: Note | None = None
    touched_at: datetime | None = None
    version: int = 1

    @property
    def shows(self) -> bool:
        return self.note is not None and self.reserved_at is not None and not self.ended

    def end(self) -> None:
        self.ended, self.remind_at = True, None


def wanted(patterns: Collection[str], kind: str) -> bool:
    """Whether a type is among `trade.settled`, `trade.*`; no patterns: every type."""
    return not patterns or any(
        kind == one or (one.endswith(".*") and kind.startswith(one.removesuffix("*"))) for one in patterns
    )


@dataclass
class Webhook:
    """Where an organisation's program wants notices. Its secret is derived, not stored: `generation` counts rotations.
    `since_seq`: nothing before it is sent."""

    id: str
    version: int
    organisation_id: str
    url: str
    types: list[str]
    created_at: datetime
    updated_at: datetime
    since_seq: int
    status: Literal["active", "paused", "disabled"] = "active"
    reason: str | None = None
    generation: int = 1
    rotated_at: datetime | None = None

    def touch(self, now: datetime) -> None:
        self.version += 1
        self.updated_at = now

    def wants(self, notice: Notice) -> bool:
        fits = self.organisation_id in notice.audience and notice.seq > self.since_seq
        return self.status == "active" and fits and wanted(self.types, notice.type)

    def change(self, url: str, types: list[str], status: Literal["active", "paused"], now: datetime) -> None:
        """One that was disabled is active again when its owner says so."""
        self.url, self.types, self.status, self.reason = url, types, status, None
        self.touch(now)

    def rotate(self, now: datetime) -> None:
        self.generation, self.rotated_at = self.generation + 1, now
        self.touch(now)

    def disable(self, reason: str, now: datetime) -> None:
        self.status, self.reason = "disabled", reason
        self.touch(now)

    def generations(self, now: datetime) -> list[int]:
        """The secrets that sign now: the last one, and for a day the one before."""
        recent = self.rotated_at is not None and now < self.rotated_at + OVERLAP
        return [self.generation, self.generation - 1] if recent else [self.generation]


@dataclass
class Delivery:
    """One notice for one webhook. `next_at`: when it is sent (again)."""

    id: str
    version: int
    webhook_id: str
    organisation_id: str
    notice_id: str
    type: str
    body: str
    created_at: datetime
    next_at: datetime | None
    status: Literal["pending", "delivered", "failed"] = "pending"
    attempts: int = 0
    answered: int | None = None
    error: str | None = None
    ended_at: datetime | None = None

    def take(self, now: datetime) -> None:
        self.version += 1
        self.next_at = now + LEASE

    def done(self, status: int, now: datetime) -> None:
        self._attempted(status, None)
        self.status, self.next_at, self.ended_at = "delivered", None, now

    def failed(self, status: int | None, error: str, now: datetime) -> None:
        """Try again later, or give up after the last attempt."""
        self._attempted(status, error)
        if self.attempts > len(RETRIES):
            self.status, self.next_at, self.ended_at = "failed", None, now
        else:
            self.next_at = now + RETRIES[self.attempts - 1]

    def give_up(self, error: str, now: datetime) -> None:
        self.version += 1
        self.status, self.next_at, self.ended_at, self.error = "failed", None, now, error

    def again(self, now: datetime) -> None:
        """Its owner wants it sent once more, at once."""
        self.version += 1
        self.status, self.next_at, self.attempts, self.ended_at = "pending", now, 0, None

    def _attempted(self, status: int | None, error: str | None) -> None:
        self.version += 1
        self.attempts += 1
        self.answered, self.error = status, error


@dataclass
class Recipient:
    """How an organisation wants messages; the id is the organisation's. Quiet hours and the daily digest are of
    Asia/Shanghai, `quiet_from` = `quiet_until`: none."""

    id: str
    contact: str
    version: int = 1
    when: Literal["at_once", "daily", "off"] = "at_once"
    language: Literal["zh-CN", "en"] = "zh-CN"
    quiet_from: str = "22:00"
    quiet_until: str = "07:00"

    def send_at(self, now: datetime, *, daily: bool = False, urgent: bool = False) -> datetime | None:
        """When a message that is written now goes out; None: not at all. `daily`: it can wait for the digest; `urgent`: it
        waits for nothing."""
        if self.when == "off":
            return None
        if urgent:
            return now
        here = now.astimezone(SHANGHAI)
        if daily or self.when == "daily":
            return _next(here, DIGEST)
        begin, end = time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_until)
        at = here.time()
        quiet = begin <= at < end if begin <= end else at >= begin or at < end
        return _next(here, end) if quiet else now


DIGEST = time(8)


def _next(here: datetime, at: time) -> datetime:
    """The next moment of the day that is `at`."""
    today = here.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today > here else today + timedelta(days=1)


@dataclass
class Message:
    """What one organisation is told of one notice, until it is sent: those that are due together go out together."""

    id: str
    organisation_id: str
    notice_id: str
    zh: str
    en: str
    created_at: datetime
    send_at: datetime
    status: Literal["pending", "sent", "failed"] = "pending"
    attempts: int = 0
    error: str | None = None
    sent_at: datetime | None = None
    version: int = 1

    def sent(self, now: datetime, error: str | None, most: int) -> None:
        """Gone out, or to be tried again a little later, `most` times."""
        self.version += 1
        self.attempts += 1
        self.error = error
        if error is None:
            self.status, self.sent_at = "sent", now
        elif self.attempts >= most:
            self.status, self.sent_at = "failed", now
        else:
            self.send_at = now + RETRIES[self.attempts - 1]
