"""The change that an explanation names, when it is made, does match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from services.matching.clearing import (
    Change,
    Demand,
    Lot,
    Market,
    Rule,
    broken_rules,
    change_of,
    clear,
    least_kg,
)
from services.matching.schemas import ChangeOut
from shared.units import net_fen
from tests.unit.matching.clearing.markets import gain_of, markets
from tests.unit.matching.clearing.test_clearing import FAR, NOW, a_demand, a_lot, market


def made(listing: Any, change: Change) -> Any:
    """The listing with the change, written apart from the code that found it."""
    field, _, rest = change.field.partition(".")
    if field == "quality":
        return replace(listing, quality={**listing.quality, rest: change.value})
    if field == "quality_limits":
        attribute, _, end = rest.partition(".")
        limits = {name: dict(bounds) for name, bounds in listing.quality_limits.items()}
        limits[attribute][end] = change.value
        return replace(listing, quality_limits=limits)
    names = {"ask": "ask_net_fen_per_t", "bid": "bid_net_fen_per_t", "available": "kg_available"}
    return replace(listing, **{names.get(field, field): change.value})


def against_lot(small: Market, lot: Lot) -> Mapping[str, Sequence[Rule]]:
    return {demand.id: rules_of(small, lot, demand) for demand in small.demands if demand.kg_available}


def against_demand(small: Market, demand: Demand) -> Mapping[str, Sequence[Rule]]:
    return {lot.id: rules_of(small, lot, demand) for lot in small.lots if lot.kg_available}


def rules_of(small: Market, lot: Lot, demand: Demand) -> Sequence[Rule]:
    short = small.allowance_kg.get(lot.under, lot.kg_available) < least_kg(lot, demand)
    return [*broken_rules(small, lot, demand), *([Rule.ALLOWANCE] if short else [])]


def with_change(small: Market, row: int, change: Change) -> Market:
    """The market with the change that was named for a lot."""
    lot = small.lots[row]
    if change.field == "allowance":
        return replace(small, allowance_kg={**small.allowance_kg, lot.under: change.value})
    return replace(small, lots=[*small.lots[:row], made(lot, change), *small.lots[row + 1 :]])


@settings(max_examples=100)
@given(markets(4, 4, 12))
def test_the_change_named_for_a_lot_or_demand_matches_it(small: Market) -> None:
    matches = clear(small).matches
    for row, lot in enumerate(small.lots):
        if lot.kg_available and all(match.lot_id != lot.id for match in matches):
            change = change_of(small, lot, against_lot(small, lot))
            if change is not None:
                assert any(match.lot_id == lot.id for match in clear(with_change(small, row, change)).matches)
    for row, demand in enumerate(small.demands):
        if demand.kg_available and all(match.demand_id != demand.id for match in matches):
            change = change_of(small, demand, against_demand(small, demand))
            if change is not None:
                demands = [*small.demands[:row], made(demand, change), *small.demands[row + 1 :]]
                assert any(match.demand_id == demand.id for match in clear(replace(small, demands=demands)).matches)


def test_a_dear_lot_is_told_the_highest_price_that_matches() -> None:
    lot, demand = a_lot(ask_net_fen_per_t=260_000), a_demand()
    change = change_of(market([lot], [demand]), lot, {demand.id: [Rule.GAIN]})
    assert change is not None and change.field == "ask" and change.counterpart_id == demand.id
    assert change.value == 260_000 + gain_of(lot, demand)
    assert not clear(market([made(lot, replace(change, value=int(change.value) + 1))], [demand])).matches


def test_a_lot_that_others_outbid_is_told_the_price_that_wins_room() -> None:
    cheap, dear = a_lot(id="cheap", kg_available=100_000), a_lot(id="dear", ask_net_fen_per_t=210_000, seller_id="bob")
    both = market([cheap, dear], [a_demand()])
    assert {match.lot_id for match in clear(both).matches} == {"cheap"}
    change = change_of(both, dear, against_lot(both, dear))
    assert change is not None and change.field == "ask" and change.value == 199_999


@pytest.mark.parametrize(
    ("lot", "demand", "field", "value"),
    [
        ({"quality": {"moisture_pct": 9.0}}, {"quality_limits": {"moisture_pct": {"max": 2.0}}}, "quality.moisture_pct", 2.0),
        ({"quality": {}}, {"quality_limits": {"moisture_pct": {"max": 2.0}}}, "quality.moisture_pct", 2.0),
        ({"divisible": False, "kg_available": 200_000}, {}, "divisible", True),
    ],
)
def test_each_kind_of_change_of_a_lot(lot: dict[str, object], demand: dict[str, object], field: str, value: object) -> None:
    one, other = a_lot(**lot), a_demand(**demand)
    small = market([one], [other])
    change = change_of(small, one, against_lot(small, one))
    assert change is not None and (change.field, change.value) == (field, value)


@pytest.mark.parametrize(
    ("lot", "demand", "field"),
    [
        (
            {"quality": {"moisture_pct": 9.0}},
            {"quality_limits": {"moisture_pct": {"max": 2.0}}},
            "quality_limits.moisture_pct.max",
        ),
        ({"divisible": False, "kg_available": 200_000}, {}, "available"),
        ({}, {"compliant_sellers_only": True}, "compliant_sellers_only"),
        ({}, {"bid_net_fen_per_t": 200_000}, "bid"),
        ({"available_from": NOW + FAR, "available_until": NOW + 2 * FAR}, {}, "deliver_until"),
    ],
)
def test_each_kind_of_change_of_a_demand(lot: dict[str, object], demand: dict[str, object], field: str) -> None:
    one, other = a_lot(**lot), a_demand(**demand)
    small = market([one], [other])
    change = change_of(small, other, against_demand(small, other))
    assert change is not None and change.field == field


@pytest.mark.parametrize(
    ("lot", "demand", "allowed_kg", "needed_kg"),
    [
        ({"divisible": False, "kg_available": 30_000}, {}, 20_000, 30_000),
        ({"min_take_kg": 5_000}, {}, 0, 5_000),
        ({"min_take_kg": 5_000}, {"min_take_kg": 10_000}, 7_000, 10_000),
        ({"min_take_kg": 0}, {"min_take_kg": 0}, 0, 1),
    ],
)
def test_a_lot_beyond_its_allowance_is_told_how_much_must_be_allowed(
    lot: dict[str, Any], demand: dict[str, Any], allowed_kg: int, needed_kg: int
) -> None:
    one, other = a_lot(**lot), a_demand(**demand)
    small = replace(market([one], [other]), allowance_kg={one.under: allowed_kg})
    assert not clear(small).matches
    change = change_of(small, one, against_lot(small, one))
    assert change is not None and (change.field, change.value) == ("allowance", needed_kg)
    assert clear(with_change(small, 0, change)).matches
    assert not clear(with_change(small, 0, replace(change, value=needed_kg - 1))).matches
    assert change_of(small, other, against_demand(small, other)) is None


def test_nothing_is_named_where_no_single_change_helps() -> None:
    lot, demand = a_lot(grade="steel.light"), a_demand(buyer_id="ann")
    small = market([lot], [demand])
    assert change_of(small, lot, against_lot(small, lot)) is None


@pytest.mark.parametrize("vat_bp", [0, 300, 900, 1300])
def test_prices_to_type_lie_on_the_right_side_of_the_net_price(vat_bp: int) -> None:
    for net in range(199_990, 200_010):
        ask = ChangeOut.of(Change("demand", "ask", net, 0.1), vat_bp)
        bid = ChangeOut.of(Change("lot", "bid", net, 0.1), vat_bp)
        assert ask.field == "ask_cny_per_t" and net_fen(round(100 * float(str(ask.value))), vat_bp) <= net
        assert bid.field == "bid_cny_per_t" and net_fen(round(100 * float(str(bid.value))), vat_bp) >= net
