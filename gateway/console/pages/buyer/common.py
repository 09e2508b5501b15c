"""What the buyer's pages share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.console.client import Reply
from gateway.console.visit import Visit
from shared import catalogue

ROLES = ("buyer",)
MOST = 200
"""The longest page of a list that the API gives."""
UNITS = {one.name: one.unit for one in catalogue.attributes()}
"""Of quality attributes, by name."""
_ID = re.compile(r"[0-9a-f-]{36}")

Json = Mapping[str, Any]


def is_id(text: str) -> bool:
    """Whether a text that was sent may stand in a path."""
    return _ID.fullmatch(text) is not None


def number(text: str) -> float | str:
    """As the API wants it: a number, else the text as it was typed, which it may understand (`30.5吨`) or refuse."""
    plain = text.strip().replace(",", "").replace("，", "")
    try:
        return float(plain)
    except ValueError:
        return text.strip()


def sellers_of(trades: Iterable[Json]) -> dict[str, Json]:
    """The sellers of trades by the trade's id: only agreed trades tell their names."""
    return {one["id"]: one["seller"] for one in trades}


def plants(visit: Visit) -> list[Json]:
    """The buyer's own sites, by name."""
    return sorted(visit.api.get("/v1/sites", limit=MOST).items, key=lambda one: str(one["name"]))


def total_t(things: Iterable[Json], name: str = "quantity_t") -> float:
    return round(sum((float(one[name]) for one in things), 0.0), 3)


def items_of(reply: Reply | None) -> list[Json]:
    """Of a part of the page that may be missing."""
    return reply.items if reply is not None and reply.is_ok else []
