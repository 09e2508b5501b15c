"""Cancelling: asked here, decided by logistics, answered once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.clock import utc_now
from shared.events.logistics import HaulageCancelled, HaulageKept
from tests.integration.trading.conftest import Deal, Room

pytestmark = pytest.mark.mongodb


def cancelled(deal: Deal) -> HaulageCancelled:
    return HaulageCancelled(id=deal.id, version=2, at=utc_now(), shipment_ids=tuple(deal.loads.ids))


def kept(deal: Deal) -> HaulageKept:
    return HaulageKept(id=deal.id, version=2, at=utc_now(), reason="loaded")


def ask(room: Room, deal: Deal, key: str | None = None, client: FlaskClient | None = None) -> TestResponse:
    headers = deal.buyer.headers | ({"Idempotency-Key": key} if key else {})
    return (client or room.client).post(f"{deal.path}/cancel", json={"reason": "仓库已满"}, headers=headers)


def once_asked(room: Room, answer: Callable[[], None]) -> threading.Thread:
    """Give logistics' answer as soon as the request is there."""

    def wait() -> None:
        deadline = time.monotonic() + 5
        while not room.told("trade.cancel_requested") and time.monotonic() < deadline:
            time.sleep(0.02)
        answer()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_cancelled_when_logistics_agrees(room: Room, deal: Deal) -> None:
    thread = once_asked(room, lambda: room.hear(cancelled(deal)))
    answer = ask(room, deal)
    thread.join()
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["status"], body["cancel_reason"]) == ("cancelled", "仓库已满")
    assert answer.headers["ETag"] == f'"{body["version"]}"'
    [row] = room.told("trade.cancelled")
    assert '"released_kg":100000' in row["data"]
    for side in (deal.buyer, deal.seller):
        again = room.client.post(f"{deal.path}/cancel", json={}, headers=side.headers)
        assert (again.status_code, again.get_json()["type"]) == (409, "wrong-state")
    assert len(room.told("trade.cancel_requested")) == len(room.told("trade.cancelled")) == 1


def test_refused_when_a_load_is_loaded(room: Room, deal: Deal) -> None:
    thread = once_asked(room, lambda: room.hear(kept(deal)))
    answer = ask(room, deal)
    thread.join()
    assert (answer.status_code, answer.get_json()["type"]) == (409, "wrong-state")
    assert room.client.get(deal.path, headers=deal.buyer.headers).get_json()["status"] == "agreed"
    assert room.told("trade.cancelled") == []


def test_refused_at_once_where_the_load_is_known(room: Room, deal: Deal) -> None:
    room.hear(deal.loads.loaded(0))
    assert ask(room, deal).status_code == 409
    assert room.told("trade.cancel_requested") == []


def test_undecided_says_so_and_the_request_stands(room: Room, deal: Deal) -> None:
    answer = ask(room, deal, "k1")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert room.client.get(deal.path, headers=deal.buyer.headers).get_json()["cancel_requested_at"]
    room.hear(cancelled(deal))
    answers = [ask(room, deal, "k1") for _ in range(3)]
    assert [one.status_code for one in answers] == [200] * 3
    assert len({one.data for one in answers}) == 1
    assert len(room.told("trade.cancel_requested")) == 1


def test_a_key_repeats_the_refusal(room: Room, deal: Deal) -> None:
    thread = once_asked(room, lambda: room.hear(kept(deal)))
    first = ask(room, deal, "k1")
    thread.join()
    second = ask(room, deal, "k1")
    assert (first.status_code, second.status_code) == (409, 409)
    assert first.data == second.data


def test_the_same_key_at_once_has_one_effect_and_equal_answers(room: Room, deal: Deal) -> None:
    thread = once_asked(room, lambda: room.hear(cancelled(deal)))
    with ThreadPoolExecutor(5) as pool:
        clients = [room.client.application.test_client() for _ in range(5)]
        answers = list(pool.map(lambda client: ask(room, deal, "k1", client), clients))
    thread.join()
    assert {one.status_code for one in answers} == {200}
    assert len({one.data for one in answers}) == 1
    assert len(room.told("trade.cancel_requested")) == 1
