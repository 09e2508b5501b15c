"""A state that an older version of the room left: nothing of it is shown or counted on, until it is rebuilt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from deploy.commands.regions import run
from services.regions.app import ROOM, create_app
from services.regions.handlers import EVENTS, consumer, stand_still
from services.regions.service import foresee, publish_due, thin_due
from services.regions.store import DOCUMENTS, state
from shared.bus.consumer import ServerIsUnreachable
from shared.bus.producer import ensure_topics, make_producer, publish
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.bus import running, until
from tests.fixtures.identity import sign_in
from tests.fixtures.lives import NOON, Life, fresh, tell, whole_life
from tests.fixtures.mishaps import rows_of

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka]
PATHS = tuple(
    f"420000/{part}" for part in ("volumes", "flows", "balance", "entries", "revisions", "outcomes", "feed", "metrics")
)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = fresh(settings, ROOM, DOCUMENTS)
    yield database
    database.client.drop_database(database.mongo.name)


def operators(settings: Settings) -> FlaskClient:
    """Of a web process that has just begun."""
    client = create_app(settings).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = sign_in(settings, "operator").headers["Authorization"]
    return client


def test_a_state_of_an_older_form_is_refused_until_it_is_rebuilt(settings: Settings, database: Database) -> None:
    told = [(one, NOON) for one in whole_life().told]
    hearing = consumer(database, 0.0)
    ensure_topics(settings, hearing.topics)
    with running(hearing):
        producer = make_producer(settings)
        publish(producer, rows_of(told, settings), settings.secret_key)
        producer.close()
        until(lambda: len(state.applied(database, ROOM)) == len(told), 60)
    assert state.FORMS.get(database.read(), state.STATE).form == state.FORM
    right = operators(settings).get("/v1/regions/420000/volumes").json
    before = state.state_hash(database)

    database.mongo["forms"].delete_many({})  # as before there were marks, when facts said only when they happened
    database.mongo["facts"].update_many({}, {"$unset": {"recorded_at": ""}})
    client, again = operators(settings), Database(settings, ROOM)
    for path in (*PATHS, "parts"):
        answer = client.get(f"/v1/regions/{path}")
        assert (answer.status_code, answer.json["type"], answer.json["command"]) == (503, "older-form", state.MENDED_BY)
        assert state.MENDED_BY in answer.json["detail"] and answer.headers["Retry-After"]
    assert client.get("/v1/market").status_code == 200
    with pytest.raises(ServerIsUnreachable, match=state.MENDED_BY):
        stand_still(again.read(), [one.event for one in Life().publish().told])
    thin_due(again)
    with pytest.raises(state.FiguresAreOfAnOlderForm):
        publish_due(again)
    assert state.FORMS.find(again.read(), state.STATE) is None

    assert run(settings, replace=True, step=lambda name, done, total: None).replaced
    assert state.state_hash(database) == before
    assert client.get("/v1/regions/420000/volumes").json == right
    stand_still(again.read(), [])
    again.close()


def test_a_state_without_a_mark_that_is_of_the_present_form_is_marked(settings: Settings, database: Database) -> None:
    tell(database, EVENTS, whole_life().told)
    again = Database(settings, ROOM)
    stand_still(again.read(), [])
    again.write(lambda unit: foresee(unit, []))
    assert state.FORMS.get(again.read(), state.STATE).form == state.FORM
    again.close()


def test_a_mark_of_another_form_is_refused_too(settings: Settings, database: Database) -> None:
    database.write(lambda unit: state.FORMS.save(unit, state.Form(state.STATE, 1, state.FORM - 1)))
    assert operators(settings).get("/v1/regions/420000/volumes").status_code == 503
