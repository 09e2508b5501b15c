"""The chain of a load, exhaustively; loads of a trade; taking them back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.logistics.model import STEPS, Haulage, Report, Reported, Shipment, Status, load_of
from services.logistics.routing import quotes, split
from shared.catalogue.freight import options
from shared.events.base import Point
from shared.events.logistics import HaulageCancelled, HaulageKept, ShipmentReceived
from shared.geo import Position
from shared.problem import WrongState
from tests.fixtures.trades import NOON, terms

FOLLOWS: dict[str, str] = {
    "planned": "",
    "assigned": "booked",
    "booked": "loaded",
    "loaded": "position arrived",
    "position": "position arrived",
    "arrived": "weighed refused",
    "weighed": "inspected refused",
    "inspected": "received refused",
    "received": "",
    "refused": "returned",
    "returned": "",
    "cancelled": "",
}
WAYS: dict[str, str] = {
    "planned": "",
    "assigned": "assigned",
    "booked": "assigned booked",
    "loaded": "assigned booked loaded",
    "position": "assigned booked loaded position",
    "arrived": "assigned booked loaded arrived",
    "weighed": "assigned booked loaded arrived weighed",
    "inspected": "assigned booked loaded arrived weighed inspected",
    "received": "assigned booked loaded arrived weighed inspected received",
    "refused": "assigned booked loaded arrived refused",
    "returned": "assigned booked loaded arrived refused returned",
    "cancelled": "cancelled",
}


def load(kg: int = 25_000) -> Shipment:
    shipment = load_of("load", "trade", "proposal", terms(), kg, NOON)
    shipment.planned(1, NOON)
    return shipment


def step(kind: Reported, minutes: int = 0) -> Report:
    at = NOON + timedelta(minutes=minutes)
    if kind == "position":
        return Report(kind, at, position=Point(lat=31, lon=115))
    if kind == "weighed":
        return Report(kind, at, gross_kg=40_120, tare_kg=15_000, ticket="T-1")
    if kind == "inspected":
        return Report(kind, at, moisture_pct=0.4, impurity_pct=3.2)
    return Report(kind, at, reason="radioactive" if kind == "refused" else None)


def brought_to(state: str) -> Shipment:
    shipment = load()
    for name in WAYS[state].split():
        if name == "assigned":
            shipment.assign("carrier", "鄂A12345", NOON)
        elif name == "cancelled":
            shipment.cancel(NOON)
        else:
            shipment.report(step(name), "user", 5, NOON)  # type: ignore[arg-type]
    assert shipment.status == state
    return shipment


@pytest.mark.parametrize("state", get_args(Status))
@pytest.mark.parametrize("kind", get_args(Reported))
def test_every_step_from_every_state(state: str, kind: Reported) -> None:
    shipment = brought_to(state)
    version, count = shipment.version, len(shipment.events)
    if kind in FOLLOWS[state].split():
        [told] = shipment.report(step(kind), "user", 5, NOON)
        assert (shipment.status, told.status) == (kind, kind)  # type: ignore[attr-defined]
        assert (told.version, shipment.version, len(shipment.events)) == (version + 1, version + 1, count + 1)
        name = "position.reported" if kind == "position" else f"shipment.{kind}"
        assert f"huanliu.{name}.v1" == told.TYPE
    else:
        with pytest.raises(WrongState):
            shipment.report(step(kind), "user", 5, NOON)
        assert (shipment.status, shipment.version, len(shipment.events)) == (state, version, count)


@pytest.mark.parametrize("state", get_args(Status))
def test_a_carrier_is_named_before_booking_only(state: str) -> None:
    shipment = brought_to(state)
    if state in ("planned", "assigned"):
        assert len(shipment.assign("other", "鄂B1", NOON)) == 1
        assert (shipment.carrier_id, shipment.vehicle, shipment.status) == ("other", "鄂B1", "assigned")
    else:
        with pytest.raises(WrongState):
            shipment.assign("other", "鄂B1", NOON)


def test_who_reports_what() -> None:
    buyers = {kind for kind, row in STEPS.items() if row.by == "buyer"}
    assert buyers == {"weighed", "inspected", "received", "refused"}
    assert set(STEPS) == set(get_args(Reported))


def test_reported_times_may_be_equal_but_not_go_back() -> None:
    shipment = brought_to("assigned")
    shipment.report(step("booked", 10), "user", 5, NOON)
    shipment.report(step("loaded", 10), "user", 5, NOON)
    with pytest.raises(WrongState):
        shipment.report(step("arrived", 9), "user", 5, NOON)
    [told] = shipment.report(step("arrived", 11), "user", 5, NOON)
    assert told.at == NOON + timedelta(minutes=11)
    assert told.recorded_at == NOON  # type: ignore[attr-defined]


def test_received_tells_every_kilogram() -> None:
    shipment = brought_to("inspected")
    [told] = shipment.report(step("received"), "user", 5, NOON)
    assert isinstance(told, ShipmentReceived)
    # net 25,120; impurity 3.2 against the basis' 1.0; moisture 0.4 below the declared 0.5
    assert (told.net_kg, told.settled_kg, told.deducted_kg) == (25_120, 24_567, 553)
    assert (told.consumed_kg, told.shortfall_kg, told.difference_kg) == (25_000, 0, -120)
    assert (told.ticket, told.moisture_pct, told.impurity_pct) == ("T-1", 0.4, 3.2)
    assert (shipment.net_kg, shipment.settled_kg) == (25_120, 24_567)


def test_contract_quality_is_the_basis_else_the_declared() -> None:
    assert load().contract == {"moisture_pct": 0.5, "impurity_pct": 1.0}
    bare = load_of("load", "trade", "proposal", terms(quality={}, basis={"thickness_mm": 6}), 1, NOON)
    assert bare.contract == {}


def test_loads_are_taken_back_only_before_the_first_is_loaded() -> None:
    early = [brought_to("planned"), brought_to("assigned"), brought_to("booked")]
    haulage = Haulage("trade", 1)
    [told] = haulage.cancel(early, NOON)
    assert isinstance(told, HaulageCancelled)
    assert {one.status for one in early} == {"cancelled"}
    assert haulage.cancel(early, NOON) == []
    for state in ("loaded", "position", "arrived", "weighed", "inspected", "received", "refused", "returned"):
        loads = [brought_to("planned"), brought_to(state)]
        [told] = Haulage("trade", 1).cancel(loads, NOON)
        assert isinstance(told, HaulageKept)
        assert [one.status for one in loads] == ["planned", state]


@pytest.mark.parametrize(
    ("kg", "load_t", "masses"),
    [
        (100_000, 32, [25_000] * 4),
        (70_000, 32, [23_333, 23_333, 23_334]),
        (32_000, 32, [32_000]),
        (32_001, 32, [16_000, 16_001]),
        (1, 32, [1]),
        (10_000, 2.5, [2_500] * 4),
        (30_500, 0.3, [299] * 101 + [301]),
    ],
)
def test_split_by_hand(kg: int, load_t: float, masses: list[int]) -> None:
    assert split(kg, load_t) == masses


@given(st.integers(1, 50_000_000), st.integers(1_000, 60_000))
def test_split_loses_no_kilogram(kg: int, load_kg: int) -> None:
    masses = split(kg, load_kg / 1000)
    assert sum(masses) == kg
    assert len(masses) == -(-kg // load_kg)
    assert len(set(masses[:-1])) <= 1
    assert all(mass > 0 for mass in masses)
    assert masses[-1] - masses[0] < len(masses)


def test_quotes_are_the_figures_that_matching_uses() -> None:
    ends = Position(30.6, 114.3), Position(34.3, 117.2)
    [quote] = quotes(*ends, 33_333, "steel.hms1")
    [option] = options(*ends, 33_333, "steel")
    assert quote.option == option
    assert abs(quote.freight_fen * 1000 - option.freight_fen_per_t * 33_333) <= 500
    assert abs(quote.co2e_g * 1000 - option.co2e_g_per_t * 33_333) <= 500
    assert re.fullmatch("[a-z]+", option.mode)
