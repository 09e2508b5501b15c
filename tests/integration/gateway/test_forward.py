"""What goes to a room, what comes back, and what goes nowhere."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Response

from gateway import forward
from gateway.routes import JSON_LIMIT, UPLOAD_LIMIT
from tests.integration.gateway.conftest import House

pytestmark = pytest.mark.mongodb


def test_a_request_arrives_as_it_was_sent(house: House) -> None:
    headers = {
        "Idempotency-Key": "k",
        "If-Match": '"3"',
        "Accept-Language": "en",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "Connection": "X-Mine",
        "X-Mine": "1",
        "Cookie": "a=b",
    }
    body = '{"grade": "steel.hms1", "备注": "重废"}'.encode()
    house.client.patch("/v1/lots/a%20b?x=%E9%92%A2&y=1", data=body, headers=headers, content_type="application/json")
    (seen,) = house.rooms["listings"].seen
    assert (seen["method"], seen["uri"], seen["body"]) == ("PATCH", "/v1/lots/a%20b?x=%E9%92%A2&y=1", body)
    got = seen["headers"]
    assert (got["Idempotency-Key"], got["If-Match"], got["Accept-Language"]) == ("k", '"3"', "en")
    assert got["Content-Type"] == "application/json"
    trace = got["Traceparent"].split("-")
    assert trace[1] == "0af7651916cd43dd8448eb211c80319c"
    assert trace[2] != "b7ad6b7169203331"
    assert "X-Mine" not in got
    assert "Cookie" not in got


def test_a_trace_begins_here_where_there_is_none(house: House) -> None:
    house.client.get("/v1/quotes")
    assert len(house.rooms["logistics"].seen[0]["headers"]["Traceparent"].split("-")[1]) == 32


def test_unknown_and_internal_paths_are_404(house: House) -> None:
    for path in ("/v1", "/v1//lots", "/v1/lots/%2e%2e/trades", "/v1/api-keys/%65xchange", "/v1/api-keys/exchange/"):
        for method in ("GET", "POST"):
            answer = house.client.open(path, method=method, headers={"Accept-Language": "en"})
            assert (answer.status_code, answer.content_type) == (404, "application/problem+json"), path
            assert answer.json["type"] == "not-found"
    assert not any(one.seen for one in house.rooms.values())


def test_an_unknown_method_is_405(house: House) -> None:
    answer = house.client.open("/v1/lots", method="TRACE")
    assert (answer.status_code, answer.json["type"]) == (405, "method-not-allowed")


def test_a_body_over_the_limit_is_refused_before_it_is_read(house: House) -> None:
    class Unread(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise AssertionError("the body was read")

    for path, limit in (("/v1/lots", JSON_LIMIT), ("/v1/lots/imports", UPLOAD_LIMIT), ("/v1/lots/1/photos", UPLOAD_LIMIT)):
        announced = {"CONTENT_LENGTH": str(limit + 1)}
        answer = house.client.post(path, input_stream=Unread(), environ_overrides=announced)
        assert (answer.status_code, answer.json["type"]) == (413, "body-too-large"), path
    assert house.rooms["listings"].seen == []


def test_a_chunked_body_over_the_limit_is_refused_as_it_is_read(house: House) -> None:
    environ = {"wsgi.input_terminated": True}
    for extra, status in ((0, 200), (1, 413)):
        body = io.BytesIO(b"x" * (JSON_LIMIT + extra))
        answer = house.client.post("/v1/lots", input_stream=body, environ_overrides=environ)
        assert answer.status_code == status
    assert [len(seen["body"]) for seen in house.rooms["listings"].seen] == [JSON_LIMIT]


def test_a_large_upload_arrives_whole(house: House) -> None:
    data = bytes(range(256)) * 20_000
    assert house.client.post("/v1/lots/imports", data=data).status_code == 200
    assert house.rooms["listings"].seen[0]["body"] == data


def test_an_answer_comes_back_as_it_was(house: House) -> None:
    def answer() -> Response:
        headers = {"ETag": '"4"', "Location": "/v1/lots/1", "Connection": "X-Hop", "X-Hop": "1", "Keep-Alive": "5"}
        return Response("重废".encode(), 201, headers, content_type="text/csv")

    house.rooms["listings"].answer = answer
    got = house.client.post("/v1/lots", json={})
    assert (got.status_code, got.data, got.content_type) == (201, "重废".encode(), "text/csv")
    assert (got.headers["ETag"], got.headers["Location"]) == ('"4"', "/v1/lots/1")
    assert "X-Hop" not in got.headers
    assert "Keep-Alive" not in got.headers


def test_an_endless_answer_flows(house: House) -> None:
    more = threading.Event()

    def ticks() -> Iterator[bytes]:
        yield b"data: 0\n\n"
        more.wait(30)
        yield b"data: 1\n\n"

    house.rooms["listings"].answer = lambda: Response(ticks(), content_type="text/event-stream")
    got = house.client.get("/v1/search/lots", buffered=False)
    assert next(got.response) == b"data: 0\n\n"
    more.set()
    assert next(got.response) == b"data: 1\n\n"
    got.close()


def test_a_room_that_is_down_is_503(make_house: Callable[..., House]) -> None:
    house = make_house()
    house.settings.rooms["trading"] = "http://127.0.0.1:9"
    del house.settings.rooms["regions"]
    for path in ("/v1/trades", "/v1/regions"):
        answer = house.client.get(path, headers={"Accept-Language": "en"})
        assert (answer.status_code, answer.json["type"]) == (503, "unavailable")
        assert answer.headers["Retry-After"] == "1"
    assert house.client.get("/v1/lots").status_code == 200


def test_a_room_that_is_silent_is_503_sooner_to_who_merely_looks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "LOOK_S", 0.2)

    def late() -> Response:
        time.sleep(1)
        return Response(status=204)

    house.rooms["trading"].answer = late
    answer = house.client.get("/v1/trades", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json["type"]) == (503, "unavailable")
    assert house.client.post("/v1/trades/1/cancel", json={}).status_code == 204


def test_the_real_accounts_answers_through_it(house: House) -> None:
    headers = house.signed_in("buyer")
    made = house.client.post(
        "/v1/sites",
        json={"name": "厂区", "kind": "plant", "region": "420107", "position": {"lat": 30.6, "lon": 114.3}},
        headers=headers,
    )
    assert made.status_code == 201
    read = house.client.get(made.headers["Location"], headers=headers)
    assert read.json == made.json
    same = house.client.get(made.headers["Location"], headers={**headers, "If-None-Match": read.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    head = house.client.head("/v1/me", headers=headers)
    assert (head.status_code, head.data) == (200, b"")
    assert house.client.get("/v1/me").status_code == 401
    assert house.client.get("/v1/keys").status_code == 200
