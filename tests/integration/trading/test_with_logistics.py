"""Trading and logistics together over a real Kafka: from an agreed proposal to a settlement, and a cancellation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

from services.logistics import app as logistics
from services.trading import app as trading
from shared.bus.documents import BUS_DOCUMENTS
from shared.bus.outbox import Relay
from shared.clock import iso, utc_now
from shared.events import Event
from shared.http.app import IdempotencyDocument
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.bus import running, until
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.trades import accepted, terms, verified

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka]


class Market(NamedTuple):
    """Both rooms with their workers, and the three who take part."""

    trades: FlaskClient
    shipments: FlaskClient
    emit: Callable[..., None]
    seller: SignedIn
    buyer: SignedIn
    carrier: SignedIn

    def agreed(self, kg: int) -> dict[str, Any]:
        """A trade whose loads are planned."""
        sides = {"seller_id": self.seller.caller.organisation_id, "buyer_id": self.buyer.caller.organisation_id}
        proposal = accepted(terms(kg=kg, **sides))
        self.emit("matching", proposal)
        path = f"/v1/trades?proposal_id={proposal.id}"
        until(lambda: any(one["load_count"] for one in self.get(self.trades, path)["items"]))
        found: dict[str, Any] = self.get(self.trades, path)["items"][0]
        return found

    def loads(self, trade: dict[str, Any]) -> list[str]:
        return [one["id"] for one in self.get(self.shipments, f"/v1/shipments?trade_id={trade['id']}")["items"]]

    def get(self, room: FlaskClient, path: str) -> Any:
        answer = room.get(path, headers=self.buyer.headers)
        return answer.get_json() if answer.status_code == 200 else {"items": []}

    def report(self, load: str, who: SignedIn, kind: str, **fields: Any) -> None:
        body = {"type": kind, "at": iso(utc_now()), **fields}
        answer = self.shipments.post(f"/v1/shipments/{load}/events", json=body, headers=who.headers)
        assert answer.status_code == 201, answer.get_json()

    def load(self, load: str) -> None:
        body = {"carrier_id": self.carrier.caller.organisation_id, "vehicle": "鄂A12345"}
        assert self.shipments.post(f"/v1/shipments/{load}/assign", json=body, headers=self.carrier.headers).status_code == 200
        self.report(load, self.carrier, "booked")
        self.report(load, self.carrier, "loaded")


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    upstream = [Database(settings, room) for room in ("accounts", "matching")]
    for database in upstream:
        database.prepare(BUS_DOCUMENTS)
    apps = [trading.create_app(settings), logistics.create_app(settings)]
    for app in apps:
        app.extensions["huanliu"].database.prepare([IdempotencyDocument])
    workers = [trading.create_worker(settings), logistics.create_worker(settings)]

    def emit(room: str, *events: Event) -> None:
        database = next(one for one in upstream if one.room == room)
        database.write(lambda unit: unit.emit(*events))

    seller, buyer, carrier = (sign_in(settings, role) for role in ("collector", "buyer", "carrier"))
    with running(*(Relay(database) for database in upstream)):
        for worker in workers:
            worker.start()
        emit("accounts", *(verified(one.caller.organisation_id, one.caller.role) for one in (seller, buyer, carrier)))
        yield Market(apps[0].test_client(), apps[1].test_client(), emit, seller, buyer, carrier)
        for worker in workers:
            worker.join()
    for name in ("accounts", "matching", "trading", "logistics"):
        upstream[0].client.drop_database(settings.database(name))
    for database in (*upstream, *(app.extensions["huanliu"].database for app in apps)):
        database.close()


def test_two_loads_one_short_settle_to_the_fen(market: Market) -> None:
    trade = market.agreed(64_000)
    first, second = market.loads(trade)
    for load, gross in ((first, 45.0), (second, 46.5)):
        market.load(load)
        market.report(load, market.carrier, "arrived")
        market.report(load, market.buyer, "weighed", gross_t=gross, tare_t=15, ticket=f"T-{load}")
        market.report(load, market.buyer, "inspected", moisture_pct=0.5, impurity_pct=2)
        market.report(load, market.buyer, "received")
    path = f"/v1/trades/{trade['id']}"
    until(lambda: market.get(market.trades, path)["status"] == "settled")
    statement = market.get(market.trades, f"{path}/settlement")
    # 30.000 × 0.99 = 29.700 and 31.500 × 0.99 = 31.185; 60.885 t at 2,100.00 = 127,858.50; 64 t at 171.17 = 10,954.88
    assert (statement["net_t"], statement["settled_t"], statement["deducted_t"]) == (61.5, 60.885, 0.615)
    assert (statement["amount_cny"], statement["vat_cny"], statement["freight_cny"]) == (127_858.5, 3_835.76, 10_954.88)


def test_cancelled_before_loading(market: Market) -> None:
    trade = market.agreed(64_000)
    answer = market.trades.post(f"/v1/trades/{trade['id']}/cancel", json={}, headers=market.seller.headers)
    if answer.status_code == 503:  # a slow machine: the request stands, the same call tells
        until(lambda: market.get(market.trades, f"/v1/trades/{trade['id']}")["status"] == "cancelled")
        answer = market.trades.post(f"/v1/trades/{trade['id']}/cancel", json={}, headers=market.seller.headers)
    assert (answer.status_code, answer.get_json()["status"]) == (200, "cancelled")
    states = {one["status"] for one in market.get(market.shipments, f"/v1/shipments?trade_id={trade['id']}")["items"]}
    assert states == {"cancelled"}


def test_not_cancelled_after_loading(market: Market) -> None:
    trade = market.agreed(64_000)
    market.load(market.loads(trade)[0])
    answer = market.trades.post(f"/v1/trades/{trade['id']}/cancel", json={}, headers=market.buyer.headers)
    assert (answer.status_code, answer.get_json()["type"]) == (409, "wrong-state")
    until(lambda: market.get(market.trades, f"/v1/trades/{trade['id']}")["status"] == "in_delivery")


def test_all_loads_refused_and_returned_cancels(market: Market) -> None:
    trade = market.agreed(64_000)
    for load in market.loads(trade):
        market.load(load)
        market.report(load, market.carrier, "arrived")
        market.report(load, market.buyer, "refused", reason="密闭容器")
        market.report(load, market.carrier, "returned")
    until(lambda: market.get(market.trades, f"/v1/trades/{trade['id']}")["status"] == "cancelled")
    answer = market.trades.get(f"/v1/trades/{trade['id']}/settlement", headers=market.buyer.headers)
    assert (answer.status_code, answer.get_json()["type"]) == (409, "wrong-state")
