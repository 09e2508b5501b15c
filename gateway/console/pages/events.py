"""`/events`: what rooms tell one another, from the stored schemas that tests hold them to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from flask import Response

from gateway.console.visit import Visit
from shared.events.asyncapi import HEADERS, document

REFERENCE = "#/$defs/"


@dataclass(frozen=True)
class Field:
    """One of an event's data. `kind` is its type in words of JSON Schema."""

    name: str
    kind: str
    is_required: bool
    text: str
    depth: int


@dataclass(frozen=True)
class Kind:
    """One type of event."""

    type: str
    summary: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Topic:
    """A room's topic and what is told there."""

    room: str
    address: str
    kinds: tuple[Kind, ...]


def events(visit: Visit) -> Response:
    """Every topic, type and field."""
    return visit.render("events.html", topics=topics(), headers=HEADERS)


def machine_readable(visit: Visit) -> Response:
    """`/asyncapi.json`: AsyncAPI 3.0, as `docs/asyncapi.yaml` has it."""
    return Response(orjson.dumps(document()), content_type="application/json")


@cache
def topics() -> tuple[Topic, ...]:
    """By room."""
    whole = document()
    messages = whole["components"]["messages"]
    return tuple(
        Topic(room, channel["address"], tuple(kind_of(messages[type_]) for type_ in channel["messages"]))
        for room, channel in whole["channels"].items()
    )


def kind_of(message: dict[str, Any]) -> Kind:
    schema = message["payload"]["schema"]
    return Kind(message["name"], message["summary"], tuple(fields_of(schema, schema.get("$defs", {}), 0)))


def fields_of(schema: dict[str, Any], shapes: dict[str, Any], depth: int) -> Iterator[Field]:
    """Its fields, those of a shape within it below it; a shape within a shape is named and not opened."""
    for name, part in schema.get("properties", {}).items():
        yield Field(name, kind_name(part), name in schema.get("required", []), part.get("description", ""), depth)
        inner = shapes.get(named(part))
        if inner is not None and depth == 0:
            yield from fields_of(inner, shapes, depth + 1)


def kind_name(part: dict[str, Any]) -> str:
    """`string (date-time)`, `integer or null`, `list of Place`."""
    if "$ref" in part:
        return str(part["$ref"]).removeprefix(REFERENCE)
    if "anyOf" in part:
        return " or ".join(kind_name(one) for one in part["anyOf"])
    if "enum" in part or "const" in part:
        return " | ".join(str(one) for one in part.get("enum", [part.get("const")]))
    if part.get("type") == "array":
        return f"list of {kind_name(part.get('items', {}))}"
    form = part.get("format")
    return f"{part.get('type', 'any')}{f' ({form})' if form else ''}"


def named(part: dict[str, Any]) -> str:
    """The shape that a field refers to, be it itself, one of several, or each of a list."""
    for one in (part, *part.get("anyOf", ()), part.get("items", {})):
        if "$ref" in one:
            return str(one["$ref"]).removeprefix(REFERENCE)
    return ""
