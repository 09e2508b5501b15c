"""What the carrier's pages work out."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gateway.console.client import Reply
from gateway.console.pages.carrier.common import Place, Vehicle, each_once, fleet, in_hand, place_of
from gateway.console.pages.carrier.offers import SORTS, ranked

WUHAN, EZHOU = {"lat": 30.6, "lon": 114.3}, {"lat": 30.4, "lon": 114.9}


def load(status: str, plate: str | None = "鄂A1", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{plate}-{status}", "status": status, "vehicle": plate, "events": [], "net_t": None, "created_at": "2026-11-28",
        "quantity_t": 30.0, "distance_km": 100.0, "freight_cny": 3000.0, "from_region": "420102", "to_region": "420704",
        "from_position": WUHAN, "to_position": EZHOU, **more,
    }  # fmt: skip


def test_a_truck_stands_where_its_last_load_left_it() -> None:
    said = [{"type": "position", "lat": 30.5, "lon": 114.6}]
    trucks = fleet([
        load("received", "鄂A1", net_t=28.0), load("received", "鄂A1", net_t=31.0),
        load("position", "鄂A2", events=said), load("returned", "鄂A3"), load("received", "鄂A2"), load("planned", None),
    ])  # fmt: skip
    assert [(one.plate, one.is_free) for one in trucks] == [("鄂A1", True), ("鄂A3", True), ("鄂A2", False)]
    assert [(one.place.lat if one.place else None) for one in trucks] == [EZHOU["lat"], WUHAN["lat"], 30.5]
    assert trucks[0].most_t == 31.0


def listed(*loads: dict[str, Any]) -> Reply:
    return Reply(200, {}, orjson.dumps({"items": loads, "next_cursor": None}))


def test_a_load_of_two_answers_is_one_and_a_refused_answer_takes_none_away() -> None:
    newest, under_way = listed(load("received"), load("loaded")), listed(load("loaded"), load("assigned", "鄂A2"))
    assert [one["status"] for one in each_once(newest, under_way)] == ["assigned", "received", "loaded"]
    assert [one["status"] for one in each_once(Reply(503, {}, b""), under_way, None)] == ["assigned", "loaded"]


def test_a_busy_truck_is_busy_though_a_newer_load_of_it_has_ended() -> None:
    (truck,) = fleet([load("cancelled", "鄂A1"), load("loaded", "鄂A1")])
    assert not truck.is_free


def test_loads_are_ranked_by_what_both_ways_pay() -> None:
    here = place_of("420102")
    near, far = load("planned", None, id="near"), load("planned", None, id="far", from_region="650102", freight_cny=3500.0)
    found = ranked([far, near], here, None)
    assert [one.load["id"] for one in found] == ["near", "far"]
    assert found[0].empty_km == pytest.approx(0, abs=0.1) and found[0].cny_per_km == pytest.approx(30.0, abs=0.05)
    assert [one.load["id"] for one in ranked([far, near], here, None, "pay")] == ["far", "near"]
    assert all(len(ranked([far, near], None, None, sort)) == 2 for sort in SORTS)


def test_what_is_heavier_than_the_truck_has_carried_comes_last_and_says_so() -> None:
    truck = Vehicle("鄂A1", Place(30.6, 114.3, "420102"), True, 20.0)
    heavy, light = load("planned", None, id="heavy", freight_cny=9000.0), load("planned", None, id="light", quantity_t=18.0)
    found = ranked([heavy, light], truck.place, truck)
    assert [(one.load["id"], one.is_heavy) for one in found] == [("light", False), ("heavy", True)]


def test_what_the_carrier_must_do_comes_first() -> None:
    found = in_hand(
        [load("arrived", "a"), load("loaded", "b"), load("received", "c"), load("refused", "d"), load("planned", None)]
    )
    assert [one["status"] for one in found] == ["loaded", "refused", "arrived"]
