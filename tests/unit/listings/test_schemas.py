"""Bodies in: every fault at once, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from services.listings.schemas import DemandIn, DemandPatch, LotIn, LotPatch, SearchQuery
from shared.ids import new_id
from shared.problem import faults_of
from tests.unit.listings.builders import open_demand, open_lot

LOT: dict[str, Any] = {
    "grade": "steel.hms1",
    "quantity_t": 30.5,
    "ask_cny_per_t": 2450.00,
    "site_id": new_id(),
    "available_from": "2026-11-24T00:00:00Z",
    "available_until": "2026-12-04T00:00:00+08:00",
}
DEMAND: dict[str, Any] = {
    "grades": ["steel.hms1", "steel.hms2", "steel.hms1"],
    "quantity_t": 500,
    "bid_cny_per_t": 2700.00,
    "site_id": new_id(),
    "deliver_from": "2026-11-24T00:00:00Z",
    "deliver_until": "2026-12-04T00:00:00Z",
    "quality_limits": {"impurity_pct": {"max": 2.0}, "thickness_mm": {"min": 6}},
    "blend_limits": {"moisture_pct": {"max": 1.5}},
    "basis": {"moisture_pct": 0.5, "impurity_pct": 1.0},
    "vat_rate_pct": 13,
}


def lot(**changes: Any) -> LotIn:
    return LotIn.model_validate_json(orjson.dumps({**LOT, **changes}))


def demand(**changes: Any) -> DemandIn:
    return DemandIn.model_validate_json(orjson.dumps({**DEMAND, **changes}))


def pointers(error: ValidationError) -> set[str]:
    rows = faults_of(error.errors())
    assert all(zh and en for _, zh, en in rows)
    return {pointer for pointer, _, _ in rows}


def test_a_lot_becomes_integers() -> None:
    draft = lot(vat_rate_pct=3, min_take_t=5, quality={"thickness_mm": 8, "impurity_pct": 1.2}).draft()
    assert (draft.quantity_kg, draft.terms.ask_fen_per_t, draft.terms.vat_bp, draft.terms.min_take_kg) == (
        30_500,
        245_000,
        300,
        5_000,
    )
    assert draft.terms.quality == {"thickness_mm": 8.0, "impurity_pct": 1.2}
    assert draft.terms.available_until == datetime(2026, 12, 3, 16, tzinfo=UTC)


def test_every_fault_of_a_lot_is_named_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        lot(
            grade="steel.gold",
            quantity_t=-1,
            ask_cny_per_t="2450",
            site_id="x",
            available_until="2026-11-23T00:00:00Z",
            quality={"thickness_cm": 1, "moisture_pct": 101},
            colour="red",
            vat_rate_pct=101,
            divisible="yes",
        )
    assert pointers(caught.value) == {
        "/grade",
        "/quantity_t",
        "/ask_cny_per_t",
        "/site_id",
        "/available_until",
        "/quality/thickness_cm",
        "/quality/moisture_pct",
        "/colour",
        "/vat_rate_pct",
        "/divisible",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quantity_t", 0),
        ("quantity_t", 1.0001),
        ("quantity_t", 1e30),
        ("quantity_t", True),
        ("ask_cny_per_t", 1.001),
        ("available_from", "yesterday"),
        ("available_from", "2026-11-24T00:00:00"),
        ("available_from", "0001-01-01T00:00:00+08:00"),
        ("available_from", 1),
        ("min_take_t", -1),
        ("min_take_t", "5"),
        ("quality", {"moisture_pct": True}),
        ("quality", {"moisture_pct": "1"}),
        ("origin", "moon"),
        ("title", "x" * 201),
    ],
)
def test_single_faults(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        lot(**{name: value})
    assert {pointer.split("/")[1] for pointer in pointers(caught.value)} == {name}


def test_missing_fields_are_all_named() -> None:
    with pytest.raises(ValidationError) as caught:
        LotIn.model_validate_json("{}")
    assert pointers(caught.value) == {f"/{name}" for name in LOT}


def test_a_demand_becomes_integers() -> None:
    draft = demand().draft()
    assert draft.terms.grades == ["steel.hms1", "steel.hms2"]
    assert draft.terms.quality_limits == {"impurity_pct": {"max": 2.0}, "thickness_mm": {"min": 6.0}}
    assert (draft.quantity_kg, draft.terms.bid_fen_per_t, draft.terms.vat_bp) == (500_000, 270_000, 1_300)


def test_every_fault_of_a_demand_is_named_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        demand(
            grades=[],
            quality_limits={"impurity_pct": {}, "gold_pct": {"max": 1}, "moisture_pct": {"min": 2, "max": 1}},
            blend_limits={"moisture_pct": {"most": 1}},
            basis={"moisture_pct": -1},
            deliver_until="2020-01-01T00:00:00Z",
        )
    assert pointers(caught.value) == {
        "/grades",
        "/quality_limits/impurity_pct",
        "/quality_limits/gold_pct",
        "/quality_limits/moisture_pct",
        "/blend_limits/moisture_pct/most",
        "/basis/moisture_pct",
        "/deliver_until",
    }


def test_a_patch_changes_what_it_names() -> None:
    before = open_lot().draft()
    after = LotPatch.model_validate_json(b'{"ask_cny_per_t": 2500, "title": "x", "quantity_t": 20}').revise(before)
    assert (after.terms.ask_fen_per_t, after.title, after.quantity_kg) == (250_000, "x", 20_000)
    assert after.terms.grade == before.terms.grade
    assert LotPatch.model_validate_json(b"{}").revise(before) == before
    old = open_demand().draft()
    new = DemandPatch.model_validate_json(b'{"bid_cny_per_t": 1, "grades": ["paper.news"]}').revise(old)
    assert (new.terms.bid_fen_per_t, new.terms.grades) == (100, ["paper.news"])


def test_a_patch_has_no_nulls_where_a_value_is_needed() -> None:
    with pytest.raises(ValidationError) as caught:
        LotPatch.model_validate_json(b'{"grade": null, "quantity_t": null, "publish": true}')
    assert pointers(caught.value) == {"/grade", "/quantity_t", "/publish"}
    assert LotPatch.model_validate_json(b'{"title": null}').revise(open_lot().draft()).title is None
    with pytest.raises(ValidationError) as caught:
        DemandPatch.model_validate_json(b'{"basis": null}')
    assert pointers(caught.value) == {"/basis"}


def test_a_search_is_exact_inside() -> None:
    found = SearchQuery.model_validate({"min_t": "1.5", "max_price": "2400.01", "near": "30.59,114.3", "within_km": "50"})
    criteria = found.criteria()
    assert (criteria.min_kg, criteria.max_price_fen, criteria.within_km) == (1_500, 240_001, 50)
    assert criteria.near is not None and criteria.near.lon == 114.3


def test_every_fault_of_a_search_is_named_at_once() -> None:
    given = {
        "material": "gold",
        "grade": "steel",
        "region": "999999",
        "within_km": "5",
        "min_t": "NaN",
        "max_price": "1.001",
        "sort": "distance",
        "limit": "0",
        "colour": "red",
    }
    with pytest.raises(ValidationError) as caught:
        SearchQuery.model_validate(given)
    assert pointers(caught.value) == {f"/{name}" for name in given}
    for near in ("30", "91,0", "a,b", "nan,1", "1,2,3"):
        with pytest.raises(ValidationError):
            SearchQuery.model_validate({"near": near})


@pytest.mark.parametrize("typed", [30.5, "30.5吨", "61000 斤", "30500kg", "30.5 t"])
def test_quantities_as_people_type_them(typed: Any) -> None:
    assert lot(quantity_t=typed).draft().quantity_kg == 30_500
    assert demand(quantity_t=typed, min_take_t="5吨").draft().quantity_kg == 30_500
    before = open_lot().draft()
    after = LotPatch.model_validate_json(orjson.dumps({"quantity_t": typed})).revise(before)
    assert (after.quantity_kg, after.terms) == (30_500, before.terms)


def test_loads_need_the_tonnes_of_one_and_keep_none() -> None:
    assert lot(quantity_t="2车", load_t=32).draft() == lot(quantity_t=64).draft()
    patch = LotPatch.model_validate_json(b'{"load_t": 30, "quantity_t": "1.5\xe8\xbd\xa6"}')
    assert patch.revise(open_lot().draft()).quantity_kg == 45_000
    with pytest.raises(ValidationError) as caught:
        lot(quantity_t="2车")
    assert pointers(caught.value) == {"/quantity_t"}


@pytest.mark.parametrize("typed", ["30.5", "", "30.5磅", "0吨", "-1吨", "1斤", [], {}, None, True])
def test_a_text_without_a_unit_is_no_quantity(typed: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        lot(quantity_t=typed)
    assert pointers(caught.value) == {"/quantity_t"}


def test_a_waste_says_when_it_arose() -> None:
    terms = lot(grade="solid_waste.fly_ash", arose_from="2026-10-01", arose_until="2026-10-31", stock="new").draft().terms
    assert (terms.arose_from, terms.arose_until, terms.stock) == ("2026-10-01", "2026-10-31", "new")
    bare = lot(grade="solid_waste.fly_ash").draft().terms
    assert (bare.arose_from, bare.arose_until, bare.stock) == (None, None, None)
    with pytest.raises(ValidationError) as caught:
        lot(arose_from="2026-10-31", arose_until="2026-10-01", stock="old")
    assert pointers(caught.value) == {"/arose_until", "/stock"}
    said = {pointer: (zh, en) for pointer, zh, en in faults_of(caught.value.errors())}
    assert said["/arose_until"] == ("结束日期不能早于开始日期", "It must not end before it begins")
    with pytest.raises(ValidationError) as caught:
        lot(arose_from="2026-13-01", arose_until=20261001)
    assert pointers(caught.value) == {"/arose_from", "/arose_until"}


def test_hard_stops_are_declared_all_or_by_code_or_not() -> None:
    everything = lot(hard_stops_declared=True).draft().hard_stops_declared
    assert everything is not None and "radioactive" in everything and len(everything) == 6
    assert lot(hard_stops_declared=["pcb", "radioactive", "pcb"]).draft().hard_stops_declared == ["radioactive", "pcb"]
    for nothing in (None, False):
        assert lot(hard_stops_declared=nothing).draft().hard_stops_declared is None
    for wrong in (["ghosts"], "all", [1], 1):
        with pytest.raises(ValidationError) as caught:
            lot(hard_stops_declared=wrong)
        assert pointers(caught.value) == {"/hard_stops_declared"}


def test_a_window_can_be_patched() -> None:
    lots = LotPatch.model_validate_json(b'{"available_until": "2026-12-24T00:00:00+08:00"}').revise(open_lot().draft())
    assert lots.terms.available_until == datetime(2026, 12, 23, 16, tzinfo=UTC)
    demands = DemandPatch.model_validate_json(b'{"deliver_until": "2026-12-24T00:00:00Z"}').revise(open_demand().draft())
    assert demands.terms.deliver_until == datetime(2026, 12, 24, tzinfo=UTC)
