"""One small market for all tests of the audit: everything that can happen to a load happened in it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Any

import pytest

from deploy.audit.run import wait_until_quiet
from services.listings.service import make_due
from services.regions.model import day_of
from services.regions.service import publish_day
from shared.clock import SHANGHAI, iso, utc_now
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.market import Market, opened, until
from tests.fixtures.servers import Running
from tests.unit.shared.test_pictures import PAPER, drawn


@pytest.fixture(scope="package")
def market(servers: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Played, and quiet."""
    settings = Settings(
        namespace=f"t{uuid.uuid4().hex[:8]}_",
        data=tmp_path_factory.mktemp("data"),
        mongodb_uri=servers.addresses["mongodb"],
        kafka_brokers=servers.addresses["kafka"],
        elasticsearch_url=servers.addresses["elasticsearch"],
        secret_key="test-secret-key-of-at-least-32-bytes",
        clearing_interval_s=0.3,
        tender_least_s=1,
    )
    with opened(settings) as market:
        play(market)
        yield market


def play(market: Market) -> None:
    market.enter("seller", "collector")
    market.enter("buyer", "buyer", "420700")
    market.enter("carrier", "carrier")
    market.enter("official", "park_operator", "420000")
    market.call("official", "POST", "/v1/reports", {"region": "420000", "month": f"{utc_now().astimezone(SHANGHAI):%Y-%m}"})
    search = {"name": "重废", "kind": "lots", "criteria": {"material": "steel"}, "alert": "at_once"}
    market.call("buyer", "POST", "/v1/saved-searches", search)
    yard = market.site("seller", "yard", "420115", 30.3, 114.3)
    mill = market.site("buyer", "plant", "420700", 30.4, 114.9)
    award = _tender(market, yard, mill)
    market.demand("buyer", mill, 400)
    market.demand("buyer", mill, 50, grades=["paper.occ_a"], publish=False)
    _deliver(market, market.lot("seller", yard, 90))
    refused = market.agree(market.lot("seller", yard, 30, divisible=False), "seller", "buyer")
    [load] = market.loads(refused["id"], "buyer")
    market.haul(load, "carrier")
    market.step(load, "buyer", "refused", reason="wrong grade")
    market.step(load, "carrier", "returned")
    cancelled = market.agree(market.lot("seller", yard, 28), "seller", "buyer")
    market.call("buyer", "POST", f"/v1/trades/{cancelled['id']}/cancel", {})
    _watch(market, yard)
    rejected = market.proposal(market.lot("seller", yard, 12), "buyer")
    market.call("buyer", "POST", f"/v1/proposals/{rejected['id']}/reject", {})
    _call_off(market, yard, mill)
    on_the_road = market.agree(market.lot("seller", yard, 40), "seller", "buyer")
    market.haul(market.loads(on_the_road["id"], "buyer")[0], "carrier", to="position")
    market.lot("seller", yard, 20, publish=False)
    unsold = market.lot("seller", yard, 25, grade="paper.occ_a", quality={}, ask_cny_per_t=1500)
    market.call("seller", "POST", f"/v1/lots/{unsold}/withdraw", {})
    dear = market.lot("seller", yard, 33.333, grade="steel.stainless", ask_cny_per_t=9000)
    market.call("seller", "PATCH", f"/v1/lots/{dear}", {"quantity_t": 31.5, "ask_cny_per_t": 8999.99, "title": "板边"})
    small = market.demand("buyer", mill, 50, grades=["plastic.hdpe"])
    market.call("buyer", "PATCH", f"/v1/demands/{small}", {"quantity_t": 60, "bid_cny_per_t": 3000})
    market.call("buyer", "POST", f"/v1/demands/{small}/close", {})
    _again_with_a_photo(market, yard)
    soon = iso(utc_now() + timedelta(seconds=2))
    market.lot("seller", yard, 7, grade="steel.light", ask_cny_per_t=9000, available_until=soon)
    late = (utc_now() + timedelta(days=400)).astimezone(timezone(timedelta(hours=8)))
    entry = {"list": "steel", "valid_from": iso(utc_now()), "valid_until": late.isoformat()}
    market.call("seller", "PATCH", f"/v1/sites/{yard}", {"name": "江夏货场", "compliance": [entry]})
    time.sleep(4)  # the lot of 7 t expires
    until(lambda: market.call("buyer", "GET", award)["status"] == "awarded", "the award")
    assert wait_until_quiet(market.settings, float("inf"), lambda _: None) == {}
    database = Database(market.settings, "regions")
    database.write(lambda unit: publish_day(unit, day_of(unit.now)))  # though it is not over: nothing more happens in it
    database.close()


def _again_with_a_photo(market: Market, yard: str) -> None:
    """A favourite, and a lot with a photo and a paper, of which a recurrence has made tomorrow's."""
    lot = market.lot("seller", yard, 6, grade="steel.turnings", ask_cny_per_t=9000)
    for path, content in (("photos", drawn()), ("documents?kind=ticket", PAPER)):
        market.upload("seller", f"/v1/lots/{lot}/{path}", content)
    market.call("seller", "POST", f"/v1/lots/{lot}/recurrence", {"every": "day", "quantity_t": 3})
    favourite = f"/v1/counterparties/{market.people['buyer'].organisation_id}"
    market.call("seller", "PUT", favourite, {"standing": "favourite"})
    tomorrow = utc_now() + timedelta(days=1, minutes=1)
    database = Database(market.settings, "listings", lambda: tomorrow)
    assert make_due(database) == 1
    database.close()


def _tender(market: Market, yard: str, mill: str) -> str:
    """Put to tender before there is a demand that a clearing could give it to; closed in 8 s."""
    lot = market.lot("seller", yard, 18, grade="steel.medium")
    body = {"lot_id": lot, "closes_at": iso(utc_now() + timedelta(seconds=8))}
    path = f"/v1/tenders/{market.call('seller', 'POST', '/v1/tenders', body)['id']}"
    demand = market.demand("buyer", mill, 60, grades=["steel.medium"])
    market.call("buyer", "PUT", f"{path}/bids/{demand}", {"price_cny_per_t": 2850})
    return path


def _call_off(market: Market, yard: str, mill: str) -> None:
    """Two call-offs: one is delivered 5 t short in its second load, the other's trade is cancelled. The lot is too dear for a
    clearing."""
    month = utc_now().astimezone(SHANGHAI).strftime("%Y-%m")
    terms = {"grade": "steel.bundle", "first_month": month, "last_month": month, "month_t": 100, "region": "420000"}
    body = {**terms, "counterparty_id": market.people["buyer"].organisation_id, "floor_cny_per_t": 2400}
    path = f"/v1/agreements/{market.call('seller', 'POST', '/v1/agreements', body)['id']}"
    market.call("buyer", "POST", f"{path}/accept", {})
    lot = market.lot("seller", yard, 80, grade="steel.bundle", ask_cny_per_t=9000)
    pair = {"lot_id": lot, "demand_id": market.demand("buyer", mill, 200, grades=["steel.bundle"])}
    trades = [_called_off(market, path, {**pair, "quantity_t": tonnes}) for tonnes in (50, 20)]
    market.call("seller", "POST", f"/v1/trades/{trades[1]}/cancel", {})
    loads = until(lambda: market.loads(trades[0], "buyer"), "loads")
    for load, short_t in zip(loads, (0, 5), strict=True):
        market.haul(load, "carrier")
        market.receive(load, "buyer", load["quantity_t"] - short_t, moisture_pct=0.5, impurity_pct=1.2)
    until(lambda: market.call("buyer", "GET", path)["months"][0]["called_t"] == 45, "the month's tonnes")


def _called_off(market: Market, agreement: str, body: dict[str, Any]) -> str:
    """The trade that comes of it."""
    called = market.call("seller", "POST", f"{agreement}/call-offs", body)

    def trade() -> str | None:
        mine = market.listed("buyer", f"/v1/trades?lot_id={body['lot_id']}")
        return next((one["id"] for one in mine if one["proposal_id"] == called["id"]), None)

    return until(trade, "a trade")


def _deliver(market: Market, lot_id: str) -> None:
    """Three loads: one over, one short below the tolerance, one exact with deductions."""
    trade = market.agree(lot_id, "seller", "buyer")
    found = {"moisture_pct": 1.5, "impurity_pct": 2.2}
    for load, share in zip(market.loads(trade["id"], "buyer"), (1.02, 0.8, 1.0), strict=True):
        market.haul(load, "carrier")
        market.upload("carrier", f"/v1/shipments/{load['id']}/photos", drawn())
        market.receive(load, "buyer", round(load["quantity_t"] * share, 3), **found)
    market.upload(
        "buyer", f"/v1/shipments/{load['id']}/photos", drawn(size=(64, 48))
    )  # the last of the load, and told by no event
    path = f"/v1/trades/{trade['id']}"
    until(lambda: market.call("seller", "GET", path)["status"] == "settled", "the settlement")
    market.call("seller", "POST", f"{path}/dispute", {"reason": "扣杂过高", "amount_cny": 100})


def _watch(market: Market, yard: str) -> None:
    """New output of a waste under policy's rule, and an alarm that it raises."""
    market.enter("park", "park_operator", "420000")
    rule = {"kind": "threshold", "name": "挂牌", "region": "420100", "measure": "listed", "above_t": 1}
    market.call("park", "POST", "/v1/alarm-rules", rule)
    until(lambda: market.listed("park", "/v1/alarm-rules"), "the rule")
    market.lot("seller", yard, 40, grade="solid_waste.phosphogypsum", stock="new", quality={})
    [raised] = until(lambda: market.listed("park", "/v1/alarms?status=raised"), "the alarm")
    market.call("park", "POST", f"/v1/alarms/{raised['id']}/acknowledge", {"note": "已知悉"})
    until(lambda: market.listed("seller", "/v1/allowances"), "the allowance")
