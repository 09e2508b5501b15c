"""Loads on the day's time axis, and whose step is next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.hauls import COMING, ENDED, NEXT, Axis, as_it_stands, concerns, in_order, truck
from shared.clock import iso

NOW = datetime(2026, 11, 28, 6, 0, tzinfo=UTC)  # 14:00 in Shanghai
DAY = Axis.of(NOW)


def load_of(status: str, **steps: float) -> dict[str, Any]:
    """A load whose steps came so many hours from now."""
    events = [{"type": kind, "at": iso(NOW + timedelta(hours=hours))} for kind, hours in steps.items()]
    return {"status": status, "events": events, "updated_at": iso(NOW)}


def test_the_day_is_the_market_s() -> None:
    assert iso(DAY.start) == "2026-11-27T16:00:00.000Z"
    assert DAY.at(NOW) == pytest.approx(100 * 14 / 24, abs=0.01)
    assert [hour for _, hour in DAY.ticks] == ["00", "06", "12", "18", "24"]


def test_a_truck_on_its_way_is_due_by_the_hours_it_was_quoted_with() -> None:
    found = truck(load_of("position", loaded=-2, position=-1), DAY, NOW, hours=3)
    assert found.due == NOW + timedelta(hours=1)
    assert (found.begin, found.reached, found.until) == (DAY.at(NOW - timedelta(hours=2)), DAY.at(NOW), DAY.at(found.due))
    assert (found.who, found.step, found.is_late) == ("carrier", "arrived", False)
    assert truck(load_of("loaded", loaded=-4), DAY, NOW, hours=3).is_late
    assert not truck(load_of("arrived", loaded=-4, arrived=-0.5), DAY, NOW, hours=3).is_late


def test_those_at_the_gate_come_first_and_those_that_ended_last() -> None:
    loads = {
        "ended": load_of("received", loaded=-5, arrived=-2, received=-1),
        "waits": load_of("booked", booked=-1),
        "far": load_of("loaded", loaded=-0.5),
        "near": load_of("loaded", loaded=-1.5),
        "there": load_of("arrived", loaded=-5, arrived=-1),
    }
    found = in_order(truck(one, DAY, NOW, hours=2) for one in loads.values())
    names = {id(one): name for name, one in loads.items()}
    assert [names[id(one.load)] for one in found] == ["there", "near", "far", "waits", "ended"]


def test_a_load_is_the_day_s_while_it_comes_or_when_a_step_of_it_was_today() -> None:
    assert concerns(load_of("booked", booked=-48), DAY)
    assert concerns(load_of("received", received=-1), DAY)
    assert not concerns(load_of("received", received=-48), DAY)
    assert not concerns(load_of("planned"), DAY)


def test_every_state_has_a_next_step_or_has_ended() -> None:
    assert set(NEXT) | set(ENDED) == {"planned", *COMING, "refused", *ENDED}


@given(st.lists(st.floats(-60, 60), min_size=2, max_size=4), st.none() | st.floats(0.1, 60))
def test_bars_stay_on_the_axis(hours: list[float], quoted: float | None) -> None:
    steps = dict(zip(("booked", "loaded", "arrived", "received"), sorted(hours), strict=False))
    found = truck(load_of("received", **steps), DAY, NOW, quoted)
    assert 0 <= found.begin <= found.reached <= found.until <= 100
    assert all(0 <= mark.at <= 100 for mark in found.marks)


def test_a_weighing_stands_as_it_was_last_put_right() -> None:
    weighed = {"type": "weighed", "gross_t": 35.0, "tare_t": 15.0, "ticket": "T-1", "at": iso(NOW)}
    load = {"events": [weighed, {"type": "received"}], "corrections": []}
    assert as_it_stands(load, "weighed") == weighed and as_it_stands(load, "inspected") is None
    last = {"gross_t": 35.1, "tare_t": 15.0, "ticket": "T-2", "moisture_pct": 1.5, "impurity_pct": None, "reason": "misread"}
    load["corrections"] = [{**last, "gross_t": 34.0}, last]
    assert as_it_stands(load, "weighed") == {**weighed, "gross_t": 35.1, "ticket": "T-2"}
