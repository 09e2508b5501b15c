"""One OpenAPI document out of the rooms'; where two rooms mean different things by a name, the later one's is prefixed."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from gateway import checks, operations
from gateway.forward import Forwarder
from gateway.notices import api as notices
from gateway.routes import GATEWAY, is_internal
from shared.http.openapi import document as document_of
from shared.http.operations import operations as every_room
from shared.problem import ServiceIsUnavailable
from shared.settings import ROOMS

Json = dict[str, Any]
OWN_TABLES = (notices.routes, operations.routes, checks.routes)
"""What the gateway answers itself."""
REFERENCE = "#/components/schemas/"
METHODS = ("get", "post", "patch", "put", "delete")


def merge(documents: Iterable[tuple[str, Json]]) -> Json:
    """`documents` are `(room, document)`. Paths for the gateway alone are left out."""
    merged: Json = {
        "openapi": "3.1.0",
        "info": {"title": "Huanliu", "version": "1"},
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
    }
    schemas, operations = merged["components"]["schemas"], set[str]()
    for room, document in documents:
        theirs = document.get("components", {})
        renamed = _conflicts(room, theirs.get("schemas", {}), schemas)
        for name, schema in theirs.get("schemas", {}).items():
            schemas[renamed.get(name, name)] = _rewritten(schema, renamed)
        merged["components"]["securitySchemes"] |= theirs.get("securitySchemes", {})
        for path, item in document.get("paths", {}).items():
            if is_internal(path):
                continue
            for method, operation in _rewritten(item, renamed).items():
                if operation.get("operationId") in operations:
                    operation["operationId"] = f"{room}_{operation['operationId']}"
                operations.add(operation.get("operationId", ""))
                merged["paths"].setdefault(path, {})[method] = operation
    merged["paths"] = dict(sorted(merged["paths"].items()))
    return merged


def _conflicts(room: str, theirs: Json, ours: Json) -> dict[str, str]:
    """New names for the schemas of `room` that mean something else here, or refer to one that does."""
    renamed: dict[str, str] = {}
    while True:
        more = {
            name: f"{room.capitalize()}{name}"
            for name, schema in theirs.items()
            if name in ours and name not in renamed and ours[name] != _rewritten(schema, renamed)
        }
        if not more:
            return renamed
        renamed |= more


def _rewritten(part: Any, renamed: dict[str, str]) -> Any:
    """A copy whose references follow the new names."""
    if isinstance(part, dict):
        return {
            name: _reference(value, renamed) if name == "$ref" else _rewritten(value, renamed) for name, value in part.items()
        }
    if isinstance(part, list):
        return [_rewritten(one, renamed) for one in part]
    return part


def _reference(value: Any, renamed: dict[str, str]) -> Any:
    name = str(value).removeprefix(REFERENCE)
    return REFERENCE + renamed[name] if name in renamed else value


class Document:
    """The merged document; kept once every room has answered."""

    def __init__(self, forwarder: Forwarder) -> None:
        self.forwarder = forwarder
        self._lock = threading.Lock()
        self._kept: Json | None = None

    def get(self) -> Json:
        """What the rooms that answer say. Raises ServiceIsUnavailable where none does."""
        if self._kept is not None:
            return self._kept
        with self._lock:
            documents = [(room, found) for room in ROOMS if (found := self._of(room)) is not None]
            if not documents:
                raise ServiceIsUnavailable(zh="各服务尚未就绪", en="No service answers yet")
            merged = merge([*documents, (GATEWAY, document_of([*OWN_TABLES, every_room(GATEWAY)]))])
            if len(documents) == len(ROOMS):
                self._kept = merged
        return merged

    def _of(self, room: str) -> Json | None:
        try:
            answer = self.forwarder.get(room, "/openapi.json")
        except ServiceIsUnavailable:
            return None
        return answer.json() if answer.status_code == 200 else None


def listing(document: Json) -> list[tuple[str, list[Json]]]:
    """The operations by their first tag, as the documentation page lists them."""
    groups: dict[str, list[Json]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            body = operation.get("requestBody", {}).get("content", {})
            row = {
                "method": method.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "public": operation.get("security") == [],
                "query": [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"],
                "body": _shape(body.get("application/json", {}).get("schema")),
                "file": "multipart/form-data" in body,
                "answer": _shape(_answer(operation)),
            }
            groups.setdefault((operation.get("tags") or ["system"])[0], []).append(row)
    return sorted(groups.items())


def _answer(operation: Json) -> Json | None:
    for status, response in operation.get("responses", {}).items():
        if status.startswith("2"):
            schema: Json | None = response.get("content", {}).get("application/json", {}).get("schema")
            return schema
    return None


def _shape(schema: Json | None) -> str:
    return str((schema or {}).get("$ref", "")).removeprefix(REFERENCE)
