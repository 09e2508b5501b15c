"""RFC 9457 problems: their members, their language, every fault at once, on every route that takes a body or a query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.auth import POLICY
from shared.auth.caller import ROLES
from tests.contract.conftest import House, filled

pytestmark = pytest.mark.mongodb


def with_json_body(house: House) -> Iterator[tuple[str, str, dict[str, str], dict[str, Any]]]:
    """`(method, path, headers of a role that may, body schema)`."""
    for method, path, operation in house.operations():
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        rule = POLICY[operation["x-action"]]
        role = next(role for role in ROLES if rule == "public" or role in rule)
        headers = {**house.headers[role], "If-Match": "*"}
        yield method, filled(path), headers, house.schema(content["application/json"]["schema"])


def send(house: House, method: str, path: str, data: bytes, headers: dict[str, str]) -> Any:
    return house.client.open(path, method=method, data=data, headers={"Content-Type": "application/json", **headers})


def test_bodies_that_are_no_json(house: House) -> None:
    bodies = list(with_json_body(house))
    assert len(bodies) > 10
    for method, path, headers, _ in bodies:
        for data in (b"{", b'{"a": NaN}', b"\xff\xfe{}", b'{"a": "\xc3"}', b'{"a": 1}}', b"nonsense"):
            answer = send(house, method, path, data, headers)
            assert (answer.status_code, answer.json["type"]) == (400, "malformed-request"), (method, path, data)


def test_unknown_and_missing_fields_are_faults_together(house: House) -> None:
    for method, path, headers, schema in with_json_body(house):
        answer = send(house, method, path, b'{"no-such-field": 1}', headers)
        assert (answer.status_code, answer.json["type"]) == (422, "invalid-input"), (method, path)
        assert answer.content_type == "application/problem+json"
        pointers = {fault["pointer"] for fault in answer.json["errors"]}
        if "properties" in schema:  # one of several shapes is told by its `type`, which is the fault then
            wanted = {f"/{name}" for name in schema.get("required", [])} | {"/no-such-field"}
            assert wanted <= pointers, (method, path, pointers)
        assert pointers
        assert all(fault["message"] for fault in answer.json["errors"])


def test_a_body_of_another_kind_is_a_fault(house: House) -> None:
    for method, path, headers, _ in with_json_body(house):
        for data in (b"[]", b'"text"', b"7", b"null"):
            assert send(house, method, path, data, headers).status_code == 422, (method, path, data)
        answer = send(house, method, path, b"{}", {**headers, "Content-Type": "text/plain"})
        assert (answer.status_code, answer.json["type"]) == (415, "unsupported-media-type"), (method, path)


def test_unknown_query_parameters_are_faults(house: House) -> None:
    for method, path, operation in house.operations():
        rule = POLICY[operation["x-action"]]
        if method != "GET" or "{" in path or rule == "public":
            continue
        role = next(role for role in ROLES if role in rule)
        answer = house.client.get(f"{path}?no_such_filter=1", headers=house.headers[role])
        assert answer.status_code == 422, path
        assert "/no_such_filter" in {fault["pointer"] for fault in answer.json["errors"]}, path


def test_the_language_is_the_callers(house: House) -> None:
    chinese = house.client.get("/v1/me", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})
    english = house.client.get("/v1/me", headers={"Accept-Language": "en-GB,en;q=0.9"})
    default = house.client.get("/v1/me")
    assert (chinese.json["title"], english.json["title"]) == ("需要登录", "A valid token is needed")
    assert default.json == chinese.json
    assert (chinese.headers["Content-Language"], english.headers["Content-Language"]) == ("zh-CN", "en")
    for answer in (chinese, english):
        assert set(answer.json) >= {"type", "title", "status", "detail"}
        assert answer.json["status"] == answer.status_code == 401
        assert "Accept-Language" in answer.headers["Vary"]


def test_unknown_paths_and_methods(house: House) -> None:
    assert house.client.get("/v1/nothing").json["type"] == "not-found"
    for path in ("/v1/me", "/v1/sites"):
        answer = house.client.delete(path, headers=house.headers["buyer"])
        assert (answer.status_code, answer.json["type"]) == (405, "method-not-allowed")
