"""Passing a request on to its room and the answer back, bytes untouched.

The body is taken in whole before the room hears of it: in memory up to 1 MiB, then on disk. So a slow sender holds a thread
of the gateway and none of the room, and a request can be sent again where the room had not heard the news yet.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Any, TypeVar
from urllib.parse import quote

import httpx
import orjson
import structlog
from flask import Request, Response

from gateway.routes import JSON_LIMIT, Target
from shared.ids import child_traceparent
from shared.problem import BodyIsTooLarge, ServiceIsUnavailable
from shared.settings import Settings

log = structlog.get_logger("gateway")

CONNECT_S = 2.0
LOOK_S, ACT_S = 10.0, 30.0
"""How long a room may be silent: who merely looks is told so sooner than who would have to ask whether it was done."""
KEEP_ALIVE_S = 30.0
"""Shorter than the rooms', so that a connection is not taken from the pool while its room closes it."""
CHUNK = 65_536
AT_ONCE = 32
"""Questions of one process that are asked side by side; more wait."""
A = TypeVar("A")
B = TypeVar("B")
IN_CHINESE = {
    "accounts": "账户", "listings": "货源", "matching": "撮合", "trading": "交易", "logistics": "物流", "regions": "区域",
}  # fmt: skip
"""What people call the rooms."""
PASSED = (
    "Authorization",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "Accept",
    "Accept-Language",
    "Content-Type",
    "Last-Event-ID",
)
DROPPED = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "server",
        "date",
    }
)
"""Hop-by-hop fields (RFC 9110, 7.6.1), and two that the gateway's own server sets."""


@dataclass
class Call:
    """One request to a room, which can be sent again. `url` has the query."""

    room: str
    method: str
    url: str
    headers: dict[str, str]
    body: IO[bytes] | None = None
    length: int = 0

    def content(self) -> bytes | Iterator[bytes] | None:
        if self.body is None:
            return None
        self.body.seek(0)
        if self.length <= JSON_LIMIT:
            return self.body.read()
        return iter(lambda body=self.body: body.read(CHUNK), b"")  # type: ignore[misc]

    @property
    def is_look(self) -> bool:
        return self.method in ("GET", "HEAD")

    @property
    def timeout(self) -> httpx.Timeout:
        return _silent_for(LOOK_S if self.is_look else ACT_S)

    @property
    def may_repeat(self) -> bool:
        """Whether sending it twice has the effect of once."""
        return self.is_look or "Idempotency-Key" in self.headers

    def close(self) -> None:
        if self.body is not None:
            self.body.close()


@dataclass
class Reply:
    """A room's answer whose body has not been read yet, unless `problem` looked at it."""

    http: httpx.Response
    _problem: dict[str, Any] | None = field(default=None)

    @property
    def problem(self) -> dict[str, Any]:
        """The problem details of a refusal; empty for every other answer."""
        if self._problem is None:
            self._problem = {}
            if self.http.headers.get("content-type", "").startswith("application/problem+json"):
                self._problem = orjson.loads(self.http.read())
        return self._problem


def _silent_for(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=CONNECT_S, pool=5.0)


class Forwarder:
    """Calls rooms by pooled connections, opened at first use, which must come after any fork."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def client(self) -> httpx.Client:
        return httpx.Client(
            timeout=_silent_for(ACT_S),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=64, keepalive_expiry=KEEP_ALIVE_S),
            follow_redirects=False,
            trust_env=False,
        )

    @cached_property
    def pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="rooms")

    def close(self) -> None:
        """Let go of the connections and threads."""
        if "pool" in self.__dict__:
            self.pool.shutdown()
        if "client" in self.__dict__:
            self.client.close()

    def side_by_side(self, asks: Mapping[A, Callable[[], B]]) -> dict[A, B]:
        """The answers by what they answer, in the same order: rooms don't wait for one another. No `ask` may do so itself."""
        waiting = {name: self.pool.submit(ask) for name, ask in asks.items()}
        return {name: one.result() for name, one in waiting.items()}

    def send(self, call: Call) -> Reply:
        """Raises ServiceIsUnavailable while the room does not answer."""
        base = self.settings.rooms.get(call.room)
        if base is None:
            raise down(call.room)
        for last in (not call.may_repeat, True):
            request = self.client.build_request(
                call.method, base + call.url, headers=call.headers, content=call.content(), timeout=call.timeout
            )
            try:
                return Reply(self.client.send(request, stream=True))
            except httpx.TransportError as error:
                if last or isinstance(error, (httpx.ConnectError, httpx.TimeoutException)):
                    log.warning("room does not answer", room=call.room, error=repr(error))
                    raise down(call.room) from error
                time.sleep(0.02)
        raise down(call.room)

    def get(self, room: str, url: str, headers: Mapping[str, str] | None = None, timeout_s: float = 5) -> httpx.Response:
        """A small answer, read whole. Raises ServiceIsUnavailable."""
        base = self.settings.rooms.get(room)
        if base is None:
            raise down(room)
        try:
            return self.client.get(base + url, headers=headers, timeout=timeout_s)
        except httpx.TransportError as error:
            raise down(room) from error

    def post(self, room: str, url: str, body: Mapping[str, Any]) -> httpx.Response:
        """A small question, its answer read whole. Raises ServiceIsUnavailable."""
        base = self.settings.rooms.get(room)
        if base is None:
            raise down(room)
        try:
            return self.client.post(base + url, json=dict(body))
        except httpx.TransportError as error:
            raise down(room) from error


def call_of(request: Request, target: Target, token: str | None) -> Call:
    """The request as its room gets it. Raises 413 where the body is over the route's limit, announced or not."""
    headers = {name: value for name in PASSED if (value := request.headers.get(name)) is not None}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    headers["traceparent"] = child_traceparent(request.headers.get("traceparent", ""))
    headers["Accept-Encoding"] = "identity"
    query = request.query_string.decode("latin-1")
    url = quote(request.path, safe="/:@!$&'()*+,;=~-._") + (f"?{query}" if query else "")
    call = Call(target.room, request.method, url, headers)
    if request.method not in ("GET", "HEAD"):
        if (request.content_length or 0) > target.body_limit:
            raise _too_large(target.body_limit)
        call.body = tempfile.SpooledTemporaryFile(max_size=JSON_LIMIT)  # noqa: SIM115 - closed with the call
        try:
            while chunk := request.stream.read(CHUNK):
                call.body.write(chunk)
                call.length += len(chunk)
                if call.length > target.body_limit:
                    raise _too_large(target.body_limit)
        except BaseException:
            call.close()
            raise
        headers["Content-Length"] = str(call.length)
    return call


def response_of(reply: Reply) -> Response:
    """A room's answer as ours; a small one whole, a large or endless one as it comes."""
    http = reply.http
    named = {name.strip().lower() for name in http.headers.get("connection", "").split(",")}
    kept = [(name, value) for name, value in http.headers.multi_items() if name.lower() not in DROPPED | named]
    length = http.headers.get("content-length")
    if http.is_stream_consumed or (length is not None and int(length) <= JSON_LIMIT):
        data = http.content if http.is_stream_consumed else b"".join(http.iter_raw())
        http.close()
        response = Response(data, http.status_code, kept)
        if length is not None:  # of a HEAD, whose body is empty
            response.headers["Content-Length"] = length
        return response
    response = Response(http.iter_raw(), http.status_code, kept, direct_passthrough=True)
    response.call_on_close(http.close)
    return response


def _too_large(limit: int) -> BodyIsTooLarge:
    return BodyIsTooLarge(zh=f"请求体超过 {limit} 字节", en=f"The body is over {limit} bytes")


def down(room: str) -> ServiceIsUnavailable:
    """What is said of a room that does not answer."""
    return ServiceIsUnavailable(
        zh=f"{IN_CHINESE.get(room, room)}服务暂时没有应答，请稍后重试",
        en=f"The {room} service does not answer; try again in a moment",
        room=room,
    )
