"""What wakes listings without a request."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from services.listings import service, views
from services.listings.schemas import draft_of, query_of_saved
from services.listings.store import ARRIVING
from shared import parties
from shared.bus.consumer import Consumer, Projection
from shared.bus.handling import UNHURRIED_S, Handlers
from shared.bus.worker import Timer
from shared.events import Event
from shared.events.accounts import OrganisationSuspended, OrganisationVerified
from shared.events.logistics import ShipmentReceived, ShipmentReturned
from shared.events.matching import ProposalCountered, ProposalExpired, ProposalMade, ProposalRejected, ProposalWithdrawn
from shared.events.regions import AllowanceChanged, AllowanceRuleChanged
from shared.events.trading import TradeAgreed, TradeCancelled
from shared.mongo import Database

EVENTS: Handlers = {
    **parties.EVENTS,
    OrganisationVerified: service.on_organisation_judged,
    OrganisationSuspended: service.on_organisation_judged,
    ProposalMade: service.on_proposal_made,
    ProposalRejected: service.on_proposal_ended,
    ProposalCountered: service.on_proposal_ended,
    ProposalExpired: service.on_proposal_ended,
    ProposalWithdrawn: service.on_proposal_ended,
    TradeAgreed: service.on_trade_agreed,
    TradeCancelled: service.on_trade_cancelled,
    ShipmentReceived: service.on_shipment_received,
    ShipmentReturned: service.on_shipment_returned,
    AllowanceRuleChanged: service.on_allowance_rule,
    AllowanceChanged: service.on_allowance,
}

INDEX = Projection("listings.index", views.INDEXED, views.project)

ALERTS = "listings.alerts"
BESIDE: Mapping[str, Collection[type[Event]]] = {ALERTS: service.ALERTING}
"""The consumers beside the room's own that mark the inbox, and what each handles."""


def listen_for_alerts(database: Database) -> Consumer:
    """The consumer `ALERTS`; it keeps the saved searches in memory."""
    alerts = service.Alerts(query_of_saved, views.document_of)
    handlers = dict.fromkeys(BESIDE[ALERTS], alerts.on_arrival)
    return Consumer(database, ALERTS, handlers, ARRIVING, UNHURRIED_S, beforehand=alerts.catch_up)


TIMERS = (
    Timer("expire", 2, service.expire_due),
    Timer("warn", 30, service.warn_due),
    Timer("recur", 5, service.make_due),
    Timer("imports", 1, lambda database: service.work_off_imports(database, draft_of)),
    Timer("index", 3, views.ensure_indices),
    Timer("index lag", 3, views.Lag().measure),
)
