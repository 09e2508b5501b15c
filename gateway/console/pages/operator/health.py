"""`/operator`: every room against what it stands on, its workers and what waits in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Response

from gateway.console.client import Ask, Reply
from gateway.console.formats import span
from gateway.console.visit import Visit
from shared.settings import ROOMS

LATE_S = 10.0
"""An event that waits so long in an outbox is late; so is a worker that has been silent for so long."""
LATE_EVENTS = 1_000
"""A consumer is late from so many events on."""
GATEWAY = "gateway"


@dataclass(frozen=True)
class Row:
    """One room. A state is `ok`, `down`, `late`, `unknown` or `none` (it does not stand on this)."""

    room: str
    states: dict[str, str]
    workers: list[dict[str, Any]] = field(default_factory=list)
    pulse_s: float | None = None
    pending: int | None = None
    waits_s: float | None = None
    letters: int | None = None
    """These two None where the room does not tell."""

    @property
    def consumers(self) -> list[dict[str, Any]]:
        """Each once: its partitions are shared among the workers."""
        found: dict[str, dict[str, Any]] = {}
        for one in (one for worker in self.workers for one in worker["consumers"]):
            known = found.setdefault(one["name"], {**one, "lag": None, "handled": 0, "parked": 0})
            for name in ("handled", "parked"):
                known[name] += one[name]
            if one["lag"] is not None:
                known["lag"] = (known["lag"] or 0) + one["lag"]
            known["error"], known["stopped"] = known["error"] or one["error"], known["stopped"] or one["stopped"]
        return list(found.values())

    @property
    def lag(self) -> int | None:
        """Of the consumer that is farthest behind."""
        return max((one["lag"] for one in self.consumers if one["lag"] is not None), default=None)

    @property
    def is_late(self) -> bool:
        return (self.waits_s or 0) > LATE_S or (self.lag or 0) >= LATE_EVENTS or (self.pulse_s or 0) > LATE_S


def home(visit: Visit) -> Response:
    """Is anything late, lost or waiting for me?"""
    asks = (Ask("/v1/operations"), Ask("/v1/organisations", {"status": "pending"}))
    overview, pending, checks = visit.api.all(*asks, Ask("/v1/operations/checks", {"limit": 20}))
    assert overview is not None
    rows = [row_of(item, overview.body["down"]) for item in overview.body["items"]]
    return visit.render(
        "health.html",
        rows=rows,
        late=[row for row in rows if row.is_late or "down" in row.states.values()],
        lost=sum(row.letters or 0 for row in rows),
        silent=[row.room for row in rows if row.letters is None],
        pending=pending,
        audits=latest(checks),
        checks_read=checks is not None and checks.is_ok,
        span=lambda seconds: span(seconds, visit.t),
        at=next((item["state"]["at"] for item in overview.body["items"] if item["state"]), ""),
    )


def latest(checks: Reply | None) -> dict[str, Any]:
    """The last run of each kind; a round of an audit counts as one."""
    if checks is None or not checks.is_ok:
        return {}
    found: dict[str, Any] = {}
    for run in sorted(checks.items, key=lambda run: str(run["at"])):
        found["audit" if run["kind"] == "round" else run["kind"]] = run
    return found


def row_of(item: dict[str, Any], down: list[str]) -> Row:
    """`down`: the servers that do not answer."""
    room, said, state = item["room"], item["said"], item["state"]
    states = {
        "web": "down" if said == "unreachable" else "ok",
        "database": {"ready": "ok", "unavailable": "down"}.get(said, "unknown"),
        "bus": "down" if "kafka" in down or has_trouble(state) else "ok",
        "index": "none" if room != "listings" else "down" if "elasticsearch" in down else "ok",
    }
    if state is None:
        return Row(room, states)
    now = datetime.fromisoformat(state["at"])
    workers = state["workers"]
    seen = [(now - datetime.fromisoformat(one["at"])).total_seconds() for one in workers]
    since = state["outbox_since"]
    return Row(
        room,
        states | {"workers": "ok" if workers else "down"},
        workers,
        max(0.0, min(seen)) if seen else None,
        state["outbox_pending"],
        (now - datetime.fromisoformat(since)).total_seconds() if since else None,
        state["dead_letters"],
    )


def has_trouble(state: dict[str, Any] | None) -> bool:
    """Whether a worker says that it can't publish, or that a consumer has stopped."""
    return state is not None and any(
        worker["relay_error"] or any(one["error"] or one["stopped"] for one in worker["consumers"])
        for worker in state["workers"]
    )


EVERYWHERE = (*ROOMS, GATEWAY)
"""Whose dead letters and operations can be asked for."""
