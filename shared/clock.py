"""The time of day, passed in wherever a rule needs it, so that a test can set it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The zone of calendar days, unless a caller asks for another."""


def utc_now() -> datetime:
    """Now in UTC, cut to milliseconds: what MongoDB keeps, so that a value read back equals the one written."""
    return cut_to_ms(datetime.now(UTC))


def cut_to_ms(at: datetime) -> datetime:
    """Times inside are milliseconds, as MongoDB keeps them."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def iso(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and a `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
