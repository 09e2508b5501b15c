"""What a room's outbox and inbox tell of an event's way: committed, published, handled."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.bus.pulse import workers
from shared.mongo import Row, Unit

MOST = 1000
"""Events that one question is answered with."""
TRACED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """An event as the outbox has it: committed `at`, published `sent_at` (None: it waits)."""

    id: str
    type: str
    key: str
    version: int
    traceparent: str
    at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Handled:
    """A consumer's mark of an event; `origin` is topic/partition/offset, None for marks of an earlier release."""

    consumer: str
    event_id: str
    at: datetime
    origin: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The outbox rows that were not published yet, and since when the oldest waits."""

    count: int
    since: datetime | None


def waiting(unit: Unit) -> Waiting:
    """What the relay has still to publish."""
    outbox = unit.collection("outbox")
    oldest = outbox.find_one({"pending": True}, sort=[("version", 1), ("_id", 1)])
    return Waiting(outbox.count_documents({"pending": True}), oldest["at"] if oldest else None)


def sent(unit: Unit, keys: Collection[str]) -> list[Sent]:
    """The events of these aggregates that the outbox still has, in the order of their commits."""
    return _rows(unit, {"key": {"$in": list(keys)}})


def _rows(unit: Unit, where: Row) -> list[Sent]:
    rows = unit.collection("outbox").find(where).sort("_id", 1).limit(MOST)
    return [
        Sent(row["_id"], row["type"], row["key"], row["version"], row["traceparent"], row["at"], row.get("sent_at"))
        for row in rows
    ]


def traced(unit: Unit, trace_id: str) -> list[Sent]:
    """The events of one trace within the last day. No index serves this, so that every event need not pay for a question asked
    by people: ids are of their time, and a day of rows is looked through."""
    since = str(UUID(int=int((unit.now - TRACED).timestamp() * 1000) << 80))
    where = {"_id": {"$gte": since}, "traceparent": {"$regex": f"^00-{re.escape(trace_id)}-"}}
    return _rows(unit, where)


def handled(unit: Unit, events: Collection[str]) -> list[Handled]:
    """What this room's consumers did with these events."""
    consumers = {consumer.name for worker in workers(unit) for consumer in worker.consumers}
    marks = {f"{consumer}:{event}": (consumer, event) for consumer in sorted(consumers) for event in events}
    rows = unit.collection("inbox").find({"_id": {"$in": list(marks)}})
    return [Handled(*marks[row["_id"]], row["at"], row.get("origin")) for row in rows]
