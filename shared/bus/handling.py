"""The shape of a room's EVENTS table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.events import Event
from shared.mongo import Unit

Handler = Callable[[Unit, Any], None]
"""`(unit, event) -> None`: one use case of the room's service."""
Handlers = Mapping[type[Event], Handler]
