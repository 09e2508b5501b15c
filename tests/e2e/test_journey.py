"""One trade through a whole instance, by all roles, over the public HTTP API; then the audit."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.fixtures.live import Live, Market, demand_of, huanliu, lot_of, moment

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_one_lot_from_listing_to_settlement(live: Live, market: Market) -> None:
    collector, buyer, carrier = market.collector, market.buyer, market.carrier
    lot = collector.ok("POST", "/v1/lots", lot_of(collector, quantity_t=70, title="演示 重废"))
    assert lot["status"] == "open" and lot["available_t"] == 70 and lot["ask_net_cny_per_t"] == 2378.64
    found = buyer.until(
        "/v1/search/lots?q=重废&region=420000&material=steel", lambda page: lot["id"] in [hit["id"] for hit in page["items"]]
    )
    hit = next(one for one in found["items"] if one["id"] == lot["id"])
    assert hit["position"] is None and hit["site_id"] is None and hit["region"] == "420102"

    demand = buyer.ok("POST", "/v1/demands", demand_of(buyer, basis={"impurity_pct": 1.0, "moisture_pct": 0.5}))
    proposals = collector.until(f"/v1/proposals?lot_id={lot['id']}&status=proposed", lambda page: page["items"])
    proposal = proposals["items"][0]
    assert proposal["demand_id"] == demand["id"] and proposal["quantity_t"] == 70
    net_bid, net_ask = Decimal("2566.37"), Decimal("2378.64")
    freight = Decimal(str(proposal["freight_cny_per_t"]))
    gain = net_bid - net_ask - freight
    assert Decimal(str(proposal["price_cny_per_t"])) == cents(net_ask + gain / 2)
    assert Decimal(str(proposal["surplus_cny"])) == cents(gain * 70)
    quote = buyer.ok("GET", "/v1/quotes?from=30.5928,114.3055&to=30.3919,114.8947&tonnes=70&material=steel")
    assert Decimal(str(quote["options"][0]["freight_cny_per_t"])) == freight
    reserved = collector.ok("GET", f"/v1/lots/{lot['id']}")
    assert (reserved["available_t"], reserved["reserved_t"]) == (0, 70)

    collector.ok("POST", f"/v1/proposals/{proposal['id']}/accept")
    assert buyer.ok("POST", f"/v1/proposals/{proposal['id']}/accept")["status"] == "agreed"
    trade = buyer.until(f"/v1/trades?lot_id={lot['id']}", lambda page: page["items"])["items"][0]
    assert trade["seller"]["id"] == collector.organisation_id and trade["seller"]["contact"]
    loads = carrier.until(f"/v1/shipments?trade_id={trade['id']}", lambda page: len(page["items"]) == 3)["items"]
    loads.sort(key=lambda load: load["quantity_t"])
    assert [load["quantity_t"] for load in loads] == [23.333, 23.333, 23.334]

    _strangers_learn_nothing(live, market, lot["id"], proposal["id"], trade["id"], loads[0]["id"])

    # within tolerance and clean; short by more than 5 %; over, with deductions
    market.haul(loads[0]["id"], 38.2, 15.0, "T1-" + lot["id"], impurity_pct=1.0, moisture_pct=0.5, grade="steel.hms1")
    market.haul(loads[1]["id"], 35.0, 15.0, "T2-" + lot["id"], impurity_pct=1.0, moisture_pct=0.5, grade="steel.hms1")
    market.haul(loads[2]["id"], 40.0, 15.0, "T3-" + lot["id"], impurity_pct=3.0, moisture_pct=2.5, grade="steel.hms1")
    settled = buyer.until(f"/v1/trades/{trade['id']}", lambda one: one["status"] == "settled")
    assert settled["due_at"] and settled["dispute_until"]

    statement = collector.ok("GET", f"/v1/trades/{trade['id']}/settlement")
    third = (Decimal(25000) * 98 / 100 * Decimal("97.5") / Decimal("99.5")).quantize(Decimal(1), ROUND_HALF_UP)
    settled_t = (Decimal(23200 + 20000) + third) / 1000
    price = Decimal(str(trade["price_cny_per_t"]))
    amount = cents(settled_t * price)
    assert Decimal(str(statement["net_t"])) == Decimal("68.2")
    assert Decimal(str(statement["settled_t"])) == settled_t
    assert Decimal(str(statement["amount_cny"])) == amount
    assert Decimal(str(statement["vat_cny"])) == cents(amount * 3 / 100)
    assert Decimal(str(statement["freight_cny"])) == cents(freight * 70)
    assert statement["lines"]

    lot = collector.until(f"/v1/lots/{lot['id']}", lambda one: one["reserved_t"] + one["sold_t"] in (66.667, 70))
    sold = 23.333 + 20.0 + 23.334
    lot = collector.until(f"/v1/lots/{lot['id']}", lambda one: abs(one["sold_t"] - sold) < 1e-9)
    total = lot["available_t"] + lot["reserved_t"] + lot["sold_t"] + lot["unsold_t"]
    assert round(total, 3) == 70

    _volumes_hold(market, lot["grade"])
    _the_operator_follows_it(market, lot["id"])
    done = huanliu("audit", "--json", data=live.data)
    assert done.returncode == 0, done.stdout + done.stderr
    (last, *_) = market.operator.ok("GET", "/v1/operations/checks?kind=audit")["items"]
    assert last["agrees"] and last["looked_at"] > 0 and last["counts"]["ledger: postings"] == 0
    assert market.collector.call("GET", "/v1/operations/checks").status_code == 403
    _curves_hold(market, proposal["clearing_id"])


def _curves_hold(market: Market, clearing_id: str) -> None:
    """Both sides were matched alike, supply from the cheapest up, demand from the highest down."""
    clearing = market.operator.ok("GET", f"/v1/clearings/{clearing_id}")
    curves = market.operator.ok("GET", f"/v1/clearings/{clearing_id}/curves")
    asks, bids = ([step["price_cny_per_t"] for step in curves[side]] for side in ("supply", "demand"))
    assert asks == sorted(asks) and bids == sorted(bids, reverse=True)
    for side in ("supply", "demand"):
        assert round(sum(step["matched_t"] for step in curves[side]), 3) == clearing["matched_t"]
        assert all(step["matched_t"] <= step["quantity_t"] for step in curves[side])
    assert market.buyer.call("GET", f"/v1/clearings/{clearing_id}/curves").status_code == 404


def _the_operator_follows_it(market: Market, lot_id: str) -> None:
    """From its publication through topics and consumers to the index, hop by hop, in the order of time."""
    journey = market.operator.until(
        f"/v1/journeys/{lot_id}", lambda one: any(hop["step"] == "indexed" and hop["version"] > 1 for hop in one["hops"])
    )
    hops = journey["hops"]
    assert journey["silent"] == [] and journey["cut"] is False
    times = [hop["at"] for hop in hops if hop["at"]]
    assert times == sorted(times)
    assert {hop["of"] for hop in hops} == {"lot", "proposal", "trade", "shipment"}
    published = [hop for hop in hops if hop["type"] == "huanliu.lot.published.v1"]
    assert published[0]["step"] == "committed" and {hop["trace_id"] for hop in published} == {published[0]["trace_id"]}
    heard = {hop["consumer"]: hop["origin"] for hop in published if hop["step"] == "handled"}
    assert {"matching", "regions"} <= set(heard) and len(set(heard.values())) == 1
    assert market.collector.call("GET", f"/v1/journeys/{lot_id}").status_code == 404
    trace = market.operator.ok("GET", f"/v1/journeys?trace_id={published[0]['trace_id']}")
    again = [hop for hop in trace["hops"] if hop["type"] == "huanliu.lot.published.v1"]
    assert {hop["event_id"] for hop in again} == {published[0]["event_id"]}
    assert {hop["trace_id"] for hop in trace["hops"]} == {published[0]["trace_id"]}
    assert any(hop["type"] == "huanliu.volume.posted.v1" for hop in trace["hops"]), "what another room made of it"
    assert market.operator.call("GET", "/v1/journeys?trace_id=none").status_code == 422
    rooms = {one["room"]: one["state"] for one in market.operator.ok("GET", "/v1/operations")["items"]}
    assert set(rooms) == {"accounts", "listings", "matching", "trading", "logistics", "regions", "gateway"}
    assert all(state["workers"] for state in rooms.values())


def _strangers_learn_nothing(live: Live, market: Market, lot: str, proposal: str, trade: str, load: str) -> None:
    """What is another organisation's own is 404 to read and to write, whatever the role; open listings are 403 to write."""
    private = [f"/v1/proposals/{proposal}", f"/v1/trades/{trade}", f"/v1/trades/{trade}/settlement"]
    writes = [f"/v1/proposals/{proposal}/accept", f"/v1/proposals/{proposal}/reject", f"/v1/trades/{trade}/cancel"]
    for role in ("collector", "buyer", "carrier"):
        stranger = live.register(role, market.operator)
        for path in private:
            assert stranger.call("GET", path).status_code == 404, (role, path)
        for path in writes:
            assert stranger.call("POST", path, {}).status_code == 404, (role, path)
        assert stranger.call("POST", f"/v1/lots/{lot}/withdraw").status_code == 403, role
        seen = stranger.call("GET", f"/v1/shipments/{load}").status_code
        assert seen == (200 if role == "carrier" else 404), (role, seen)
    park = live.create("park_operator")
    assert park.call("GET", "/v1/trades").status_code == 403
    assert live.nobody().call("GET", f"/v1/trades/{trade}").status_code == 401


def _volumes_hold(market: Market, grade: str) -> None:
    query = f"material={grade}&from={moment(-1)}&to={moment(1)}&granularity=day"
    path = f"/v1/regions/420102/volumes?side=origin&{query}"
    volumes = market.buyer.until(path, lambda body: sum(row["received_t"] for row in body["items"]) >= 68.2)
    sums = {name: round(sum(row[name] for row in volumes["items"]), 3) for name in ("agreed_t", "loaded_t", "received_t")}
    assert sums["agreed_t"] >= 70 and sums["loaded_t"] >= 70
    destination = market.buyer.ok("GET", f"/v1/regions/420704/volumes?side=destination&{query}")["items"]
    assert sum(row["received_t"] for row in destination) >= 68.2
    assert all(row["listed_t"] == 0 for row in destination)


def test_the_page_and_the_documents(live: Live) -> None:
    nobody = live.nobody()
    page = nobody.call("GET", "/")
    assert page.status_code == 200 and "Content-Security-Policy" in page.headers
    market = nobody.ok("GET", "/v1/market")
    assert market["open_lots"] >= 0
    spec = nobody.ok("GET", "/openapi.json")
    for path in ("/v1/lots", "/v1/proposals/{identifier}/accept", "/v1/regions/{code}/volumes", "/v1/quotes"):
        assert path in spec["paths"], sorted(spec["paths"])
    assert nobody.call("GET", "/docs").status_code == 200
    assert json.loads(huanliu("status", "--json", data=live.data).stdout)["lag"] is not None
