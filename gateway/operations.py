"""What the operator sees of the whole: every room's state on one page, and the way of one lot from room to room.

Rooms answer for themselves, by the caller's token; nothing is read but through their own routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from contextvars import copy_context
from functools import partial
from typing import Annotated, Any, Literal

from flask import Flask, Request, Response, current_app
from pydantic import StringConstraints
from werkzeug.test import EnvironBuilder

from gateway import forward
from gateway.forward import Forwarder
from gateway.health import Health
from gateway.routes import GATEWAY
from shared.auth import Caller, authorise
from shared.http import Query, Routes, Shape
from shared.http.operations import MOST_IDS, HandledOut, RoomOut, SentOut
from shared.http.shapes import Time
from shared.problem import NotFound, ServiceIsUnavailable
from shared.settings import ROOMS

ASK_S = 5.0
MOST_LOADS = 200
MADE_OF_LOTS = {"proposal": "matching", "trade": "trading", "shipment": "logistics"}
"""What is made of a lot, and the room that makes it and tells of it."""
routes = Routes(GATEWAY)
Said = Literal["ready", "unavailable", "unreachable"]
Step = Literal["committed", "published", "handled", "indexed"]


class RoomState(Shape):
    """`said`: ready; unavailable (its database does not answer); unreachable. `state` is null where it is not ready."""

    room: str
    said: Said
    state: RoomOut | None


class OverviewOut(Shape):
    """`down`: which of kafka and elasticsearch do not answer."""

    items: list[RoomState]
    down: list[str]


class HopOut(Shape):
    """One step of an event's way. `of`: lot, proposal, trade, shipment; in a trace whatever the event is of.
    `after_ms` counts from its commit; `origin` is topic/partition/offset; the index keeps no
    time, only the version that it has."""

    step: Step
    room: str
    at: Time | None
    after_ms: int | None
    event_id: str | None
    type: str | None
    of: str
    key: str
    version: int
    trace_id: str | None
    consumer: str | None = None
    origin: str | None = None


class JourneyOut(Shape):
    """In the order of time; of a lot, or of a trace. `silent`: rooms that did not answer, whose steps are missing here; `cut`:
    there are more."""

    lot_id: str | None
    trace_id: str | None
    hops: list[HopOut]
    silent: list[str]
    cut: bool


class Rooms:
    """Asks rooms in the caller's name."""

    def __init__(self, forwarder: Forwarder, own: Flask, health: Health) -> None:
        self.forwarder, self.own, self.health = forwarder, own, health

    def overview(self, authorization: str) -> tuple[dict[str, tuple[Said, Any | None]], list[str]]:
        """What each room says, with its state where it is ready; and the servers that do not answer."""
        names = (*ROOMS, GATEWAY)
        asks: dict[str, Callable[[], Any]] = {
            room: partial(self._said, room, f"/v1/operations/{room}", authorization) for room in names
        }
        found = self.forwarder.side_by_side(asks | self.health.servers)
        return {room: found[room] for room in names}, [name for name in self.health.servers if not found[name]]

    def ask_all(self, asks: Sequence[tuple[str, str]], authorization: str) -> list[Any | None]:
        """The answer to each room and URL, asked side by side; None where a room does not answer. Raises the first NotFound."""
        found = self.forwarder.side_by_side({ask: partial(self._said, *ask, authorization) for ask in asks})
        return [body for _, body in found.values()]

    def _said(self, room: str, url: str, authorization: str) -> tuple[Said, Any | None]:
        """Raises NotFound."""
        try:
            status, body = self._ask(room, url, {"Authorization": authorization})
        except ServiceIsUnavailable:
            return "unreachable", None
        if status == 404:
            raise NotFound
        return ("ready", body) if status == 200 else ("unavailable", None)

    def _ask(self, room: str, url: str, headers: dict[str, str]) -> tuple[int, Any]:
        if room != GATEWAY:
            answer = self.forwarder.get(room, url, headers, ASK_S)
            return answer.status_code, answer.json()
        path, _, query = url.partition("?")
        environ = EnvironBuilder(path, query_string=query, headers=list(headers.items())).get_environ()
        # a request within a request: what it leaves in the context is not the outer one's
        with closing(copy_context().run(Response.from_app, self.own.wsgi_app, environ)) as own:
            return own.status_code, own.get_json()


def rooms() -> Rooms:
    found: Rooms = current_app.extensions["huanliu.rooms"]
    return found


@routes.get("/v1/operations", "operations.read", OverviewOut)
def read_operations(request: Request) -> OverviewOut:
    """What waits in every room, what its workers say, and which servers do not answer."""
    found, down = rooms().overview(request.headers["Authorization"])
    items = [{"room": room, "said": said, "state": state} for room, (said, state) in found.items()]
    return OverviewOut.model_validate({"items": items, "down": down}, strict=False)


@routes.get("/v1/journeys/<lot_id>", "journeys.read", JourneyOut)
def read_journey(caller: Caller, request: Request, lot_id: str) -> JourneyOut:
    """Follow one lot: every event of it, its proposals, trades and loads, through outbox, topic, consumers and index."""
    authorise(caller, "journeys.read", set())
    return _Journey(rooms(), request.headers["Authorization"]).of_lot(lot_id)


class TraceQuery(Query):
    trace_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


@routes.get("/v1/journeys", "journeys.read", JourneyOut)
def read_trace(request: Request, query: TraceQuery) -> JourneyOut:
    """Follow one trace: every event that one request, or one turn of a timer, led to within the last day."""
    return _Journey(rooms(), request.headers["Authorization"]).of_trace(query.trace_id)


class _Journey:
    def __init__(self, rooms: Rooms, who: str) -> None:
        self.rooms, self.who = rooms, who
        self.silent: set[str] = set()
        self.cut = False

    def of_lot(self, lot_id: str) -> JourneyOut:
        """Raises NotFound where there is no such lot."""
        made = [(room, f"/v1/{of}s?lot_id={lot_id}&limit={MOST_LOADS}") for of, room in MADE_OF_LOTS.items()]
        # the lot first: where there is none, that is what is raised
        asks = [("listings", f"/v1/lots/{lot_id}"), ("listings", f"/v1/operations/listings/indexed/{lot_id}"), *made]
        lot, indexed, *pages = self._asked(asks)
        if lot is None:
            raise forward.down("listings")
        keys = {lot_id: "lot"}
        for of, page in zip(MADE_OF_LOTS, pages, strict=True):
            self.cut = self.cut or bool(page and page.get("next_cursor"))
            keys |= {item["id"]: of for item in (page["items"] if page else ())}
        questions = [f"sent?keys={','.join(some)}" for some in _chunks(list(keys))]
        hops = self._hops(self._sent(("listings", *MADE_OF_LOTS.values()), questions), keys)
        return JourneyOut(
            lot_id=lot_id,
            trace_id=None,
            hops=[*hops, *_indexed_hops(lot_id, indexed)],
            silent=sorted(self.silent),
            cut=self.cut,
        )

    def of_trace(self, trace_id: str) -> JourneyOut:
        """Empty where no room sent anything in it."""
        sent = self._sent(ROOMS, [f"traced?trace_id={trace_id}"])
        keys = {one.key: one.type.split(".")[1] for one in sent.values()}
        hops = self._hops(sent, keys)
        return JourneyOut(lot_id=None, trace_id=trace_id, hops=hops, silent=sorted(self.silent), cut=self.cut)

    def _sent(self, rooms: Sequence[str], questions: Sequence[str]) -> dict[tuple[str, str], SentOut]:
        """What the rooms sent, by room and event."""
        found = ((room, SentOut.model_validate(item, strict=False)) for room, item in self._events(rooms, questions))
        return {(room, one.id): one for room, one in found}

    def _hops(self, sent: Mapping[tuple[str, str], SentOut], keys: Mapping[str, str]) -> list[HopOut]:
        """In the order of time."""
        hops = [hop for (room, _), one in sent.items() for hop in _sent_hops(room, one, keys[one.key])]
        by_id = {identifier: one for (_, identifier), one in sent.items()}
        questions = [f"handled?events={','.join(some)}" for some in _chunks(list(by_id))]
        for room, item in self._events((*ROOMS, GATEWAY), questions):
            mark = HandledOut.model_validate(item, strict=False)
            hops.append(_handled_hop(room, mark, by_id[mark.event_id], keys))
        return sorted(hops, key=lambda hop: (hop.at is None, hop.at))

    def _events(self, rooms: Sequence[str], questions: Sequence[str]) -> Iterator[tuple[str, Any]]:
        asks = [(room, f"/v1/operations/{room}/{question}") for room in rooms for question in questions]
        for (room, _), answer in zip(asks, self._asked(asks), strict=True):
            yield from ((room, item) for item in (answer["items"] if answer else ()))

    def _asked(self, asks: Sequence[tuple[str, str]]) -> list[Any | None]:
        answers = self.rooms.ask_all(asks, self.who)
        self.silent |= {room for (room, _), answer in zip(asks, answers, strict=True) if answer is None}
        return answers


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + MOST_IDS] for at in range(0, len(ids), MOST_IDS))


def _sent_hops(room: str, one: SentOut, of: str) -> Iterator[HopOut]:
    event = {"event_id": one.id, "type": one.type, "trace_id": trace_of(one.traceparent)}
    yield _hop("committed", room, one.key, of, one.version, at=one.at, after_ms=0, **event)
    if one.sent_at is not None:
        yield _hop("published", room, one.key, of, one.version, at=one.sent_at, after_ms=_ms(one, one.sent_at), **event)


def _handled_hop(room: str, mark: HandledOut, one: SentOut, keys: Mapping[str, str]) -> HopOut:
    event = {"event_id": one.id, "type": one.type, "trace_id": trace_of(one.traceparent)}
    where = {"consumer": mark.consumer, "origin": mark.origin}
    return _hop("handled", room, one.key, keys[one.key], one.version, at=mark.at, after_ms=_ms(one, mark.at), **event, **where)


def _indexed_hops(lot_id: str, answer: Any | None) -> list[HopOut]:
    if answer is None or answer["version"] is None:
        return []
    return [_hop("indexed", "listings", lot_id, "lot", answer["version"], origin=answer["index"])]


def _hop(step: Step, room: str, key: str, of: str, version: int, **values: Any) -> HopOut:
    known = {"at": None, "after_ms": None, "event_id": None, "type": None, "trace_id": None} | values
    return HopOut(step=step, room=room, key=key, of=of, version=version, **known)


def _ms(one: SentOut, at: Time) -> int:
    return round((at - one.at).total_seconds() * 1000)


def trace_of(traceparent: str) -> str | None:
    """The trace id of a W3C `traceparent`; None of anything else."""
    parts = traceparent.split("-")
    return parts[1] if len(parts) == 4 else None
