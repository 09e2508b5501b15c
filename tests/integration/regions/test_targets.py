"""Targets over HTTP, on volumes that real events made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.regions.handlers import EVENTS
from shared.clock import iso, utc_now
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.lives import JIANGXIA, NOON, WUHAN, Life, tell

pytestmark = pytest.mark.mongodb


def body(**changes: Any) -> dict[str, Any]:
    begun, ends = NOON - timedelta(days=1), utc_now() + timedelta(days=100)
    values = {"region": WUHAN, "material": "steel", "measure": "listed", "target_t": 61, "from": iso(begun), "to": iso(ends)}
    return {**values, "source": "年度计划", **changes}


def test_a_target_is_set_by_an_operator_and_counts_its_own_measure(
    client: FlaskClient, database: Database, operator: SignedIn, settings: Settings
) -> None:
    tell(database, EVENTS, [*Life(region=JIANGXIA).publish().told, *Life(grade="paper.occ_a").publish().told])
    made = client.post("/v1/targets", json=body(), headers=operator.headers)
    assert made.status_code == 201, made.json
    assert made.json["progress"]["reached_t"] == 30.5 and made.json["progress"]["reached_pct"] == 50.0
    assert made.json["progress"]["missing_t"] == 30.5 and made.json["progress"]["due_t"] > 0
    anybody = sign_in(settings, "collector").headers
    assert client.get(made.headers["Location"], headers=anybody).json["source"] == "年度计划"
    assert client.post("/v1/targets", json=body(), headers=anybody).status_code == 403
    received = client.post("/v1/targets", json=body(measure="received"), headers=operator.headers)
    assert received.json["progress"]["reached_t"] == 0
    told = database.mongo["outbox"].count_documents({"type": "huanliu.target.changed.v1"})
    assert told == 2
    found = client.get(f"/v1/targets?region={WUHAN}&measure=listed", headers=anybody).json["items"]
    assert [one["id"] for one in found] == [made.json["id"]]


def test_a_target_is_changed_and_withdrawn(client: FlaskClient, operator: SignedIn) -> None:
    made = client.post("/v1/targets", json=body(), headers=operator.headers)
    path, match = made.headers["Location"], {**operator.headers, "If-Match": made.headers["ETag"]}
    changed = client.patch(path, json={"target_t": 122, "status": "withdrawn"}, headers=match)
    assert (changed.json["target_t"], changed.json["status"], changed.json["version"]) == (122, "withdrawn", 2)
    assert client.patch(path, json={"target_t": 1}, headers=match).status_code == 412


def test_every_fault_is_said_at_once(client: FlaskClient, operator: SignedIn) -> None:
    wrong = body(region="999999", measure="use", target_t=0)
    answer = client.post("/v1/targets", json=wrong, headers=operator.headers)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json["errors"]} == {"/region", "/measure", "/target_t"}
    backwards = body(to=iso(NOON - timedelta(days=9)), side="destination")
    answer = client.post("/v1/targets", json=backwards, headers=operator.headers)
    assert {fault["pointer"] for fault in answer.json["errors"]} == {"/to", "/side"}


def test_national_targets_stand_with_their_measures(client: FlaskClient, operator: SignedIn) -> None:
    items = client.get("/v1/targets/national", headers=operator.headers).json["items"]
    steel = next(one for one in items if one["code"] == "scrap_steel")
    assert steel["value"] == 320 and all(not row["compared"] and row["note"] for row in steel["outcomes"])
