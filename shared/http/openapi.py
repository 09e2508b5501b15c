"""OpenAPI 3.1 of a table of routes, from the same shapes that check the bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from shared.http.routes import Route, Routes

REFERENCE = "#/components/schemas/{model}"
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_PROBLEM_ANSWER: dict[str, Any] = {
    "description": "RFC 9457 problem details",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def document(tables: Sequence[Routes]) -> dict[str, Any]:
    """The whole document of a room."""
    routes = [route for table in tables for route in table.table]
    inputs: list[tuple[type[BaseModel], JsonSchemaMode]] = [(r.body, "validation") for r in routes if r.body]
    outputs: list[tuple[type[BaseModel], JsonSchemaMode]] = [(r.answer, "serialization") for r in routes if r.answer]
    references, definitions = models_json_schema(inputs + outputs, ref_template=REFERENCE)
    paths: dict[str, Any] = {}
    for route in routes:
        path = route.path.replace("<", "{").replace(">", "}")
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Huanliu", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Problem": PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(route: Route, references: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": route.summary}
    if route.answer is not None:
        success["content"] = {"application/json": {"schema": references[(route.answer, "serialization")]}}
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "tags": [route.path.split("/")[2] if route.path.startswith("/v1/") else "system"],
        "x-action": route.action,
        "parameters": _parameters(route),
        "responses": {str(route.status): success, "default": _PROBLEM_ANSWER},
        "security": [] if route.public else [{"bearer": []}],
    }
    if route.body is not None:
        schema = references[(route.body, "validation")]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if route.multipart:
        schema = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in route.path_names
    ]
    if route.query is not None:
        schema = route.query.model_json_schema(ref_template=REFERENCE)
        required = set(schema.get("required", []))
        rows += [
            {"name": name, "in": "query", "required": name in required, "schema": part}
            for name, part in schema["properties"].items()
        ]
    if route.method == "POST":
        rows.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string"}})
    if route.method == "PATCH":
        rows.append({"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}})
    return rows
