"""How a room handles events: the shape of its EVENTS table, and how long events gather before a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.events import Event
from shared.mongo import Unit

Handler = Callable[[Unit, Any], None]
"""`(unit, event) -> None`: one use case of the room's service."""
Handlers = Mapping[type[Event], Handler]

GATHER_S = 0.1
"""A small batch costs nearly what a large one does: after one, events may gather for this long, or as long as the batch took
where a busy machine made it slow. The first after a pause is handled at once."""
UNHURRIED_S = 0.4
"""As `GATHER_S`, in rooms for which nobody waits within the second: what they leave is there for search and matching."""
MOST_S = 0.5


def pause_s(gather_s: float, took_s: float) -> float:
    """How long events may gather after a batch that took so long."""
    return min(max(gather_s, took_s), MOST_S)
