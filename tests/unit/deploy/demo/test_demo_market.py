from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from deploy.demo import goods, load, market, places
from shared import catalogue, geo
from shared.catalogue import freight

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> market.Market:
    return market.build(NOW)


def test_the_same_seed_makes_the_same_market(demo: market.Market) -> None:
    assert market.build(NOW) == demo
    assert market.build(NOW, seed=7) != demo


def test_every_operating_plant_with_a_capacity_is_a_buyer_at_its_place(demo: market.Market) -> None:
    mills = demo.buyers("steel")
    assert len(mills) == 218
    assert len({mill.key for mill in demo.organisations}) == len(demo.organisations)
    for member in demo.organisations:
        assert member.site is not None and geo.exists(member.region), member.key
    wuhan = next(mill for mill in mills if "Wuhan Iron and Steel" in mill.name)
    assert wuhan.region == "420107"


def test_a_plants_need_is_weighted_to_electric_arc_furnaces() -> None:
    assert places.scrap_need_t(1000, 0, 1000) == 700_000
    assert places.scrap_need_t(0, 1000, 1000) == 150_000
    assert places.scrap_need_t(0, 0, 1000) == 150_000


def test_demand_goes_with_capacity(demo: market.Market) -> None:
    tonnes = {offer.organisation: offer.body["quantity_t"] for offer in demo.demands}
    mills = sorted(demo.buyers("steel"), key=lambda mill: mill.steel_need_t)
    assert [tonnes[mill.key] for mill in mills] == sorted(tonnes[mill.key] for mill in mills)


def test_whoever_is_not_real_says_so(demo: market.Market) -> None:
    for member in demo.organisations:
        assert member.key.startswith("mill-") or ("演示" in member.name and "synthetic" in member.name), member.name


def test_twelve_lots_of_every_contract_grade_and_one_of_every_other(demo: market.Market) -> None:
    count = Counter(offer.body["grade"] for offer in demo.lots)
    assert len(market.CONTRACT_GRADES) == 27
    assert all(count[grade] >= 12 for grade in market.CONTRACT_GRADES)
    assert set(count) == {grade.code for grade in catalogue.grades()}


def test_a_third_of_the_lots_is_indivisible(demo: market.Market) -> None:
    whole = sum(not offer.body["divisible"] for offer in demo.lots)
    assert whole / len(demo.lots) == pytest.approx(1 / 3, abs=0.02)


def test_bodies_are_what_the_contract_takes(demo: market.Market) -> None:
    json.dumps([offer.body for offer in (*demo.lots, *demo.demands)], allow_nan=False)
    for offer in demo.lots:
        body = offer.body
        assert round(body["quantity_t"], 3) == body["quantity_t"] > 0
        assert round(body["ask_cny_per_t"], 2) == body["ask_cny_per_t"] > 0
        assert body["available_from"] < body["available_until"]
        assert catalogue.quality_faults(body["grade"], body["quality"]) == []
        assert body["divisible"] or "min_take_t" not in body
    for offer in demo.demands:
        assert all(catalogue.grade(grade) for grade in offer.body["grades"])
        assert all(catalogue.attribute(name) for name in offer.body["quality_limits"])


def _gain_cny_per_t(lot: market.Offer, demand: market.Offer, origin: geo.Position, gate: geo.Position) -> float:
    net_bid = demand.body["bid_cny_per_t"] * 100 / (100 + demand.body["vat_rate_pct"])
    net_ask = lot.body["ask_cny_per_t"] * 100 / (100 + lot.body["vat_rate_pct"])
    haul = freight.options(origin, gate, 1000, catalogue.family_of(lot.body["grade"]))[0]
    return float(net_bid - net_ask - haul.freight_fen_per_t / 100)


@pytest.mark.parametrize("grade", market.CONTRACT_GRADES)
def test_most_lots_of_a_grade_can_trade_after_freight(demo: market.Market, grade: str) -> None:
    sites = {o.key: o.site for o in (*demo.organisations, *places.personas()) if o.site}
    lots = [offer for offer in demo.lots if offer.body["grade"] == grade]
    demands = [offer for offer in demo.demands if grade in offer.body["grades"]]
    gains = [
        max(_gain_cny_per_t(lot, d, sites[lot.organisation].position, sites[d.organisation].position) for d in demands)
        for lot in lots
    ]
    assert sum(gain > 0 for gain in gains) >= len(lots) * 0.4, gains


def test_new_phosphogypsum_leaves_little_of_its_allowance_and_a_draft_passes_it(demo: market.Market) -> None:
    rule = load.allowance_rule(NOW)
    assert geo.contains(rule["region"], next(one.region for one in demo.organisations if one.key == places.PHOSPHATE))
    lots = [offer.body for offer in demo.lots if offer.organisation == places.PHOSPHATE and offer.body["stock"] == "new"]
    used = sum(body["quantity_t"] for body in lots if body["publish"])
    assert 0.9 * rule["initial_t"] < used < rule["initial_t"]
    [draft] = [body for body in lots if not body["publish"]]
    assert used + draft["quantity_t"] > rule["initial_t"]
    assert "demo" in rule["source"]
    assert all(offer.organisation != places.PHOSPHATE or offer.key.startswith("lot-phosphate-") for offer in demo.lots)


def test_limits_of_several_grades_are_the_weakest_that_all_declare() -> None:
    limits = goods.quality_limits(["steel.hms1", "steel.small"])
    assert limits == {"impurity_pct": {"max": 3}, "thickness_mm": {"min": 2}}
    assert "thickness_mm" not in goods.quality_limits(["steel.hms1", "steel.shredded"])


def test_demo_lots_meet_the_limits_of_demo_demands(demo: market.Market) -> None:
    for offer in demo.lots:
        for name, limit in goods.quality_limits([offer.body["grade"]]).items():
            value = offer.body["quality"][name]
            assert limit.get("min", value) <= value <= limit.get("max", value), offer


def test_a_lot_more_is_by_a_seller_of_its_family(demo: market.Market) -> None:
    offer = market.lot(Random(1), demo, "solid_waste.fly_ash", "more", NOW, indivisible=True)
    assert offer.organisation.startswith("yard-solid-waste-")
    assert offer.body["available_from"] == "2026-11-24T00:00:00Z"
    assert offer.body["available_until"] > goods.rfc3339(NOW + timedelta(days=6))


def test_five_personas_one_per_role() -> None:
    people = places.personas()
    roles = ["collector", "buyer", "carrier", "park_operator", "operator"]
    assert [person.role for person in people] == roles
    assert [person.email for person in people] == [f"{role}@huanliu.example" for role in roles]
    assert people[3].region == "420000"


def test_every_grade_has_a_price_and_assumptions_are_marked() -> None:
    assert set(goods.priced_grades()) == {grade.code for grade in catalogue.grades()}
    assert goods.price_cny_per_t("steel.medium") == pytest.approx(0.93 * goods.price_cny_per_t("steel.hms1"))
