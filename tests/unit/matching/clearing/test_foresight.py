"""Reserve prices: what room is kept for, and what is never kept waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.clearing import DAY, Arrival, BadListing, Demand, Lot, Market, Rule, broken_rules, clear, reserve_prices
from tests.unit.matching.clearing.markets import NOW, PLACES, gain_of, markets

LONG = timedelta(days=9)


def a_lot(name: str, ask: int = 200_000, kg: int = 10_000) -> Lot:
    return Lot(name, "ann", "steel.hms1", kg, ask, NOW, NOW + LONG, PLACES[0])


def a_demand(kg: int = 30_000, closes: timedelta = LONG) -> Demand:
    return Demand("mill", "dan", ("steel.hms1",), kg, 240_000, NOW, NOW + closes, PLACES[1])


def came(*lots: Lot) -> list[Arrival]:
    """Evenly over the last day, each for sale from then on."""
    at = [NOW - DAY * k / len(lots) for k in range(len(lots))]
    return [Arrival(replace(lot, available_from=since), since) for lot, since in zip(lots, at, strict=True)]


DAY_OF_GOOD_LOTS = came(*(a_lot(f"good-{k}") for k in range(10)))


def test_scarce_room_is_worth_what_the_lots_expected_gain() -> None:
    poor = a_lot("poor", ask=220_000)
    market = Market("steel", NOW, [poor], [a_demand()])
    prices = reserve_prices(market, DAY_OF_GOOD_LOTS)
    assert prices == {"mill": gain_of(DAY_OF_GOOD_LOTS[0].lot, market.demands[0]) - 1}
    kept = replace(market, reserve_fen_per_t=prices)
    assert clear(market).matches and not clear(kept).matches
    assert broken_rules(kept, poor, market.demands[0]) == [Rule.KEPT]


def test_room_for_all_is_kept_for_nobody() -> None:
    assert reserve_prices(Market("steel", NOW, [], [a_demand(100_001)]), DAY_OF_GOOD_LOTS) == {}


def test_of_lots_that_gain_alike_none_waits() -> None:
    market = Market("steel", NOW, [a_lot("one"), a_lot("two")], [a_demand()])
    kept = replace(market, reserve_fen_per_t=reserve_prices(market, DAY_OF_GOOD_LOTS))
    assert clear(kept).matched_kg == 20_000


@pytest.mark.parametrize(("hours", "kept"), [(24, True), (9, True), (7, False), (1, False)])
def test_as_a_demand_nears_its_end_less_is_expected(hours: int, kept: bool) -> None:
    """A hundred tonnes a day for thirty tonnes of room: from some seven hours before the end on, there is room for all."""
    market = Market("steel", NOW, [], [a_demand(30_000, timedelta(hours=hours))])
    assert bool(reserve_prices(market, DAY_OF_GOOD_LOTS)) is kept


def test_a_bad_lot_of_yesterday_is_named_by_its_own_id() -> None:
    with pytest.raises(BadListing) as fault:
        reserve_prices(Market("steel", NOW, [], [a_demand()]), came(a_lot("bad", kg=-1)))
    assert fault.value.listing_id == "bad"


@settings(max_examples=200)
@given(markets(4, 3, 6), st.data())
def test_room_is_never_dearer_than_the_best_that_may_come(market: Market, data: st.DataObject) -> None:
    """Whatever came yesterday, at whatever moments."""
    expected = [Arrival(lot, NOW - DAY * data.draw(st.floats(0, 1))) for lot in market.lots]
    prices = reserve_prices(market, expected)
    assert set(prices) <= {demand.id for demand in market.demands}
    bare = replace(market, reserve_fen_per_t={}, carbon_fen_per_t_co2e=0)
    most = {demand.id: max((gain_of(lot, demand) for lot in bare.lots), default=0) + 4_000 for demand in market.demands}
    assert all(0 < fen < most[demand] for demand, fen in prices.items())
