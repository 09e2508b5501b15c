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
"""A small batch costs nearly what a large one does: after one, events may gather for this long. The first after a pause is
handled at once."""
UNHURRIED_S = 0.4
"""As `GATHER_S`, in rooms for which nobody waits within the second: what they leave is there for search and matching."""
