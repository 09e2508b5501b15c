"""What the park's pages make of figures of which something may be kept back, and what an operator sets by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.console.pages.deals import counted
from gateway.console.pages.park.alarms import in_words
from gateway.console.pages.park.allowances import RULE
from gateway.console.pages.park.looking import between, by_material, period_name, places_below
from gateway.console.pages.park.places import ACCOUNTS, above, by_period, is_balanced, places_in, ranked, tiles_of
from gateway.console.pages.park.targets import TARGET
from gateway.console.texts import texts
from gateway.console.visit import Form, Visit

HERE = cast(Visit, SimpleNamespace(t=texts("zh", "park")))


def row(period: str, grade: str, tonnes: float, withheld: bool = False) -> dict[str, Any]:
    return {"period": period, "material": grade, "received_t": tonnes, "withheld": withheld}


def test_a_grade_or_a_period_that_may_have_more_says_so_and_is_there_without_a_figure() -> None:
    rows = [row("2026-11", "steel.hms1", 3.001), row("2026-11", "paper.occ_a", 0, True), row("2026-10", "paper.news", 0)]
    assert by_material(rows, ("received",)) == [
        {"material": "steel.hms1", "withheld": False, "received_t": 3.001},
        {"material": "paper.occ_a", "withheld": True, "received_t": 0.0},
    ]
    assert by_period(rows, "received") == [("2026-11", 3.001, True)]


def test_a_tile_that_is_withheld_is_no_zero() -> None:
    parts = [
        {"region": "420000", "received_t": 10.0, "withheld": False},
        {"region": "110000", "received_t": 0.0, "withheld": True},
    ]
    tiles = {one.code: one for one in tiles_of(parts, "received", HERE)}
    assert (tiles["420000"].value, tiles["420000"].shade, tiles["420000"].withheld) == (10.0, 5, False)
    assert tiles["110000"].withheld
    assert not tiles["310000"].withheld


def test_what_is_typed_is_what_the_api_takes_and_comes_back_as_typed() -> None:
    typed = {"region": "420000", "material": "", "side": "origin", "target_t": "1,200.5", "from": "2026-01-01", "to": "soon"}
    assert TARGET.body(Form(typed), TARGET.fields) == {
        "region": "420000",
        "side": "origin",
        "target_t": 1200.5,
        "from": "2025-12-31T16:00:00.000Z",
        "to": "soon",
    }
    item = {"target_t": 1200.5, "to": "2026-12-31T16:00:00.000Z", "source": "a decree"}
    assert TARGET.typed(item) == {"target_t": "1200.5", "to": "2026-12-31", "source": "a decree"}
    assert TARGET.body(Form(TARGET.typed(item)), TARGET.changed) == item


def test_a_rule_of_an_allowance_may_be_for_good() -> None:
    item = {"ratio_pct": 100.0, "initial_t": 0.0, "to": None, "source": "以渣定产"}
    assert RULE.typed(item) == {"ratio_pct": "100", "initial_t": "0", "to": "", "source": "以渣定产"}
    assert RULE.body(Form(RULE.typed(item)), RULE.changed) == item


def test_counterparties_are_those_of_trades_and_those_who_were_marked() -> None:
    trades = [{"buyer": {"id": "a", "name": "A"}, "quantity_t": 10.5}, {"buyer": {"id": "a", "name": "A"}, "quantity_t": 0.2}]
    found = counted(trades, "buyer", {"b": "blocked", "a": "favourite"})
    assert [(one.id, one.name, one.standing, one.trades, one.quantity_t) for one in found] == [
        ("a", "A", "favourite", 2, 10.7),
        ("b", "", "blocked", 0, 0.0),
    ]


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [
        ("2026-11-28T22", "2026-11-29T01", 4),
        ("2026-02-27", "2026-03-01", 3),
        ("2025-11", "2026-02", 4),
        ("2026-11-29", "2026-11-29", 1),
    ],
)
def test_periods_in_which_nothing_came_are_shown(first: str, last: str, count: int) -> None:
    names = between(first, last)
    assert (names[0], names[-1], len(names)) == (first, last, count)
    assert names == sorted(set(names))


def test_a_ledger_balances_to_the_kilogram() -> None:
    balance = {f"{one}_t": 0.1 for one in ACCOUNTS} | {"weighing_difference_t": -0.1, "published_t": 0.6}
    assert is_balanced(balance)
    assert not is_balanced(balance | {"published_t": 0.601})


def test_the_form_of_a_rule_speaks_of_its_fields_by_name() -> None:
    assert in_words("above_t / below_t 至少填一项", "threshold", HERE) == "高于 / 低于 至少填一项"
    assert in_words("silence 规则必填", "silence", HERE) == "这类规则必填"
    assert in_words("应小于 high_cny_per_t", "price", HERE) == "应小于 高于"


def test_a_region_offers_what_lies_in_it_and_an_hour_is_read_as_one() -> None:
    places = dict(places_below("420000", HERE.t))
    assert next(iter(places.items())) == ("420000", "湖北省")
    assert (places["420100"], places["420106"]) == ("武汉市", "武汉市 · 武昌区")
    assert "420101" not in places, "what merely groups districts is no place"
    assert period_name("2026-11-29T08") == "2026-11-29 08:00"
    assert period_name("2026-11") == "2026-11"


@pytest.mark.parametrize(("code", "count"), [("110000", 16), ("310000", 16), ("120000", 16), ("500000", 38), ("420100", 13)])
def test_the_map_of_a_region_has_its_districts_and_not_what_groups_them(code: str, count: int) -> None:
    names = [one.name for one in places_in(code, {}, HERE)]
    assert len(names) == count and not [one for one in names if one in ("市辖区", "县")]


def test_a_district_lies_in_its_municipality() -> None:
    assert above({"parent": "110000"}, HERE) == [("110000", "北京市")]
    assert above({"parent": "420100"}, HERE) == [("420000", "湖北省"), ("420100", "武汉市")]
    assert above({"parent": None}, HERE) == []


def test_what_merely_groups_districts_is_listed_only_where_something_was_counted_of_it() -> None:
    rows = [{"name_zh": name, "received_t": tonnes} for name, tonnes in (("市辖区", 0.0), ("江岸区", 0.0), ("江夏区", 3.5))]
    assert [one["name_zh"] for one in ranked(rows, "received")] == ["江夏区", "江岸区"]
    rows[0]["received_t"] = 5.0
    assert [one["name_zh"] for one in ranked(rows, "received")] == ["市辖区", "江夏区", "江岸区"]
