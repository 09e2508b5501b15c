"""What the buyer's pages work out."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.client import Reply
from gateway.console.pages.buyer.common import is_id, number
from gateway.console.pages.buyer.demands import _refuse, body_of, values_of
from gateway.console.pages.buyer.home import gate_costs
from gateway.console.pages.buyer.inbound import assignment_of
from gateway.console.pages.buyer.proposals import Totals
from gateway.console.pages.buyer.quality import charts
from gateway.console.pages.buyer.search import link, marks_of, query_of
from gateway.console.pages.buyer.trades import split_lines
from gateway.console.texts import texts
from gateway.console.visit import Form, Visit

DEMAND = {
    "grades": ["steel.hms1", "steel.hms2"], "quantity_t": 400.0, "bid_cny_per_t": 3013.71, "vat_rate_pct": 13.0,
    "min_take_t": 0.0, "site_id": "s", "deliver_from": "2026-11-23T16:00:00.000Z", "deliver_until": "2026-12-04T16:00:00.000Z",
    "quality_limits": {"impurity_pct": {"max": 3.0}, "thickness_mm": {"min": 6.0}}, "blend_limits": {},
    "basis": {"moisture_pct": 0.5}, "compliant_sellers_only": False, "auto_accept": True,
}  # fmt: skip


def offer(grade: str, delivered: float, quantity: float = 10, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{grade}-{delivered}", "grade": grade, "delivered_cny_per_t": delivered, "quantity_t": quantity,
        "price_cny_per_t": delivered - 50, "vat_rate_pct": 3.0, "buyer_gain_cny": 5.0, **more,
    }  # fmt: skip


@pytest.mark.parametrize(("typed", "sent"), [("30.5", 30.5), (" 1,204.125 ", 1204.125), ("30.5吨", "30.5吨"), ("", "")])
def test_what_is_no_number_goes_as_it_was_typed(typed: str, sent: float | str) -> None:
    assert number(typed) == sent


def test_only_an_id_stands_in_a_path() -> None:
    assert is_id("01a2234f-b1b9-74db-b8f6-71655e1dade1")
    assert not is_id("../../v1/trades/01a2234f-b1b9-74db-b8f6-71")


def test_an_unchanged_demand_sends_nothing() -> None:
    values = values_of(DEMAND)
    assert values["deliver_until"] == "2026-12-04", "the last day is included"
    assert body_of(values, values) == {}


def test_only_what_was_changed_is_sent() -> None:
    before = values_of(DEMAND)
    after = {name: value for name, value in before.items() if name != "grade-steel.hms2"}
    after |= {"limit-impurity_pct-max": "2.5", "quantity_t": "20车", "deliver_until": "2026-12-05"}
    assert body_of(after, before) == {
        "grades": ["steel.hms1"],
        "quantity_t": "20车",
        "quality_limits": {"impurity_pct": {"max": 2.5}, "thickness_mm": {"min": 6.0}},
        "deliver_until": "2026-12-05T16:00:00.000Z",
    }


def test_a_new_demand_sends_all_that_was_filled_in() -> None:
    body = body_of({**values_of(DEMAND), "blend-moisture_pct-max": "1.5", "basis-impurity_pct": " "}, {})
    assert body["deliver_from"] == "2026-11-23T16:00:00.000Z"
    assert body["blend_limits"] == {"moisture_pct": {"max": 1.5}}
    assert body["basis"] == {"moisture_pct": 0.5}
    assert body["auto_accept"] and not body["compliant_sellers_only"]


def test_faults_stand_at_the_fields_of_their_pointers() -> None:
    pointers = (
        "quality_limits/impurity_pct/min",
        "quality_limits/moisture_pct",
        "basis/moisture_pct",
        "grades/0",
        "bid_cny_per_t",
    )
    errors = [{"pointer": f"/{pointer}", "message": message} for pointer, message in zip(pointers, "abcde", strict=True)]
    problem = json.dumps({"type": "validation", "status": 422, "errors": errors}).encode()
    form = Form()
    _refuse(form, Reply(422, {"content-type": "application/problem+json"}, problem))
    assert form.faults == {
        "limit-impurity_pct-min": "a", "limit-moisture_pct-max": "b", "basis-moisture_pct": "c", "grades": "d",
        "bid_cny_per_t": "e",
    }  # fmt: skip


def test_what_scrap_costs_at_the_gate() -> None:
    demands = [{"grades": ["a", "b"], "bid_net_cny_per_t": 2600.0}, {"grades": ["a"], "bid_net_cny_per_t": 2700.0}]
    trades = [
        {"grade": "a", "status": "settled", "quantity_t": 30.0, "price_cny_per_t": 2400.0, "freight_cny_per_t": 100.0},
        {"grade": "a", "status": "agreed", "quantity_t": 10.0, "price_cny_per_t": 2000.0, "freight_cny_per_t": 100.0},
        {"grade": "a", "status": "cancelled", "quantity_t": 99.0, "price_cny_per_t": 1.0, "freight_cny_per_t": 0.0},
    ]
    a, b = gate_costs(demands, [offer("a", 2500), offer("a", 2450), offer("c", 1)], trades)
    assert (a.bid, a.offered, a.agreed, a.trades, a.proposal_id) == (2700.0, 2450.0, 2400.0, 2, "a-2450")
    assert (b.bid, b.offered, b.agreed, b.trades) == (2600.0, None, None, 0)


@given(st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 10**6)), max_size=8))
def test_a_total_is_the_sum_of_its_proposals(rows: list[tuple[int, int]]) -> None:
    found = Totals.of([offer("a", fen / 100, kg / 1000) for fen, kg in rows])
    assert found.cost_cny == pytest.approx(sum(fen * kg for fen, kg in rows) / 100_000, abs=0.01 + 1e-9 * len(rows))
    assert found.quantity_t == pytest.approx(sum(kg for _, kg in rows) / 1000)
    assert (found.mean is None) == (not rows)


def test_marks_are_pieces_and_never_markup() -> None:
    lot = {"highlights": {"title": ["a <em>重废</em> &lt;script&gt; b"], "names": ["<em>HMS</em>"]}}
    assert marks_of(lot) == [[("a ", False), ("重废", True), (" <script> b", False)], [("HMS", True)]]


def test_a_search_asks_for_the_cost_at_the_gate() -> None:
    site = {"id": "s", "position": {"lat": 30.6, "lon": 114.4}}
    assert query_of({}, site) == {"min_t": "0.001", "sort": "delivered", "to_site": "s"}
    near = query_of({"q": "重废", "within_km": "200", "compliant": "on"}, site)
    assert near["near"] == "30.6,114.4" and near["compliant"] == "true" and near["sort"] == "relevance"
    assert query_of({"sort": "nonsense"}, None)["sort"] == "relevance"
    assert link({"grade": "a", "q": "x"}, {"grade": None}) == "/buyer/search?q=x"
    assert link({"grade": "a"}, {"grade": None}) == "/buyer/search?all=1"


def test_a_statement_s_lines_belong_to_the_contract_or_to_a_load() -> None:
    lines = [{"figure": "price_cny_per_t", "shipment_id": None, "value": 1.0}]
    lines += [{"figure": name, "shipment_id": one, "value": 2.0} for one in ("x", "y") for name in ("net_t", "settled_t")]
    contract, loads = split_lines(lines)
    assert [one["figure"] for one in contract] == ["price_cny_per_t"]
    assert [(one.shipment_id, sorted(one.lines)) for one in loads] == [
        ("x", ["net_t", "settled_t"]),
        ("y", ["net_t", "settled_t"]),
    ]
    assert loads[0].value("net_t") == 2.0 and loads[0].value("moisture_pct") is None


def test_suppliers_against_the_limit() -> None:
    def load(trade: str, impurity: float | None) -> dict[str, Any]:
        report = {"type": "inspected", "at": "2026-11-28T00:00:00Z", "impurity_pct": impurity, "moisture_pct": None}
        return {"id": f"{trade}-{impurity}", "trade_id": trade, "from_region": "420100", "events": [report]}

    visit = cast(Visit, SimpleNamespace(t=texts("zh", "buyer")))
    demand = {"quality_limits": {"impurity_pct": {"max": 2.0}}, "basis": {"impurity_pct": 1.0}}
    (chart,) = charts(demand, [load("a", 1.0), load("a", 3.0), load("b", 0.5), load("b", None)], {"a": "甲"}, visit)
    assert (chart.attribute, chart.limit, chart.basis) == ("impurity_pct", 2.0, 1.0)
    assert [(one.name, one.mean, one.over, len(one.dots)) for one in chart.suppliers] == [
        ("甲", 2.0, 1, 2),
        ("武汉市", 0.5, 0, 1),
    ]
    assert all(0 <= dot.x <= 100 for one in chart.suppliers for dot in one.dots)


@pytest.mark.parametrize(
    ("chosen", "typed", "named"), [("known", "", "known"), ("known", " other ", "other"), ("", "other", "other"), ("", "", "")]
)
def test_a_carrier_whose_id_was_typed_is_meant_whatever_stands_chosen(chosen: str, typed: str, named: str) -> None:
    form = Form({"carrier": chosen, "carrier_id": typed, "vehicle": " 鄂A1 "})
    assert assignment_of(form) == {"carrier_id": named, "vehicle": "鄂A1"}
