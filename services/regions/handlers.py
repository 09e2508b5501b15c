"""What wakes the room without a request: the events that move kilograms, show the market, or say where sites stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from services.regions import service, views
from services.regions.reporting import files_of
from services.regions.store import BY_ID, state
from services.regions.store.watched import AHEAD
from shared import parties
from shared.bus.consumer import Consumer, ServerIsUnreachable
from shared.bus.handling import UNHURRIED_S, Handlers
from shared.bus.worker import Timer
from shared.events import Event
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
from shared.mongo import Database, Unit


def consumer(database: Database, gather_s: float = UNHURRIED_S) -> Consumer:
    """The room's own consumer."""
    return Consumer(database, "regions", EVENTS, BY_ID, gather_s, stand_still, service.foresee)


def stand_still(unit: Unit, events: Sequence[Event]) -> None:
    """Before each batch: wait while a rebuilt state takes the place of this one, or while it is of another form."""
    if state.is_paused(unit):
        raise ServerIsUnreachable(f"{len(events)} events wait: the state is being rebuilt")
    if not state.is_of_present_form(unit):
        raise ServerIsUnreachable(f"{len(events)} events wait for {state.MENDED_BY}: the state is of an older form")


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

WATCH = "regions.watch"
BESIDE: Mapping[str, Collection[type[Event]]] = {WATCH: tuple(service.HEARD)}
"""The consumer beside the room's own that marks the inbox, and what it handles."""


def listen_for_alarms(database: Database) -> tuple[Consumer, Timer]:
    """The consumer `WATCH`, and the timer that looks at the rules of alarms it marks. What it fails at harms no ledger."""
    watching = service.Watching()
    consumer = Consumer(database, WATCH, watching.handlers(), AHEAD, UNHURRIED_S, beforehand=watching.catch_up)
    return consumer, Timer("alarms", 1, watching.look)


TIMERS: tuple[Timer, ...] = (
    Timer("publish", 20, service.publish_due),
    Timer("retention", 60, service.thin_due),
    Timer("policy", 60, service.keep_policy),
    Timer("reports due", 30, service.ask_due),
    Timer("reports", 1, lambda database: service.make_queued(database, views.return_of, files_of)),
)
