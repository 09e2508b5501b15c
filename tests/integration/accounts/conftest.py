"""The accounts room as its application, on the real MongoDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.accounts import service
from services.accounts.app import create_app
from services.accounts.model import User
from shared.auth import Role
from shared.ids import new_id
from shared.mongo import Database
from shared.settings import Settings

PASSWORD = "eight or more"


class Room:
    """Requests as one caller or another; `events` is what the room told."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)
        self.client: Any = self.app.test_client()
        self.database: Database = self.app.extensions["huanliu"].database
        self._is_prepared = False

    def prepare(self) -> None:
        """Collections and indexes, once."""
        if not self._is_prepared:
            assert self.client.get("/health/ready").status_code == 200
            self._is_prepared = True

    def account(self, role: Role, region: str = "420100") -> tuple[User, dict[str, str]]:
        """A verified organisation's user and the headers that make a request theirs."""
        self.prepare()
        email = f"{new_id()}@example.com"
        user, _ = self.database.write(lambda unit: service.create_account(unit, role, email, f"{role} 甲", region, PASSWORD))
        return user, self.sign_in(email)

    def sign_in(self, email: str) -> dict[str, str]:
        answer = self.client.post("/v1/tokens", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.json
        return {"Authorization": f"Bearer {answer.json['access_token']}"}

    def register(self, **changes: Any) -> tuple[dict[str, Any], str]:
        """A pending collector by the public way: the answer and the e-mail address."""
        self.prepare()
        email = f"{new_id()}@example.com"
        user = {"name": "李雷", "email": email, "password": PASSWORD}
        body = {"name": "江城回收", "role": "collector", "region": "420100", "user": user, **changes}
        answer = self.client.post("/v1/organisations", json=body)
        assert answer.status_code == 201, answer.json
        return answer.json, email

    def events(self, aggregate: str) -> list[str]:
        rows = self.database.mongo["outbox"].find({"key": aggregate}, sort=[("_id", 1)])
        return [row["type"].removeprefix("huanliu.") for row in rows]


@pytest.fixture
def room(settings: Settings) -> Iterator[Room]:
    made = Room(settings)
    made.prepare()
    yield made
    made.database.client.drop_database(settings.database("accounts"))
    made.database.close()
