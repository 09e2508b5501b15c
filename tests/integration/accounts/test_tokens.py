"""Sign-in, refresh with reuse detection, API keys, and tokens that are not ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.accounts.app import create_app
from shared.clock import utc_now
from shared.settings import Settings
from tests.fixtures.identity import headers_of, sign_in
from tests.integration.accounts.conftest import PASSWORD, Room

pytestmark = pytest.mark.mongodb


def part(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(data)).decode().rstrip("=")


def read(text: str) -> dict[str, Any]:
    return orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))  # type: ignore[no-any-return]


def tokens_of(room: Room) -> dict[str, Any]:
    _, email = room.register()
    return room.client.post("/v1/tokens", json={"email": email, "password": PASSWORD}).json  # type: ignore[no-any-return]


def refreshed(room: Room, token: str) -> Any:
    return room.client.post("/v1/tokens/refresh", json={"refresh_token": token})


def test_sign_in_by_address_or_number(room: Room) -> None:
    tokens = tokens_of(room)
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    user = {"name": "韩梅梅", "phone": "13900139000", "password": PASSWORD}
    room.register(user=user)
    answer = room.client.post("/v1/tokens", json={"phone": "139 0013 9000", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    claims = read(answer.json["access_token"].split(".")[1])
    assert claims["exp"] - claims["iat"] == 600
    assert (claims["role"], claims["region"], claims["name"]) == ("collector", "420100", "韩梅梅")


def test_what_is_wrong_is_not_told(room: Room) -> None:
    _, email = room.register()
    answers = [
        room.client.post("/v1/tokens", json={"email": email, "password": "wrong password"}),
        room.client.post("/v1/tokens", json={"email": "nobody@example.com", "password": PASSWORD}),
        room.client.post("/v1/tokens", json={"email": "no address", "password": PASSWORD}),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert answers[0].json == answers[1].json == answers[2].json
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"


def test_a_token_is_never_stored_for_a_key(room: Room) -> None:
    _, email = room.register()
    body = {"email": email, "password": PASSWORD}
    first, second = (room.client.post("/v1/tokens", json=body, headers={"Idempotency-Key": "k"}).json for _ in range(2))
    assert first["refresh_token"] != second["refresh_token"]
    assert room.database.mongo["idempotency"].count_documents({}) == 0
    everything = orjson.dumps(list(room.database.mongo["refresh_tokens"].find()), default=str).decode()
    assert first["refresh_token"] not in everything


def test_refresh_rotates(room: Room) -> None:
    first = tokens_of(room)
    second = refreshed(room, first["refresh_token"])
    assert second.status_code == 200
    third = refreshed(room, second.json["refresh_token"])
    assert third.status_code == 200
    headers = {"Authorization": f"Bearer {third.json['access_token']}"}
    assert room.client.get("/v1/me", headers=headers).status_code == 200


def test_a_reused_token_ends_its_session_and_no_other(room: Room) -> None:
    _, email = room.register()
    body = {"email": email, "password": PASSWORD}
    thief, other = (room.client.post("/v1/tokens", json=body).json["refresh_token"] for _ in range(2))
    second = refreshed(room, thief).json["refresh_token"]
    reused = refreshed(room, thief)
    assert (reused.status_code, reused.json["type"]) == (401, "unauthenticated")
    assert reused.content_type == "application/problem+json"
    assert refreshed(room, second).status_code == 401
    assert refreshed(room, other).status_code == 200


def test_of_two_at_once_at_most_one_is_served(room: Room) -> None:
    token = tokens_of(room)["refresh_token"]
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: create_client(room, token), range(5)))
    assert sorted(answers) == [200, 401, 401, 401, 401]


def create_client(room: Room, token: str) -> int:
    return room.app.test_client().post("/v1/tokens/refresh", json={"refresh_token": token}).status_code


def test_refresh_tokens_that_are_no_good(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refreshed(room, "hlr_made-up").status_code == 401
    token = tokens_of(room)["refresh_token"]
    room.database.clock = lambda: utc_now() + timedelta(days=31)
    assert refreshed(room, token).status_code == 401


def test_the_suspended_get_no_tokens(room: Room) -> None:
    made, email = room.register()
    body = {"email": email, "password": PASSWORD}
    tokens = room.client.post("/v1/tokens", json=body).json
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    key = room.client.post("/v1/api-keys", json={"name": "n"}, headers=bearer).json["key"]
    _, operator = room.account("operator")
    room.client.post(f"/v1/organisations/{made['id']}/suspend", headers=operator)
    assert room.client.post("/v1/tokens", json=body).status_code == 401
    assert refreshed(room, tokens["refresh_token"]).status_code == 401
    assert room.client.post("/v1/api-keys/exchange", json={"api_key": key}).status_code == 401
    room.client.post(f"/v1/organisations/{made['id']}/verify", headers=operator)
    assert room.client.post("/v1/tokens", json=body).status_code == 200


def test_an_api_key_is_said_once_and_exchanged_until_revoked(room: Room) -> None:
    _, headers = room.account("buyer")
    made = room.client.post("/v1/api-keys", json={"name": "ERP"}, headers=headers)
    assert made.status_code == 201
    key, identifier = made.json["key"], made.json["id"]
    assert key.startswith(made.json["hint"])
    assert room.client.get(made.headers["Location"], headers=headers).json["name"] == "ERP"
    listed = room.client.get("/v1/api-keys", headers=headers)
    assert [item["id"] for item in listed.json["items"]] == [identifier]
    assert key not in listed.text
    exchanged = room.client.post("/v1/api-keys/exchange", json={"api_key": key})
    token = {"Authorization": f"Bearer {exchanged.json['access_token']}"}
    assert room.client.get("/v1/me", headers=token).json["role"] == "buyer"
    assert room.client.get("/v1/api-keys", headers=token).json["items"][0]["last_used_at"]
    _, stranger = room.account("buyer")
    assert room.client.post(f"/v1/api-keys/{identifier}/revoke", headers=stranger).status_code == 404
    assert room.client.post(f"/v1/api-keys/{identifier}/revoke", headers=headers).json["revoked_at"]
    assert room.client.post(f"/v1/api-keys/{identifier}/revoke", headers=headers).status_code == 409
    assert room.client.post("/v1/api-keys/exchange", json={"api_key": key}).status_code == 401


def test_the_signing_key_is_made_once(room: Room, settings: Settings) -> None:
    apps = [create_app(settings) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        documents = list(pool.map(lambda app: app.test_client().get("/v1/keys").json, apps))
    for app in apps:
        app.extensions["huanliu"].database.close()
    assert all(document == documents[0] for document in documents)
    (key,) = documents[0]["keys"]
    assert (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    assert "d" not in key
    assert room.database.mongo["signing_keys"].count_documents({}) == 1


def test_tokens_that_are_not_ours(room: Room, settings: Settings) -> None:
    header, payload, signature = tokens_of(room)["access_token"].split(".")
    (public,) = room.client.get("/v1/keys").json["keys"]
    claims = read(payload)
    by_public_key = part({**read(header), "alg": "HS256"}) + "." + payload
    mac = hmac.new(base64.urlsafe_b64decode(public["x"] + "="), by_public_key.encode(), hashlib.sha256).digest()
    forged = {
        "another role": f"{header}.{part({**claims, 'role': 'operator'})}.{signature}",
        "no algorithm": f"{part({**read(header), 'alg': 'none'})}.{payload}.",
        "the public key as a secret": by_public_key + "." + base64.urlsafe_b64encode(mac).decode().rstrip("="),
        "a key id that is a path": f"{part({**read(header), 'kid': '../../../../etc/passwd'})}.{payload}.{signature}",
        "a key of one's own": f"{part({**read(header), 'jwk': public, 'kid': 'mine'})}.{payload}.{signature}",
        "no key id": f"{part({'alg': 'Ed25519'})}.{payload}.{signature}",
        "no token": "x",
        "an API key": "hlk_x",
    }
    for what, token in forged.items():
        answer = room.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, what
        assert answer.content_type == "application/problem+json"
    assert room.client.get("/v1/me", headers={"Authorization": "Basic eA=="}).status_code == 401


def test_an_expired_token(room: Room, settings: Settings) -> None:
    caller, _ = sign_in(settings, "buyer")
    assert room.client.get("/v1/sites", headers=headers_of(caller)).status_code == 200
    assert room.client.get("/v1/sites", headers=headers_of(caller, lifetime_s=-1)).status_code == 401


def test_signing_out_ends_the_session(room: Room) -> None:
    tokens = tokens_of(room)
    revoke = {"refresh_token": tokens["refresh_token"]}
    for body in (revoke, revoke, {"refresh_token": "of nobody"}):
        assert room.client.post("/v1/tokens/revoke", json=body).status_code == 204
    assert refreshed(room, tokens["refresh_token"]).status_code == 401
