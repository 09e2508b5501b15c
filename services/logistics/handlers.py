"""What wakes logistics without a request."""

from __future__ import annotations

from services.logistics import service
from shared import parties
from shared.bus.handling import Handlers
from shared.bus.worker import Timer
from shared.events.trading import TradeAgreed, TradeCancelRequested

EVENTS: Handlers = {
    **parties.EVENTS,
    TradeAgreed: service.plan,
    TradeCancelRequested: service.cancel,
}
TIMERS: tuple[Timer, ...] = ()
