"""Loads over HTTP on a real MongoDB: planned in one go, hauled step by step, seen by those they concern."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from shared.clock import utc_now
from shared.ids import new_id
from shared.mongo import seal_of
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.trades import verified
from tests.integration.logistics.conftest import CHAIN, Haul, Room

pytestmark = pytest.mark.mongodb


def read(haul: Haul, who: SignedIn, index: int = 0) -> Any:
    answer = haul.room.client.get(haul.path(index), headers=who.headers)
    assert answer.status_code == 200
    return answer.get_json()


def test_a_trade_is_planned_once_and_in_one_go(room: Room, make_haul: Callable[..., Haul]) -> None:
    haul = make_haul(kg=70_000)
    room.hear(haul.event)
    rows = room.told("shipment.planned")
    events = [orjson.loads(row["data"]) for row in rows]
    assert [event["planned_kg"] for event in events] == [23_333, 23_333, 23_334]
    assert {event["loads"] for event in events} == {3}
    assert {row["at"] for row in rows} == {rows[0]["at"]}
    assert [event["id"] for event in events] == haul.ids


def test_a_load_through_its_whole_chain(haul: Haul) -> None:
    haul.bring("received")
    body = read(haul, haul.seller)
    assert (body["status"], body["quantity_t"], body["net_t"], body["settled_t"]) == ("received", 25.0, 25.12, 24.567)
    assert [one["type"] for one in body["events"]] == [step["type"] for step in CHAIN]
    assert body["events"][2]["lat"] == 31.5
    assert body["events"][4] | {"at": 0, "recorded_at": 0} == {
        "type": "weighed", "at": 0, "recorded_at": 0, "lat": None, "lon": None, "gross_t": 40.12, "tare_t": 15.0,
        "ticket": f"T-{haul.ids[0]}", "moisture_pct": None, "impurity_pct": None, "grade": None, "reason": None,
    }  # fmt: skip
    [row] = haul.room.told("shipment.received")
    told = orjson.loads(row["data"])
    names = ("net_kg", "settled_kg", "deducted_kg", "consumed_kg", "shortfall_kg", "difference_kg")
    assert [told[name] for name in names] == [25_120, 24_567, 553, 25_000, 0, -120]
    assert row["version"] == body["version"] == 9
    document = haul.room.database.mongo["shipments"].find_one({"_id": haul.ids[0]})
    assert document is not None
    assert document["seal"] == seal_of(document, haul.room.settings.secret_key)


def test_a_step_answers_201_with_the_shipment(haul: Haul) -> None:
    haul.assign()
    answer = haul.report({"type": "booked"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == haul.path()
    assert answer.get_json() == read(haul, haul.carrier)


@pytest.mark.parametrize("ending", ["arrived", "weighed", "inspected"])
def test_refused_then_only_returned(haul: Haul, ending: str) -> None:
    haul.bring(ending)
    assert haul.report({"type": "refused", "reason": "放射性超标"}).status_code == 201
    for body in CHAIN:
        assert haul.report(body).status_code == 409
    assert haul.report({"type": "returned"}).get_json()["status"] == "returned"
    assert haul.report({"type": "returned"}).status_code == 409
    assert len(haul.room.told("shipment.refused")) == len(haul.room.told("shipment.returned")) == 1


def test_out_of_order_is_409_and_changes_nothing(haul: Haul) -> None:
    haul.bring("booked")
    before = read(haul, haul.buyer)
    for body in (CHAIN[0], *CHAIN[2:], {"type": "refused", "reason": "x"}, {"type": "returned"}):
        answer = haul.report(body)
        assert (answer.status_code, answer.get_json()["type"]) == (409, "wrong-state"), body
    assert read(haul, haul.buyer) == before


def test_reported_times(haul: Haul) -> None:
    now = utc_now()
    haul.assign()
    far = haul.report({"type": "booked"}, at=now + timedelta(hours=25))
    assert (far.status_code, far.get_json()["errors"][0]["pointer"]) == (422, "/at")
    assert haul.report({"type": "booked"}, at=now - timedelta(days=400)).status_code == 422
    assert haul.report({"type": "booked"}, at=now - timedelta(days=3)).status_code == 201
    assert haul.report({"type": "loaded"}, at=now - timedelta(days=4)).status_code == 409
    assert haul.report({"type": "loaded"}, at=now - timedelta(days=3)).status_code == 201
    assert haul.report({"type": "arrived"}, at=now + timedelta(hours=23)).status_code == 201


def test_a_ticket_is_used_once_per_buyer(haul: Haul, make_haul: Callable[..., Haul]) -> None:
    weighed = {"type": "weighed", "gross_t": 40, "tare_t": 15, "ticket": "2026-0001"}
    haul.bring("arrived", 0)
    haul.bring("arrived", 1)
    assert haul.report(weighed, 0).status_code == 201
    again = haul.report(weighed, 1)
    assert (again.status_code, again.get_json()["type"]) == (409, "already-exists")
    assert read(haul, haul.buyer, 1)["status"] == "arrived"
    assert haul.report(weighed | {"ticket": "2026-0002"}, 1).status_code == 201
    other = make_haul()
    other.bring("arrived")
    assert other.report(weighed).status_code == 201


def test_a_key_makes_one_step(haul: Haul) -> None:
    haul.assign()
    body = {"type": "booked", "at": "2026-11-24T00:00:00Z"}
    headers = haul.carrier.headers | {"Idempotency-Key": "k1"}
    answers = [haul.room.client.post(f"{haul.path()}/events", json=body, headers=headers) for _ in range(2)]
    assert answers[0].status_code == answers[1].status_code == 201
    assert answers[0].data == answers[1].data
    assert len(read(haul, haul.carrier)["events"]) == 1


# Who may


def test_carriers_see_loads_on_offer_without_their_parties(haul: Haul) -> None:
    stranger = sign_in(haul.room.settings, "carrier")
    haul.room.hear(verified(stranger.caller.organisation_id, "carrier"))
    body = read(haul, stranger)
    assert (body["from_position"], body["to_position"], body["distance_km"]) == (None, None, 610)
    text = orjson.dumps(body).decode()
    assert haul.event.terms.seller_id not in text
    assert haul.event.terms.buyer_id not in text
    headers = stranger.headers
    assert {one["id"] for one in haul.room.client.get("/v1/shipments", headers=headers).get_json()["items"]} == set(haul.ids)
    haul.assign(0)
    assert haul.room.client.get(haul.path(0), headers=headers).status_code == 404
    assert haul.assign(0, stranger).status_code == 404
    assert {one["id"] for one in haul.room.client.get("/v1/shipments", headers=headers).get_json()["items"]} == set(
        haul.ids[1:]
    )
    exact = read(haul, haul.carrier)
    assert exact["from_position"] == {"lat": 30.63, "lon": 114.40}


@pytest.mark.parametrize("role", ["collector", "buyer", "park_operator"])
def test_others_do_not_find_it(haul: Haul, role: Any) -> None:
    haul.bring("arrived")
    other = sign_in(haul.room.settings, role)
    haul.room.hear(verified(other.caller.organisation_id, role))
    client, at = haul.room.client, "2026-11-24T00:00:00Z"
    assert client.get(haul.path(), headers=other.headers).status_code == 404
    assert haul.assign(0, other).status_code == 404
    for body in ({"type": "received"}, {"type": "returned"}, {"type": "refused", "reason": "x"}):
        assert client.post(f"{haul.path()}/events", json={"at": at, **body}, headers=other.headers).status_code == 404
    listed = client.get("/v1/shipments", headers=other.headers)
    assert listed.status_code == 403 or listed.get_json()["items"] == []


def test_each_side_reports_its_own_steps(haul: Haul) -> None:
    haul.bring("booked")
    client, at = haul.room.client, "2026-11-24T00:00:00Z"

    def tried(body: dict[str, Any], who: SignedIn) -> int:
        return client.post(f"{haul.path()}/events", json={"at": at, **body}, headers=who.headers).status_code

    for body in CHAIN:
        whole = body | ({"ticket": "1"} if body["type"] == "weighed" else {})
        wrong = haul.carrier if body["type"] in ("weighed", "inspected", "received") else haul.buyer
        assert tried(whole, wrong) == 403, body
        assert tried(whole, haul.seller) == 403, body
    assert tried({"type": "loaded"}, sign_in(haul.room.settings, "operator")) == 403
    assert client.post(f"{haul.path()}/events", json={"type": "loaded", "at": at}).status_code == 401


def test_a_visible_load_may_not_be_hauled_before_it_is_taken(haul: Haul) -> None:
    assert haul.report({"type": "booked"}).status_code == 403


def test_who_may_name_a_carrier(haul: Haul) -> None:
    client = haul.room.client
    own, other = haul.carrier.caller.organisation_id, new_id()
    haul.room.hear(verified(other, "carrier"))

    def named(carrier_id: str, who: SignedIn) -> int:
        body = {"carrier_id": carrier_id, "vehicle": "鄂A1"}
        return client.post(f"{haul.path()}/assign", json=body, headers=who.headers).status_code

    assert named(other, haul.carrier) == 403
    assert named(own, haul.seller) == 403
    assert named(haul.event.terms.seller_id, haul.buyer) == 422
    assert named(other, haul.buyer) == 200
    assert named(own, haul.buyer) == 200
    assert haul.report({"type": "booked"}).status_code == 201
    assert named(other, haul.buyer) == 409


def test_an_unverified_carrier_hauls_nothing(haul: Haul) -> None:
    pending = sign_in(haul.room.settings, "carrier")
    haul.room.hear(verified(pending.caller.organisation_id, "carrier", status="pending"))
    body = {"carrier_id": pending.caller.organisation_id, "vehicle": "鄂A1"}
    answer = haul.room.client.post(f"{haul.path()}/assign", json=body, headers=pending.headers)
    assert (answer.status_code, answer.get_json()["type"]) == (403, "organisation-not-verified")
    assert haul.room.client.post(f"{haul.path()}/assign", json=body, headers=haul.buyer.headers).status_code == 422


def test_lists_filter_by_what_items_carry(haul: Haul, make_haul: Callable[..., Haul]) -> None:
    make_haul()
    operator = sign_in(haul.room.settings, "operator")
    haul.assign(0)
    terms = haul.event.terms

    def listed(who: SignedIn, **query: str) -> list[str]:
        answer = haul.room.client.get("/v1/shipments", query_string=query, headers=who.headers)
        assert answer.status_code == 200
        return [one["id"] for one in answer.get_json()["items"]]

    assert listed(haul.buyer) == listed(haul.seller) == haul.ids[::-1]
    assert len(listed(operator)) == 8
    for name, value in {
        "trade_id": haul.event.id,
        "lot_id": terms.lot_id,
        "demand_id": terms.demand_id,
    }.items():
        assert listed(operator, **{name: value}) == haul.ids[::-1], name
    assert listed(operator, carrier_id=haul.carrier.caller.organisation_id, status="assigned") == haul.ids[:1]
    assert listed(operator, under_way="true") == haul.ids[:1]
    assert len(listed(operator, under_way="false")) == 7
    everything = {"material": "steel", "from_region": "420000", "to_region": "320312", "region": "320300", "mode": "road"}
    assert len(listed(operator, **everything)) == 8
    for name, value in {"material": "paper", "from_region": "320000", "region": "110000", "mode": "rail"}.items():
        assert listed(operator, **{name: value}) == [], name
    bad = haul.room.client.get("/v1/shipments?status=lost&material=gold&colour=red", headers=haul.buyer.headers)
    assert {fault["pointer"] for fault in bad.get_json()["errors"]} == {"/status", "/material", "/colour"}


def test_a_carrier_earns_on_the_markets_day_of_receipt(haul: Haul) -> None:
    for index, at in enumerate(("2026-11-28T15:59:00Z", "2026-11-28T16:01:00Z", "2026-11-28T17:00:00Z")):
        haul.assign(index)
        haul.bring("inspected", index)
        move = {"$set": {"events.$[].report.at": datetime.fromisoformat(at)}}
        haul.room.database.mongo["shipments"].update_one({"_id": haul.ids[index]}, move)
        haul.report({"type": "received"}, index, at=datetime.fromisoformat(at))
    loads = {one["id"]: one for one in haul.room.client.get("/v1/shipments", headers=haul.carrier.headers).get_json()["items"]}
    first, *rest = (loads[identifier] for identifier in haul.ids[:3])
    answer = haul.room.client.get("/v1/earnings?since=2026-11-01", headers=haul.carrier.headers)
    assert answer.status_code == 200
    assert answer.get_json()["items"] == [
        {
            "day": "2026-11-29",
            "loads": 2,
            "quantity_t": sum(one["quantity_t"] for one in rest),
            "freight_cny": round(sum(one["freight_cny"] for one in rest), 2),
        },
        {"day": "2026-11-28", "loads": 1, "quantity_t": first["quantity_t"], "freight_cny": first["freight_cny"]},
    ]
    assert haul.room.client.get("/v1/earnings?since=2026-11-30", headers=haul.carrier.headers).get_json()["items"] == []
    assert haul.room.client.get("/v1/earnings?since=soon", headers=haul.carrier.headers).status_code == 422
    assert haul.room.client.get("/v1/earnings", headers=haul.buyer.headers).status_code == 403
    of_day = haul.room.client.get("/v1/shipments?received_on=2026-11-29", headers=haul.carrier.headers).get_json()["items"]
    assert {one["id"] for one in of_day} == set(haul.ids[1:3])
