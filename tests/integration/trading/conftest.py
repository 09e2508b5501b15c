"""A trading room with a trade of two verified parties."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

from services.trading.app import create_app
from services.trading.handlers import EVENTS
from services.trading.store import DOCUMENTS
from shared.bus.documents import BUS_DOCUMENTS
from shared.events import Event
from shared.events.matching import Terms
from shared.http.app import IdempotencyDocument
from shared.mongo import Database, Row
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.trades import Loads, accepted, terms, verified


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


class Deal(NamedTuple):
    """An agreed trade of two loads and its two sides."""

    id: str
    terms: Terms
    loads: Loads
    seller: SignedIn
    buyer: SignedIn

    @property
    def path(self) -> str:
        return f"/v1/trades/{self.id}"


@pytest.fixture
def room(settings: Settings) -> Iterator[Room]:
    app = create_app(settings)
    database: Database = app.extensions["huanliu"].database
    database.prepare([*BUS_DOCUMENTS, IdempotencyDocument, *DOCUMENTS])
    yield Room(settings, database, app.test_client())
    database.client.drop_database(settings.database("trading"))
    database.close()


@pytest.fixture
def make_deal(room: Room) -> Callable[..., Deal]:
    def make(**changes: Any) -> Deal:
        seller, buyer = sign_in(room.settings, "collector"), sign_in(room.settings, "buyer")
        sides = {"seller_id": seller.caller.organisation_id, "buyer_id": buyer.caller.organisation_id}
        frozen = terms(**sides, **changes)
        proposal = accepted(frozen)
        room.hear(verified(sides["seller_id"], "collector", "江城回收"), verified(sides["buyer_id"], "buyer", "徐州钢厂"))
        room.hear(proposal)
        row = room.database.mongo["trades"].find_one({"proposal_id": proposal.id})
        assert row is not None
        half = frozen.kg // 2
        return Deal(row["_id"], frozen, Loads(row["_id"], frozen, [half, frozen.kg - half]), seller, buyer)

    return make


@pytest.fixture
def deal(make_deal: Callable[..., Deal]) -> Deal:
    return make_deal()
