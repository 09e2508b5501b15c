"""What the operator's overview makes of what rooms say, and of what they do not."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.console.pages.operator.health import Row, row_of

NOW = "2026-11-29T04:00:30Z"


def told(**changes: Any) -> dict[str, Any]:
    """A room's state with one worker that was heard of two seconds ago."""
    consumer = {"name": "trading", "handled": 7, "parked": 0, "lag": 3, "error": None, "stopped": False}
    worker = {"id": "w", "at": "2026-11-29T04:00:28Z", "published": 5, "relay_error": None, "consumers": [consumer]}
    state = {"at": NOW, "outbox_pending": 0, "outbox_since": None, "dead_letters": 2, "workers": [worker]}
    return state | changes


def row(said: str, state: dict[str, Any] | None, down: tuple[str, ...] = (), room: str = "trading") -> Row:
    return row_of({"room": room, "said": said, "state": state}, list(down))


def test_a_room_that_is_well() -> None:
    seen = row("ready", told())
    assert seen.states == {"web": "ok", "database": "ok", "bus": "ok", "index": "none", "workers": "ok"}
    assert (seen.letters, seen.lag, seen.pulse_s, seen.is_late) == (2, 3, 2.0, False)


@pytest.mark.parametrize(("said", "web", "database"), [("unreachable", "down", "unknown"), ("unavailable", "ok", "down")])
def test_a_room_that_does_not_tell_is_not_counted_as_having_nothing(said: str, web: str, database: str) -> None:
    seen = row(said, None)
    assert (seen.states["web"], seen.states["database"]) == (web, database)
    assert (seen.letters, seen.pending) == (None, None)


def test_a_server_that_is_down_is_so_for_whom_it_serves() -> None:
    assert row("ready", told(), ("kafka",)).states["bus"] == "down"
    assert row("ready", told(), ("elasticsearch",)).states["index"] == "none"
    assert row("ready", told(), ("elasticsearch",), "listings").states["index"] == "down"
    assert row("ready", told(workers=[])).states["workers"] == "down"


def test_what_waits_for_too_long_is_late() -> None:
    assert row("ready", told(outbox_pending=1, outbox_since="2026-11-29T04:00:15Z")).is_late
    assert not row("ready", told(outbox_pending=1, outbox_since="2026-11-29T04:00:25Z")).is_late
