"""ETags on every resource; a PATCH needs If-Match: 428 without, 412 when stale."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.contract.conftest import House, filled

pytestmark = pytest.mark.mongodb
SITE: dict[str, Any] = {"name": "料场", "kind": "yard", "region": "420107", "position": {"lat": 30.6, "lon": 114.3}}


def test_every_patch_needs_if_match(house: House) -> None:
    patches = [path for method, path, _ in house.operations() if method == "PATCH"]
    assert len(patches) >= 3
    roles = {"/v1/demands/{demand_id}": "buyer"}
    for path in patches:
        headers = house.headers[roles.get(path, "collector")]
        answer = house.client.patch(filled(path), json={}, headers=headers)
        assert (answer.status_code, answer.json["type"]) == (428, "precondition-required"), path


def test_reading_changing_and_being_late(house: House) -> None:
    headers = house.account("collector")
    path = house.client.post("/v1/sites", json=SITE, headers=headers).headers["Location"]
    tag = house.client.get(path, headers=headers).headers["ETag"]
    unchanged = house.client.get(path, headers={**headers, "If-None-Match": tag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    changed = house.client.patch(path, json={"name": "新料场"}, headers={**headers, "If-Match": tag})
    assert (changed.status_code, changed.json["name"]) == (200, "新料场")
    assert changed.headers["ETag"] != tag
    late = house.client.patch(path, json={"name": "又一个"}, headers={**headers, "If-Match": tag})
    assert (late.status_code, late.json["type"]) == (412, "stale-version")
    assert house.client.get(path, headers=headers).json["name"] == "新料场"


def test_of_many_at_once_one_wins(house: House) -> None:
    headers = house.account("collector")
    path = house.client.post("/v1/sites", json=SITE, headers=headers).headers["Location"]
    url = house.settings.rooms["accounts"] + path

    def change(number: int) -> int:
        body = {"name": f"料场 {number}"}
        sent = {**headers, "If-Match": '"1"'}
        return httpx.patch(url, json=body, headers=sent, timeout=30, trust_env=False).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(change, range(8)))
    assert statuses == [200] + [412] * 7
    assert house.client.get(path, headers=headers).headers["ETag"] == '"2"'
