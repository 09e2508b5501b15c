from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.demo import load
from deploy.demo.api import Api, ApiRefused
from deploy.demo.keeper import FILL_TO, Keeper
from deploy.demo.market import CONTRACT_GRADES
from deploy.demo.places import Organisation


class FakeMarket:
    """Answers as the contract says, keeps what was posted, and can fail after a number of calls."""

    def __init__(self, fail_after: int = 1_000_000) -> None:
        self.calls: list[tuple[str, str, str]] = []
        self.answers: dict[tuple[str, str], dict[str, Any]] = {}
        self.fail_after = fail_after
        self.lots: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def handle(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            return self._handle(request)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        path, key = request.url.path, request.headers.get("Idempotency-Key", "")
        body = json.loads(request.content) if request.content else {}
        if request.method == "GET":
            grade = request.url.params.get("grade")
            found = [lot for lot in self.lots if lot["grade"] == grade] if path == "/v1/lots" else []
            return httpx.Response(200, json={"items": found, "next_cursor": None})
        if path == "/v1/tokens":
            answer = {"access_token": body["email"], "expires_in": 600, "refresh_token": "r"}
            return httpx.Response(200, json=answer)
        if len(self.calls) >= self.fail_after:
            return httpx.Response(400, json={"title": "broken", "type": "about:broken"})
        self.calls.append((path, request.headers.get("Authorization", ""), key))
        known = self.answers.setdefault((path, key), {"id": f"id-{len(self.answers)}", **body})
        if path == "/v1/lots":
            self.lots.append(known)
        return httpx.Response(201, json=known)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeMarket:
    market = FakeMarket()
    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **options: client(**options, transport=httpx.MockTransport(market.handle)))
    return market


def opened(people: Sequence[Organisation], password: str) -> dict[str, tuple[str, str | None]]:
    return {one.key: (f"org-{one.key}", f"site-{one.key}" if one.site else None) for one in people}


def loader(data: Path) -> load.Loader:
    return load.Loader(Api("http://demo", "secret"), data, "secret", opened)


def test_everything_is_loaded_by_its_owner_and_marked(fake: FakeMarket, tmp_path: Path) -> None:
    assert not load.is_loaded(tmp_path)
    made = loader(tmp_path)
    made.run(lambda _: None)
    assert load.is_loaded(tmp_path)
    members, offers = made.market.organisations, (*made.market.lots, *made.market.demands)
    paths = [path for path, _, _ in fake.calls]
    assert paths.count("/v1/lots") + paths.count("/v1/demands") == len(offers) == len(paths) - len(load.ALARM_RULES) - 1
    assert [who for path, who, _ in fake.calls if path == "/v1/allowance-rules"] == [f"Bearer {load.OPERATOR}"]
    rules = [who for path, who, _ in fake.calls if path == "/v1/alarm-rules"]
    assert rules == [f"Bearer {load.PARK_OPERATOR}"] * len(load.ALARM_RULES)
    assert set(made.progress.organisations) == {*(m.key for m in members), *account_roles()}
    assert {lot["site_id"] for lot in fake.lots} <= set(made.progress.sites.values())
    assert all(who.startswith("Bearer ") for _, who, _ in fake.calls)


def account_roles() -> set[str]:
    return {"collector", "buyer", "carrier", "park_operator", "operator"}


def test_an_interrupted_load_goes_on_and_makes_nothing_twice(fake: FakeMarket, tmp_path: Path) -> None:
    fake.fail_after = 400
    with pytest.raises(ApiRefused):
        loader(tmp_path).run(lambda _: None)
    assert not load.is_loaded(tmp_path)
    fake.fail_after = 1_000_000
    made = loader(tmp_path)
    began = made.progress.began
    made.run(lambda _: None)
    keys = [(path, key) for path, _, key in fake.calls]
    assert len(set(keys)) == len(fake.answers)
    assert len(keys) - len(set(keys)) <= 400
    assert load.ProgressFile(tmp_path, datetime.now(UTC)).progress.began == began


def test_the_keeper_tops_every_grade_up_and_then_rests(fake: FakeMarket, tmp_path: Path) -> None:
    made = loader(tmp_path)
    made.run(lambda _: None)
    fake.lots.clear()
    keeper = Keeper(made)
    demands = len(made.market.demands)
    assert keeper.round() == FILL_TO * len(CONTRACT_GRADES) + demands
    assert keeper.round() == demands


def test_a_refusal_names_the_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = {"type": "https://x/errors/validation", "title": "no", "errors": [{"pointer": "/a", "message": "bad"}]}
    client = httpx.Client
    transport = httpx.MockTransport(lambda _: httpx.Response(422, json=problem))
    monkeypatch.setattr(httpx, "Client", lambda **options: client(**options, transport=transport))
    with pytest.raises(ApiRefused, match="422 no /a: bad") as refused:
        Api("http://demo", "secret").post("/v1/lots")
    assert refused.value.kind == "validation"


def test_busy_answers_are_waited_for_and_a_stale_token_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [httpx.Response(503, headers={"Retry-After": "0"}), httpx.Response(401), httpx.Response(200, json={})]
    tokens: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/tokens":
            tokens.append("token")
            return httpx.Response(200, json={"access_token": "t", "expires_in": 600, "refresh_token": "r"})
        return answers.pop(0)

    client = httpx.Client
    transport = httpx.MockTransport(handle)
    monkeypatch.setattr(httpx, "Client", lambda **options: client(**options, transport=transport))
    assert Api("http://demo", "secret").get("/v1/me", "a@b") == {}
    assert len(tokens) == 2
    assert answers == []
