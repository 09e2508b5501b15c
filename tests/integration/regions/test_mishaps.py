"""A day on which much goes wrong, through Kafka: figures equal a recount that shares no code with the room, as of three
moments, and the state rebuilt from the topics has the same hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient

from deploy.commands.regions import run
from services.regions import service
from services.regions.app import ROOM, create_app
from services.regions.handlers import consumer as consumer_of
from services.regions.model import Retention, day_of
from services.regions.store import DOCUMENTS, POSTINGS, state
from shared.bus.producer import ensure_topics, make_producer, publish
from shared.clock import iso
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures import recount
from tests.fixtures.bus import running, until
from tests.fixtures.identity import sign_in
from tests.fixtures.lives import NOON, fresh
from tests.fixtures.mishaps import mishaps, raw, rows_of, told_badly
from tests.fixtures.recount import Raw

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka]
MOMENTS = (iso(NOON + timedelta(hours=3)), iso(NOON + timedelta(hours=20)), None)
PLACES: dict[str, Callable[[str], bool]] = {
    "420000": lambda region: region.startswith("42"),
    "420100": lambda region: region.startswith("4201"),
    "420115": lambda region: region == "420115",
    "429004": lambda region: region == "429004",
    "BTH": lambda region: region[:2] in ("11", "12", "13"),
    "YEB": lambda region: region[:2] in ("31", "32", "33", "34", "36", "42", "43", "50", "51", "52", "53"),
    "GBA": lambda region: region[:4] in ("4401", "4403", "4404", "4406", "4407", "4412", "4413", "4419", "4420"),
}
SEED = 6
LOTS = 60


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = fresh(settings, ROOM, DOCUMENTS)
    yield database
    database.client.drop_database(database.mongo.name)


@pytest.fixture
def client(settings: Settings, database: Database) -> FlaskClient:
    client = create_app(settings).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = sign_in(settings, "operator").headers["Authorization"]
    return client


@pytest.fixture
def events(settings: Settings, database: Database) -> list[Raw]:
    """What was told, when the room has heard all of it."""
    told = mishaps(SEED, LOTS)
    consumer = consumer_of(database, 0.0)
    ensure_topics(settings, consumer.topics)
    with running(consumer):
        producer = make_producer(settings)
        publish(producer, told_badly(Random(SEED), rows_of(told, settings)), settings.secret_key)
        producer.close()
        until(lambda: len(state.applied(database, ROOM)) == len(told), 60)
    assert consumer.parked == 0
    return raw(told)


def read(client: FlaskClient, path: str, **query: str | None) -> Any:
    answer = client.get(path, query_string={name: value for name, value in query.items() if value is not None})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_figures_equal_a_recount_as_of_three_moments_and_so_does_a_rebuild(
    settings: Settings, database: Database, client: FlaskClient, events: list[Raw]
) -> None:
    for code, inside in PLACES.items():
        for as_of in MOMENTS:
            _volumes_agree(client, events, code, inside, as_of)
            _balance_agrees(client, events, code, inside, as_of)
    assert recount.volumes(events, "origin", PLACES["YEB"], MOMENTS[0]) != recount.volumes(
        events, "origin", PLACES["YEB"], MOMENTS[1]
    )
    _revisions_say_why(client, events)
    assert all(sum(one.entries.values()) == 0 for one in POSTINGS.select(database.read(), {}))
    rebuilt = run(settings, replace=False, step=lambda name, done, total: None)
    assert (rebuilt.same, rebuilt.failed, rebuilt.events) == (True, {}, len(events))
    _a_rebuild_mends(settings, database, rebuilt.hash_rebuilt)
    _a_rebuild_keeps_what_is_kept(settings, database)


def _volumes_agree(client: FlaskClient, events: list[Raw], code: str, inside: Callable[[str], bool], as_of: str | None) -> None:
    for side in ("origin", "destination"):
        found: dict[Any, int] = {}
        for row in read(client, f"/v1/regions/{code}/volumes", side=side, as_of=as_of)["items"]:
            for name, tonnes in row.items():
                measure = name.removesuffix("_t")
                if name.endswith("_t") and measure != "used" and tonnes:
                    found[row["period"], row["material"], measure] = round(tonnes * 1000)
        assert found == recount.volumes(events, side, inside, as_of), (code, side, as_of)
    flows = read(client, f"/v1/regions/{code}/flows", as_of=as_of)["items"]
    told = {(one["from"], one["to"], one["material"]): round(one["received_t"] * 1000) for one in flows}
    assert told == recount.flows(events, inside, as_of)


def _balance_agrees(
    client: FlaskClient, events: list[Raw], code: str, inside: Callable[[str], bool], as_of: str | None
) -> None:
    found = {
        (row["material"], name.removesuffix("_t")): round(tonnes * 1000)
        for row in read(client, f"/v1/regions/{code}/balance", as_of=as_of)["items"]
        for name, tonnes in row.items()
        if name.endswith("_t") and tonnes
    }
    assert found == recount.balance(events, inside, as_of), (code, as_of)


def _revisions_say_why(client: FlaskClient, events: list[Raw]) -> None:
    corrected = {one.id for one in events if one.type == "huanliu.shipment.corrected.v1"}
    revisions = [one for code in ("YEB", "BTH", "440000") for one in _all(client, f"/v1/regions/{code}/revisions")]
    kinds = {one["kind"] for one in revisions}
    assert kinds == {"late", "corrected"}
    assert all(one["reason"] for one in revisions)
    assert {one["id"].removesuffix("-before") for one in revisions if one["kind"] == "corrected"} <= corrected
    moved = [one for one in revisions if one["id"].endswith("-before")]
    assert moved
    assert all(change <= 0 for one in moved for change in one["change"].values())


def _all(client: FlaskClient, path: str, **query: str) -> list[dict[str, Any]]:
    """Every page of a list."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = read(client, path, limit="40", cursor=cursor, **query)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _a_rebuild_mends(settings: Settings, database: Database, right: str) -> None:
    database.mongo["cells"].delete_many({"period": "hour"})
    broken = run(settings, replace=True, step=lambda name, done, total: None)
    assert not broken.same
    assert broken.hash_rebuilt == right
    assert state.state_hash(database) == right


def _a_rebuild_keeps_what_is_kept(settings: Settings, database: Database) -> None:
    """Hours and days until the middle of it are gone, and some are still to go."""
    service.keep_as(database, Retention(version=1, hours_from=day_of(NOON), days_from=datetime(2026, 11, 30, 16, tzinfo=UTC)))
    service.thin(database, 1)
    rebuilt = run(settings, replace=False, step=lambda name, done, total: None)
    assert rebuilt.same
    assert {row["period"] for row in database.mongo["cells"].find()} == {"hour", "month"}


def test_a_balance_is_drilled_down_to_its_tickets(client: FlaskClient, events: list[Raw]) -> None:
    entries = _all(client, "/v1/regions/420000/entries")
    of_region = read(client, "/v1/regions/420000/balance")
    for account in ("on_offer", "settled", "weighing_difference", "deducted"):
        drilled = _all(client, "/v1/regions/420000/entries", account=account)
        total = sum(round(one["entries"][f"{account}_t"] * 1000) for one in drilled)
        assert total == round(of_region[f"{account}_t"] * 1000)
        assert {one["id"] for one in drilled} <= {one["id"] for one in entries}
    settled = next(one for one in entries if "settled_t" in one["entries"] and one["event_type"].endswith("received.v1"))
    event = next(one for one in events if one.id == settled["id"])
    assert (settled["ticket"], settled["subject_id"]) == (event.data["ticket"], event.data["id"])
    assert sum(round(kg * 1000) for kg in settled["entries"].values()) == 0
    of_lot = _all(client, "/v1/regions/420000/entries", lot_id=settled["lot_id"])
    assert {one["lot_id"] for one in of_lot} == {settled["lot_id"]}
    assert len(of_lot) > 2
