"""The use cases of trading, one function each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from services.trading import model, settling
from services.trading.model import Trade
from services.trading.store import TRADES
from shared import parties
from shared.auth import Caller, authorise
from shared.auth.policy import Relation
from shared.events import Event
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
from shared.ids import new_id
from shared.mongo import Unit
from shared.problem import InputIsInvalid


def relations(trade: Trade, caller: Caller) -> set[Relation]:
    """What the caller's organisation is to the trade."""
    sides: dict[Relation, str] = {"seller": trade.terms.seller_id, "buyer": trade.terms.buyer_id}
    return {side for side, organisation in sides.items() if organisation == caller.organisation_id}


def readable(unit: Unit, caller: Caller, identifier: str, action: str = "trades.read") -> Trade:
    """The trade, where the caller may see it. Raises NotFound, NotAllowed."""
    trade = TRADES.find(unit, identifier)
    authorise(caller, action, relations(trade, caller) if trade else set())
    return trade or TRADES.get(unit, identifier)


def agree(unit: Unit, event: ProposalAccepted) -> None:
    """Both sides accepted: make the trade, once per proposal."""
    if event.status != "agreed" or TRADES.find_one(unit, {"proposal_id": event.id}):
        return
    trade, events = model.agree(new_id(), event.id, event.terms, unit.now)
    TRADES.add(unit, trade)
    unit.emit(*events)


def hear_planned(unit: Unit, event: ShipmentPlanned) -> None:
    """Logistics says how many loads there are."""
    trade = TRADES.get(unit, event.trade_id)
    trade.planned(event.loads, unit.now)
    _close(unit, trade)


def hear_loaded(unit: Unit, event: ShipmentLoaded) -> None:
    """The first load on the road puts the trade in delivery."""
    trade = TRADES.get(unit, event.trade_id)
    trade.load_left(unit.now)
    TRADES.save(unit, trade)


def hear_ended(unit: Unit, event: ShipmentReceived | ShipmentReturned) -> None:
    """A load is received or returned; the last one settles the trade."""
    trade = TRADES.get(unit, event.trade_id)
    trade.load_ended(event, unit.now)
    _close(unit, trade)


def hear_corrected(unit: Unit, event: ShipmentCorrected) -> None:
    """A load's ticket was put right: a statement that was reckoned is reckoned anew."""
    trade = TRADES.get(unit, event.trade_id)
    if trade.load_corrected(event, unit.now):
        _close(unit, trade)


def _close(unit: Unit, trade: Trade) -> None:
    dispute_window = timedelta(hours=unit.settings.dispute_h)
    payment_term = timedelta(days=unit.settings.payment_days)
    totals = settling.settle(trade.terms, trade.received)
    restated = trade.restate(totals, dispute_window, payment_term, unit.now)
    unit.emit(*(restated or trade.close(totals, dispute_window, payment_term, unit.now)))
    TRADES.save(unit, trade)


def hear_cancelled(unit: Unit, event: HaulageCancelled) -> None:
    """Logistics cancelled every load: the trade is off and its tonnes go back."""
    trade = TRADES.get(unit, event.id)
    unit.emit(*trade.haulage_cancelled(unit.now))
    TRADES.save(unit, trade)


def hear_kept(unit: Unit, event: HaulageKept) -> None:
    """Logistics refused to cancel."""
    trade = TRADES.get(unit, event.id)
    trade.haulage_kept(event.reason, unit.now)
    TRADES.save(unit, trade)


def request_cancel(unit: Unit, caller: Caller, identifier: str, reason: str | None) -> Trade:
    """Ask logistics to take the loads back. Raises WrongState where it is already known that it can't."""
    trade = readable(unit, caller, identifier, "trades.cancel")
    parties.must_be_verified(unit, caller)
    unit.emit(*trade.request_cancel(caller.organisation_id, reason, unit.now))
    TRADES.save(unit, trade)
    return trade


def cancel_outcome(unit: Unit, identifier: str) -> Trade | None:
    """The cancelled trade, or None while logistics has not decided. Raises WrongState where it kept the loads."""
    trade = TRADES.get(unit, identifier)
    if not trade.cancel_decided(unit.now):
        return None
    TRADES.save(unit, trade)
    return trade


def confirm_payment(unit: Unit, caller: Caller, identifier: str) -> Trade:
    """The seller says that the money has come. Raises WrongState."""
    trade = readable(unit, caller, identifier, "trades.confirm_payment")
    return _told(unit, trade, trade.paid(unit.now))


def withdraw_payment(unit: Unit, caller: Caller, identifier: str) -> Trade:
    """The seller says that it has not come after all."""
    trade = readable(unit, caller, identifier, "trades.confirm_payment")
    return _told(unit, trade, trade.unpaid(unit.now))


def _told(unit: Unit, trade: Trade, events: Sequence[Event]) -> Trade:
    """Saved where something happened."""
    if events:
        TRADES.save(unit, trade)
        unit.emit(*events)
    return trade


def dispute(unit: Unit, caller: Caller, identifier: str, reason: str, held_fen: int | None) -> Trade:
    """Object to a part of the amount, or to all of it. Raises WrongState, InputIsInvalid."""
    trade = readable(unit, caller, identifier, "trades.dispute")
    parties.must_be_verified(unit, caller)
    events = trade.dispute(caller.organisation_id, reason, held_fen, unit.now)
    if held_fen is not None and trade.totals is not None and held_fen > trade.totals.amount_fen:
        cny = trade.totals.amount_fen / 100
        zh, en = f"不能超过结算金额 {cny:.2f} 元", f"At most the settled amount, CNY {cny:.2f}"
        raise InputIsInvalid([("/amount_cny", zh, en)])
    TRADES.save(unit, trade)
    unit.emit(*events)
    return trade
