"""What wakes accounts without a request: nothing. It reads no topic, and MongoDB itself deletes sessions that are over."""

from __future__ import annotations

from shared.bus.handling import Handlers
from shared.bus.worker import Timer

EVENTS: Handlers = {}
TIMERS: tuple[Timer, ...] = ()
