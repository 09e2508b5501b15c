"""Registration, verification, suspension."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.accounts.conftest import PASSWORD, Room

pytestmark = pytest.mark.mongodb


def body(email: str | None = "li@example.com", **changes: Any) -> dict[str, Any]:
    user = {"name": "李雷", "email": email, "password": PASSWORD, **changes}
    return {"name": "江城回收", "role": "collector", "region": "420100", "user": user}


def test_a_registration_is_pending_and_told(room: Room) -> None:
    answer = room.client.post("/v1/organisations", json=body())
    assert answer.status_code == 201
    made = answer.json
    assert answer.headers["Location"] == f"/v1/organisations/{made['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert (made["status"], made["contact"]) == ("pending", "li@example.com")
    assert "password" not in answer.text
    assert room.events(made["id"]) == ["organisation.registered.v1"]


def test_an_address_or_number_registers_once(room: Room) -> None:
    assert room.client.post("/v1/organisations", json=body("Li@Example.com")).status_code == 201
    again = room.client.post("/v1/organisations", json=body("li@example.COM"), headers={"Accept-Language": "en"})
    assert (again.status_code, again.json["type"]) == (409, "already-exists")
    assert room.client.post("/v1/organisations", json=body(None, phone="138 0013 8000")).status_code == 201
    assert room.client.post("/v1/organisations", json=body(None, phone="+8613800138000")).status_code == 409
    assert room.database.mongo["organisations"].count_documents({}) == 2


def test_two_at_once_are_one(room: Room) -> None:
    def post(_: int) -> int:
        return room.app.test_client().post("/v1/organisations", json=body()).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(post, range(6)))
    assert statuses == [201, 409, 409, 409, 409, 409]


def test_the_same_key_registers_once(room: Room) -> None:
    headers = {"Idempotency-Key": "one"}
    first = room.client.post("/v1/organisations", json=body(), headers=headers)
    second = room.client.post("/v1/organisations", json=body(), headers=headers)
    assert (second.status_code, second.json) == (201, first.json)


def test_verify_and_suspend_are_the_operators(room: Room) -> None:
    made, email = room.register()
    _, operator = room.account("operator")
    own = room.sign_in(email)
    path = f"/v1/organisations/{made['id']}"
    assert room.client.post(f"{path}/verify", headers=own).status_code == 403
    _, other = room.account("buyer")
    assert room.client.post(f"{path}/verify", headers=other).status_code == 404
    verified = room.client.post(f"{path}/verify", headers=operator)
    assert (verified.status_code, verified.json["status"]) == (200, "verified")
    again = room.client.post(f"{path}/verify", headers=operator)
    assert (again.status_code, again.json["type"]) == (409, "wrong-state")
    assert room.client.post(f"{path}/suspend", headers=operator).json["status"] == "suspended"
    assert room.client.post(f"{path}/suspend", headers=operator).status_code == 409
    assert room.events(made["id"]) == [
        "organisation.registered.v1",
        "organisation.verified.v1",
        "organisation.suspended.v1",
    ]
    assert room.client.post("/v1/organisations/none/verify", headers=operator).status_code == 404


def test_one_reads_ones_own_and_the_operator_all(room: Room) -> None:
    made, email = room.register()
    own, (_, operator) = room.sign_in(email), room.account("operator")
    _, other = room.account("carrier")
    path = f"/v1/organisations/{made['id']}"
    assert room.client.get(path, headers=own).json == made
    assert room.client.get(path, headers=operator).status_code == 200
    assert room.client.get(path, headers=other).status_code == 404
    assert room.client.get(path).status_code == 401
    assert room.client.get("/v1/organisations", headers=own).status_code == 403


def test_the_list_filters_and_pages(room: Room) -> None:
    made = [room.register(region=region)[0]["id"] for region in ("420100", "420107", "110000")]
    _, operator = room.account("operator", "310000")

    def ids(query: str) -> list[str]:
        answer = room.client.get(f"/v1/organisations?{query}", headers=operator)
        assert answer.status_code == 200, answer.json
        return [item["id"] for item in answer.json["items"]]

    assert ids("status=pending&limit=2") == made[:0:-1]
    assert ids("region=420000") == [made[1], made[0]]
    assert ids("region=110000&role=collector") == [made[2]]
    assert len(ids("role=operator")) == 1
    first = room.client.get("/v1/organisations?limit=1&status=pending", headers=operator).json
    cursor = first["next_cursor"]
    assert ids(f"limit=1&status=pending&cursor={cursor}") == [made[1]]
    bad = room.client.get("/v1/organisations?status=gone&colour=red&limit=0", headers=operator)
    assert {fault["pointer"] for fault in bad.json["errors"]} == {"/status", "/colour", "/limit"}


def test_me_says_the_organisation_as_it_is(room: Room) -> None:
    made, email = room.register()
    headers = room.sign_in(email)
    me = room.client.get("/v1/me", headers=headers).json
    assert (me["email"], me["role"], me["organisation_id"]) == (email, "collector", made["id"])
    assert me["organisation"] == made
    assert "password_hash" not in me
