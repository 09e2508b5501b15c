"""Topic `huanliu.trading`."""

from __future__ import annotations

from typing import Literal

from shared.events.base import Event, Moment
from shared.events.matching import Terms


class _Trade(Event):
    """`id` is the trade's."""

    proposal_id: str
    terms: Terms
    status: Literal["agreed", "in_delivery", "delivered", "settled", "cancelled"]


class TradeAgreed(_Trade, type="trade.agreed"):
    """Both sides accepted; logistics plans its loads."""


class TradeCancelRequested(_Trade, type="trade.cancel_requested"):
    """A party asked to cancel; logistics, who knows what is loaded, answers by `haulage.cancelled` or `haulage.kept`."""

    by: str


class TradeCancelled(_Trade, type="trade.cancelled"):
    """It will not be delivered. `released_kg` is what listings gives back: 0 where every load was refused and returned,
    since each return gave its own tonnes back."""

    reason: str
    released_kg: int


class TradeDelivered(_Trade, type="trade.delivered"):
    """Every load is received or returned."""


class TradeDisputed(_Trade, type="trade.disputed"):
    """A party objects to `held_fen`; the rest settles."""

    by: str
    reason: str
    held_fen: int


class TradePaid(_Trade, type="trade.paid"):
    """The seller confirmed that the money of the statement has come."""

    paid_at: Moment


class TradePaymentWithdrawn(_Trade, type="trade.payment_withdrawn"):
    """The seller took that confirmation back."""


class TradeSettled(_Trade, type="trade.settled"):
    """The statement is computed. Money in fen, rounded per trade."""

    net_kg: int
    settled_kg: int
    deducted_kg: int
    amount_fen: int
    vat_fen: int
    freight_fen: int
