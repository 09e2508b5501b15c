"""Idempotency-Key: the first answer again, never a second effect; nothing is kept without one, and never a secret."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from shared.ids import new_id
from tests.contract.conftest import PASSWORD, House

pytestmark = pytest.mark.mongodb
SITE: dict[str, Any] = {"name": "料场", "kind": "yard", "region": "420107", "position": {"lat": 30.6, "lon": 114.3}}


def sites(house: House, headers: dict[str, str]) -> int:
    return len(house.client.get("/v1/sites", headers=headers).json["items"])


def test_the_first_answer_is_given_again(house: House) -> None:
    headers = {**house.account("collector"), "Idempotency-Key": new_id()}
    first = house.client.post("/v1/sites", json=SITE, headers=headers)
    second = house.client.post("/v1/sites", json=SITE, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.data == first.data
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["ETag"] == first.headers["ETag"]
    assert sites(house, headers) == 1


def test_another_body_is_refused(house: House) -> None:
    headers = {**house.account("collector"), "Idempotency-Key": new_id()}
    house.client.post("/v1/sites", json=SITE, headers=headers)
    other = house.client.post("/v1/sites", json={**SITE, "name": "别处"}, headers=headers)
    assert (other.status_code, other.json["type"]) == (422, "idempotency-key-reused")
    assert sites(house, headers) == 1


def test_a_key_belongs_to_its_caller_and_route(house: House) -> None:
    key = {"Idempotency-Key": new_id()}
    one, two = house.account("collector"), house.account("collector")
    first = house.client.post("/v1/sites", json=SITE, headers={**one, **key}).json
    assert house.client.post("/v1/sites", json=SITE, headers={**two, **key}).json["id"] != first["id"]
    assert house.client.post("/v1/api-keys", json={"name": "k"}, headers={**one, **key}).status_code == 201


def test_a_refusal_is_repeated_too(house: House) -> None:
    headers = {**house.headers["operator"], "Idempotency-Key": new_id()}
    organisation = house.client.get("/v1/me", headers=house.account("buyer")).json["organisation_id"]
    path = f"/v1/organisations/{organisation}/verify"
    first = house.client.post(path, headers=headers)
    house.client.post(f"/v1/organisations/{organisation}/suspend", headers=house.headers["operator"])
    second = house.client.post(path, headers=headers)
    assert (first.status_code, second.status_code) == (409, 409)
    assert second.json == first.json


def test_without_a_key_each_call_counts(house: House) -> None:
    headers = house.account("collector")
    for _ in range(2):
        assert house.client.post("/v1/sites", json=SITE, headers=headers).status_code == 201
    assert sites(house, headers) == 2


def test_ten_at_once_have_one_effect(house: House) -> None:
    headers = {**house.account("collector"), "Idempotency-Key": new_id()}
    url = house.settings.rooms["accounts"] + "/v1/sites"
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: httpx.post(url, json=SITE, headers=headers, timeout=30, trust_env=False), range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sites(house, headers) == 1


def test_secrets_are_never_kept(house: House) -> None:
    headers = {**house.account("collector"), "Idempotency-Key": new_id()}
    keys = [house.client.post("/v1/api-keys", json={"name": "k"}, headers=headers).json["key"] for _ in range(2)]
    assert keys[0] != keys[1]
    name = {"email": f"{new_id()}@example.com", "password": PASSWORD}
    user = {"name": "李雷", **name}
    body = {"name": "江城回收", "role": "collector", "region": "420100", "user": user}
    assert house.client.post("/v1/organisations", json=body).status_code == 201
    tokens = [house.client.post("/v1/tokens", json=name, headers=headers).json["refresh_token"] for _ in range(2)]
    assert tokens[0] != tokens[1]
    kept = b"".join(row["body"] for row in house.accounts.mongo["idempotency"].find())
    assert not any(secret.encode() in kept for secret in (*keys, *tokens))


def test_a_key_may_not_be_endless(house: House) -> None:
    headers = {**house.account("collector"), "Idempotency-Key": "k" * 256}
    assert house.client.post("/v1/sites", json=SITE, headers=headers).status_code == 422
