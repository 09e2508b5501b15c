"""Sites: own ones, their ETags, their compliance, the park they stand in."""

from __future__ import annotations

from typing import Any

import pytest

from shared.settings import Settings
from tests.fixtures.identity import sign_in
from tests.integration.accounts.conftest import Room

pytestmark = pytest.mark.mongodb
ENTRY = {"list": "steel", "category": None, "valid_from": "2026-01-01T00:00:00.000Z", "valid_until": "2027-01-01T00:00:00.000Z"}


def site(**changes: Any) -> dict[str, Any]:
    position = {"lat": 30.64, "lon": 114.36}
    return {"name": "青山料场", "kind": "yard", "region": "420107", "position": position, **changes}


def test_a_site_is_opened_changed_and_told(room: Room, settings: Settings) -> None:
    caller, headers = sign_in(settings, "collector")
    made = room.client.post("/v1/sites", json=site(), headers=headers)
    assert made.status_code == 201
    path = made.headers["Location"]
    read = room.client.get(path, headers=headers)
    assert read.json == made.json
    assert read.json["organisation_id"] == caller.organisation_id
    assert read.headers["ETag"] == '"1"'
    changed = room.client.patch(path, json={"compliance": [ENTRY]}, headers={**headers, "If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json["compliance"] == [ENTRY]
    assert changed.json["name"] == "青山料场"
    assert room.events(made.json["id"]) == ["site.changed.v1", "site.changed.v1", "compliance.changed.v1"]


def test_a_change_needs_the_version_that_was_read(room: Room, settings: Settings) -> None:
    _, headers = sign_in(settings, "buyer")
    path = room.client.post("/v1/sites", json=site(), headers=headers).headers["Location"]
    assert room.client.patch(path, json={"name": "x"}, headers=headers).status_code == 428
    stale = room.client.patch(path, json={"name": "x"}, headers={**headers, "If-Match": '"7"'})
    assert (stale.status_code, stale.json["type"]) == (412, "stale-version")
    same = room.client.patch(path, json={"name": "青山料场"}, headers={**headers, "If-Match": '"1"'})
    assert same.headers["ETag"] == '"1"'


def test_a_park_must_be_one(room: Room, settings: Settings) -> None:
    _, official = sign_in(settings, "park_operator")
    _, headers = sign_in(settings, "collector")
    park = room.client.post("/v1/sites", json=site(kind="park"), headers=official).json["id"]
    yard = room.client.post("/v1/sites", json=site(park_id=park), headers=headers)
    assert (yard.status_code, yard.json["park_id"]) == (201, park)
    for wrong in (yard.json["id"], "none"):
        answer = room.client.post("/v1/sites", json=site(park_id=wrong), headers=headers)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/park_id")
    patch = {**headers, "If-Match": "*"}
    path = yard.headers["Location"]
    assert room.client.patch(path, json={"park_id": "none"}, headers=patch).status_code == 422
    assert room.client.patch(path, json={"park_id": None}, headers=patch).json["park_id"] is None


def test_who_sees_and_changes_what(room: Room, settings: Settings) -> None:
    _, own = sign_in(settings, "collector")
    _, other = sign_in(settings, "buyer")
    _, operator = sign_in(settings, "operator")
    _, carrier = sign_in(settings, "carrier")
    path = room.client.post("/v1/sites", json=site(), headers=own).headers["Location"]
    change = {"If-Match": "*"}
    statuses = {
        name: (
            room.client.get(path, headers=headers).status_code,
            room.client.patch(path, json={"name": "x"}, headers={**headers, **change}).status_code,
        )
        for name, headers in {"own": own, "other": other, "operator": operator, "nobody": {}}.items()
    }
    assert statuses == {"own": (200, 200), "other": (404, 404), "operator": (200, 200), "nobody": (401, 401)}
    assert room.client.post("/v1/sites", json=site(), headers=carrier).status_code == 403


def test_the_list_is_ones_own(room: Room, settings: Settings) -> None:
    _, own = sign_in(settings, "collector")
    _, other = sign_in(settings, "buyer")
    _, operator = sign_in(settings, "operator")
    first = room.client.post("/v1/sites", json=site(), headers=own).json
    second = room.client.post("/v1/sites", json=site(kind="centre", region="110101"), headers=own).json
    room.client.post("/v1/sites", json=site(kind="plant"), headers=other)

    def ids(query: str, headers: dict[str, str]) -> list[str]:
        return [item["id"] for item in room.client.get(f"/v1/sites?{query}", headers=headers).json["items"]]

    assert ids("", own) == [second["id"], first["id"]]
    assert ids("kind=plant", own) == []
    assert ids("region=420100", own) == [first["id"]]
    assert len(ids("", operator)) == 3
    assert ids(f"organisation_id={first['organisation_id']}&kind=yard", operator) == [first["id"]]
    assert ids(f"organisation_id={first['organisation_id']}", other) == []


def test_nothing_is_stored_of_a_bad_body(room: Room, settings: Settings) -> None:
    _, headers = sign_in(settings, "collector")
    for data in (b"{", b'{"name": NaN}', b"\xff\xfe", b"[]", b'{"name": "a"}'):
        answer = room.client.post("/v1/sites", data=data, headers={**headers, "Content-Type": "application/json"})
        assert answer.status_code in (400, 422), data
    assert room.client.post("/v1/sites", data=b"x=1", headers=headers, content_type="text/plain").status_code == 415
    assert room.database.mongo["sites"].count_documents({}) == 0


def test_a_permit_limits_what_may_lie_there(room: Room, settings: Settings) -> None:
    _, headers = sign_in(settings, "collector")
    made = room.client.post("/v1/sites", json=site(stock_limit_t=1200.5), headers=headers)
    assert (made.status_code, made.json["stock_limit_t"]) == (201, 1200.5)
    patch = {**headers, "If-Match": "*"}
    path = made.headers["Location"]
    assert room.client.patch(path, json={"name": "一号堆场"}, headers=patch).json["stock_limit_t"] == 1200.5
    assert room.client.patch(path, json={"stock_limit_t": None}, headers=patch).json["stock_limit_t"] is None
    wrong = room.client.patch(path, json={"stock_limit_t": -1}, headers=patch)
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/stock_limit_t")
