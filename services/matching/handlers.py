"""What wakes matching without a request."""

from __future__ import annotations

from services.matching.service import agreements, allowances, book, clear, decide, online, tenders
from shared import parties
from shared.bus.handling import Handlers
from shared.bus.worker import Timer
from shared.events.accounts import ComplianceChanged, SiteChanged
from shared.events.listings import (
    CounterpartyChanged,
    DemandChanged,
    DemandClosed,
    DemandExpired,
    DemandPosted,
    LotChanged,
    LotClosed,
    LotExpired,
    LotPublished,
    LotWithdrawn,
    QuantityConsumed,
    QuantityRefused,
    QuantityReleased,
    QuantityReserved,
)
from shared.events.logistics import ShipmentCorrected, ShipmentReceived, ShipmentReturned
from shared.events.regions import AllowanceChanged
from shared.events.trading import TradeCancelled
from shared.ids import new_id
from shared.settings import Settings

EVENTS: Handlers = {
    **parties.EVENTS,
    SiteChanged: book.hear_site,
    ComplianceChanged: book.hear_compliance,
    LotPublished: book.hear_lot,
    LotChanged: book.hear_lot,
    LotWithdrawn: book.hear_lot,
    LotExpired: book.hear_lot,
    LotClosed: book.hear_lot,
    DemandPosted: book.hear_demand,
    DemandChanged: book.hear_demand,
    DemandClosed: book.hear_demand,
    DemandExpired: book.hear_demand,
    CounterpartyChanged: book.hear_counterparty,
    QuantityReserved: book.hear_reserved,
    QuantityRefused: book.hear_refused,
    QuantityReleased: book.hear_quantities,
    QuantityConsumed: book.hear_quantities,
    TradeCancelled: book.hear_trade_cancelled,
    AllowanceChanged: allowances.hear,
    ShipmentReceived: agreements.hear_received,
    ShipmentCorrected: agreements.hear_corrected,
    ShipmentReturned: book.hear_returned,
}


CLEARING_LOOKS_EVERY_S = 0.5
ONLINE_LOOKS_EVERY_S = 0.2


def timers(settings: Settings) -> tuple[Timer, ...]:
    """TIMERS: their periods come from the settings; the worker's name is its lease's owner."""
    worker = new_id()
    return (
        Timer(
            "clear", min(CLEARING_LOOKS_EVERY_S, settings.clearing_interval_s), lambda database: clear.run_due(database, worker)
        ),
        Timer("clear-online", ONLINE_LOOKS_EVERY_S, lambda database: online.run_due(database, f"{worker}-online")),
        Timer("clear-requested", 0.5, lambda database: clear.run_requested(database, worker)),
        Timer("expire", 1, decide.expire_due),
        Timer("close-tenders", 1, tenders.close_due),
    )
