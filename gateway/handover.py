"""How a stream's connection goes to the process of streams, once the gateway has said who reads what.

A request for a stream passes the gateway as every other does: limits, identity, the authorisation table, the room's route. Its
answer has a head and no end, so the gateway asks the process of streams (`gateway/stream.py`) for a place, and when the head
stands gives it the caller's own socket (`SCM_RIGHTS`). The worker's thread is free again at once.

Two messages each way on a socket in the data folder: what is asked, whether there is a place, and the head with the connection.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import orjson
from werkzeug.wsgi import ClosingIterator

from shared.problem import ServiceIsUnavailable, TooManyRequests

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/v1/stream"
DOOR = "streams"
"""The socket's name in the data folder."""
MOST_BYTES = 65_536
"""Of a message."""
WITHIN_S = 5.0
OF_ONE_CALLER = 10
PLACES = "huanliu.stream"
OURS = ("connection", "content-length", "transfer-encoding", "keep-alive")
"""Fields of a head that speak of the connection; a stream's ends with it."""
Word = Literal["come", "caller", "full", "wait"]
"""There is a place; this caller has all of its own; there is none; MongoDB doesn't answer."""


@dataclass(frozen=True)
class Asked:
    """A stream of what concerns `audience` and fits one of `patterns` (all where there is none), after entry `last` (None: from
    now on), for `life_s` at most."""

    caller: str
    audience: tuple[str, ...]
    patterns: tuple[str, ...]
    last: int | None
    life_s: float


@contextmanager
def door_of(data: Path) -> Iterator[str]:
    """The address of the socket, however long the path of the data folder is: an address ends at 108 bytes."""
    folder = os.open(data, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{DOOR}"
    finally:
        os.close(folder)


class Place:
    """Kept for a stream that begins; free again if it is closed before a connection was given."""

    def __init__(self, door: socket.socket) -> None:
        self.door = door

    def give(self, head: bytes, connection: socket.socket) -> socket.socket:
        """The connection is theirs from here on. What the server still writes to `connection`, and its end, go to the socket
        that is returned, which nobody reads: close it when the server has answered."""
        socket.send_fds(self.door, [head], [connection.fileno()])
        ours, nowhere = socket.socketpair()
        with ours:
            os.dup2(ours.fileno(), connection.fileno())
        return nowhere

    def close(self) -> None:
        self.door.close()


def ask(data: Path, asked: Asked) -> Place:
    """A place for this stream. Raises TooManyRequests, ServiceIsUnavailable."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        door.settimeout(WITHIN_S)
        with door_of(data) as address:
            door.connect(address)
        door.sendall(orjson.dumps(asdict(asked)))
        word = door.recv(MOST_BYTES).decode()
    except OSError as error:
        door.close()
        raise _no_place() from error
    if word == "come":
        return Place(door)
    door.close()
    if word == "caller":
        raise TooManyRequests(
            zh=f"同一用户最多同时打开 {OF_ONE_CALLER} 个事件流",
            en=f"A user may have {OF_ONE_CALLER} streams open",
            headers={"Retry-After": "5"},
        )
    if word == "full":
        raise ServiceIsUnavailable(zh="事件流已满，请稍后重试", en="There are too many streams; try again in a moment")
    raise _no_place()


def _no_place() -> ServiceIsUnavailable:
    return ServiceIsUnavailable(zh="事件流暂不可用，请稍后重试", en="There are no streams right now; try again in a moment")


def take(environ: WSGIEnvironment, place: Place) -> None:
    """The answer to this request will begin a stream in `place`."""
    environ[PLACES].append(place)


class HandsOver:
    """Gives the connection away where the answer begins a stream."""

    def __init__(self, inner: WSGIApplication) -> None:
        self.inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH:
            return self.inner(environ, start_response)
        places: list[Place] = []
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def begin(status: str, fields: list[tuple[str, str]], _error: object = None) -> object:
            told.append((status, fields))
            return None

        body = self.inner({**environ, PLACES: places}, begin)  # type: ignore[arg-type]
        status, fields = told[-1]
        if not places:
            start_response(status, fields)
            return body
        (place,) = places
        if callable(close := getattr(body, "close", None)):
            close()
        try:
            nowhere = place.give(_head(status, fields), environ.get("gunicorn.socket") or environ["werkzeug.socket"])
        finally:
            place.close()
        start_response(status, [("Connection", "close"), ("Content-Length", "0")])
        return ClosingIterator([b""], [nowhere.close])


def _head(status: str, fields: Iterable[tuple[str, str]]) -> bytes:
    said = [f"{name}: {value}" for name, value in fields if name.lower() not in OURS]
    return "\r\n".join((f"HTTP/1.1 {status}", *said, "Connection: close", "", "")).encode("latin-1")
