"""Reservations: both sides or none, and every way back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.listings.model import Demand, Lot, QuantitiesAreWrong, Reservation, consume, release, reserve
from services.listings.model.reservation import Cause
from shared.events import Event
from shared.events.listings import (
    DemandClosed,
    DemandExpired,
    LotClosed,
    LotExpired,
    QuantityConsumed,
    QuantityRefused,
    QuantityReleased,
    QuantityReserved,
)
from tests.unit.listings.builders import LATER, NOW, open_demand, open_lot, terms_of


def propose(
    lot: Lot | None, demand: Demand | None, kg: int, versions: tuple[int, int] = (1, 1), barred: str | None = None
) -> tuple[Reservation, Event]:
    reservation, [event] = reserve("p-1", terms_of("lot-1", "demand-1", kg), versions, lot, demand, barred, NOW)
    return reservation, event


def reserved(lot: Lot, demand: Demand, kg: int) -> Reservation:
    reservation, event = propose(lot, demand, kg)
    assert isinstance(event, QuantityReserved)
    return reservation


def test_both_sides_are_reserved_and_told() -> None:
    lot, demand = open_lot(30_000), open_demand(50_000)
    reservation, event = propose(lot, demand, 20_000)
    assert isinstance(event, QuantityReserved)
    assert event.lot is not None and event.demand is not None
    assert (event.lot.available_kg, event.lot.reserved_kg, event.lot.version) == (10_000, 20_000, lot.version)
    assert (event.demand.available_kg, event.demand.reserved_kg) == (30_000, 20_000)
    assert (reservation.remaining_kg, reservation.state) == (20_000, "reserved")


def withdrawn(lot: Lot) -> Lot:
    lot.withdraw(NOW)
    return lot


def closed(demand: Demand) -> Demand:
    demand.close(NOW)
    return demand


@pytest.mark.parametrize(
    ("lot", "demand", "kg", "versions", "barred", "reason"),
    [
        (None, open_demand(), 1_000, (1, 1), None, "lot-unknown"),
        (open_lot(), None, 1_000, (1, 1), None, "demand-unknown"),
        (open_lot(), open_demand(), 1_000, (2, 1), None, "lot-changed"),
        (open_lot(), open_demand(), 1_000, (1, 2), None, "demand-changed"),
        (withdrawn(open_lot()), open_demand(), 1_000, (1, 1), None, "lot-closed"),
        (open_lot(), closed(open_demand()), 1_000, (1, 1), None, "demand-closed"),
        (open_lot(available_until=NOW + timedelta(0, 1)), open_demand(), 30_001, (1, 1), None, "not-enough"),
        (open_lot(), open_demand(10_000), 10_001, (1, 1), None, "not-enough"),
        (open_lot(), open_demand(), 0, (1, 1), None, "not-enough"),
        (open_lot(divisible=False), open_demand(), 29_999, (1, 1), None, "indivisible"),
        (open_lot(min_take_kg=5_000), open_demand(), 4_999, (1, 1), None, "min-take"),
        (open_lot(), open_demand(min_take_kg=5_000), 4_999, (1, 1), None, "min-take"),
        (open_lot(), open_demand(), 1_000, (1, 1), "ended", "ended"),
    ],
)
def test_refusals(
    lot: Lot | None, demand: Demand | None, kg: int, versions: tuple[int, int], barred: str | None, reason: str
) -> None:
    before = (lot and lot.balance(), demand and demand.balance())
    reservation, event = propose(lot, demand, kg, versions, barred)
    assert isinstance(event, QuantityRefused)
    assert event.reason == reason
    assert (event.lot, event.demand) == before
    assert (reservation.state, reservation.remaining_kg) == ("refused", 0)


def test_a_remainder_below_the_minimum_may_be_taken() -> None:
    assert reserved(open_lot(4_000, min_take_kg=5_000), open_demand(min_take_kg=4_000), 4_000).kg == 4_000


def test_an_indivisible_lot_goes_whole() -> None:
    assert reserved(open_lot(30_000, divisible=False), open_demand(), 30_000).remaining_kg == 30_000


def test_a_window_that_is_over_is_refused_even_before_the_timer_came() -> None:
    _, [event] = reserve("p-1", terms_of("lot-1", "demand-1", 1), (1, 1), open_lot(), open_demand(), None, LATER)
    assert isinstance(event, QuantityRefused)
    assert event.reason == "lot-closed"


def test_released_tonnes_are_on_offer_again() -> None:
    lot, demand = open_lot(), open_demand()
    reservation = reserved(lot, demand, 20_000)
    [event] = release(reservation, lot, demand, 20_000, "rejected", NOW)
    assert isinstance(event, QuantityReleased)
    assert (event.lot_to, event.in_transit, event.final, event.kg) == ("on_offer", False, True, 20_000)
    assert (lot.available_kg, demand.available_kg, reservation.state) == (30_000, 30_000, "done")


def test_tonnes_of_a_withdrawn_lot_come_back_as_unsold() -> None:
    lot, demand = open_lot(), open_demand()
    reservation = reserved(lot, demand, 20_000)
    lot.withdraw(NOW)
    [event] = release(reservation, lot, demand, 20_000, "withdrawn", NOW)
    assert isinstance(event, QuantityReleased)
    assert event.lot_to == "withdrawn"
    assert (lot.unsold_kg, demand.available_kg) == (30_000, 30_000)


def test_a_release_after_the_window_expires_both_sides_first() -> None:
    lot, demand = open_lot(), open_demand()
    reservation = reserved(lot, demand, 20_000)
    lot_expired, demand_expired, released = release(reservation, lot, demand, 20_000, "returned", LATER, "s-1")
    assert isinstance(lot_expired, LotExpired) and isinstance(demand_expired, DemandExpired)
    assert isinstance(released, QuantityReleased)
    assert lot_expired.moved_kg == 10_000
    assert (released.lot_to, released.in_transit, released.shipment_id) == ("expired", True, "s-1")
    assert (lot.unsold_kg, demand.unsold_kg, lot.reserved_kg) == (30_000, 30_000, 0)
    assert released.lot is not None and released.lot.version == lot_expired.version + 1


def test_a_consumed_lot_closes_as_sold_and_a_demand_as_filled() -> None:
    lot, demand = open_lot(20_000), open_demand(20_000)
    reservation = reserved(lot, demand, 20_000)
    [first] = consume(reservation, lot, demand, 10_000, 0, NOW, "s-1")
    assert isinstance(first, QuantityConsumed) and not first.final
    last, sold, filled = consume(reservation, lot, demand, 10_000, 0, NOW, "s-2")
    assert isinstance(last, QuantityConsumed) and last.final
    assert isinstance(sold, LotClosed) and sold.closed_reason == "sold"
    assert isinstance(filled, DemandClosed) and filled.closed_reason == "filled"
    assert last.lot is not None and last.lot.version == sold.version - 1


def test_a_shortfall_goes_back_on_both_sides_and_keeps_them_open() -> None:
    lot, demand = open_lot(20_000, divisible=False), open_demand(20_000)
    reservation = reserved(lot, demand, 20_000)
    consumed, released = consume(reservation, lot, demand, 15_000, 5_000, NOW, "s-1")
    assert isinstance(consumed, QuantityConsumed) and not consumed.final
    assert isinstance(released, QuantityReleased) and released.final
    assert (released.cause, released.in_transit, released.kg) == ("shortfall", True, 5_000)
    assert (lot.status, lot.available_kg, lot.consumed_kg) == ("open", 5_000, 15_000)


def test_a_lot_waits_with_closing_until_nothing_is_reserved() -> None:
    lot, demand = open_lot(20_000), open_demand(40_000)
    first = reserved(lot, demand, 10_000)
    second = reserved(lot, demand, 10_000)
    consume(first, lot, demand, 10_000, 0, NOW, "s-1")
    assert lot.status == "open"
    release(second, lot, demand, 10_000, "cancelled", NOW)
    assert (lot.status, lot.available_kg) == ("open", 10_000)


def test_nothing_is_released_twice() -> None:
    lot, demand = open_lot(), open_demand()
    reservation = reserved(lot, demand, 20_000)
    release(reservation, lot, demand, 20_000, "rejected", NOW)
    with pytest.raises(QuantitiesAreWrong):
        release(reservation, lot, demand, 1, "rejected", NOW)
    assert release(reservation, lot, demand, 0, "rejected", NOW) == []


CAUSES: list[Cause] = ["rejected", "countered", "expired", "withdrawn", "cancelled", "returned"]


@settings(max_examples=300)
@given(st.data())
def test_no_sequence_makes_or_loses_a_kilogram(data: st.DataObject) -> None:
    lots = [open_lot(data.draw(st.integers(1, 100)), divisible=data.draw(st.booleans())) for _ in range(2)]
    demands = [open_demand(data.draw(st.integers(1, 100))) for _ in range(2)]
    alive: list[tuple[Reservation, Lot, Demand]] = []
    versions = {id(one): one.version for one in (*lots, *demands)}
    steps = st.sampled_from(["reserve", "release", "consume", "withdraw", "close", "expire", "resize"])
    for _ in range(data.draw(st.integers(0, 25))):
        step = data.draw(steps)
        lot, demand = data.draw(st.sampled_from(lots)), data.draw(st.sampled_from(demands))
        now = data.draw(st.sampled_from([NOW, NOW, NOW, LATER]))
        if step == "reserve":
            kg = data.draw(st.integers(0, 120))
            had = min(lot.available_kg, demand.available_kg)
            reservation, _ = reserve("p", terms_of("l", "d", kg), (1, 1), lot, demand, None, now)
            if reservation.state == "reserved":
                assert kg <= had
                alive.append((reservation, lot, demand))
        elif step in ("release", "consume") and alive:
            reservation, lot, demand = data.draw(st.sampled_from(alive))
            kg = data.draw(st.integers(0, reservation.remaining_kg))
            if step == "release":
                release(reservation, lot, demand, kg, data.draw(st.sampled_from(CAUSES)), now)
            else:
                short = data.draw(st.integers(0, reservation.remaining_kg - kg))
                consume(reservation, lot, demand, kg, short, now, "s")
        elif step == "withdraw" and lot.status == "open":
            lot.withdraw(now)
        elif step == "close" and demand.status == "open":
            demand.close(now)
        elif step == "expire":
            lot.expire(now), demand.expire(now)
        elif step == "resize" and lot.status == "open" and now == NOW:
            lot.resize(lot.promised_kg + data.draw(st.integers(0, 50)))
            lot.touch(now)
        alive = [one for one in alive if one[0].remaining_kg]
        for listing in (*lots, *demands):
            listing.check()
            assert versions[id(listing)] <= listing.version
            versions[id(listing)] = listing.version
        for lot in lots:
            assert lot.reserved_kg == sum(one.remaining_kg for one, of, _ in alive if of is lot)
        for demand in demands:
            assert demand.reserved_kg == sum(one.remaining_kg for one, _, of in alive if of is demand)
