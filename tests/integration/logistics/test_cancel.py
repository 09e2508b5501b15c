"""A cancellation and a load being loaded meet: one of them wins, never both."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from shared.clock import iso, utc_now
from shared.events.trading import TradeCancelRequested
from tests.integration.logistics.conftest import Haul, Room

pytestmark = pytest.mark.mongodb


def statuses(haul: Haul) -> list[str]:
    rows = haul.room.database.mongo["shipments"].find({"trade_id": haul.event.id}).sort("_id", 1)
    return [row["status"] for row in rows]


def test_taken_back_before_loading(haul: Haul) -> None:
    haul.bring("booked")
    haul.room.hear(haul.asks_to_cancel(), haul.asks_to_cancel())
    assert statuses(haul) == ["cancelled"] * 4
    [row] = haul.room.told("haulage.cancelled")
    assert row["key"] == haul.event.id
    assert orjson.loads(row["data"])["shipment_ids"] == haul.ids
    assert haul.report({"type": "loaded"}).status_code == 409
    assert haul.assign(1).status_code in (404, 409)  # no longer on offer


def test_kept_once_a_load_is_loaded(haul: Haul) -> None:
    haul.bring("loaded", 2)
    haul.room.hear(haul.asks_to_cancel())
    assert statuses(haul) == ["planned", "planned", "loaded", "planned"]
    assert len(haul.room.told("haulage.kept")) == 1
    assert haul.room.told("haulage.cancelled") == []


def test_a_cancellation_that_comes_first_forbids_planning(room: Room, haul: Haul) -> None:
    later = haul.event.model_copy(update={"id": "trade-2"})
    room.hear(TradeCancelRequested(**later.model_dump() | {"by": "buyer"}), later)
    assert room.database.mongo["shipments"].count_documents({"trade_id": "trade-2"}) == 0
    [row] = room.told("haulage.cancelled")
    assert orjson.loads(row["data"])["shipment_ids"] == []


def test_loading_and_cancelling_at_once(room: Room, make_haul: Callable[..., Haul]) -> None:
    seen = set()
    for _ in range(25):
        haul = make_haul(kg=60_000)
        haul.bring("booked")
        start = threading.Barrier(2)

        def load(haul: Haul = haul, start: threading.Barrier = start) -> int:
            client = room.client.application.test_client()
            start.wait()
            body = {"type": "loaded", "at": iso(utc_now())}
            return client.post(f"{haul.path()}/events", json=body, headers=haul.carrier.headers).status_code

        def cancel(haul: Haul = haul, start: threading.Barrier = start) -> None:
            start.wait()
            threading.Event().wait(random.uniform(0, 0.01))
            room.hear(haul.asks_to_cancel())

        with ThreadPoolExecutor(2) as pool:
            loaded, cancelled = pool.submit(load), pool.submit(cancel)
            cancelled.result()
            status = loaded.result()
        found = statuses(haul)
        seen.add((status, *found))
    assert seen <= {(201, "loaded", "planned"), (409, "cancelled", "cancelled")}
    kept, taken = room.told("haulage.kept"), room.told("haulage.cancelled")
    assert len(kept) + len(taken) == 25
    assert len(room.told("shipment.loaded")) == len(kept)
