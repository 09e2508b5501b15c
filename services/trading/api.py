"""Routes of trading: `/v1/trades`."""

from __future__ import annotations

from services.trading import service, views
from services.trading.model import Trade
from services.trading.schemas import CancelIn, DisputeIn, SettlementOut, TradeOut, TradeQuery
from shared.auth import Caller
from shared.http import Answer, PageOut, Routes, page_of
from shared.mongo import Unit

routes = Routes("trading")


def _out(unit: Unit, trade: Trade) -> TradeOut:
    return TradeOut.of(trade, views.parties_of(unit, trade))


@routes.get("/v1/trades", "trades.list", PageOut[TradeOut])
def list_trades(unit: Unit, caller: Caller, query: TradeQuery) -> PageOut[TradeOut]:
    """The caller's trades, newest first."""
    page = views.page(unit, caller, query.filters(), query.cursor, query.limit)
    known = views.parties_of(unit, *page.items)
    return page_of(page, lambda trade: TradeOut.of(trade, known))


@routes.get("/v1/trades/<identifier>", "trades.read", TradeOut)
def read_trade(unit: Unit, caller: Caller, identifier: str) -> TradeOut:
    """One trade, with both parties' names and contacts."""
    return _out(unit, service.readable(unit, caller, identifier))


@routes.post("/v1/trades/<identifier>/cancel", "trades.cancel", TradeOut)
def cancel_trade(unit: Unit, caller: Caller, identifier: str, body: CancelIn) -> Answer:
    """Cancel before a load is loaded; logistics decides, and the answer waits for it."""
    service.request_cancel(unit, caller, identifier, body.reason)

    def outcome(later: Unit) -> Answer:
        trade = service.cancel_outcome(later, identifier)
        return Answer(_out(later, trade)) if trade else Answer(None, then=outcome)

    return Answer(None, then=outcome)


@routes.post("/v1/trades/<identifier>/dispute", "trades.dispute", TradeOut)
def dispute_trade(unit: Unit, caller: Caller, identifier: str, body: DisputeIn) -> TradeOut:
    """Hold a part of the amount, or all of it; the rest settles."""
    return _out(unit, service.dispute(unit, caller, identifier, body.reason, body.amount_cny))


@routes.post("/v1/trades/<identifier>/payment", "trades.confirm_payment", TradeOut)
def confirm_payment(unit: Unit, caller: Caller, identifier: str) -> TradeOut:
    """The seller confirms that the money of the statement has come: `paid_at`."""
    return _out(unit, service.confirm_payment(unit, caller, identifier))


@routes.delete("/v1/trades/<identifier>/payment", "trades.confirm_payment")
def withdraw_payment(unit: Unit, caller: Caller, identifier: str) -> Answer:
    """The seller takes the confirmation back."""
    service.withdraw_payment(unit, caller, identifier)
    return Answer(None, 204)


@routes.get("/v1/trades/<identifier>/settlement", "trades.settlement", SettlementOut)
def read_settlement(unit: Unit, caller: Caller, identifier: str) -> SettlementOut:
    """The statement, each figure with its source."""
    return SettlementOut.of(service.readable(unit, caller, identifier, "trades.settlement"))
