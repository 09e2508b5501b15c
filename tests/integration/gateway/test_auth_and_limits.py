"""API keys as Bearer tokens; rate limits, also while MongoDB is down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Response

from tests.integration.accounts.conftest import PASSWORD
from tests.integration.gateway.conftest import House

pytestmark = pytest.mark.mongodb


def test_an_api_key_works_as_a_bearer_token(house: House) -> None:
    made = house.client.post("/v1/api-keys", json={"name": "ERP"}, headers=house.signed_in("buyer")).json
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert house.client.get("/v1/me", headers=headers).json["role"] == "buyer"
    house.client.get("/v1/lots", headers=headers)
    sent = house.rooms["listings"].seen[0]["headers"]["Authorization"]
    assert sent.startswith("Bearer ey")
    assert made["key"] not in sent
    first_use = house.accounts.database.mongo["api_keys"].find_one({})
    house.client.get("/v1/lots", headers=headers)
    assert house.accounts.database.mongo["api_keys"].find_one({}) == first_use


def test_an_api_key_that_is_no_good_is_401(house: House) -> None:
    for key in ("hlk_made-up", "hlk_", "hlk_" + "x" * 300):
        answer = house.client.get("/v1/lots", headers={"Authorization": f"Bearer {key}"})
        assert (answer.status_code, answer.json["type"]) == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert house.rooms["listings"].seen == []


def test_each_user_has_a_budget(make_house: Callable[..., House]) -> None:
    house = make_house(rate_limit_per_minute=5)
    one, other = house.signed_in(), house.signed_in()
    statuses = [house.client.get("/v1/lots", headers=one).status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    refused = house.client.get("/v1/lots", headers={**one, "Accept-Language": "en"})
    assert refused.content_type == "application/problem+json"
    assert refused.json["type"] == "too-many-requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert house.client.get("/v1/lots", headers=other).status_code == 200
    assert house.client.get("/health/live").status_code == 200


def test_a_forged_token_takes_from_the_address(make_house: Callable[..., House]) -> None:
    house = make_house(rate_limit_per_minute=3)
    victim = house.signed_in()
    header, payload, _ = victim["Authorization"].split(".")
    for number in range(4):
        forged = {"Authorization": f"{header}.{payload}.{'A' * 85}{number}"}
        house.client.get("/v1/lots", headers=forged)
    assert house.client.get("/v1/lots").status_code == 429
    assert house.client.get("/v1/lots", headers=victim).status_code == 200


def test_two_workers_share_the_budget(make_house: Callable[..., House]) -> None:
    house = make_house(rate_limit_per_minute=4)
    second = house.second_worker()
    headers = house.signed_in()
    statuses = [client.get("/v1/lots", headers=headers).status_code for client in (house.client, second) * 3]
    assert statuses == [200] * 4 + [429] * 2


def test_failed_sign_ins_are_few(make_house: Callable[..., House]) -> None:
    house = make_house(sign_in_limit_per_minute=3)
    _, email = house.accounts.register()
    good, bad = ({"email": email, "password": word} for word in (PASSWORD, "wrong password"))
    assert [house.client.post("/v1/tokens", json=good).status_code for _ in range(5)] == [200] * 5
    assert [house.client.post("/v1/tokens", json=bad).status_code for _ in range(5)] == [401] * 3 + [429] * 2
    refused = house.client.post("/v1/tokens", json=good)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert house.client.get("/v1/lots").status_code == 200


def test_limits_without_mongodb(make_house: Callable[..., House]) -> None:
    nowhere = "mongodb://127.0.0.1:9/?replicaSet=undeclared"
    house = make_house(rate_limit_per_minute=4, mongodb_uri=nowhere)
    statuses = [house.client.get("/v1/lots").status_code for _ in range(6)]
    assert statuses == [200] * 4 + [429] * 2


def test_accounts_down_refuses_no_token_it_knows(make_house: Callable[..., House]) -> None:
    house = make_house()
    headers = house.signed_in()
    house.client.get("/v1/lots", headers=headers)
    house.settings.rooms["accounts"] = "http://127.0.0.1:9"
    assert house.client.get("/v1/lots", headers=headers).status_code == 200
    assert house.client.get("/v1/me", headers=headers).status_code == 503
    answer = house.client.get("/v1/lots", headers={"Authorization": "Bearer hlk_anything"})
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


def test_the_room_decides_about_tokens(house: House) -> None:
    house.rooms["listings"].answer = lambda: Response(b'{"type": "unauthenticated"}', 401)
    assert house.client.get("/v1/lots", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert house.rooms["listings"].seen[0]["headers"]["Authorization"] == "Bearer nonsense"
