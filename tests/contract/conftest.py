"""Every room's real application behind the real gateway, over real HTTP; no workers, so nothing travels by event."""

from __future__ import annotations

import importlib
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from flask import Flask

from gateway.app import create_app
from services.accounts import service
from shared.auth import Role
from shared.auth.caller import ROLES
from shared.ids import new_id
from shared.mongo import Database
from shared.settings import ROOMS, Settings
from tests.fixtures.servers import Running
from tests.fixtures.web import served

PASSWORD = "eight or more"
EN = {"Accept-Language": "en"}
NOWHERE = "127.0.0.1:9"


class House:
    """The gateway's test client and one verified account per role; `settings` may make another gateway."""

    def __init__(self, settings: Settings, accounts: Database, stack: ExitStack) -> None:
        self.settings, self.accounts, self._stack = settings, accounts, stack
        self.client = self.gateway()
        self.headers: dict[str, dict[str, str]] = {role: self.account(role) for role in ROLES}
        wait_for(lambda: "/v1/market" in self.client.get("/openapi.json").json["paths"])
        self.openapi: dict[str, Any] = self.client.get("/openapi.json").json

    def gateway(self, **changes: Any) -> Any:
        """A test client of a gateway with settings changed as named."""
        app = create_app(self.settings.model_copy(update=changes))
        for close in app.extensions["huanliu.close"]:
            self._stack.callback(close)
        assert is_ready(app), "and its own database is open, for all tests"
        return app.test_client()

    def account(self, role: Role) -> dict[str, str]:
        """Headers of a new organisation's user."""
        email = f"{new_id()}@example.com"
        self.accounts.write(lambda unit: service.create_account(unit, role, email, f"{role} 甲", "420100", PASSWORD))
        answer = self.client.post("/v1/tokens", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.json
        return {"Authorization": f"Bearer {answer.json['access_token']}", **EN}

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """`(method, path, operation)` of all that is published, with made-up ids in the paths."""
        for path, item in self.openapi["paths"].items():
            for method, operation in item.items():
                yield method.upper(), path, operation

    def schema(self, reference: dict[str, Any] | None) -> dict[str, Any]:
        """What a `$ref` names."""
        name = str((reference or {}).get("$ref", "")).rsplit("/", 1)[-1]
        found: dict[str, Any] = self.openapi["components"]["schemas"].get(name, {})
        return found


def is_ready(app: Flask) -> bool:
    return app.test_client().get("/health/ready").status_code == 200


def wait_for(holds: Callable[[], bool]) -> None:
    """Until it holds: the first answers of a busy machine may be late."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def filled(path: str) -> str:
    """A path with an id that nothing has."""
    parts = [new_id() if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


@pytest.fixture(scope="session")
def house(servers: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of promises: each makes accounts and resources of its own."""
    settings = Settings(
        namespace=f"t{uuid.uuid4().hex[:8]}_",
        data=tmp_path_factory.mktemp("house"),
        mongodb_uri=servers.addresses["mongodb"],
        kafka_brokers=NOWHERE,
        elasticsearch_url=f"http://{NOWHERE}",
        secret_key="test-secret-key-of-at-least-32-bytes",
        rate_limit_per_minute=1_000_000,
        sign_in_limit_per_minute=1_000_000,
    )
    with ExitStack() as stack:
        addresses: dict[str, str] = {}
        settings = settings.model_copy(update={"rooms": addresses})
        databases: dict[str, Database] = {}
        for room in ROOMS:
            app = importlib.import_module(f"services.{room}.app").create_app(settings)
            databases[room] = app.extensions["huanliu"].database
            stack.callback(databases[room].close)
            stack.callback(databases[room].client.drop_database, settings.database(room))
            addresses[room] = stack.enter_context(served(app))
            wait_for(partial(is_ready, app))
        stack.callback(databases["accounts"].client.drop_database, settings.database("gateway"))
        yield House(settings, databases["accounts"], stack)
