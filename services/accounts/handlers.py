"""What wakes accounts without a request: nothing. It reads no topic, and MongoDB itself deletes sessions that are over."""

from __future__ import annotations

from shared.bus.consumer import Handlers
from shared.bus.worker import Timer

EVENTS: Handlers = {}
TIMERS: tuple[Timer, ...] = ()
