"""Freight quotes: the same figures by GET and POST, and the same as the shared calculator's."""

from __future__ import annotations

from typing import Any

import pytest

from shared import geo
from shared.catalogue.freight import options
from shared.clock import utc_now
from shared.events.accounts import SiteChanged
from shared.events.base import Point
from shared.ids import new_id
from tests.fixtures.identity import SignedIn, sign_in
from tests.integration.logistics.conftest import Room

pytestmark = pytest.mark.mongodb
NEAR_WUHAN = geo.Position(30.63, 114.4)


@pytest.fixture
def caller(room: Room) -> SignedIn:
    return sign_in(room.settings, "carrier")


def site(organisation_id: str) -> SiteChanged:
    point = Point(lat=NEAR_WUHAN.lat, lon=NEAR_WUHAN.lon)
    values: dict[str, Any] = {"name": "货场", "kind": "yard", "region": "420100", "position": point}
    return SiteChanged(id=new_id(), version=1, at=utc_now(), organisation_id=organisation_id, **values)


def test_get_and_post_agree(room: Room, caller: SignedIn) -> None:
    asked = {"from": "30.63,114.4", "to": "320300", "tonnes": "33.333", "material": "steel.hms1"}
    got = room.client.get("/v1/quotes", query_string=asked, headers=caller.headers)
    body = {"from": {"lat": 30.63, "lon": 114.4}, "to": "320300", "tonnes": 33.333, "material": "steel"}
    posted = room.client.post("/v1/quotes", json=body, headers=caller.headers)
    assert (got.status_code, posted.status_code) == (200, 200)
    assert got.get_json() == posted.get_json()
    region = geo.region("320300")
    assert region is not None
    for shown, option in zip(got.get_json()["options"], options(NEAR_WUHAN, region.position, 33_333, "steel"), strict=True):
        assert shown["mode"] == option.mode
        assert shown["distance_km"] == option.distance_m / 1000
        assert shown["freight_cny_per_t"] == option.freight_fen_per_t / 100
        assert shown["freight_cny"] == int(option.freight_fen_per_t * 33_333 / 1000 + 0.5) / 100
        assert shown["co2e_kg_per_t"] == option.co2e_g_per_t / 1000
        assert shown["hours"] == pytest.approx(option.hours, abs=0.001)


def test_one_s_own_site_is_exact_and_another_s_is_its_region(room: Room, caller: SignedIn) -> None:
    own, foreign = site(caller.caller.organisation_id), site(new_id())
    room.hear(own, foreign)

    def km(start: str) -> float:
        query = {"from": start, "to": "320300", "tonnes": "1", "material": "steel"}
        answer = room.client.get("/v1/quotes", query_string=query, headers=caller.headers)
        return float(answer.get_json()["options"][0]["distance_km"])

    assert km(own.id) == km("30.63,114.4") != km(foreign.id)
    assert km(foreign.id) == km("420100")


def test_a_site_not_heard_of_is_503_with_retry_after(room: Room, caller: SignedIn) -> None:
    body = {"from": new_id(), "to": "320300", "tonnes": 1, "material": "steel"}
    answer = room.client.post("/v1/quotes", json=body, headers=caller.headers)
    assert (answer.status_code, answer.get_json()["type"]) == (503, "not-heard-yet")
    assert answer.headers["Retry-After"]


def test_every_fault_at_once(room: Room, caller: SignedIn) -> None:
    query = {"from": "nowhere", "tonnes": "nan", "material": "gold", "speed": "9"}
    answer = room.client.get("/v1/quotes", query_string=query, headers=caller.headers)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.get_json()["errors"]} == {"/from", "/to", "/tonnes", "/material", "/speed"}
    body = {"from": {"lat": 99, "lon": 1}, "to": 5, "tonnes": 0, "material": 1, "x": 1}
    answer = room.client.post("/v1/quotes", json=body, headers=caller.headers)
    assert {fault["pointer"] for fault in answer.get_json()["errors"]} == {"/from", "/to", "/tonnes", "/material", "/x"}
    assert room.client.get("/v1/quotes").status_code == 401
