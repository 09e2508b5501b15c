"""What wakes listings without a request."""

from __future__ import annotations

from services.listings import service, views
from services.listings.schemas import draft_of
from shared import parties
from shared.bus.consumer import Projection
from shared.bus.handling import Handlers
from shared.bus.worker import Timer
from shared.events.logistics import ShipmentReceived, ShipmentReturned
from shared.events.matching import ProposalCountered, ProposalExpired, ProposalMade, ProposalRejected, ProposalWithdrawn
from shared.events.trading import TradeAgreed, TradeCancelled

EVENTS: Handlers = {
    **parties.EVENTS,
    ProposalMade: service.on_proposal_made,
    ProposalRejected: service.on_proposal_ended,
    ProposalCountered: service.on_proposal_ended,
    ProposalExpired: service.on_proposal_ended,
    ProposalWithdrawn: service.on_proposal_ended,
    TradeAgreed: service.on_trade_agreed,
    TradeCancelled: service.on_trade_cancelled,
    ShipmentReceived: service.on_shipment_received,
    ShipmentReturned: service.on_shipment_returned,
}

INDEX = Projection("listings.index", views.INDEXED, views.project)

TIMERS = (
    Timer("expire", 2, service.expire_due),
    Timer("imports", 1, lambda database: service.work_off_imports(database, draft_of)),
    Timer("index", 3, views.ensure_indices),
    Timer("index lag", 3, views.Lag().measure),
)
