"""Lots and demands: their states, what may be edited, versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.listings.model import Demand, Lot, QuantitiesAreWrong
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
)
from shared.problem import InputIsInvalid, WrongState
from tests.unit.listings.builders import (
    AFTER,
    LATER,
    NOW,
    WUHAN,
    demand_draft,
    lot_draft,
    open_demand,
    open_lot,
)


def test_a_draft_emits_nothing_until_it_is_published() -> None:
    lot = Lot.new("lot-1", "seller", lot_draft(vat_bp=300), WUHAN, NOW)
    assert lot.change(lot_draft(20_000, vat_bp=300), WUHAN, NOW) == []
    [event] = lot.publish(NOW)
    assert isinstance(event, LotPublished)
    assert (event.quantity_kg, event.available_kg, event.status) == (20_000, 20_000, "open")
    assert event.ask_net_fen_per_t == 237_864  # 2450 incl. 3 % is 2378.64 net
    with pytest.raises(WrongState):
        lot.publish(NOW)


def test_a_lot_whose_window_is_over_is_not_published() -> None:
    lot = Lot.new("lot-1", "seller", lot_draft(), WUHAN, NOW)
    with pytest.raises(InputIsInvalid) as caught:
        lot.publish(LATER)
    assert caught.value.faults[0][0] == "/available_until"


def test_a_window_ends_after_it_begins() -> None:
    with pytest.raises(InputIsInvalid):
        Lot.new("lot-1", "seller", lot_draft(available_until=NOW), WUHAN, NOW)
    with pytest.raises(InputIsInvalid):
        Demand.new("demand-1", "buyer", demand_draft(deliver_until=NOW), WUHAN, NOW)


def test_terms_version_moves_with_terms_alone() -> None:
    lot = open_lot()
    before = (lot.version, lot.terms_version)
    [event] = lot.change(replace(lot.draft(), title="重废 30 吨", quantity_kg=40_000), WUHAN, NOW)
    assert isinstance(event, LotChanged)
    assert (event.previous_quantity_kg, event.quantity_kg, event.available_kg) == (30_000, 40_000, 40_000)
    assert (lot.version, lot.terms_version) == (before[0] + 1, before[1])
    lot.change(replace(lot.draft(), terms=replace(lot.terms, ask_fen_per_t=250_000)), WUHAN, NOW)
    assert (lot.version, lot.terms_version) == (before[0] + 2, before[1] + 1)
    lot.reserve(10_000, NOW)
    assert (lot.version, lot.terms_version) == (before[0] + 3, before[1] + 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"ask_fen_per_t": 1},
        {"vat_bp": 1300},
        {"quality": {"moisture_pct": 1.0}},
        {"available_until": AFTER},
        {"divisible": False},
        {"min_take_kg": 5_000},
        {"auto_accept": True},
        {"origin": "imported"},
    ],
)
def test_each_term_of_an_open_lot_may_change_and_counts(changes: dict[str, object]) -> None:
    lot = open_lot()
    lot.change(replace(lot.draft(), terms=replace(lot.terms, **changes)), WUHAN, NOW)
    assert lot.terms_version == 2


def test_a_change_of_nothing_is_none() -> None:
    lot, demand = open_lot(), open_demand()
    assert lot.change(lot.draft(), WUHAN, NOW) == []
    assert demand.change(demand.draft(), WUHAN, NOW) == []
    assert (lot.version, demand.version) == (2, 2)


def test_grade_and_site_are_fixed_once_open() -> None:
    lot = open_lot()
    with pytest.raises(WrongState):
        lot.change(replace(lot.draft(), terms=replace(lot.terms, grade="steel.hms2")), WUHAN, NOW)
    with pytest.raises(WrongState):
        lot.change(replace(lot.draft(), site_id="site-2"), replace(WUHAN, site_id="site-2"), NOW)
    demand = open_demand()
    with pytest.raises(WrongState):
        demand.change(replace(demand.draft(), site_id="site-2"), replace(WUHAN, site_id="site-2"), NOW)


def test_what_is_promised_cannot_be_edited_away() -> None:
    lot = open_lot(30_000)
    lot.reserve(20_000, NOW)
    with pytest.raises(WrongState):
        lot.change(replace(lot.draft(), quantity_kg=19_999), WUHAN, NOW)
    lot.change(replace(lot.draft(), quantity_kg=20_000), WUHAN, NOW)
    assert (lot.available_kg, lot.reserved_kg, lot.status) == (0, 20_000, "open")


def test_a_lot_cut_to_what_is_sold_closes_as_sold() -> None:
    lot = open_lot(30_000)
    lot.reserve(20_000, NOW)
    lot.use(20_000, NOW)
    changed, closed = lot.change(replace(lot.draft(), quantity_kg=20_000), WUHAN, NOW)
    assert isinstance(changed, LotChanged) and isinstance(closed, LotClosed)
    assert (closed.closed_reason, closed.version) == ("sold", changed.version + 1)


def test_an_open_window_may_not_move_into_the_past() -> None:
    lot, demand = open_lot(), open_demand()
    with pytest.raises(InputIsInvalid):
        lot.change(replace(lot.draft(), terms=replace(lot.terms, ask_fen_per_t=1)), WUHAN, LATER)
    with pytest.raises(InputIsInvalid):
        demand.change(replace(demand.draft(), quantity_kg=1), WUHAN, LATER)


def test_withdrawing_moves_what_is_available_and_keeps_what_is_reserved() -> None:
    lot = open_lot(30_000)
    lot.reserve(10_000, NOW)
    [event] = lot.withdraw(NOW)
    assert isinstance(event, LotWithdrawn)
    assert (event.moved_kg, event.unsold_kg, event.reserved_kg, event.closed_reason) == (20_000, 20_000, 10_000, "withdrawn")
    for call in (lot.withdraw, lot.publish):
        with pytest.raises(WrongState):
            call(NOW)
    with pytest.raises(WrongState):
        lot.change(replace(lot.draft(), title="x"), WUHAN, NOW)


def test_expiry_closes_at_the_end_of_the_window_not_before() -> None:
    lot = open_lot(30_000)
    assert lot.expire(NOW) == []
    [event] = lot.expire(LATER)
    assert isinstance(event, LotExpired)
    assert (event.moved_kg, event.closed_reason, lot.ledger_place) == (30_000, "expired", "expired")
    assert lot.expire(LATER) == []


def test_a_demand_through_its_life() -> None:
    demand = Demand.new("demand-1", "buyer", demand_draft(vat_bp=1300), WUHAN, NOW)
    [posted] = demand.publish(NOW)
    assert isinstance(posted, DemandPosted)
    assert posted.bid_net_fen_per_t == 238_938
    [changed] = demand.change(replace(demand.draft(), terms=replace(demand.terms, grades=["steel.hms2"])), WUHAN, NOW)
    assert isinstance(changed, DemandChanged)
    assert changed.terms_version == 2
    [closed] = demand.close(NOW)
    assert isinstance(closed, DemandClosed)
    assert (closed.closed_reason, closed.unsold_kg) == ("closed", 30_000)
    [expired] = open_demand().expire(LATER)
    assert isinstance(expired, DemandExpired)


def test_a_wrong_movement_never_gets_as_far_as_being_saved() -> None:
    lot = open_lot(1_000)
    with pytest.raises(QuantitiesAreWrong):
        lot.reserve(1_001, NOW)
    with pytest.raises(QuantitiesAreWrong):
        open_lot(1_000).use(1, NOW)
    with pytest.raises(QuantitiesAreWrong):
        open_lot(1_000).take_back(1, NOW)


def test_relations() -> None:
    lot = open_lot()
    assert lot.relations("seller") == {"own"}
    assert lot.relations("other") == {"visible"}
    lot.withdraw(NOW)
    assert lot.relations("other") == set()
    assert lot.relations("other", trades=True) == {"visible"}
