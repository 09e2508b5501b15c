"""`protocol.md` 1: a refusal that is no longer true elsewhere does not leave the house."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask import Response

from tests.integration.gateway.conftest import PROBLEM, Answer, House

pytestmark = pytest.mark.mongodb


def refusal(status: int, kind: str, **extra: Any) -> Callable[[], Response]:
    body = {"type": kind, "title": "…", "status": status, "detail": "…", **extra}
    headers = {"Retry-After": "1"} if status == 503 else {}
    return lambda: Response(orjson.dumps(body), status, headers, content_type=PROBLEM)


UNVERIFIED = refusal(403, "organisation-not-verified")


def after(times: int, first: Answer, then: Answer) -> Answer:
    calls = iter(range(1_000_000))
    return lambda: first() if next(calls) < times else then()


def created() -> Response:
    return Response(b'{"id": "1"}', 201, content_type="application/json")


def pending(house: House) -> dict[str, str]:
    _, email = house.accounts.register()
    return house.accounts.sign_in(email)


def test_a_verification_the_room_has_not_heard_of_is_waited_for(house: House) -> None:
    house.rooms["listings"].answer = after(3, UNVERIFIED, created)
    answer = house.client.post("/v1/lots", json={"grade": "steel.hms1"}, headers=house.signed_in())
    assert (answer.status_code, answer.json) == (201, {"id": "1"})
    bodies = [seen["body"] for seen in house.rooms["listings"].seen]
    assert len(bodies) == 4
    assert len(set(bodies)) == 1


def test_after_two_seconds_it_is_503(house: House) -> None:
    house.rooms["listings"].answer = UNVERIFIED
    begun = time.monotonic()
    answer = house.client.post("/v1/lots", json={}, headers=house.signed_in())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert time.monotonic() - begun > 1.8
    assert len(house.rooms["listings"].seen) > 2


def test_a_lifted_suspension_is_waited_for_too(house: House) -> None:
    house.rooms["trading"].answer = after(1, refusal(403, "organisation-suspended"), created)
    assert house.client.post("/v1/trades/1/cancel", headers=house.signed_in()).status_code == 201


def test_the_pending_are_refused_at_once(house: House) -> None:
    house.rooms["listings"].answer = UNVERIFIED
    headers = pending(house)
    answer = house.client.post("/v1/lots", json={}, headers=headers)
    assert (answer.status_code, answer.json["type"]) == (403, "organisation-not-verified")
    assert len(house.rooms["listings"].seen) == 1


def test_another_refusal_passes(house: House) -> None:
    house.rooms["listings"].answer = refusal(403, "forbidden")
    assert house.client.post("/v1/lots", json={}, headers=house.signed_in()).json["type"] == "forbidden"
    house.rooms["listings"].answer = lambda: Response(b"<html>", 503, content_type="text/html")
    assert house.client.get("/v1/lots", headers=house.signed_in()).data == b"<html>"
    house.rooms["listings"].answer = UNVERIFIED
    assert house.client.get("/v1/lots").status_code == 403


def test_a_site_that_does_not_exist_is_a_fault_of_the_body(house: House) -> None:
    house.rooms["listings"].answer = refusal(503, "not-heard-yet", subject="site", id="../made up")
    headers = {**house.signed_in(), "Accept-Language": "en"}
    answer = house.client.post("/v1/lots", json={"site_id": "../made up"}, headers=headers)
    assert (answer.status_code, answer.json["type"]) == (422, "invalid-input")
    assert answer.json["errors"] == [{"pointer": "/site_id", "message": "You have no such site"}]


def test_another_ones_site_is_none(house: House) -> None:
    site = {"name": "厂区", "kind": "plant", "region": "420107", "position": {"lat": 30.6, "lon": 114.3}}
    owner, stranger = house.signed_in("buyer"), house.signed_in("buyer")
    made = house.client.post("/v1/sites", json=site, headers=owner).json["id"]
    house.rooms["listings"].answer = refusal(503, "not-heard-yet", subject="site", id=made)
    theirs = house.client.post("/v1/demands", json={}, headers=stranger)
    assert theirs.status_code == 422
    own = house.client.post("/v1/demands", json={}, headers=owner)
    assert (own.status_code, own.json["type"], own.headers["Retry-After"]) == (503, "not-heard-yet", "1")


def test_a_carrier_that_does_not_exist_is_a_fault_of_the_body(house: House) -> None:
    headers = house.signed_in("buyer")
    house.rooms["logistics"].answer = refusal(503, "not-heard-yet", subject="organisation", id="none")
    answer = house.client.post("/v1/shipments/1/assign", json={"carrier_id": "none"}, headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/carrier_id")
    carrier = house.accounts.account("carrier")[0].organisation_id
    house.rooms["logistics"].answer = refusal(503, "not-heard-yet", subject="organisation", id=carrier)
    answer = house.client.post("/v1/shipments/1/assign", json={"carrier_id": carrier}, headers=headers)
    assert (answer.status_code, answer.json["type"]) == (503, "not-heard-yet")
    assert house.client.get(f"/v1/organisations/{carrier}/known", headers=headers).status_code == 404


def test_with_accounts_down_nothing_is_made_up(house: House) -> None:
    headers = house.signed_in()
    house.rooms["listings"].answer = UNVERIFIED
    house.settings.rooms["accounts"] = "http://127.0.0.1:9"
    answer = house.client.post("/v1/lots", json={}, headers=headers)
    assert answer.status_code == 503


@pytest.mark.parametrize("known", [404, "draft", "open", 503])
def test_a_lot_that_is_not_on_the_market_is_a_fault_of_the_body(house: House, known: int | str) -> None:
    status = known if isinstance(known, int) else 200
    house.rooms["listings"].answer = lambda: Response(orjson.dumps({"status": known}), status, content_type="application/json")
    house.rooms["matching"].answer = refusal(503, "not-heard-yet", subject="lot", id="1")
    answer = house.client.post("/v1/tenders", json={"lot_id": "1"}, headers=house.signed_in())
    if known in (404, "draft"):
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/lot_id")
    else:
        assert (answer.status_code, answer.json["type"]) == (503, "not-heard-yet")


def test_a_counterparty_that_does_not_exist_is_a_fault_of_the_body(house: House) -> None:
    house.rooms["matching"].answer = refusal(503, "not-heard-yet", subject="organisation", id="none")
    answer = house.client.post("/v1/agreements", json={"counterparty_id": "none"}, headers=house.signed_in())
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/counterparty_id")


def listing(status: str) -> Answer:
    return lambda: Response(orjson.dumps({"id": "1", "status": status}), 200, content_type="application/json")


UNHEARD = refusal(404, "not-found")


def test_why_of_an_open_lot_waits_until_the_room_has_heard_of_it(house: House) -> None:
    house.rooms["listings"].answer = listing("open")
    house.rooms["matching"].answer = after(2, UNHEARD, created)
    assert house.client.get("/v1/lots/1/explanation?limit=5", headers=house.signed_in()).json == {"id": "1"}
    house.rooms["matching"].answer = UNHEARD
    assert house.client.get("/v1/demands/1/explanation", headers=house.signed_in()).status_code == 503


@pytest.mark.parametrize("known", [listing("draft"), UNHEARD])
def test_of_what_is_not_there_for_the_caller_it_is_404_at_once(house: House, known: Answer) -> None:
    house.rooms["listings"].answer = known
    house.rooms["matching"].answer = UNHEARD
    assert house.client.get("/v1/lots/1/explanation", headers=house.signed_in()).status_code == 404
    assert len(house.rooms["matching"].seen) == 1
    assert house.client.get("/v1/proposals/1", headers=house.signed_in()).status_code == 404
