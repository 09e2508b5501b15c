"""A trade's way, with news in any order."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from services.trading import model, settling
from services.trading.model import Trade
from shared.events import Event
from shared.events.logistics import ShipmentCorrected, ShipmentLoaded, ShipmentPlanned
from shared.events.trading import (
    TradeCancelled,
    TradeCancelRequested,
    TradeDelivered,
    TradeDisputed,
    TradePaid,
    TradePaymentWithdrawn,
    TradeSettled,
)
from shared.problem import WrongState
from tests.fixtures.trades import NOON, Loads, terms

HOURS = timedelta(hours=72)
DAYS = timedelta(days=7)
LATER = NOON + timedelta(minutes=5)


def trade(kg: int = 100_000) -> Trade:
    made, events = model.agree("trade", "proposal", terms(kg=kg), NOON)
    assert [event.version for event in events] == [1]
    return made


def hear(one: Trade, *news: Event) -> list[Event]:
    """Apply `news` in order, as the service does."""
    told: list[Event] = []
    for event in news:
        if isinstance(event, ShipmentPlanned):
            one.planned(event.loads, LATER)
        elif isinstance(event, ShipmentLoaded):
            one.load_left(LATER)
        elif isinstance(event, ShipmentCorrected):
            one.load_corrected(event, LATER)
        else:
            one.load_ended(event, LATER)  # type: ignore[arg-type]
        totals = settling.settle(one.terms, one.received)
        told += one.restate(totals, HOURS, DAYS, LATER) or one.close(totals, HOURS, DAYS, LATER)
    return told


def test_the_order_of_news_does_not_matter() -> None:
    loads = Loads("trade", trade().terms, [33_333, 33_333, 33_334])
    end = NOON + timedelta(hours=2)
    news = [
        loads.planned(0),
        loads.loaded(1),
        loads.received(0, 33_000, 32_900, end),
        loads.received(1, 33_400, 33_400),
        loads.returned(2),
    ]
    results = set()
    for order in itertools.permutations(news):
        one = trade()
        told = hear(one, *order)
        assert [type(event) for event in told] == [TradeDelivered, TradeSettled]
        assert told[0].version < told[1].version == one.version
        assert told[0].at == told[1].at == LATER
        results.add((one.status, one.delivered_at, one.dispute_until, one.due_at, one.totals))
    [(status, delivered_at, dispute_until, due_at, totals)] = results
    assert (status, delivered_at, dispute_until, due_at) == ("settled", end, end + HOURS, LATER + DAYS)
    assert totals is not None
    assert (totals.net_kg, totals.settled_kg, totals.deducted_kg) == (66_400, 66_300, 100)
    assert totals.amount_fen == 66_300 * 210


def test_the_same_news_twice_is_once() -> None:
    one = trade()
    loads = Loads("trade", one.terms, [50_000, 50_000])
    hear(one, loads.planned(0), loads.received(0, 1, 1), loads.received(0, 1, 1))
    assert (one.status, len(one.loads)) == ("in_delivery", 1)
    hear(one, loads.received(1, 1, 1))
    assert hear(one, loads.received(1, 1, 1), loads.loaded(1), loads.planned(1)) == []
    assert one.status == "settled"


def test_in_delivery_from_the_first_loaded_load() -> None:
    one = trade()
    loads = Loads("trade", one.terms, [50_000, 50_000])
    hear(one, loads.planned(0), loads.planned(1))
    before = one.status
    hear(one, loads.loaded(1))
    assert (before, one.status) == ("agreed", "in_delivery")


def test_all_loads_refused_cancels_and_releases_nothing_more() -> None:
    one = trade()
    loads = Loads("trade", one.terms, [50_000, 50_000])
    told = hear(one, loads.returned(1), loads.returned(0), loads.planned(0))
    assert [(type(event), event.released_kg) for event in told] == [(TradeCancelled, 0)]  # type: ignore[attr-defined]
    assert (one.status, one.totals) == ("cancelled", None)


def test_cancellation_waits_for_logistics() -> None:
    one = trade()
    [asked] = one.request_cancel("buyer", "no storage", NOON)
    assert isinstance(asked, TradeCancelRequested)
    assert one.request_cancel("buyer", None, NOON) == one.request_cancel("seller", None, NOON) == []
    assert not one.cancel_decided(NOON)
    [cancelled] = one.haulage_cancelled(LATER)
    assert isinstance(cancelled, TradeCancelled)
    assert (cancelled.reason, cancelled.released_kg, cancelled.status) == ("no storage", 100_000, "cancelled")
    assert one.haulage_cancelled(LATER) == []
    # the one who asked may repeat the call until told; after that, and for the other side, it is over
    with pytest.raises(WrongState):
        one.request_cancel("seller", None, LATER)
    assert one.request_cancel("buyer", None, LATER) == []
    assert one.cancel_decided(LATER)
    with pytest.raises(WrongState):
        one.request_cancel("buyer", None, LATER)


def test_cancellation_refused_by_logistics_stays_refused() -> None:
    one = trade()
    one.request_cancel("buyer", None, NOON)
    one.haulage_kept("loaded", LATER)
    with pytest.raises(WrongState):
        one.cancel_decided(LATER)
    with pytest.raises(WrongState):
        one.request_cancel("seller", None, LATER)


def test_no_cancellation_once_a_load_is_known_to_be_loaded() -> None:
    one = trade()
    one.request_cancel("buyer", None, NOON)
    hear(one, Loads("trade", one.terms, [100_000]).loaded(0))
    with pytest.raises(WrongState):
        one.cancel_decided(LATER)


def settled_trade() -> Trade:
    one = trade(50_000)
    loads = Loads("trade", one.terms, [50_000])
    hear(one, loads.planned(0), loads.received(0, 50_000, 49_000))
    return one


def test_a_dispute_holds_its_amount_and_no_more() -> None:
    one = settled_trade()
    amount = 49_000 * 210
    assert one.held_fen == 0
    [told] = one.dispute("seller", "moisture", 12_345, LATER)
    assert isinstance(told, TradeDisputed)
    assert (told.held_fen, one.held_fen, one.status) == (12_345, 12_345, "settled")
    with pytest.raises(WrongState):
        one.dispute("seller", "again", 1, LATER)
    [told] = one.dispute("buyer", "grade", None, LATER)
    assert one.held_fen == amount


def test_a_dispute_has_its_time() -> None:
    with pytest.raises(WrongState):
        trade().dispute("seller", "early", None, NOON)
    one = settled_trade()
    with pytest.raises(WrongState):
        one.dispute("seller", "late", None, NOON + HOURS)
    one.dispute("seller", "just in time", None, NOON + HOURS - timedelta(milliseconds=1))


def test_the_money_comes_once_and_may_be_taken_back() -> None:
    with pytest.raises(WrongState):
        trade().paid(NOON)
    one = settled_trade()
    assert one.unpaid(LATER) == []
    [told] = one.paid(LATER)
    assert isinstance(told, TradePaid)
    assert (told.paid_at, one.paid_at, one.status) == (LATER, LATER, "settled")
    assert one.paid(LATER + HOURS) == []
    [told] = one.unpaid(LATER)
    assert isinstance(told, TradePaymentWithdrawn)
    assert one.paid_at is None


def test_a_statement_reckoned_anew_is_not_paid_yet() -> None:
    one = settled_trade()
    one.paid(LATER)
    hear(one, Loads("trade", one.terms, [50_000]).corrected(0, (50_000, 49_000), (49_000, 48_000)))
    assert one.paid_at is None


def test_a_ticket_put_right_restates_the_settlement_whenever_it_comes() -> None:
    loads = Loads("trade", trade().terms, [50_000, 50_000])
    end = NOON + timedelta(hours=2)
    first = loads.received(0, 49_000, 48_000, end)
    rest = [loads.planned(0), loads.received(1, 50_000, 50_000, end)]
    right = loads.corrected(0, (49_000, 48_000), (48_000, 47_000))
    found = set()
    for news in itertools.permutations([first, right, *rest]):
        one = trade()
        told = hear(one, *news)
        assert one.totals is not None
        found.add((one.status, one.totals.net_kg, one.totals.settled_kg, one.totals.amount_fen))
        settled = [event for event in told if isinstance(event, TradeSettled)]
        assert settled[-1].net_kg == 98_000
        assert (one.settled_at, one.due_at) == (LATER, LATER + DAYS)
        assert one.dispute_until is not None
    assert len(found) == 1


def test_the_same_correction_twice_is_once() -> None:
    loads = Loads("trade", trade().terms, [50_000])
    right = loads.corrected(0, (49_000, 48_000), (48_000, 47_000))
    one = trade()
    told = hear(one, loads.planned(0), loads.received(0, 49_000, 48_000), right, right)
    assert [event.TYPE for event in told].count(TradeSettled.TYPE) == 2
    assert one.received[0].ticket == "C-0"
