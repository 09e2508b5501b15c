"""The table of a room's routes. A handler names what it wants by parameter: `unit`, `caller`, `body`, `query`, `match` (the
If-Match), `file` (of a multipart route), `request`, or a name in the path; it calls the service and returns a shape or an
`Answer`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_type_hints

from pydantic import BaseModel

from shared.auth import POLICY
from shared.mongo import Unit

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers; a shape with a `version` gets an ETag. `body` may be bytes with their own content type, or an
    iterator of them that is sent as it comes.

    `then` is for what another room decides: after the commit the dispatcher asks it, each time in a transaction of its own,
    until it answers without one or raises; this answer is then neither sent nor stored for an Idempotency-Key, the last is.
    Where it takes too long the caller is told that the request stands (503), so the handler must bear being called again.
    """

    body: BaseModel | Mapping[str, Any] | bytes | Iterator[bytes] | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    then: Callable[[Unit], Answer] | None = None


def created(location: str, body: BaseModel, status: int = 201) -> Answer:
    """201 with `Location` (202 for a job)."""
    return Answer(body, status, {"Location": location})


@dataclass(frozen=True)
class Route:
    method: Method
    path: str
    action: str
    handler: Callable[..., Any]
    answer: type[BaseModel] | None
    status: int
    secret: bool
    """Whether answers carry secrets and so are never stored for an Idempotency-Key."""
    multipart: bool
    path_names: tuple[str, ...]
    wanted: frozenset[str]
    body: type[BaseModel] | None
    query: type[BaseModel] | None

    @property
    def public(self) -> bool:
        return POLICY[self.action] == "public"

    @property
    def summary(self) -> str:
        told = self.handler.__doc__ or self.handler.__name__.replace("_", " ")
        return " ".join(told.strip().partition("\n\n")[0].split())


class Routes:
    """Filled by its decorators; an action the authorisation table does not name stops the start-up."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.table: list[Route] = []

    def _add(
        self,
        method: Method,
        path: str,
        action: str,
        answer: type[BaseModel] | None,
        status: int,
        secret: bool,
        multipart: bool,
    ) -> Callable[[F], F]:
        if action not in POLICY:
            raise LookupError(f"{method} {path}: the authorisation table has no action {action!r}")

        def register(handler: F) -> F:
            hints = get_type_hints(handler)
            names = tuple(part[1:-1] for part in path.split("/") if part.startswith("<"))
            route = Route(
                method,
                path,
                action,
                handler,
                answer,
                status,
                secret,
                multipart,
                names,
                frozenset(inspect.signature(handler).parameters),
                hints.get("body"),
                hints.get("query"),
            )
            self.table.append(route)
            return handler

        return register

    def get(self, path: str, action: str, answer: type[BaseModel] | None = None) -> Callable[[F], F]:
        return self._add("GET", path, action, answer, 200, False, False)

    def post(
        self,
        path: str,
        action: str,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        secret: bool = False,
        multipart: bool = False,
    ) -> Callable[[F], F]:
        return self._add("POST", path, action, answer, status, secret, multipart)

    def patch(self, path: str, action: str, answer: type[BaseModel] | None = None) -> Callable[[F], F]:
        return self._add("PATCH", path, action, answer, 200, False, False)

    def put(self, path: str, action: str, answer: type[BaseModel] | None = None) -> Callable[[F], F]:
        return self._add("PUT", path, action, answer, 200, False, False)

    def delete(self, path: str, action: str) -> Callable[[F], F]:
        return self._add("DELETE", path, action, None, 204, False, False)
