"""Lists: newest first, `limit`, an opaque `cursor`, nothing twice and nothing left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.auth import POLICY
from shared.auth.caller import ROLES
from tests.contract.conftest import House

pytestmark = pytest.mark.mongodb
SITE: dict[str, Any] = {"kind": "yard", "region": "420107", "position": {"lat": 30.6, "lon": 114.3}}


def lists(house: House) -> Iterator[tuple[str, dict[str, str]]]:
    """Every list that pages; not the search, whose server this test does not have, nor the list of one thing's parts."""
    for method, path, operation in house.operations():
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        if method == "GET" and {"limit", "cursor"} <= names and "/search/" not in path and "{" not in path:
            rule = POLICY[operation["x-action"]]
            yield path, house.headers[next(role for role in ROLES if rule == "public" or role in rule)]


def test_every_list_answers_a_page(house: House) -> None:
    found = list(lists(house))
    assert len(found) >= 8
    for path, headers in found:
        answer = house.client.get(path, headers=headers)
        assert answer.status_code == 200, path
        assert set(answer.json) >= {"items", "next_cursor"}, path
        assert isinstance(answer.json["items"], list)


def test_every_list_refuses_wrong_paging(house: House) -> None:
    for path, headers in lists(house):
        for query, pointer in (
            ("limit=0", "/limit"),
            ("limit=201", "/limit"),
            ("limit=x", "/limit"),
            ("cursor=%21", "/cursor"),
        ):
            answer = house.client.get(f"{path}?{query}", headers=headers)
            assert answer.status_code == 422, (path, query)
            assert pointer in {fault["pointer"] for fault in answer.json["errors"]}, (path, query)


def test_pages_are_whole_while_the_list_grows(house: House) -> None:
    headers = house.account("collector")

    def add(number: int) -> str:
        return str(house.client.post("/v1/sites", json={**SITE, "name": f"料场 {number}"}, headers=headers).json["id"])

    made = [add(number) for number in range(7)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = house.client.get(f"/v1/sites?limit=3{cursor}", headers=headers).json
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        add(100)
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]
