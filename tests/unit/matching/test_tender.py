"""Tenders: who wins, what is sealed from whom and until when, and what a deal alone may be."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.clearing import Demand, Lot, Market, Rule, Taken, broken_rules, clear, deal
from services.matching.model import Bid, Tender
from services.matching.service.tenders import length_of
from shared.events.matching import TenderClosed, TenderOpened
from shared.geo import Position
from shared.problem import InputIsInvalid, NotFound, WrongState
from tests.unit.matching.clearing.markets import markets

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOSE = NOW + 24 * HOUR
SECRETS = ("reserve", "bid", "winner", "value")


def a_tender(**changes: Any) -> Tender:
    state = {
        "id": "tender", "version": 1, "lot_id": "lot", "lot_terms_version": 1, "seller_id": "ann", "grade": "steel.hms1",
        "family": "steel", "region": "420100", "kg": 30_000, "closes_at": CLOSE, "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return Tender(**(state | changes))


def a_bid(demand_id: str, value: int = 200_000, buyer_id: str = "dan", at: datetime = NOW, **changes: Any) -> Bid:
    return Bid(demand_id, buyer_id, value + 40_000, value + 5_000, 1300, value, at, **changes)


def with_bids(*bids: Bid, **changes: Any) -> Tender:
    tender = a_tender(**changes)
    for bid in bids:
        tender.bid(bid, NOW)
    return tender


def values(tender: Tender) -> dict[str, int | str]:
    return {bid.demand_id: bid.value_fen_per_t for bid in tender.standing}


VALUES = st.integers(0, 3)


@given(st.lists(st.tuples(VALUES, st.integers(0, 3)), min_size=1, max_size=6), st.none() | VALUES)
def test_the_best_value_wins_and_of_equal_ones_the_earlier(rows: list[tuple[int, int]], reserve: int | None) -> None:
    tender = with_bids(
        *(a_bid(f"d{n}", value, at=NOW + late * HOUR) for n, (value, late) in enumerate(rows)), reserve_fen_per_t=reserve
    )
    best = tender.choose(values(tender), CLOSE)
    able = [(-value, late, n) for n, (value, late) in enumerate(rows) if reserve is None or value >= reserve]
    assert (best.demand_id if best else None) == (f"d{min(able)[2]}" if able else None)
    assert [bid.lost for bid in tender.bids] == [
        "below-reserve" if reserve is not None and value < reserve else None for value, _ in rows
    ]


def test_refused_by_listings_the_next_best_is_tried_until_none_is_left() -> None:
    tender = with_bids(a_bid("second", 200_000), a_bid("best", 210_000), a_bid("barred", 250_000))
    judged: dict[str, int | str] = {**values(tender), "barred": "window"}
    tried = []
    while (best := tender.choose(judged, CLOSE)) is not None:
        tender.propose(best, f"proposal-{best.demand_id}", CLOSE)
        assert not tender.due(CLOSE + HOUR) and tender.cancel("lot-changed", CLOSE) == []
        tender.refused("proposal-of-long-ago", "not-enough", CLOSE)
        assert tender.winner == best.demand_id
        tender.refused(f"proposal-{best.demand_id}", "not-enough", CLOSE)
        assert tender.due(CLOSE + HOUR)
        tried.append(best.demand_id)
    assert tried == ["best", "second"]
    (closed,) = tender.fail(CLOSE)
    assert isinstance(closed, TenderClosed)
    assert (closed.status, closed.reason, closed.price_fen_per_t) == ("failed", "not-reserved", None)
    assert {bid.demand_id: bid.lost for bid in tender.bids} == {
        "second": "not-enough", "best": "not-enough", "barred": "window"
    }  # fmt: skip


def test_an_award_tells_the_price_and_each_loser_why() -> None:
    tender = with_bids(a_bid("low", 190_000), a_bid("best", 210_000), a_bid("gone", 230_000), reserve_fen_per_t=195_000)
    best = tender.choose({**values(tender), "gone": "demand-closed"}, CLOSE)
    assert best is not None and best.demand_id == "best"
    tender.propose(best, "p", CLOSE)
    (closed,) = tender.reserved("p", CLOSE)
    assert isinstance(closed, TenderClosed)
    assert (closed.status, closed.price_fen_per_t, tender.reason) == ("awarded", 210_000, None)
    assert {bid.demand_id: bid.lost for bid in tender.bids} == {"low": "below-reserve", "best": None, "gone": "demand-closed"}
    assert tender.reserved("p", CLOSE) == [] and not tender.due(CLOSE + HOUR)


@pytest.mark.parametrize(
    ("bids", "judged", "reason"),
    [
        ([], {}, "no-bids"),
        ([a_bid("d")], {"d": "window"}, "no-bid-can-trade"),
        ([a_bid("d", 100), a_bid("e", 100)], {"d": 100, "e": "gain"}, "below-reserve"),
    ],
)
def test_a_tender_without_an_acceptable_bid_fails_and_says_why(bids: list[Bid], judged: Any, reason: str) -> None:
    tender = with_bids(*bids, reserve_fen_per_t=101)
    assert tender.choose(judged, CLOSE) is None
    (closed,) = tender.fail(CLOSE)
    assert isinstance(closed, TenderClosed) and (closed.status, closed.reason) == ("failed", reason)


def test_the_newest_bid_of_a_demand_stands_until_the_close() -> None:
    tender = with_bids(a_bid("d", 200_000), a_bid("e", 200_000, at=NOW + HOUR))
    tender.bid(a_bid("d", 200_000, at=NOW + 2 * HOUR), NOW + 2 * HOUR)
    assert tender.choose(values(tender), NOW) is not None and tender.bids[0].at == NOW, "the same price keeps its place"
    tender.bid(a_bid("d", 201_000, at=NOW + 2 * HOUR), NOW + 2 * HOUR)
    assert [(bid.demand_id, bid.value_fen_per_t, bid.version) for bid in tender.standing] == [
        ("d", 201_000, 2), ("e", 200_000, 1)
    ]  # fmt: skip
    tender.withdraw_bid("d", NOW)
    with pytest.raises(NotFound):
        tender.withdraw_bid("d", NOW)
    assert [bid.demand_id for bid in tender.standing] == ["e"]
    tender.bid(a_bid("d", 202_000), NOW)
    for late in (lambda: tender.bid(a_bid("f"), CLOSE), lambda: tender.withdraw_bid("d", CLOSE)):
        with pytest.raises(WrongState):
            late()
    assert len(tender.standing) == 2


def test_a_bid_of_a_tender_with_a_deposit_names_its_reference() -> None:
    tender = a_tender(deposit_fen=5_000_000)
    with pytest.raises(InputIsInvalid) as fault:
        tender.bid(a_bid("d"), NOW)
    assert fault.value.faults[0][0] == "/deposit_reference"
    assert tender.bid(a_bid("d", deposit_reference="汇票 123"), NOW).deposit_reference == "汇票 123"


def test_only_a_tender_without_bids_is_cancelled_by_its_seller() -> None:
    tender = with_bids(a_bid("d"))
    with pytest.raises(WrongState):
        tender.cancel_by_seller(NOW)
    tender.withdraw_bid("d", NOW)
    with pytest.raises(WrongState):
        tender.cancel_by_seller(CLOSE)
    (closed,) = tender.cancel_by_seller(NOW)
    assert isinstance(closed, TenderClosed) and (closed.status, closed.reason) == ("cancelled", "by-seller")
    with pytest.raises(WrongState):
        tender.bid(a_bid("d"), NOW)


def seen(tender: Tender) -> dict[str, list[str]]:
    readers = {"seller": ("ann", False), "dan": ("dan", False), "eve": ("eve", False), "operator": ("op", True)}
    return {name: [bid.demand_id for bid in tender.shown_to(*who)] for name, who in readers.items()}


def test_bids_are_sealed_by_role_and_time() -> None:
    tender = with_bids(a_bid("d", 200_000), a_bid("e", 210_000, buyer_id="eve"))
    sealed = {"seller": [], "dan": ["d"], "eve": ["e"], "operator": []}
    assert tender.sealed and seen(tender) == sealed
    cancelled = with_bids(a_bid("d", 200_000), a_bid("e", 210_000, buyer_id="eve"))
    cancelled.cancel("lot-changed", NOW)
    assert cancelled.sealed and seen(cancelled) == sealed, "the seller learns nothing by taking the lot away"
    best = tender.choose(values(tender), CLOSE)
    assert best is not None
    tender.propose(best, "p", CLOSE)
    assert not tender.sealed
    assert seen(tender) == {"seller": ["d", "e"], "dan": ["d"], "eve": ["e"], "operator": ["d", "e"]}


def test_a_version_moves_with_what_its_reader_sees_and_betrays_nothing_else() -> None:
    tender = a_tender()
    readers = {"seller": ("ann", False), "dan": ("dan", False), "eve": ("eve", False), "operator": ("op", True)}

    def versions() -> dict[str, int]:
        return {name: tender.version_for(*who) for name, who in readers.items()}

    first = versions()
    tender.bid(a_bid("d", 200_000), NOW)
    made = versions()
    assert {name for name in readers if made[name] != first[name]} == {"seller", "dan"}
    tender.bid(a_bid("d", 201_000), NOW)
    changed = versions()
    assert {name for name in readers if changed[name] != made[name]} == {"dan"}, "the seller is told their number alone"
    best = tender.choose(values(tender), CLOSE)
    assert best is not None
    tender.propose(best, "p", CLOSE)
    assert all(versions()[name] > changed[name] for name in readers)


def test_no_event_before_the_close_tells_of_a_bid_or_the_reserve() -> None:
    (opened,) = with_bids(a_bid("d", deposit_reference="x"), reserve_fen_per_t=123_456, deposit_fen=100).opened()
    assert isinstance(opened, TenderOpened)
    text = opened.model_dump_json()
    assert "123456" not in text and not any(name in field for field in opened.model_dump() for name in SECRETS)
    fields = TenderClosed.model_fields
    assert not {"winner", "bids", "proposal_id", "demand_id", "buyer_id", "reserve_fen_per_t"} & set(fields)


PLACE = Position(30.59, 114.31)


def a_lot(**changes: Any) -> Lot:
    state = {
        "id": "lot", "seller_id": "ann", "grade": "steel.hms1", "kg_available": 30_000, "ask_net_fen_per_t": 200_000,
        "available_from": NOW, "available_until": NOW + 99 * HOUR, "position": PLACE, "min_take_kg": 5_000,
        "quality": {"moisture_pct": 2.0},
    }  # fmt: skip
    return Lot(**(state | changes))


def a_demand(**changes: Any) -> Demand:
    state = {
        "id": "demand", "buyer_id": "dan", "grades": ("steel.hms1",), "kg_available": 60_000, "bid_net_fen_per_t": 240_000,
        "deliver_from": NOW, "deliver_until": NOW + 99 * HOUR, "position": PLACE, "min_take_kg": 4_000,
    }  # fmt: skip
    return Demand(**(state | changes))


@pytest.mark.parametrize(
    ("lot", "demand", "kg", "rules"),
    [
        ({}, {}, 30_000, ()),
        ({}, {}, 30_001, (Rule.QUANTITY,)),
        ({}, {"kg_available": 20_000}, 20_001, (Rule.QUANTITY,)),
        ({}, {}, 4_999, (Rule.MIN_TAKE,)),
        ({"kg_available": 4_000}, {}, 4_000, ()),
        ({"divisible": False}, {}, 29_999, (Rule.NOT_WHOLE,)),
        ({"divisible": False}, {}, 30_000, ()),
        ({"ask_net_fen_per_t": 240_001}, {}, 30_000, (Rule.GAIN,)),
        ({}, {"blend_limits": {"moisture_pct": {"max": 1.5}}}, 30_000, (Rule.BLEND,)),
        ({}, {"blend_limits": {"moisture_pct": {"max": 1.5}}, "taken": (Taken(30_000, {"moisture_pct": 1.0}),)}, 30_000, ()),
        (
            {},
            {"blend_limits": {"moisture_pct": {"max": 1.5}}, "taken": (Taken(29_999, {"moisture_pct": 1.0}),)},
            30_000,
            (Rule.BLEND,),
        ),
        ({"quality": {}}, {"blend_limits": {"moisture_pct": {"max": 1.5}}}, 30_000, (Rule.QUALITY_UNKNOWN,)),
    ],
)
def test_a_single_deal_keeps_the_rules_of_a_clearing(lot: Any, demand: Any, kg: int, rules: tuple[Rule, ...]) -> None:
    found = deal(Market("steel", NOW, [], []), a_lot(**lot), a_demand(**demand), kg)
    assert found.rules == rules and (found.way is None) == (Rule.GAIN in rules)


@given(markets(3, 3, 12))
def test_what_a_clearing_matches_is_a_deal_and_travels_the_same_way(market: Market) -> None:
    lots, demands = {lot.id: lot for lot in market.lots}, {demand.id: demand for demand in market.demands}
    found = clear(market)
    for match in found.matches[:1]:
        lot, demand = lots[match.lot_id], demands[match.demand_id]
        judged = deal(market, lot, demand, match.kg)
        assert judged.way == match.option
        # What the rest of a plan balances or empties, a single deal can't.
        assert set(judged.rules) <= {Rule.MIN_TAKE, Rule.BLEND}
    for lot, demand in itertools.product(market.lots, market.demands):
        pairwise = set(broken_rules(market, lot, demand)) - {Rule.NOT_WHOLE}
        assert pairwise <= set(deal(market, lot, demand, max(1, lot.kg_available)).rules)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [(3600, "1 小时", "1 hour"), (14 * 86_400, "14 天", "14 days"), (5400, "90 分钟", "90 minutes"), (1, "1 秒", "1 second")],
)
def test_the_shortest_and_the_longest_time_are_said_as_people_say_them(seconds: int, zh: str, en: str) -> None:
    assert length_of(timedelta(seconds=seconds)) == (zh, en)
