"""The clearing: never a match that breaks a rule, a bound that bounds, the contract's arithmetic, the same answer twice."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.clearing import (
    RULES,
    BadListing,
    BadMarket,
    Demand,
    DuplicateListing,
    Lot,
    Market,
    Preferences,
    Rule,
    Taken,
    broken_rules,
    clear,
)
from shared.geo import Position
from tests.bench.clearing_market import steel_market
from tests.unit.matching.clearing.markets import (
    NOW,
    PLACES,
    allowed,
    assert_sound,
    best_objective,
    demands,
    gain_of,
    lots,
    markets,
)

FAR = timedelta(days=10)


def a_lot(**changes: object) -> Lot:
    lot = Lot("lot", "ann", "steel.hms1", 30_000, 200_000, NOW, NOW + FAR, PLACES[0], 5_000, True, {"moisture_pct": 1.0})
    return replace(lot, **changes)  # type: ignore[arg-type]


def a_demand(**changes: object) -> Demand:
    demand = Demand("demand", "dan", ("steel.hms1",), 100_000, 250_000, NOW, NOW + FAR, PLACES[1], 5_000)
    return replace(demand, **changes)  # type: ignore[arg-type]


def market(lot_list: list[Lot], demand_list: list[Demand], **changes: object) -> Market:
    return replace(Market("steel", NOW, lot_list, demand_list), **changes)  # type: ignore[arg-type]


@settings(max_examples=150)
@given(markets(7, 6, 12))
def test_every_match_keeps_every_rule(small: Market) -> None:
    assert_sound(small, clear(small))


@settings(max_examples=150)
@given(markets(2, 2, 5) | markets(3, 1, 6) | markets(1, 4, 5))
def test_the_bound_is_above_the_optimum_and_the_plan_near_it(tiny: Market) -> None:
    best = best_objective(tiny)
    result = clear(tiny)
    assert_sound(tiny, result)
    assert result.bound_fen * 1000 >= best
    assert result.objective_fen * 1000 <= best + 500 * len(result.matches)


def test_tiny_markets_are_nearly_always_solved_to_the_optimum() -> None:
    rng = random.Random(7)
    best = found = 0
    for seed in range(150):
        tiny = _random_tiny(rng, seed)
        best += best_objective(tiny)
        lot_of, demand_of = {lot.id: lot for lot in tiny.lots}, {demand.id: demand for demand in tiny.demands}
        found += sum(gain_of(lot_of[m.lot_id], demand_of[m.demand_id]) * m.kg for m in clear(tiny).matches)
    assert 0.97 * best <= found <= best


def _random_tiny(rng: random.Random, seed: int) -> Market:
    some_lots = [
        a_lot(
            id=f"lot-{k}",
            kg_available=rng.randint(1, 6),
            min_take_kg=rng.randint(0, 3),
            divisible=rng.random() < 0.6,
            ask_net_fen_per_t=rng.randint(190, 225) * 1000,
            position=rng.choice(PLACES[:2]),
        )
        for k in range(2)
    ]
    some_demands = [
        a_demand(
            id=f"demand-{k}",
            kg_available=rng.randint(1, 8),
            min_take_kg=rng.randint(0, 3),
            bid_net_fen_per_t=rng.randint(215, 250) * 1000,
        )
        for k in range(1 + seed % 2)
    ]
    return market(some_lots, some_demands)


@settings(max_examples=150)
@given(markets(7, 6, 12))
def test_what_came_second_may_trade_and_was_not_taken(small: Market) -> None:
    result = clear(small)
    matched = {(match.lot_id, match.demand_id) for match in result.matches}
    by_id = {lot.id: lot for lot in small.lots}, {demand.id: demand for demand in small.demands}
    for match in result.matches:
        gain = match.gain_fen_per_t
        for one in match.runners_up:
            lot, demand = by_id[0][one.lot_id], by_id[1][one.demand_id]
            assert (lot.id, demand.id) not in matched
            assert (lot.id == match.lot_id) != (demand.id == match.demand_id)
            assert allowed(small, lot, demand) and one.gain_fen_per_t == gain_of(lot, demand)
            assert (one.lacked == "gain") == (one.gain_fen_per_t < gain)
            assert (one.lacked == "fit") == (one.lacked_fen_per_t == 0)


@settings(max_examples=150)
@given(markets(6, 5, 12), st.randoms(use_true_random=False))
def test_the_order_of_the_sides_does_not_matter(small: Market, rng: random.Random) -> None:
    first = clear(small)
    shuffled_lots, shuffled_demands = list(small.lots), list(small.demands)
    rng.shuffle(shuffled_lots)
    rng.shuffle(shuffled_demands)
    assert clear(replace(small, lots=shuffled_lots, demands=shuffled_demands)) == first


@settings(max_examples=150)
@given(lots(0, 9), demands(0, 9), st.booleans())
def test_a_pair_is_explained_by_the_rules_that_the_clearing_applies(lot: Lot, demand: Demand, ended: bool) -> None:
    pair = market([lot], [demand], excluded=[(lot.id, demand.id)] if ended else [])
    assert (broken_rules(pair, lot, demand) == []) == allowed(pair, lot, demand)


@pytest.mark.parametrize(
    ("lot", "demand", "rule"),
    [
        ({"grade": "steel.light"}, {}, Rule.GRADE),
        ({"seller_id": "dan"}, {}, Rule.OWN_ORGANISATION),
        ({"ask_net_fen_per_t": 260_000}, {}, Rule.GAIN),
        ({}, {"quality_limits": {"moisture_pct": {"max": 0.9}}}, Rule.QUALITY),
        ({}, {"quality_limits": {"moisture_pct": {"min": 1.1}}}, Rule.QUALITY),
        ({}, {"quality_limits": {"thickness_mm": {"min": 6}}}, Rule.QUALITY_UNKNOWN),
        ({}, {"blend_limits": {"thickness_mm": {"min": 6}}}, Rule.QUALITY_UNKNOWN),
        ({}, {"compliant_sellers_only": True}, Rule.COMPLIANCE),
        ({"divisible": False}, {"kg_available": 29_999}, Rule.NOT_WHOLE),
        ({}, {"deliver_until": NOW + timedelta(hours=1)}, Rule.WINDOW),
        ({}, {"deliver_from": NOW + FAR * 2, "deliver_until": NOW + FAR * 3}, Rule.WINDOW),
        ({"available_from": NOW - FAR, "available_until": NOW - timedelta(minutes=1)}, {}, Rule.LOT_OVER),
    ],
)
def test_each_rule_by_its_name(lot: dict[str, object], demand: dict[str, object], rule: Rule) -> None:
    pair = market([a_lot(**lot)], [a_demand(**demand)])
    assert broken_rules(pair, pair.lots[0], pair.demands[0]) == [rule]
    result = clear(pair)
    assert (result.matches, result.bound_fen, result.gap_pct) == ((), 0, 0.0)


def test_an_ended_pair_is_not_proposed_again() -> None:
    pair = market([a_lot()], [a_demand()], excluded={("lot", "demand"), ("another", "demand")})
    assert broken_rules(pair, pair.lots[0], pair.demands[0]) == [Rule.ENDED_BEFORE]
    assert clear(pair).matches == ()


def test_rule_blocked_names_nobody() -> None:
    lot, demand = a_lot(), a_demand()
    pair = market([lot], [demand], blocked=frozenset({(lot.seller_id, demand.buyer_id), ("x", "y")}))
    assert broken_rules(pair, lot, demand) == [Rule.BLOCKED]
    assert clear(pair).matches == ()
    assert all("block" not in text and "屏蔽" not in text for text in RULES[Rule.BLOCKED])
    assert broken_rules(market([lot], [demand], blocked=[("x", demand.buyer_id)]), lot, demand) == []


def test_the_contracts_arithmetic_on_one_pair() -> None:
    pair = market([a_lot(ask_net_fen_per_t=207_767)], [a_demand(bid_net_fen_per_t=214_160, position=PLACES[0])])
    (match,) = clear(pair).matches
    gain = 214_160 - 207_767 - 2_000
    assert gain == 4_393
    assert match.price_fen_per_t == 207_767 + 2_197
    assert match.delivered_fen_per_t == match.price_fen_per_t + 2_000
    assert (match.surplus_fen, match.seller_gain_fen, match.buyer_gain_fen) == (131_790, 65_910, 65_880)


def test_a_gain_of_nothing_may_be_proposed_and_has_no_gap() -> None:
    result = clear(market([a_lot()], [a_demand(bid_net_fen_per_t=202_000, position=PLACES[0])]))
    assert [match.kg for match in result.matches] == [30_000]
    assert (result.surplus_fen, result.bound_fen, result.gap_pct) == (0, 0, 0.0)


def test_carbon_steers_the_choice_but_enters_no_price() -> None:
    near, far = a_demand(id="near", position=PLACES[1]), a_demand(id="far", position=PLACES[2], bid_net_fen_per_t=283_000)
    plain = clear(market([a_lot()], [near, far])).matches
    steered = clear(market([a_lot()], [near, far], carbon_fen_per_t_co2e=50_000))
    assert [match.demand_id for match in plain] == ["far"]
    assert [match.demand_id for match in steered.matches] == ["near"]
    assert steered.surplus_fen > steered.objective_fen
    assert steered.matches[0].price_fen_per_t == 200_000 + (gain_of(a_lot(), near) + 1) // 2
    (only,) = clear(market([a_lot()], [near], carbon_fen_per_t_co2e=100)).matches
    assert only.surplus_fen == steered.matches[0].surplus_fen


def test_a_small_rest_goes_when_it_is_all_that_is_left() -> None:
    two = [a_demand(id="a", kg_available=27_000), a_demand(id="b", kg_available=3_000, bid_net_fen_per_t=249_000)]
    result = clear(market([a_lot()], two))
    assert [(match.demand_id, match.kg) for match in result.matches] == [("a", 27_000), ("b", 3_000)]
    assert result.gap_pct == 0


def test_a_small_lot_goes_when_it_fills_the_demand() -> None:
    two = [a_lot(id="a", kg_available=27_000), a_lot(id="b", kg_available=3_000, ask_net_fen_per_t=201_000)]
    result = clear(market(two, [a_demand(kg_available=30_000)]))
    assert [(match.lot_id, match.kg) for match in result.matches] == [("a", 27_000), ("b", 3_000)]
    assert (result.gap_pct, result.impossible) == (0, {})
    without = clear(market(two, [a_demand(kg_available=30_001)]))
    assert [match.lot_id for match in without.matches] == ["a"]
    assert without.impossible == {Rule.MIN_TAKE: (("b", "demand"),)}
    assert without.gap_pct == 0


def test_what_a_demand_has_taken_counts_in_its_blend() -> None:
    damp = a_lot(quality={"moisture_pct": 2.5}, min_take_kg=0)
    dry_before = a_demand(blend_limits={"moisture_pct": {"max": 1.5}}, taken=(Taken(8_000, {"moisture_pct": 0.5}),))
    result = clear(market([damp], [dry_before]))
    assert [match.kg for match in result.matches] == [8_000]
    assert result.gap_pct == 0


def test_too_little_for_a_demands_minimum_take_is_no_part_of_the_bound() -> None:
    result = clear(market([a_lot(kg_available=3_000)], [a_demand()]))
    assert (result.matches, result.bound_fen, result.gap_pct) == ((), 0, 0.0)
    assert result.impossible == {Rule.MIN_TAKE: (("lot", "demand"),)}


def test_a_damp_lot_goes_with_dry_ones_only() -> None:
    damp = a_lot(id="damp", quality={"moisture_pct": 2.5})
    dry = a_lot(id="dry", quality={"moisture_pct": 0.5}, kg_available=10_000)
    picky = a_demand(blend_limits={"moisture_pct": {"max": 1.5}})
    alone = clear(market([damp], [picky]))
    assert (alone.matches, alone.bound_fen) == ((), 0)
    assert alone.impossible == {Rule.BLEND: (("damp", "demand"),)}
    assert {match.lot_id: match.kg for match in clear(market([damp, dry], [picky])).matches} == {"damp": 10_000, "dry": 10_000}


def test_a_blend_that_earlier_takes_broke_is_mended_or_nothing_is_taken() -> None:
    dry = [a_lot(id=name, kg_available=7, min_take_kg=0, quality={"moisture_pct": 1.0}) for name in ("a", "b")]
    broken = a_demand(
        kg_available=7, min_take_kg=0, blend_limits={"moisture_pct": {"max": 1.2}}, taken=(Taken(1, {"moisture_pct": 3.0}),)
    )
    assert clear(market(dry, [broken])).matches == ()
    larger = replace(broken, kg_available=14)
    result = clear(market(dry, [larger]))
    assert_sound(market(dry, [larger]), result)
    assert result.matched_kg == 14


def test_an_indivisible_lot_goes_whole_or_not_at_all() -> None:
    two = [a_demand(id="a", kg_available=29_000, bid_net_fen_per_t=300_000), a_demand(id="b", kg_available=40_000)]
    result = clear(market([a_lot(divisible=False)], two))
    assert [(match.demand_id, match.kg) for match in result.matches] == [("b", 30_000)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quality": {"moisture_pct": float("nan")}}, "not a measure"),
        ({"quality": {"moisture_pct": float("inf")}}, "not a measure"),
        ({"kg_available": -1}, "outside 0"),
        ({"kg_available": 1.5}, "whole number"),
        ({"kg_available": True}, "whole number"),
        ({"kg_available": 10**11}, "outside 0"),
        ({"min_take_kg": -5}, "outside 0"),
        ({"ask_net_fen_per_t": -1}, "outside 0"),
        ({"grade": "paper.occ_a"}, "not of the family"),
        ({"available_until": NOW - FAR}, "ends before"),
        ({"available_from": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
        ({"position": Position(91, 0)}, "nowhere"),
        ({"position": Position(float("nan"), 0)}, "nowhere"),
    ],
)
def test_bad_lots_are_named(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(BadListing, match=reason) as caught:
        clear(market([a_lot(**changes)], [a_demand()]))
    assert caught.value.listing_id == "lot"


@pytest.mark.parametrize(
    "changes",
    [
        {"kg_available": -1},
        {"bid_net_fen_per_t": -1},
        {"blend_limits": {"moisture_pct": {"max": float("nan")}}},
        {"quality_limits": {"moisture_pct": {}}},
        {"quality_limits": {"moisture_pct": {"most": 1.0}}},
        {"deliver_until": NOW - FAR},
    ],
)
def test_bad_demands_are_named(changes: dict[str, object]) -> None:
    with pytest.raises(BadListing) as caught:
        clear(market([a_lot()], [a_demand(**changes)]))
    assert caught.value.listing_id == "demand"


def test_bad_markets_are_named() -> None:
    with pytest.raises(DuplicateListing):
        clear(market([a_lot(), a_lot()], []))
    with pytest.raises(DuplicateListing):
        clear(market([], [a_demand(), a_demand()]))
    with pytest.raises(BadMarket):
        clear(market([], [], now=datetime(2026, 1, 1)))  # noqa: DTZ001
    with pytest.raises(BadMarket):
        clear(market([], [], carbon_fen_per_t_co2e=-1))
    with pytest.raises(BadMarket):
        clear(market([], [], modes=()))
    with pytest.raises(BadMarket):
        clear(market([], [], allowance_kg={"ann": -1}))


def test_empty_sides_give_an_empty_answer() -> None:
    for empty in (
        market([], []),
        market([a_lot()], []),
        market([], [a_demand()]),
        market([a_lot(kg_available=0)], [a_demand()]),
    ):
        result = clear(empty)
        assert (result.matches, result.surplus_fen, result.bound_fen, result.gap_pct) == ((), 0, 0, 0.0)


def test_absurd_prices_and_masses_do_not_overflow() -> None:
    huge = {"kg_available": 10_000_000_000}
    big_lots = [a_lot(id=f"lot-{k}", ask_net_fen_per_t=0, **huge) for k in range(20)]
    big_demands = [a_demand(id=f"demand-{k}", bid_net_fen_per_t=1_000_000_000, **huge) for k in range(20)]
    result = clear(market(big_lots, big_demands))
    assert result.matched_kg == 20 * 10_000_000_000
    assert result.bound_fen == result.objective_fen


def test_work_ends_a_clearing_and_the_plan_still_keeps_every_rule() -> None:
    some = steel_market(60, 40, 3)
    short = clear(some, work_limit=10)
    assert short.work_limit_met
    assert_sound(some, short)
    assert clear(some, work_limit=10) == short


def test_a_realistic_market_keeps_every_rule_within_two_percent_of_the_bound() -> None:
    total_bound = total_objective = 0
    for seed in range(3):
        some = steel_market(300, 40, seed)
        result = clear(some)
        assert_sound(some, result)
        total_bound += result.bound_fen
        total_objective += result.objective_fen
    assert total_bound - total_objective <= 0.02 * total_bound


def test_within_one_park_comes_first_and_at_the_same_price() -> None:
    lot = a_lot(park_id="park")
    near, inside = a_demand(id="near"), a_demand(id="inside", park_id="park", bid_net_fen_per_t=247_000)
    plain = market([lot], [near, inside])
    preferred = replace(plain, preferences=Preferences(in_park_fen_per_t=5_000))
    (first,), (then,) = clear(plain).matches, clear(preferred).matches
    assert (first.demand_id, then.demand_id) == ("near", "inside")
    only = market([lot], [inside])
    (alone,) = clear(only).matches
    assert (then.price_fen_per_t, then.surplus_fen) == (alone.price_fen_per_t, alone.surplus_fen)
    assert clear(preferred).objective_fen > clear(preferred).surplus_fen


def test_beyond_its_radius_a_haul_counts_against_the_trade() -> None:
    far = market([a_lot()], [a_demand(position=PLACES[2], bid_net_fen_per_t=290_000)])
    assert clear(far).matches
    assert not clear(replace(far, preferences=Preferences(radius_m=100_000, beyond_fen_per_tkm=10_000))).matches
    assert clear(replace(far, preferences=Preferences(radius_m=2_000_000, beyond_fen_per_tkm=10_000))).matches


def test_a_sellers_lots_together_stay_within_its_allowance() -> None:
    """The dearer lot waits, and what the allowance is worth is part of the price of both."""
    cheap, dear = a_lot(id="cheap", ask_net_fen_per_t=200_000), a_lot(id="dear", ask_net_fen_per_t=210_000)
    other = a_lot(id="other", seller_id="bob", ask_net_fen_per_t=215_000)
    found = clear(market([cheap, dear, other], [a_demand()], allowance_kg={"ann": 40_000}))
    assert {match.lot_id: match.kg for match in found.matches} == {"cheap": 30_000, "dear": 10_000, "other": 30_000}
    assert found.gap_pct == 0.0
    assert found.proof.allowance_prices == {"ann": gain_of(dear, a_demand())}
    assert found.lot_prices["cheap"] == found.lot_prices["dear"] == 210_000 + gain_of(dear, a_demand())
    free = clear(market([cheap, dear, other], [a_demand()], allowance_kg={"ann": 60_000}))
    assert (free.matched_kg, free.proof.allowance_prices) == (90_000, {})


def test_an_allowance_that_an_indivisible_lot_passes_is_the_rule_named() -> None:
    found = clear(market([a_lot(divisible=False)], [a_demand()], allowance_kg={"ann": 29_999}))
    assert found.matches == ()
    assert found.impossible == {Rule.ALLOWANCE: (("lot", "demand"),)}
