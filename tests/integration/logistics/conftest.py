"""A logistics room with the loads of an agreed trade and a verified carrier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.logistics.app import create_app
from services.logistics.handlers import EVENTS
from services.logistics.store import DOCUMENTS
from shared.bus.documents import BUS_DOCUMENTS
from shared.clock import iso, utc_now
from shared.events import Event
from shared.events.trading import TradeAgreed, TradeCancelRequested
from shared.http.app import IdempotencyDocument
from shared.mongo import Database, Row
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.trades import agreed, terms, verified

CHAIN: tuple[dict[str, Any], ...] = (
    {"type": "booked"},
    {"type": "loaded"},
    {"type": "position", "lat": 31.5, "lon": 115.2},
    {"type": "arrived"},
    {"type": "weighed", "gross_t": 40.12, "tare_t": 15},
    {"type": "inspected", "moisture_pct": 0.4, "impurity_pct": 3.2},
    {"type": "received"},
)
BUYERS = frozenset({"weighed", "inspected", "received", "refused"})


class Room(NamedTuple):
    """Its database, a client, and a way to let it hear events as its consumer would."""

    settings: Settings
    database: Database
    client: FlaskClient

    def hear(self, *events: Event) -> None:
        for event in events:
            handler: Callable[..., None] = EVENTS[type(event)]
            self.database.write(lambda unit, handler=handler, event=event: handler(unit, event))  # type: ignore[misc]

    def told(self, type_: str) -> list[Row]:
        """The outbox rows of a type, oldest first."""
        return list(self.database.mongo["outbox"].find({"type": f"huanliu.{type_}.v1"}).sort("_id", 1))


class Haul(NamedTuple):
    """A trade's loads, both sides and a carrier, all verified."""

    room: Room
    event: TradeAgreed
    ids: list[str]
    seller: SignedIn
    buyer: SignedIn
    carrier: SignedIn

    def path(self, index: int = 0) -> str:
        return f"/v1/shipments/{self.ids[index]}"

    def assign(self, index: int = 0, who: SignedIn | None = None) -> TestResponse:
        body = {"carrier_id": self.carrier.caller.organisation_id, "vehicle": "鄂A12345"}
        return self.room.client.post(f"{self.path(index)}/assign", json=body, headers=(who or self.carrier).headers)

    def report(self, body: dict[str, Any], index: int = 0, at: datetime | None = None) -> TestResponse:
        """As the side whose step it is; a ticket is made up where there is none."""
        whole = {"at": iso(at or utc_now()), **body}
        if body["type"] == "weighed":
            whole.setdefault("ticket", f"T-{self.ids[index]}")
        who = self.buyer if body["type"] in BUYERS else self.carrier
        return self.room.client.post(f"{self.path(index)}/events", json=whole, headers=who.headers)

    def bring(self, until: str, index: int = 0) -> None:
        """Assign and report up to and with `until`."""
        assert self.assign(index).status_code == 200
        for body in CHAIN:
            answer = self.report(body, index)
            assert answer.status_code == 201, answer.get_json()
            if body["type"] == until:
                return

    def asks_to_cancel(self) -> TradeCancelRequested:
        values = self.event.model_dump() | {"version": 2, "by": self.event.terms.buyer_id}
        return TradeCancelRequested(**values)


@pytest.fixture
def room(settings: Settings) -> Iterator[Room]:
    app = create_app(settings)
    database: Database = app.extensions["huanliu"].database
    database.prepare([*BUS_DOCUMENTS, IdempotencyDocument, *DOCUMENTS])
    yield Room(settings, database, app.test_client())
    database.client.drop_database(settings.database("logistics"))
    database.close()


@pytest.fixture
def make_haul(room: Room) -> Callable[..., Haul]:
    def make(**changes: Any) -> Haul:
        seller, buyer, carrier = (sign_in(room.settings, role) for role in ("collector", "buyer", "carrier"))
        frozen = terms(seller_id=seller.caller.organisation_id, buyer_id=buyer.caller.organisation_id, **changes)
        for side in (seller, buyer, carrier):
            room.hear(verified(side.caller.organisation_id, side.caller.role))
        event = agreed(frozen)
        room.hear(event)
        ids = [row["_id"] for row in room.database.mongo["shipments"].find({"trade_id": event.id}).sort("_id", 1)]
        return Haul(room, event, ids, seller, buyer, carrier)

    return make


@pytest.fixture
def haul(make_haul: Callable[..., Haul]) -> Haul:
    return make_haul()
