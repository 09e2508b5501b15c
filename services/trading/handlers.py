"""What wakes trading without a request."""

from __future__ import annotations

from services.trading import service
from shared import parties
from shared.bus.handling import Handlers
from shared.bus.worker import Timer
from shared.events.logistics import (
    HaulageCancelled,
    HaulageKept,
    ShipmentCorrected,
    ShipmentLoaded,
    ShipmentPlanned,
    ShipmentReceived,
    ShipmentReturned,
)
from shared.events.matching import ProposalAccepted

EVENTS: Handlers = {
    **parties.EVENTS,
    ProposalAccepted: service.agree,
    ShipmentPlanned: service.hear_planned,
    ShipmentLoaded: service.hear_loaded,
    ShipmentReceived: service.hear_ended,
    ShipmentReturned: service.hear_ended,
    ShipmentCorrected: service.hear_corrected,
    HaulageCancelled: service.hear_cancelled,
    HaulageKept: service.hear_kept,
}
TIMERS: tuple[Timer, ...] = ()
