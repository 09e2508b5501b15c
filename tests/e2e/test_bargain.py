"""Two ways to a trade that no clearing decided alone, through a whole instance: bargaining, and on arrival; then the proofs."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
