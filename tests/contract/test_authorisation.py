"""Every published route × every role × own, another organisation's, nobody's: as the one table says."""

from __future__ import annotations

from typing import Any

import pytest

from shared.auth import POLICY
from shared.auth.caller import ROLES
from shared.settings import ROOMS
from tests.contract.conftest import House, filled

pytestmark = pytest.mark.mongodb


def call(house: House, method: str, path: str, headers: dict[str, str]) -> Any:
    body: dict[str, Any] | None = None if method in ("GET", "DELETE") else {}
    return house.client.open(path, method=method, json=body, headers={**headers, "If-Match": "*"})


def test_every_route_is_in_the_table(house: House) -> None:
    actions = {(path, method): operation.get("x-action") for method, path, operation in house.operations()}
    assert len(actions) > 40
    assert {key: action for key, action in actions.items() if action not in POLICY} == {}


def test_nobody_gets_401_where_a_token_is_needed(house: House) -> None:
    for method, path, operation in house.operations():
        answer = call(house, method, filled(path), {})
        public = POLICY[operation["x-action"]] == "public"
        assert (answer.status_code == 401) is not public, (method, path)
        if not public:
            assert answer.json["type"] == "unauthenticated"
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_roles_on_collections(house: House) -> None:
    for method, path, operation in house.operations():
        rule = POLICY[operation["x-action"]]
        if "{" in path or rule == "public":
            continue
        for role in ROLES:
            answer = call(house, method, path, house.headers[role])
            assert (answer.status_code == 403) is (role not in rule), (method, path, role, answer.status_code)
            if role not in rule:
                assert answer.json["type"] == "forbidden"


def test_what_does_not_exist_is_404_whatever_the_role(house: House) -> None:
    for method, path, operation in house.operations():
        rule = POLICY[operation["x-action"]]
        if "{" not in path or rule == "public":
            continue
        for role in ROLES:
            answer = call(house, method, filled(path), house.headers[role])
            # A body is read before anything is loaded, so its faults (422) tell nothing of what exists.
            # An operator may see everything, so a refusal tells him nothing either.
            allowed = {404, 422} | ({403} if role == "operator" and "any" not in rule.get(role, ()) else set())
            assert answer.status_code in allowed, (method, path, role, answer.status_code, answer.json)


SITE = {"name": "料场", "kind": "yard", "region": "420107", "position": {"lat": 30.6, "lon": 114.3}}


def test_own_and_anothers(house: House) -> None:
    own, other = house.account("collector"), house.account("buyer")
    organisation = house.client.get("/v1/me", headers=own).json["organisation_id"]
    site = house.client.post("/v1/sites", json=SITE, headers=own).json["id"]
    key = house.client.post("/v1/api-keys", json={"name": "k"}, headers=own).json["id"]
    operator = house.headers["operator"]
    expected = {
        ("GET", f"/v1/organisations/{organisation}"): (200, 404, 200),
        ("POST", f"/v1/organisations/{organisation}/verify"): (403, 404, 409),
        ("GET", f"/v1/sites/{site}"): (200, 404, 200),
        ("PATCH", f"/v1/sites/{site}"): (200, 404, 200),
        ("GET", f"/v1/api-keys/{key}"): (200, 404, 404),
        ("POST", f"/v1/api-keys/{key}/revoke"): (200, 404, 404),
    }
    for (method, path), statuses in expected.items():
        found = tuple(call(house, method, path, who).status_code for who in (own, other, operator))
        # Nobody but its owner has to do with a key, the operator included.
        assert tuple(404 if status == 403 and "api-keys" in path else status for status in found) == statuses, path


def test_a_room_called_directly_checks_tokens_itself(house: House) -> None:
    import httpx

    paths = {"accounts": "/v1/me", "listings": "/v1/lots", "matching": "/v1/proposals", "trading": "/v1/trades"}
    paths |= {"logistics": "/v1/shipments", "regions": "/v1/regions/420000/volumes"}
    assert set(paths) == set(ROOMS)
    for room, path in paths.items():
        for headers in ({}, {"Authorization": "Bearer x.y.z"}):
            answer = httpx.get(house.settings.rooms[room] + path, headers=headers, trust_env=False)
            assert answer.status_code == 401, room
