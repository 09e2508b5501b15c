"""What wakes the room without a request: the events that move kilograms, show the market, or say where sites stand."""

from __future__ import annotations

from services.regions import service, views
from services.regions.reporting import files_of
from shared import parties
from shared.bus.handling import Handlers
from shared.bus.worker import Timer
from shared.events.listings import (
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
from shared.events.logistics import ShipmentCorrected, ShipmentLoaded, ShipmentReceived, ShipmentRefused
from shared.events.matching import ClearingCompleted
from shared.events.trading import TradeAgreed, TradeCancelled, TradeSettled

EVENTS: Handlers = {
    **parties.EVENTS,
    LotPublished: service.on_lot,
    LotChanged: service.on_lot,
    LotWithdrawn: service.on_lot,
    LotExpired: service.on_lot,
    LotClosed: service.on_lot,
    DemandPosted: service.on_demand,
    DemandChanged: service.on_demand,
    DemandClosed: service.on_demand,
    DemandExpired: service.on_demand,
    QuantityReserved: service.on_quantity,
    QuantityRefused: service.on_quantity,
    QuantityReleased: service.on_quantity,
    QuantityConsumed: service.on_quantity,
    ShipmentLoaded: service.on_shipment,
    ShipmentReceived: service.on_shipment,
    ShipmentRefused: service.on_shipment,
    ShipmentCorrected: service.on_shipment,
    TradeAgreed: service.on_trade,
    TradeCancelled: service.on_trade,
    TradeSettled: service.on_trade,
    ClearingCompleted: service.on_clearing,
}

TIMERS: tuple[Timer, ...] = (
    Timer("reports due", 30, service.ask_due),
    Timer("reports", 1, lambda database: service.make_queued(database, views.return_of, files_of)),
)
