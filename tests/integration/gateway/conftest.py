"""The gateway before the real accounts room and stand-ins of the others that answer as they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask, Response, request

from gateway.app import create_app
from shared.settings import ROOMS, Settings
from tests.fixtures.web import served
from tests.integration.accounts.conftest import Room

PROBLEM = "application/problem+json"
Answer = Callable[[], Response]


class StandIn:
    """A room that answers every path by `answer` and remembers the requests' headers and bodies."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.answer: Answer = lambda: Response(b"{}", content_type="application/json")
        self.app = Flask("stand-in", static_folder=None)
        self.app.add_url_rule("/health/ready", view_func=lambda: "ready")
        methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        self.app.add_url_rule("/<path:path>", "any", self._any, methods=methods)

    def _any(self, path: str) -> Response:
        body = request.get_data()
        uri = request.environ["REQUEST_URI"]
        self.seen.append({"uri": uri, "method": request.method, "headers": dict(request.headers), "body": body})
        return self.answer()


class House:
    """The gateway's test client, accounts as `accounts`, every other room as `rooms[name]`."""

    def __init__(self, settings: Settings, accounts: Room, rooms: dict[str, StandIn]) -> None:
        self.accounts, self.rooms, self.settings = accounts, rooms, settings
        self.app = create_app(settings)
        self.apps = [self.app]
        self.client: Any = self.app.test_client()

    def second_worker(self) -> Any:
        """A test client of another gateway with the same settings."""
        self.apps.append(create_app(self.settings))
        return self.apps[-1].test_client()

    def close(self) -> None:
        for app in self.apps:
            for close in app.extensions["huanliu.close"]:
                close()

    def signed_in(self, role: Any = "collector") -> dict[str, str]:
        """Headers of a verified organisation's user."""
        return self.accounts.account(role)[1]


@pytest.fixture
def make_house(settings: Settings) -> Iterator[Callable[..., House]]:
    """Makes a house with settings changed as named."""
    with ExitStack() as stack:

        def make(**changes: Any) -> House:
            accounts = Room(settings)
            stack.callback(accounts.database.close)
            stack.callback(lambda: accounts.database.client.drop_database(settings.database("accounts")))
            stack.callback(lambda: accounts.database.client.drop_database(settings.database("gateway")))
            rooms = {room: StandIn() for room in ROOMS if room != "accounts"}
            addresses = {room: stack.enter_context(served(one.app)) for room, one in rooms.items()}
            addresses["accounts"] = stack.enter_context(served(accounts.app))
            house = House(settings.model_copy(update={"rooms": addresses, **changes}), accounts, rooms)
            stack.callback(house.close)
            return house

        yield make


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()
