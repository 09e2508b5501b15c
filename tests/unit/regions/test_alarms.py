"""Rules of alarms: raised once, cleared once, whatever comes in whatever order; no flapping about a limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.regions.model.alarms import Alarm, AlarmRule, AlarmTerms, Finding, settle
from services.regions.model.findings import (
    Standing,
    of_change,
    of_price,
    of_silence,
    of_stock,
    of_threshold,
)
from services.regions.model.volumes import MEASURES, Measure
from services.regions.model.watched import KnownPrice, Quantities, WatchedLot
from services.regions.schemas.alarms import AlarmRuleIn
from shared.problem import InputIsInvalid, WrongState

NOW = datetime(2026, 11, 28, 4, tzinfo=UTC)


def terms(**changes: Any) -> AlarmTerms:
    values = {"kind": "threshold", "name": "挂牌过多", "region": "420100", "measure": "listed", "above_kg": 100_000}
    return AlarmTerms(**{**values, **changes})


def rule(**changes: Any) -> AlarmRule:
    return AlarmRule("rule", 1, "park", "user", terms(**changes), NOW, NOW)


def run(one: AlarmRule, findings: list[list[Finding]]) -> list[str]:
    """What is told of as the findings come one after the other."""
    open_alarms: list[Alarm] = []
    told = []
    for found in findings:
        changes = settle(one, found, open_alarms)
        for alarm, because in changes.over:
            alarm.clear(because, NOW)
            told.append(f"cleared {alarm.subject_id} {because}")
        open_alarms = [alarm for alarm in open_alarms if alarm.status == "raised"]
        for beyond in changes.beyond:
            open_alarms.append(Alarm.of(one, beyond, [], NOW))
            told.append(f"raised {beyond.subject_id}")
    return told


@given(st.lists(st.integers(0, 200_000), max_size=40))
def test_raised_and_cleared_take_turns_and_need_the_margin(figures: list[int]) -> None:
    told = run(rule(), [[of_threshold(terms(), kg)] for kg in figures])
    assert told == ["raised 420100", "cleared 420100 back"] * (len(told) // 2) + ["raised 420100"] * (len(told) % 2)
    state = False
    expected = 0
    for kg in figures:
        turns = kg > 100_000 if not state else kg <= 95_000
        state, expected = state ^ turns, expected + turns
    assert len(told) == expected


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_that_a_rule_may_watch_has_its_words(measure: Measure) -> None:
    found = of_threshold(terms(measure=measure), 100_001)
    assert "武汉" in found.zh and "Wuhan" in found.en


@given(st.lists(st.integers(95_001, 100_000), min_size=1, max_size=30))
def test_a_figure_that_wavers_below_its_limit_does_not_flap(figures: list[int]) -> None:
    told = run(rule(), [[of_threshold(terms(), kg)] for kg in [100_001, *figures]])
    assert told == ["raised 420100"]


@given(st.lists(st.integers(0, 150_000), min_size=1, max_size=6), st.integers(0, 10_000))
def test_any_order_and_any_repetition_of_events_leaves_the_same_alarms(kgs: list[int], seed: int) -> None:
    """Lots at one site, told in order, then shuffled with every event told again: at the end the same stands."""
    events = [(f"lot{n}", Quantities(version, kg * version // 3, 0, 0)) for n, kg in enumerate(kgs) for version in (1, 2, 3)]
    limit = Standing("site", "一号堆场", "yard", limit_kg=120_000)
    outcomes = []
    for shuffled in (False, True):
        random = Random(seed)
        order = random.sample(events * 2, len(events) * 2) if shuffled else events
        lots: dict[str, WatchedLot] = {}
        for lot_id, heard in order:
            lots.setdefault(lot_id, WatchedLot(lot_id)).hear(heard)
        there = sum(lot.on_site_kg for lot in lots.values())
        found = of_stock(terms(kind="stock"), Standing("site", limit.name, "yard", limit.limit_kg, there))
        assert found is not None
        outcomes.append(run(rule(kind="stock"), [[found], [found]]))
    assert outcomes[0] == outcomes[1]


def test_what_is_not_found_any_more_is_over_and_a_rule_that_ends_clears() -> None:
    one = rule()
    found = of_threshold(terms(), 200_000)
    assert run(one, [[found], []]) == ["raised 420100", "cleared 420100 over"]
    standing = [Alarm.of(one, found, [], NOW)]
    one.change(one.terms, "paused", NOW)
    assert [because for _, because in settle(one, [found], standing).over] == ["rule"]


def test_a_lot_lies_at_its_site_until_it_is_loaded() -> None:
    lot = WatchedLot("lot")
    lot.load(20_000, NOW)  # heard of before the lot
    lot.hear(Quantities(4, 10_000, 20_000, 0))
    assert lot.on_site_kg == 10_000
    lot.hear(Quantities(3, 30_000, 0, 0))
    assert lot.on_site_kg == 10_000
    lot.move(-20_000)
    lot.hear(Quantities(5, 10_000, 0, 20_000))
    assert lot.on_site_kg == 10_000


def test_a_low_limit_and_a_high_one_in_one_rule() -> None:
    both = terms(below_kg=50_000)
    low, fine, high = (of_threshold(both, kg) for kg in (49_999, 70_000, 100_001))
    assert (low.beyond, low.limit, fine.beyond, fine.back, high.beyond, high.limit) == (
        True,
        50_000,
        False,
        True,
        True,
        100_000,
    )
    assert "低于 50 吨" in low.zh and "above 100 t" in high.en


def test_today_against_the_same_weekday() -> None:
    falls = terms(kind="change", above_kg=None, fall_bp=3_000, least_kg=10_000)
    assert of_change(falls, 0, 9_999) is None
    found = of_change(falls, 60_000, 100_000)
    assert found is not None and found.beyond and found.value == 4_000
    assert "减少 40.0%" in found.zh and "-40.0%" in found.en
    rises = of_change(terms(kind="change", above_kg=None, rise_bp=5_000), 200_000, 100_000)
    assert rises is not None and rises.beyond and "增加 100.0%" in rises.zh
    neither = of_change(falls, 120_000, 100_000)
    assert neither is not None and not neither.beyond and neither.back


def test_a_site_is_silent_after_its_hours_and_any_matter_ends_it() -> None:
    silent = terms(kind="silence", above_kg=None, measure=None, silent_h=6, site_id="site")
    site = Standing("site", "一号堆场", "yard", last_at=NOW - timedelta(hours=6))
    assert of_silence(silent, site, NOW - timedelta(days=9), NOW).beyond
    assert not of_silence(silent, site, NOW - timedelta(hours=5), NOW).beyond  # the rule is not older than that
    spoken = Standing("site", "一号堆场", "yard", last_at=NOW)
    assert of_silence(silent, spoken, NOW - timedelta(days=9), NOW).back


def test_a_price_leaves_its_band() -> None:
    band = terms(kind="price", above_kg=None, measure=None, material="steel.hms1", low_fen=200_000, high_fen=260_000)
    price = KnownPrice("420000:steel.hms1", 1, "steel.hms1", "420000", "2026-11-28", 261_000, NOW)
    found = of_price(band, price)
    assert found.beyond and found.limit == 260_000 and "2610.00" in found.zh


def test_who_takes_it_on_and_what_is_escalated_once() -> None:
    alarm = Alarm.of(rule(), of_threshold(terms(), 200_000), ["other"], NOW)
    assert alarm.relations("park") == {"own"} and alarm.relations("nobody") == set()
    assert alarm.escalate(["operator"], NOW + timedelta(minutes=59)) == []
    assert len(alarm.escalate(["operator"], NOW + timedelta(minutes=60))) == 1
    assert alarm.relations("operator") == {"own"}
    assert alarm.escalate(["operator"], NOW + timedelta(minutes=61)) == []
    assert len(alarm.acknowledge("park", "user", "已联系", NOW)) == 1
    assert alarm.acknowledge("park", "user", "已联系", NOW) == []
    with pytest.raises(WrongState):
        alarm.acknowledge("other", "another", "我也去", NOW)


def test_one_that_was_taken_on_is_not_escalated() -> None:
    alarm = Alarm.of(rule(), of_threshold(terms(), 200_000), [], NOW)
    alarm.acknowledge("park", "user", "已联系", NOW)
    assert alarm.escalate(["operator"], NOW + timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"kind": "threshold"}, {"/measure", "/above_t"}),
        ({"kind": "threshold", "measure": "listed", "above_t": 1, "silent_h": 4}, {"/silent_h"}),
        ({"kind": "threshold", "measure": "listed", "above_t": 1, "below_t": 2}, {"/below_t"}),
        ({"kind": "threshold", "measure": "listed", "side": "destination", "above_t": 1}, {"/side"}),
        ({"kind": "change", "measure": "received"}, {"/rise_pct"}),
        ({"kind": "silence"}, {"/site_id", "/silent_h"}),
        ({"kind": "price", "low_cny_per_t": 1}, {"/material"}),
        ({"kind": "price", "material": "steel", "low_cny_per_t": 1}, {"/material"}),
        ({"kind": "allowance", "above_t": 3}, {"/above_t"}),
    ],
)
def test_a_rule_says_everything_that_it_lacks(body: dict[str, Any], pointers: set[str]) -> None:
    with pytest.raises(InputIsInvalid) as caught:
        AlarmRuleIn.model_validate({"name": "x", "region": "420100", **body})
    assert {pointer for pointer, _, _ in caught.value.faults} == pointers
