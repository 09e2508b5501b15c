"""What the audit names: a place, a document of it, and what does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from shared.clock import iso

LONGEST = 200


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """`place` is `<room>.<collection>`, a topic or an index; `id` the document's."""

    place: str
    id: str
    what: str
    expected: str = ""
    found: str = ""


def shown(value: Any) -> str:
    """A value as short text."""
    text = value if isinstance(value, str) else orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def plain(value: Any) -> Any:
    """A document's value as JSON has it: what an event of it says."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def unlike(place: str, identifier: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """One difference for each field of `expected` that `found` has otherwise or not at all."""
    for name, value in expected.items():
        there, wanted = plain(found.get(name)), plain(value)
        if there != wanted:
            yield Difference(place, identifier, name, shown(wanted), shown(there))


def missing(place: str, identifier: str, why: str) -> Difference:
    return Difference(place, identifier, "is missing", why, "nothing")


def stray(place: str, identifier: str, why: str) -> Difference:
    return Difference(place, identifier, "should not be there", "nothing", why)


def compared(
    place: str, expected: Mapping[str, Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]], source: str
) -> Iterator[Difference]:
    """Both sets by id: what is missing, what is too many, and what differs in the fields that `expected` names."""
    for identifier, fields in expected.items():
        if identifier in found:
            yield from unlike(place, identifier, fields, found[identifier])
        else:
            yield missing(place, identifier, source)
    for identifier in found.keys() - expected.keys():
        yield stray(place, identifier, f"{source} has none")
