"""413 for bodies over the limit, 429 with Retry-After for too many calls."""

from __future__ import annotations

import pytest

from shared.auth import POLICY
from shared.auth.caller import ROLES
from tests.contract.conftest import EN, House, filled

pytestmark = pytest.mark.mongodb
MIB = 1_048_576


def test_no_route_takes_ten_megabytes_of_json(house: House) -> None:
    body = b'{"name": "' + b"x" * (10 * MIB) + b'"}'
    for method, path, operation in house.operations():
        if "application/json" not in operation.get("requestBody", {}).get("content", {}):
            continue
        rule = POLICY[operation["x-action"]]
        headers = house.headers[next(role for role in ROLES if rule == "public" or role in rule)]
        answer = house.client.open(filled(path), method=method, data=body, headers={**headers, "If-Match": "*"})
        assert (answer.status_code, answer.json["type"]) == (413, "body-too-large"), (method, path)


def test_too_many_calls(house: House) -> None:
    strict = house.gateway(rate_limit_per_minute=3)
    headers = house.account("buyer")
    answers = [strict.get("/v1/me", headers=headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert answers[-1].json["type"] == "too-many-requests"
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_too_many_guesses(house: House) -> None:
    strict = house.gateway(sign_in_limit_per_minute=2)
    guess = {"email": "nobody@example.com", "password": "a wrong one"}
    answers = [strict.post("/v1/tokens", json=guess, headers=EN) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 429, 429]
    assert "Retry-After" in answers[-1].headers
