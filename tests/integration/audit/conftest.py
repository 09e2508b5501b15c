"""One small market for all tests of the audit: everything that can happen to a load happened in it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta, timezone

import pytest

from deploy.audit.run import wait_until_quiet
from shared.clock import iso, utc_now
from shared.settings import Settings
from tests.fixtures.market import Market, opened, until
from tests.fixtures.servers import Running


@pytest.fixture(scope="module")
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
    )
    with opened(settings) as market:
        play(market)
        yield market


def play(market: Market) -> None:
    market.enter("seller", "collector")
    market.enter("buyer", "buyer", "420700")
    market.enter("carrier", "carrier")
    yard = market.site("seller", "yard", "420115", 30.3, 114.3)
    mill = market.site("buyer", "plant", "420700", 30.4, 114.9)
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
    rejected = market.proposal(market.lot("seller", yard, 12), "buyer")
    market.call("buyer", "POST", f"/v1/proposals/{rejected['id']}/reject", {})
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
    soon = iso(utc_now() + timedelta(seconds=2))
    market.lot("seller", yard, 7, grade="steel.light", ask_cny_per_t=9000, available_until=soon)
    late = (utc_now() + timedelta(days=400)).astimezone(timezone(timedelta(hours=8)))
    entry = {"list": "steel", "valid_from": iso(utc_now()), "valid_until": late.isoformat()}
    market.call("seller", "PATCH", f"/v1/sites/{yard}", {"name": "江夏货场", "compliance": [entry]})
    time.sleep(4)  # the lot of 7 t expires
    assert wait_until_quiet(market.settings, float("inf"), lambda _: None) == {}


def _deliver(market: Market, lot_id: str) -> None:
    """Three loads: one over, one short below the tolerance, one exact with deductions."""
    trade = market.agree(lot_id, "seller", "buyer")
    found = {"moisture_pct": 1.5, "impurity_pct": 2.2}
    for load, share in zip(market.loads(trade["id"], "buyer"), (1.02, 0.8, 1.0), strict=True):
        market.haul(load, "carrier")
        market.receive(load, "buyer", round(load["quantity_t"] * share, 3), **found)
    path = f"/v1/trades/{trade['id']}"
    until(lambda: market.call("seller", "GET", path)["status"] == "settled", "the settlement")
    market.call("seller", "POST", f"{path}/dispute", {"reason": "扣杂过高", "amount_cny": 100})
