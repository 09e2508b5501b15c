"""The verifier agrees with every clearing, and names whatever was altered in one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from services.matching.clearing import Clearing, Demand, Lot, Market, clear, decoded
from services.matching.clearing.verifier import Figures, Take, Verdict, verify
from tests.unit.matching.clearing.markets import GRADES, NOW, PLACES, markets

Case = tuple[dict[str, Any], dict[str, Any], Figures, list[Take]]


def case(result: Clearing) -> Case:
    """A clearing as it is stored."""
    figures = Figures(result.matched_kg, result.surplus_fen, result.objective_fen, result.bound_fen, result.gap_pct)
    takes = [
        Take(
            match.lot_id, match.demand_id, match.kg, match.option.mode, match.option.distance_m,
            match.option.freight_fen_per_t, match.option.co2e_g_per_t, match.price_fen_per_t, match.surplus_fen,
            match.seller_gain_fen, match.buyer_gain_fen,
        )
        for match in result.matches
    ]  # fmt: skip
    return orjson.loads(result.input), orjson.loads(orjson.dumps(result.proof, default=dict)), figures, takes


def findings(verdict: Verdict) -> dict[str, list[str]]:
    return {name: found for name, found in verdict.findings.items() if found}


@settings(max_examples=400)
@given(markets(7, 6, 12))
def test_every_clearing_of_a_small_market_verifies(small: Market) -> None:
    result = clear(small)
    verdict = verify(*case(result))
    assert not findings(verdict)
    assert verdict.bound_fen <= result.bound_fen


@settings(max_examples=60)
@given(markets(25, 12, 40_000))
def test_every_clearing_of_a_larger_market_verifies(large: Market) -> None:
    assert not findings(verify(*case(clear(large))))


@settings(max_examples=100)
@given(markets(7, 6, 12))
def test_what_is_stored_clears_to_the_same_result(small: Market) -> None:
    result = clear(small)
    assert clear(decoded(result.input)) == result


def a_market() -> Market:
    """Twelve lots, some indivisible, and five demands, one of them blended."""
    rng = Random(7)
    lots = [
        Lot(
            id=f"lot-{k}", seller_id=f"s{k}", grade=GRADES[k % 2], kg_available=20_000 + 1_000 * k,
            ask_net_fen_per_t=200_000 + rng.randrange(9_000), available_from=NOW, available_until=NOW + timedelta(days=9),
            position=PLACES[k % 5], min_take_kg=5_000, divisible=k % 3 != 0, quality={"moisture_pct": 0.5 + k % 4},
        )
        for k in range(12)
    ]  # fmt: skip
    demands = [
        Demand(
            id=f"demand-{k}", buyer_id=f"b{k}", grades=GRADES, kg_available=60_000, bid_net_fen_per_t=230_000 + 1_000 * k,
            deliver_from=NOW, deliver_until=NOW + timedelta(days=9), position=PLACES[k], min_take_kg=5_000,
            blend_limits={"moisture_pct": {"max": 1.6}} if k == 4 else {},
        )
        for k in range(5)
    ]  # fmt: skip
    return Market("steel", NOW, lots, demands, [("lot-1", "demand-1")])


def alter_take(number: int, **changes: Any) -> Callable[[Case], Case]:
    def alter(one: Case) -> Case:
        takes = list(one[3])
        takes[number] = replace(takes[number], **changes)
        return one[0], one[1], one[2], takes

    return alter


def more_kg(one: Case) -> Case:
    """A divisible lot gives a kilogram that it has not."""
    full = next(k for k, take in enumerate(one[3]) if int(take.lot_id[4:]) % 3 != 0)
    return alter_take(full, kg=one[3][full].kg + 60_000)(one)


def split_whole(one: Case) -> Case:
    whole = next(k for k, take in enumerate(one[3]) if int(take.lot_id[4:]) % 3 == 0)
    return alter_take(whole, kg=one[3][whole].kg - 6_000)(one)


def tiny(one: Case) -> Case:
    loose = next(k for k, take in enumerate(one[3]) if int(take.lot_id[4:]) % 3)
    return alter_take(loose, kg=1_000)(one)


def figure(**changes: Any) -> Callable[[Case], Case]:
    return lambda one: (one[0], one[1], replace(one[2], **changes), one[3])


def cheaper_nodes(one: Case) -> Case:
    """A bound that the prices do not prove: some prices are lowered, and so is the bound."""
    prices = {name: fen // 2 for name, fen in one[1]["demand_prices"].items()}
    return one[0], {**one[1], "demand_prices": prices, "lot_prices": {}}, one[2], one[3]


def dearer_nodes(one: Case) -> Case:
    prices = {name: fen + 50 for name, fen in one[1]["demand_prices"].items()}
    return one[0], {**one[1], "demand_prices": prices}, one[2], one[3]


def wetter(one: Case) -> Case:
    """The stored lots are wetter than they were."""
    lots = [{**lot, "quality": {"moisture_pct": 9.0}} for lot in one[0]["lots"]]
    return {**one[0], "lots": lots}, one[1], one[2], one[3]


@pytest.mark.parametrize(
    ("alter", "check"),
    [
        (alter_take(0, price_fen_per_t=1), "pairs and prices"),
        (alter_take(0, freight_fen_per_t=1), "pairs and prices"),
        (alter_take(0, seller_gain_fen=1), "pairs and prices"),
        (alter_take(0, demand_id="demand-x"), "pairs and prices"),
        (alter_take(0, lot_id="lot-1", demand_id="demand-1"), "pairs and prices"),
        (more_kg, "quantities"),
        (split_whole, "quantities"),
        (tiny, "quantities"),
        (wetter, "blends"),
        (figure(matched_kg=1), "figures"),
        (figure(surplus_fen=1), "figures"),
        (figure(objective_fen=1), "figures"),
        (figure(gap_pct=50.0), "figures"),
        (figure(bound_fen=1), "bound"),
        (cheaper_nodes, "bound"),
        (dearer_nodes, "node prices"),
    ],
)
def test_whatever_is_altered_is_named(alter: Callable[[Case], Case], check: str) -> None:
    honest = case(clear(a_market()))
    assert verify(*honest).holds
    assert verify(*alter(honest)).findings[check]


def test_an_empty_market_verifies() -> None:
    assert verify(*case(clear(Market("steel", NOW, [], [])))).holds


def test_a_take_between_two_who_do_not_trade_is_named() -> None:
    """The verifier reads who is blocked from the stored input by itself; an earlier input may not say."""
    since, until = NOW, NOW + timedelta(days=9)
    lot = Lot("lot", "ann", GRADES[0], 100, 200_000, since, until, PLACES[0])
    demand = Demand("demand", "dan", GRADES[:1], 100, 260_000, since, until, PLACES[0])
    stored, proof, figures, takes = case(clear(Market("steel", NOW, [lot], [demand])))
    assert takes and not findings(verify(stored, proof, figures, takes))
    assert not findings(verify({name: part for name, part in stored.items() if name != "blocked"}, proof, figures, takes))
    assert findings(verify({**stored, "blocked": [["ann", "dan"]]}, proof, figures, takes))
    result = clear(Market("steel", NOW, [lot], [demand], blocked=frozenset({("ann", "dan")})))
    assert result.matches == () and not findings(verify(*case(result)))
