"""A received load put right: its ticket, its inspection, its time; what may not be, and what follows in trading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from shared.clock import iso, utc_now
from tests.integration.logistics.conftest import Haul

pytestmark = pytest.mark.mongodb


def correct(haul: Haul, body: dict[str, Any], index: int = 0) -> TestResponse:
    return haul.room.client.post(f"{haul.path(index)}/corrections", json=body, headers=haul.buyer.headers)


@pytest.fixture
def received(haul: Haul) -> Haul:
    haul.bring("received")
    return haul


def last(haul: Haul) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(haul.room.told("shipment.corrected")[-1]["data"])
    return found


def test_a_corrected_ticket_says_what_stood_before_and_why(received: Haul) -> None:
    before = received.room.client.get(received.path(), headers=received.buyer.headers).get_json()
    answer = correct(received, {"reason": "皮重误录", "tare_t": 15.3, "ticket": "T-2"})
    assert answer.status_code == 201, answer.text
    body = answer.get_json()
    assert (body["status"], body["net_t"]) == ("received", pytest.approx(before["net_t"] - 0.3))
    [kept] = body["corrections"]
    assert (kept["reason"], kept["gross_t"], kept["tare_t"], kept["ticket"]) == ("皮重误录", 40.12, 15.3, "T-2")
    assert body["events"] == before["events"]
    told = last(received)
    assert told["previous_net_kg"] - told["net_kg"] == 300
    consumed = told["settled_kg"] + told["deducted_kg"] + told["difference_kg"]
    assert consumed == told["previous_settled_kg"] + told["previous_deducted_kg"] + told["previous_difference_kg"]
    assert told["at"] == told["previous_at"] == before["events"][-1]["at"]


def test_each_correction_stands_on_the_last(received: Haul) -> None:
    first = correct(received, {"reason": "a", "tare_t": 15.3}).get_json()
    second = correct(received, {"reason": "b", "impurity_pct": 4.2}).get_json()
    assert second["net_t"] == first["net_t"]
    assert second["settled_t"] < first["settled_t"]
    told = last(received)
    assert (told["previous_net_kg"], told["net_kg"]) == (told["net_kg"], round(first["net_t"] * 1000))
    assert told["version"] > 2


def test_a_load_may_turn_out_to_belong_to_another_day(haul: Haul) -> None:
    long_ago = utc_now() - timedelta(days=3)
    haul.assign()
    for kind in ("booked", "loaded", "arrived", "weighed", "inspected", "received"):
        extra: dict[str, Any] = {"gross_t": 40, "tare_t": 15} if kind == "weighed" else {}
        assert haul.report({"type": kind, **extra}, at=long_ago).status_code == 201
    day_before = long_ago - timedelta(days=1)
    assert correct(haul, {"reason": "x", "received_at": iso(day_before)}).get_json()["errors"][0]["pointer"] == "/received_at"
    assert correct(haul, {"reason": "x", "received_at": iso(long_ago + timedelta(days=1))}).status_code == 201
    told = last(haul)
    assert datetime.fromisoformat(told["at"]) - datetime.fromisoformat(told["previous_at"]) == timedelta(days=1)


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"tare_t": 15}, 422, "/reason"),
        ({"reason": "x", "tare_t": 41}, 422, "/gross_t"),
        ({"reason": "x"}, 422, ""),
        ({"reason": "x", "received_at": "2126-01-01T00:00:00Z"}, 422, "/received_at"),
        ({"reason": "x", "net_t": 3}, 422, "/net_t"),
    ],
)
def test_what_can_not_be(received: Haul, body: dict[str, Any], status: int, pointer: str) -> None:
    answer = correct(received, body)
    assert answer.status_code == status, answer.text
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert received.room.told("shipment.corrected") == []


def test_only_its_buyer_corrects_and_only_a_received_load(haul: Haul, make_haul: Callable[..., Haul]) -> None:
    haul.bring("inspected")
    assert correct(haul, {"reason": "x", "tare_t": 15.2}).status_code == 409
    haul.report({"type": "received"})
    path = f"{haul.path()}/corrections"
    for who, status in ((haul.seller, 403), (haul.carrier, 403), (make_haul().buyer, 404)):
        answer = haul.room.client.post(path, json={"reason": "x", "tare_t": 15.2}, headers=who.headers)
        assert answer.status_code == status, answer.text


def test_a_ticket_of_another_load_is_taken(haul: Haul) -> None:
    haul.bring("received")
    haul.bring("weighed", index=1)
    assert correct(haul, {"reason": "x", "ticket": f"T-{haul.ids[1]}"}).status_code == 409
    assert correct(haul, {"reason": "x", "ticket": f"T-{haul.ids[0]}", "tare_t": 15.1}).status_code == 201


def test_after_a_month_it_stands(received: Haul) -> None:
    database = received.room.database
    row = database.mongo["shipments"].find_one({"_id": received.ids[0]})
    assert row is not None
    old = [one | {"recorded_at": one["recorded_at"] - timedelta(days=32)} for one in row["events"]]
    database.mongo["shipments"].update_one({"_id": row["_id"]}, {"$set": {"events": old}})
    answer = correct(received, {"reason": "x", "tare_t": 15.1})
    assert answer.status_code == 409
    assert "31" in answer.get_json()["detail"]
