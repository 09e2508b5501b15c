"""Follow one lot, or one request: every event of it from its transaction through outbox, topic and consumers to the index."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask import Response

from gateway.console.formats import span
from gateway.console.visit import Form, Visit

TRACE = re.compile(r"^[0-9a-f]{32}$")
TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
WIDTH = 1000
"""Of the drawing of an event's way."""


@dataclass
class Step:
    """One hop of an event; `x` is where it stands in the drawing, 0 to WIDTH."""

    hop: dict[str, Any]
    x: float
    took: str

    @property
    def place(self) -> tuple[str, str, str] | None:
        """Topic, partition and offset."""
        parts = (self.hop["origin"] or "").rsplit("/", 2)
        return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


@dataclass
class Told:
    """One event and the steps of its way; `longest_ms` from its commit to the last consumer."""

    first: dict[str, Any]
    steps: list[Step] = field(default_factory=list)
    longest_ms: int = 0


def follow(visit: Visit) -> Response:
    """By a lot's id, a trace id, or the whole `traceparent` of an answer."""
    asked = visit.request.args.get("id", "").strip()
    form = Form({"id": asked})
    if not asked:
        return visit.render("follow.html", form=form, journey=None, events=[], asked="")
    found = TRACEPARENT.match(asked)
    trace = found[1] if found else asked.lower() if TRACE.match(asked.lower()) else ""
    reply = visit.api.get("/v1/journeys", trace_id=trace) if trace else visit.api.get(f"/v1/journeys/{quote(asked, safe='')}")
    if reply.status in (404, 422):
        form.faults["id"] = visit.t["follow_unknown"]
        return visit.render("follow.html", 404, form=form, journey=None, events=[], asked=asked)
    journey = reply.body
    if trace and not journey["hops"]:
        form.faults["id"] = visit.t["follow_no_trace"]
        return visit.render("follow.html", 404, form=form, journey=None, events=[], asked=asked)
    events, index = grouped(visit, journey["hops"])
    return visit.render("follow.html", form=form, journey=journey, events=events, index=index, asked=asked)


def grouped(visit: Visit, hops: Iterable[dict[str, Any]]) -> tuple[list[Told], list[dict[str, Any]]]:
    """The events in the order of their commits, each with its steps; and what the index has in the end."""
    events: dict[tuple[str, str], Told] = {}
    index = []
    for hop in hops:
        if hop["step"] == "indexed":
            index.append(hop)
            continue
        told = events.setdefault((hop["event_id"], hop["key"]), Told(hop))
        told.steps.append(Step(hop, 0.0, span((hop["after_ms"] or 0) / 1000, visit.t)))
    for told in events.values():
        told.steps.sort(key=lambda step: step.hop["after_ms"] or 0)
        told.first = told.steps[0].hop
        told.longest_ms = max(step.hop["after_ms"] or 0 for step in told.steps)
        for step in told.steps:
            step.x = round(WIDTH * (step.hop["after_ms"] or 0) / (told.longest_ms or 1), 1)
    return list(events.values()), index
