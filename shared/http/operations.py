"""What the operator sees of every room and may do there: outbox, workers, dead letters, an event's way."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StringConstraints

from shared.auth import Caller, authorise
from shared.bus import dead_letters, hops
from shared.bus.dead_letters import DEAD_LETTERS, DeadLetter, as_json
from shared.bus.pulse import Pulse, workers
from shared.http.routes import Routes
from shared.http.shapes import ListQuery, PageOut, Query, Shape, Time, page_of
from shared.mongo import Unit
from shared.problem import Fault

MOST_IDS = 50
Status = Literal["parked", "replay_requested", "replayed", "discarded"]


class ConsumerOut(Shape):
    name: str
    handled: int
    parked: int
    lag: int | None
    error: str | None
    stopped: bool


class WorkerOut(Shape):
    """A worker process as it last said at `at`; it says so every two seconds."""

    id: str
    at: Time
    published: int
    relay_error: str | None
    consumers: list[ConsumerOut]

    @classmethod
    def of(cls, pulse: Pulse) -> WorkerOut:
        consumers = [ConsumerOut(**vars(one)) for one in pulse.consumers]
        return cls(id=pulse.id, at=pulse.at, published=pulse.published, relay_error=pulse.relay_error, consumers=consumers)


class RoomOut(Shape):
    """`outbox_since`: since when the oldest event waits to be published."""

    room: str
    at: Time
    outbox_pending: int
    outbox_since: Time | None
    dead_letters: int
    workers: list[WorkerOut]


class DeadLetterOut(Shape):
    """A record that a consumer gave up on; `value` is its body as text, `headers` as it had them."""

    id: str
    consumer: str
    topic: str
    partition: int
    offset: int
    type: str | None
    key: str | None
    reason: str
    reason_zh: str
    trace: str
    parked_at: Time
    status: Status
    attempts: int
    headers: dict[str, str]
    value: str | None

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadLetterOut:
        return cls.model_validate(as_json(letter) | {"parked_at": letter.parked_at})


class DeadLettersQuery(ListQuery):
    status: Status | None = None


def _ids(text: str) -> str:
    if not 1 <= len(ids_of(text)) <= MOST_IDS:
        raise Fault(f"应为 1 至 {MOST_IDS} 个以逗号分隔的编号", f"Name 1 to {MOST_IDS} ids, parted by commas")
    return text


def ids_of(text: str) -> list[str]:
    return [one for one in text.split(",") if one]


Ids = Annotated[str, AfterValidator(_ids)]


class SentQuery(Query):
    """`keys`: ids of aggregates (lots, proposals, trades, …), parted by commas."""

    keys: Ids


class TracedQuery(Query):
    trace_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class HandledQuery(Query):
    """`events`: CloudEvents ids, parted by commas."""

    events: Ids


class SentOut(Shape):
    """Committed in the room `at`, published `sent_at`."""

    id: str
    type: str
    key: str
    version: int
    traceparent: str
    at: Time
    sent_at: Time | None


class HandledOut(Shape):
    """`origin`: topic/partition/offset."""

    consumer: str
    event_id: str
    at: Time
    origin: str | None


def operations(room: str) -> Routes:
    """The routes that every room has alike."""
    routes = Routes(room)
    base = f"/v1/operations/{room}"

    @routes.get(base, "operations.read", RoomOut)
    def read_room(unit: Unit) -> RoomOut:
        """What waits in the room, and what its workers say."""
        wait = hops.waiting(unit)
        return RoomOut(
            room=room,
            at=unit.now,
            outbox_pending=wait.count,
            outbox_since=wait.since,
            dead_letters=dead_letters.parked(unit),
            workers=[WorkerOut.of(one) for one in workers(unit)],
        )

    _dead_letters(routes, f"{base}/dead-letters")
    _events(routes, base)
    return routes


def _dead_letters(routes: Routes, base: str) -> None:
    @routes.get(base, "operations.read", PageOut[DeadLetterOut])
    def list_dead_letters(unit: Unit, query: DeadLettersQuery) -> PageOut[DeadLetterOut]:
        """What the room's consumers gave up on."""
        where: dict[str, Any] = {"status": query.status} if query.status else {}
        return page_of(DEAD_LETTERS.page(unit, where, query.cursor, query.limit), DeadLetterOut.of)

    @routes.get(f"{base}/<letter_id>", "operations.read", DeadLetterOut)
    def read_dead_letter(unit: Unit, caller: Caller, letter_id: str) -> DeadLetterOut:
        """One of them: the event as it came, the reason, the trace."""
        authorise(caller, "operations.read", set())
        return DeadLetterOut.of(DEAD_LETTERS.get(unit, letter_id))

    @routes.post(f"{base}/<letter_id>/replay", "operations.act", DeadLetterOut)
    def replay_dead_letter(unit: Unit, caller: Caller, letter_id: str) -> DeadLetterOut:
        """Hand it to its consumer again: it applies once, or is parked again with the new reason."""
        authorise(caller, "operations.act", set())
        return DeadLetterOut.of(dead_letters.move(unit, letter_id, "replay_requested"))

    @routes.post(f"{base}/<letter_id>/discard", "operations.act", DeadLetterOut)
    def discard_dead_letter(unit: Unit, caller: Caller, letter_id: str) -> DeadLetterOut:
        """Give it up for good; it stays on the list."""
        authorise(caller, "operations.act", set())
        return DeadLetterOut.of(dead_letters.move(unit, letter_id, "discarded"))


def _events(routes: Routes, base: str) -> None:
    @routes.get(f"{base}/sent", "operations.read", PageOut[SentOut])
    def read_sent(unit: Unit, query: SentQuery) -> PageOut[SentOut]:
        """The events that the room sent of these aggregates, as far as its outbox goes back (14 days)."""
        return PageOut(items=[SentOut.model_validate(asdict(one)) for one in hops.sent(unit, ids_of(query.keys))])

    @routes.get(f"{base}/traced", "operations.read", PageOut[SentOut])
    def read_traced(unit: Unit, query: TracedQuery) -> PageOut[SentOut]:
        """The events of one trace that the room sent in the last day."""
        return PageOut(items=[SentOut.model_validate(asdict(one)) for one in hops.traced(unit, query.trace_id)])

    @routes.get(f"{base}/handled", "operations.read", PageOut[HandledOut])
    def read_handled(unit: Unit, query: HandledQuery) -> PageOut[HandledOut]:
        """What the room's consumers did with these events, and from which topic, partition and offset."""
        found = hops.handled(unit, ids_of(query.events))
        return PageOut(items=[HandledOut.model_validate(asdict(one)) for one in found])
