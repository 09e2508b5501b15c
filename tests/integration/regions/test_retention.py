"""Hours become days and days months on real MongoDB: sums stay, finer questions hear why, audit and rebuild agree."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from deploy.audit import ledger as audited
from deploy.audit.evidence import Evidence
from deploy.audit.evidence import Told as Heard
from services.regions import service
from services.regions.app import create_app
from services.regions.handlers import EVENTS
from services.regions.store import CELLS, DOCUMENTS, retention_of
from services.regions.store.state import pause, state_hash
from shared.mongo import Database, seal_of
from shared.settings import Settings
from tests.fixtures.identity import sign_in
from tests.fixtures.lives import JIANGXIA, NOON, Told, fresh, tell, whole_life

pytestmark = pytest.mark.mongodb
STARTS = tuple(NOON - timedelta(days=days) for days in (0, 30, 65, 400))
COARSE: tuple[dict[str, str], ...] = (
    {"granularity": "month"},
    {"granularity": "year"},
    {"granularity": "month", "side": "destination", "mode": "road"},
    {"granularity": "year", "tz": "UTC"},
    {"granularity": "month", "tz": "Asia/Kolkata", "material": "steel"},
    {"granularity": "month", "from": "2026-09-20", "to": "2026-10-24"},
    {"granularity": "month", "as_of": "2026-10-20T00:00:00Z"},
    {"granularity": "month", "from": "2026-10-25T03:00:00Z"},
)
PLACES = ("420000", JIANGXIA, "420700", "YEB")


def client_of(settings: Settings) -> FlaskClient:
    client = create_app(settings).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = sign_in(settings, "operator").headers["Authorization"]
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def coarse(client: FlaskClient) -> list[Any]:
    """All that months and years say."""
    answers = [client.get(f"/v1/regions/{place}/volumes", query_string=query) for place in PLACES for query in COARSE]
    assert all(one.status_code == 200 for one in answers)
    assert all(one.json["items"] for one in answers[: len(COARSE)])
    return [one.data for one in answers]


def database_of(settings: Settings, **policy: int) -> Database:
    database = fresh(settings.model_copy(update=policy), "regions", DOCUMENTS)
    database.clock = lambda: NOON + timedelta(days=2)
    return database


def lives() -> tuple[list[Told], list[Told]]:
    """What is told in time, and what of the same days comes late."""
    early = [one for begun in STARTS for one in whole_life(begun=begun).told]
    late = [one for begun in STARTS for one in whole_life(begun=begun, grade="paper.occ_a", region="420102").told]
    return early, late


def evidence_of(database: Database, told: list[Told]) -> Evidence:
    evidence = Evidence(database.settings)
    for name in ("cells", "retentions"):
        evidence.tables["regions", name] = {row["_id"]: row for row in database.mongo[name].find()}
    for one in told:
        event = one.event
        short, data = event.TYPE.removeprefix("huanliu.").rsplit(".", 1)[0], event.model_dump_json().encode()
        evidence.told[one.id] = Heard(one.id, event.ROOM, short, event.id, event.at, data, b"")
    return evidence


@pytest.mark.parametrize(("days", "months"), [(1, 0), (40, 2)])
def test_sums_stay_and_audit_and_rebuild_agree(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, days: int, months: int
) -> None:
    monkeypatch.setattr("services.regions.service.retention.STEP", 40)
    early, late = lives()
    ours = database_of(settings, hours_are_kept_days=days, days_are_kept_months=months)
    tell(ours, EVENTS, early)
    client = client_of(settings)
    before, cells = coarse(client), len(CELLS.select(ours.read(), {}))
    assert list(audited.cells(evidence_of(ours, early))) == []
    monkeypatch.setattr("services.regions.service.retention.STEPS", 1)
    service.thin_due(ours)
    assert retention_of(ours.read()).hours_from is not None
    assert (coarse(client), len(CELLS.select(ours.read(), {}))) == (before, cells)
    service.thin_due(ours)  # a step, with the rest still to do
    assert coarse(client) == before
    assert list(audited.cells(evidence_of(ours, early))) == []
    monkeypatch.setattr("services.regions.service.retention.STEPS", 1_000)
    service.thin_due(ours)
    assert coarse(client) == before
    assert len(CELLS.select(ours.read(), {})) < cells
    tell(ours, EVENTS, late)
    told = [*early, *late]
    assert list(audited.cells(evidence_of(ours, told))) == []
    kept = retention_of(ours.read())
    for one in CELLS.select(ours.read(), {"period": {"$ne": "month"}}):
        assert one.period in [period for period, _ in kept.cells_of(one.start).values()]
    for row in ours.mongo["cells"].find():
        assert row["seal"] == seal_of(row, settings.secret_key)

    other = settings.model_copy(update={"namespace": f"{settings.namespace}o_"})
    rebuilt = database_of(other)
    tell(rebuilt, EVENTS, told[::-1])
    assert coarse(client) == coarse(client_of(other))
    service.keep_as(rebuilt, kept)
    service.thin(rebuilt)
    assert state_hash(rebuilt) == state_hash(ours)


def test_a_changed_month_is_named_by_the_audit(settings: Settings) -> None:
    early = whole_life(begun=STARTS[2]).told
    database = database_of(settings, days_are_kept_months=1)
    tell(database, EVENTS, early)
    for _ in range(2):
        service.thin_due(database)
    [month] = CELLS.select(database.read(), {"_id": f"origin/{JIANGXIA}/2026-09"})
    database.mongo["cells"].update_one({"_id": month.id}, {"$set": {"kg.steel.hms1.none.listed": 1}})
    assert [one.id for one in audited.cells(evidence_of(database, early))] == [month.id]


def test_a_finer_question_hears_what_would_be_right(settings: Settings) -> None:
    database = database_of(settings, hours_are_kept_days=3, days_are_kept_months=1)
    tell(database, EVENTS, whole_life().told)
    service.thin_due(database)
    client = client_of(settings)
    path = f"/v1/regions/{JIANGXIA}"
    for part, query, right in (
        ("volumes", {"granularity": "hour", "from": "2026-11-01"}, "from=2026-11-23"),
        ("volumes", {}, "from=2026-10-01"),
        ("feed", {"granularity": "day", "from": "2026-09-30"}, "granularity=month"),
    ):
        answer = client.get(f"{path}/{part}", query_string=query)
        assert answer.status_code == 422
        [fault] = orjson.loads(answer.data)["errors"]
        assert fault["pointer"] == "/granularity" and right in fault["message"]
    for query in ({"granularity": "hour", "from": "2026-11-23"}, {"granularity": "day", "from": "2026-10-01"}):
        answer = client.get(f"{path}/volumes", query_string=query)
        assert answer.status_code == 200 and answer.json["items"]


def test_it_stands_still_while_a_rebuilt_state_takes_its_place(settings: Settings) -> None:
    database = database_of(settings, hours_are_kept_days=1)
    pause(database)
    service.thin_due(database)
    assert retention_of(database.read()).version == 0
