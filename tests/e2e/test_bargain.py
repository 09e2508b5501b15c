"""Ways to a trade that no clearing decided alone, through a whole instance: bargaining, on arrival, off a framework agreement;
then the proofs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.clock import SHANGHAI, utc_now
from tests.fixtures.live import Live, Market, demand_of, huanliu, lot_of

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]


def _checked(live: Live, *arguments: str) -> Any:
    done = huanliu(*arguments, "--json", data=live.data)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_counter_offer_is_accepted_and_the_books_agree(live: Live, market: Market) -> None:
    collector, buyer = market.collector, market.buyer
    lot = collector.ok("POST", "/v1/lots", lot_of(collector, quantity_t=40, grade="steel.light"))
    buyer.ok("POST", "/v1/demands", demand_of(buyer, grades=["steel.light"]))
    mine = f"/v1/proposals?lot_id={lot['id']}&status=proposed"
    first = buyer.until(mine, lambda page: page["items"])["items"][0]
    offered = round(first["price_cny_per_t"] - 10, 2)
    offer = {"price_cny_per_t": offered, "quantity_t": 25}
    ended = buyer.ok("POST", f"/v1/proposals/{first['id']}/counter", offer)
    assert ended["status"] == "countered"
    second = collector.until(mine, lambda page: any(one["id"] == ended["next_id"] for one in page["items"]))["items"]
    (second,) = [one for one in second if one["id"] == ended["next_id"]]
    assert second["buyer_accepted_at"] and (second["price_cny_per_t"], second["quantity_t"]) == (offered, 25)
    held = collector.ok("GET", f"/v1/lots/{lot['id']}")
    assert held["available_t"] + held["reserved_t"] == 40 and held["reserved_t"] >= 25
    assert collector.ok("POST", f"/v1/proposals/{second['id']}/accept")["status"] == "agreed"
    trades = f"/v1/trades?lot_id={lot['id']}"
    trade = buyer.until(trades, lambda page: any(one["proposal_id"] == second["id"] for one in page["items"]))["items"][0]
    assert (trade["price_cny_per_t"], trade["quantity_t"]) == (offered, 25)

    verdict = _checked(live, "clearing", "verify", first["clearing_id"])
    assert verdict["holds"] and verdict["looked_at"]["pairs and prices"] >= 1
    assert _checked(live, "clearing", "replay", first["clearing_id"])["same"]
    assert any(one["id"] == first["clearing_id"] for one in _checked(live, "clearing", "list", "--limit", "200"))
    assert huanliu("clearing", "verify", "no-such", data=live.data).returncode == 1
    assert _checked(live, "audit")["agree"]


def test_what_both_sides_accept_beforehand_is_a_trade_on_arrival(live: Live, market: Market) -> None:
    collector, buyer = market.collector, market.buyer
    buyer.ok("POST", "/v1/demands", demand_of(buyer, grades=["steel.cast_iron"], auto_accept=True))
    lot = collector.ok("POST", "/v1/lots", lot_of(collector, quantity_t=30, grade="steel.cast_iron", auto_accept=True))
    trade = collector.until(f"/v1/trades?lot_id={lot['id']}", lambda page: page["items"])["items"][0]
    proposal = collector.ok("GET", f"/v1/proposals/{trade['proposal_id']}")
    assert proposal["status"] == "agreed" and proposal["seller_accepted_at"] and proposal["buyer_accepted_at"]
    assert _checked(live, "clearing", "verify", proposal["clearing_id"])["holds"]
    assert _checked(live, "audit")["agree"]


def test_a_call_off_is_a_trade_and_its_loads_draw_the_month_down(live: Live, market: Market) -> None:
    collector, buyer, carrier = market.collector, market.buyer, market.carrier
    month = utc_now().astimezone(SHANGHAI).strftime("%Y-%m")
    terms = {"grade": "steel.turnings", "first_month": month, "last_month": month, "month_t": 60, "region": "420000"}
    body = {**terms, "counterparty_id": buyer.organisation_id, "premium_cny_per_t": -20, "floor_cny_per_t": 2050}
    agreement = collector.ok("POST", "/v1/agreements", body)
    path = f"/v1/agreements/{agreement['id']}"
    assert carrier.call("GET", path).status_code in (403, 404) and market.operator.ok("GET", path)["status"] == "proposed"
    assert buyer.ok("POST", f"{path}/accept")["status"] == "in-force"
    lot = collector.ok("POST", "/v1/lots", lot_of(collector, quantity_t=32, grade="steel.turnings", ask_cny_per_t=9000))
    demand = buyer.ok("POST", "/v1/demands", demand_of(buyer, grades=["steel.turnings"]))
    wanted = {"lot_id": lot["id"], "demand_id": demand["id"], "quantity_t": 32}
    called = buyer.ok("POST", f"{path}/call-offs", wanted)
    trade = buyer.until(f"/v1/trades?lot_id={lot['id']}", lambda page: page["items"])["items"][0]
    assert (trade["proposal_id"], trade["price_cny_per_t"], trade["quantity_t"]) == (
        called["id"],
        called["price_cny_per_t"],
        32,
    )
    again = buyer.call("POST", f"{path}/call-offs", wanted)
    assert (again.status_code, again.json()["remaining_t"]) == (409, 28)
    (load,) = buyer.until(f"/v1/shipments?trade_id={trade['id']}", lambda page: page["items"])["items"]
    market.haul(load["id"], 46.4, 15, "A-" + lot["id"], impurity_pct=1.0, moisture_pct=0.5)
    drawn = collector.until(path, lambda one: one["months"][0]["delivered_t"])["months"][0]
    assert (drawn["called_t"], drawn["delivered_t"], drawn["remaining_t"]) == (31.4, 31.4, 28.6)
    assert _checked(live, "audit")["agree"]
