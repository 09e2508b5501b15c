"""What the operator sees of a room and may do there, on real MongoDB and Kafka."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from services.accounts.app import create_app
from shared.bus import dead_letters
from shared.bus.consumer import Consumer
from shared.bus.worker import Worker
from shared.ids import new_id
from shared.settings import Settings
from tests.fixtures.bus import EVENTS, emit, registered, room, tallies, until
from tests.fixtures.identity import SignedIn, sign_in

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka]
BASE = "/v1/operations/accounts"


@pytest.fixture
def client(settings: Settings) -> FlaskClient:
    return create_app(settings).test_client()


@pytest.fixture
def operator(settings: Settings) -> SignedIn:
    return sign_in(settings, "operator")


def consumer_of(client: FlaskClient, operator: SignedIn) -> dict[str, Any]:
    """What the one consumer says of itself; its lag it measures now and then."""
    found: dict[str, Any] = client.get(BASE, headers=operator.headers).json["workers"][0]["consumers"][0]
    return found


def test_what_waits_and_what_the_workers_say(settings: Settings, client: FlaskClient, operator: SignedIn) -> None:
    database = room(settings)
    identifier = new_id()
    emit(database, registered(identifier))
    waits = client.get(BASE, headers=operator.headers).json
    assert waits["outbox_pending"] == 1 and waits["outbox_since"] is not None and waits["workers"] == []
    worker = Worker(database, [], [Consumer(database, "accounts", EVENTS)])
    worker.start()
    try:
        until(lambda: identifier in tallies(database))
        until(lambda: consumer_of(client, operator)["handled"] == 1 and consumer_of(client, operator)["lag"] == 0)
        said = client.get(BASE, headers=operator.headers).json
        sent = client.get(f"{BASE}/sent?keys={identifier}", headers=operator.headers).json["items"]
        handled = client.get(f"{BASE}/handled?events={sent[0]['id']}", headers=operator.headers).json["items"]
    finally:
        worker.join()
    assert (said["outbox_pending"], said["outbox_since"]) == (0, None)
    (one,) = said["workers"]
    assert one["published"] == 1 and one["relay_error"] is None
    assert one["consumers"][0]["name"] == "accounts"
    assert [(row["key"], row["version"]) for row in sent] == [(identifier, 1)]
    assert sent[0]["at"] <= sent[0]["sent_at"]
    (mark,) = handled
    assert mark["consumer"] == "accounts" and mark["event_id"] == sent[0]["id"]
    topic, partition, offset = mark["origin"].split("/")
    assert topic == settings.topic("accounts") and partition.isdigit() and offset == "0"


def test_a_dead_letter_is_seen_replayed_and_discarded(settings: Settings, client: FlaskClient, operator: SignedIn) -> None:
    database = room(settings)
    names = ("poison", "poison")
    worker = Worker(database, [], [Consumer(database, "accounts", EVENTS)])
    worker.start()
    try:
        emit(database, *(registered(new_id(), name=name) for name in names))
        until(lambda: len(dead_letters.listed(database, "parked")) == 2)
    finally:
        worker.join()
    assert client.get(BASE, headers=operator.headers).json["dead_letters"] == 2
    listed = client.get(f"{BASE}/dead-letters?status=parked", headers=operator.headers).json["items"]
    assert len(listed) == 2 and all("can't be applied" in one["reason"] for one in listed)
    first, second = (f"{BASE}/dead-letters/{one['id']}" for one in listed)
    assert "poison" in client.get(first, headers=operator.headers).json["value"]
    assert client.post(f"{first}/replay", headers=operator.headers).json["status"] == "replay_requested"
    assert client.post(f"{second}/discard", headers=operator.headers).json["status"] == "discarded"
    again = client.post(f"{second}/replay", headers=operator.headers)
    assert again.status_code == 409 and again.json["type"].endswith("wrong-state")
    assert client.get(f"{BASE}/dead-letters/none", headers=operator.headers).status_code == 404


@pytest.mark.parametrize("role", ["collector", "buyer", "carrier", "park_operator"])
def test_the_operator_alone_looks_inside(settings: Settings, client: FlaskClient, role: str) -> None:
    room(settings)
    who = sign_in(settings, role)  # type: ignore[arg-type]
    for path in (BASE, f"{BASE}/dead-letters", f"{BASE}/sent?keys=a", f"{BASE}/handled?events=a"):
        assert client.get(path, headers=who.headers).status_code == 403, path
    for method, path in (("GET", "/dead-letters/x"), ("POST", "/dead-letters/x/replay"), ("POST", "/dead-letters/x/discard")):
        assert client.open(f"{BASE}{path}", method=method, headers=who.headers).status_code == 404, path


def test_so_many_ids_and_no_more(settings: Settings, client: FlaskClient, operator: SignedIn) -> None:
    room(settings)
    for ids in ("", ",", ",".join(["a"] * 51)):
        answer = client.get(f"{BASE}/sent", query_string={"keys": ids}, headers=operator.headers)
        assert answer.status_code == 422 and answer.json["errors"][0]["pointer"] == "/keys", ids
