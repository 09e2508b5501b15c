"""What wakes notices without a request."""

from __future__ import annotations

from gateway.notices import delivering, service
from gateway.notices.audience import TELLERS
from shared.bus.handling import Handlers
from shared.bus.worker import Timer
from shared.events.accounts import OrganisationRegistered
from shared.events.listings import QuantityReserved
from shared.events.matching import (
    ProposalAccepted,
    ProposalCountered,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
)
from shared.events.trading import TradePaid, TradePaymentWithdrawn, TradeSettled

EVENTS: Handlers = {
    **dict.fromkeys(TELLERS, service.hear),
    ProposalMade: service.hear_made,
    QuantityReserved: service.hear_reserved,
    ProposalAccepted: service.hear_decided,
    ProposalRejected: service.hear_decided,
    ProposalCountered: service.hear_decided,
    ProposalExpired: service.hear_decided,
    ProposalWithdrawn: service.hear_decided,
    TradeSettled: service.hear_settled,
    TradePaid: service.hear_paid,
    TradePaymentWithdrawn: service.hear_unpaid,
    OrganisationRegistered: service.hear_registered,
}

TIMERS = (
    Timer("reminders", 5, service.remind_due),
    Timer("fan-out", 0.5, service.fan_out),
    Timer("deliveries", 1, delivering.deliver_due),
    Timer("messages", 2, delivering.send_messages),
)
