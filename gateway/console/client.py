"""How pages speak to the rooms: by the public API alone, in this process, with the signed-in user's token.

A call goes through everything that a program's call goes through: the same limits, rules, and second opinion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from werkzeug.test import EnvironBuilder, run_wsgi_app

from shared.ids import new_traceparent

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

AT_ONCE = 16
"""Calls of one process's pages that run side by side; more wait."""


class ApiRefused(Exception):
    """The API's answer was a problem; the page shows it (`web.py`), unless its view knows better."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status} {reply.problem.get('type')}: {reply.problem.get('detail')}")
        self.reply = reply


@dataclass(frozen=True)
class Reply:
    """An answer read whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_ok(self) -> bool:
        return self.status < 300

    @cached_property
    def body(self) -> Any:
        """The JSON of a good answer. Raises ApiRefused for every other."""
        if not self.is_ok:
            raise ApiRefused(self)
        return orjson.loads(self.content) if self.content else None

    @cached_property
    def problem(self) -> dict[str, Any]:
        """The problem details of a refusal."""
        if "json" not in self.headers.get("content-type", ""):
            return {"type": "unreadable", "status": self.status}
        found: dict[str, Any] = orjson.loads(self.content)
        return found

    @property
    def items(self) -> list[Any]:
        """Of a list. Raises ApiRefused."""
        found: list[Any] = self.body["items"]
        return found

    @property
    def etag(self) -> str:
        return self.headers.get("etag", "")


@dataclass(frozen=True)
class Ask:
    """One question: `Ask("/v1/lots", {"limit": 20})`. Empty and None parameters are left out."""

    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    accept: str = "application/json"


class Caller:
    """Makes calls into the gateway. One for the process."""

    def __init__(self, app: Callable[[], WSGIApplication]) -> None:
        """`app` gives the gateway as it is before it limits how many requests it works on: a page holds its place already."""
        self._app = app

    @cached_property
    def pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="console")

    def close(self) -> None:
        """Let go of the threads."""
        if "pool" in self.__dict__:
            self.pool.shutdown()

    def call(self, method: str, path: str, headers: Mapping[str, str], address: str, **body: Any) -> Reply:
        """`body` is what werkzeug's EnvironBuilder takes: `query_string`, `json` or `data`."""
        builder = EnvironBuilder(path, method=method, headers=list(headers.items()), **body)
        try:
            environ = builder.get_environ()
        finally:
            builder.close()
        environ["REMOTE_ADDR"] = address
        # a request within a request: what it leaves in the context is not the outer one's
        chunks, status, found = Context().run(run_wsgi_app, self._app(), environ, True)
        content = b"".join(chunks)
        return Reply(int(status.split(" ", 1)[0]), {name.lower(): value for name, value in found.items()}, content)


class Api:
    """The API in one user's name, for one page."""

    def __init__(self, caller: Caller, token: str | None, language: str, address: str) -> None:
        self._caller, self._token, self._language, self._address = caller, token, language, address

    def get(self, path: str, query: Mapping[str, Any] | None = None, **more: Any) -> Reply:
        """`query` beside or instead of names: `api.get("/v1/lots", limit=20)`."""
        return self._ask(Ask(path, {**(query or {}), **more}))

    def file(self, path: str, query: Mapping[str, Any] | None = None, kind: str = "*/*") -> Reply:
        """A picture, a paper or a sheet, whatever its kind; or a list as the table of that kind."""
        return self._ask(Ask(path, query or {}, kind))

    def all(self, *asks: Ask | None) -> list[Reply | None]:
        """The answers to several questions, asked at the same time; None for None. A refused one does not stop the others."""
        waiting = [None if ask is None else self._caller.pool.submit(self._ask, ask) for ask in asks]
        return [None if one is None else one.result() for one in waiting]

    def post(self, path: str, body: Any = None, key: str = "") -> Reply:
        """`key`: the form's own, so that a form sent twice makes one thing."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._send("POST", path, {} if body is None else {"json": body}, headers)

    def upload(self, path: str, files: Mapping[str, Any], query: Mapping[str, Any] | None = None) -> Reply:
        """`files`: `(stream, name, content type)` by field."""
        return self._send("POST", path, {"data": dict(files), "query_string": _query(query or {})})

    def patch(self, path: str, body: Any, etag: str) -> Reply:
        return self._send("PATCH", path, {"json": body}, {"If-Match": etag})

    def put(self, path: str, body: Any) -> Reply:
        return self._send("PUT", path, {"json": body})

    def delete(self, path: str) -> Reply:
        return self._send("DELETE", path, {})

    def _ask(self, ask: Ask) -> Reply:
        return self._send("GET", ask.path, {"query_string": _query(ask.query)}, {"Accept": ask.accept})

    def _send(self, method: str, path: str, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
        sent = {"Accept-Language": self._language, "traceparent": new_traceparent(), **(headers or {})}
        if self._token is not None:
            sent["Authorization"] = f"Bearer {self._token}"
        return self._caller.call(method, path, sent, self._address, **body)


def _query(query: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in query.items() if value not in (None, "")}, doseq=True)
