"""The first page in each of its states, and the page of the API."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask import Response

from gateway.console import assets, board
from tests.integration.gateway.conftest import House

pytestmark = pytest.mark.mongodb
MARKET: dict[str, Any] = {
    "at": "2026-11-24T00:00:00.000Z",
    "open_lots": 12,
    "open_lots_t": 340.5,
    "open_demands": 3,
    "open_demands_t": 900,
    "trades": 1,
    "traded_t": 30,
    "clearings": [
        {
            "id": "1",
            "material": "steel",
            "at": "2026-11-24T00:00:00.000Z",
            "proposals": 2,
            "matched_t": 60,
            "surplus_cny": 1200.5,
            "gap_pct": 0.03,
            "duration_ms": 15,
        }
    ],
    "trades_latest": [
        {
            "at": "2026-11-24T00:00:00.000Z",
            "grade": "steel.hms1",
            "quantity_t": 30,
            "price_cny_per_t": 2450,
            "from_region": "420107",
            "to_region": "310113",
        }
    ],
}
EMPTY: dict[str, Any] = {
    name: [] if isinstance(value, list) else value if name == "at" else 0 for name, value in MARKET.items()
}


def serve(house: House, figures: dict[str, Any], status: int = 200) -> None:
    house.rooms["regions"].answer = lambda: Response(orjson.dumps(figures), status, content_type="application/json")


@pytest.fixture(autouse=True)
def _always_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "FRESH_S", -1.0)


def test_the_page_shows_the_market(house: House) -> None:
    serve(house, MARKET)
    page = house.client.get("/")
    assert page.status_code == 200
    assert 'lang="zh-CN"' in page.text
    for text in ("340.5 吨", "废钢铁", "0.03 %", "2,450.00", "武汉市 → 上海市"):
        assert text in page.text, text
    assert 'name="persona"' not in page.text
    live = house.client.get("/console/live")
    assert "340.5 吨" in live.text
    assert "<html" not in live.text


def test_the_policy_lets_nothing_foreign_in(house: House) -> None:
    for path in ("/", "/docs", "/console/live"):
        headers = house.client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_the_switch_is_remembered(house: House) -> None:
    serve(house, MARKET)
    english = house.client.get("/?lang=en")
    assert "The market, live" in english.text
    assert "340.5 t" in english.text
    assert "The market, live" in house.client.get("/").text
    assert "再生资源市场实况" in house.client.get("/?lang=zh").text
    assert "再生资源市场实况" in house.client.get("/").text
    assert "再生资源市场实况" in house.client.get("/?lang=%3Cscript%3E").text


def test_states(house: House) -> None:
    serve(house, MARKET, 503)
    assert "暂时读不到行情" in house.client.get("/").text
    serve(house, EMPTY)
    empty = house.client.get("/").text
    assert "市场是空的" in empty
    assert "还没有撮合" in empty
    serve(house, MARKET)
    house.client.get("/")
    serve(house, {}, 503)
    stale = house.client.get("/").text
    assert "已停更" in stale
    assert "340.5 吨" in stale
    serve(house, {"at": "of another shape"})
    assert "已停更" in house.client.get("/").text
    serve(house, MARKET)
    assert "已停更" not in house.client.get("/").text


def test_what_is_said_in_the_market_is_text(house: House) -> None:
    serve(house, {**MARKET, "trades_latest": [{**MARKET["trades_latest"][0], "grade": "<img src=x onerror=alert(1)>"}]})
    page = house.client.get("/").text
    assert "<img" not in page
    assert "&lt;img" in page


def test_personas_are_there_when_the_demo_is(make_house: Callable[..., House]) -> None:
    house = make_house(demo=True, demo_password="a demo password")
    loading = house.client.get("/").text
    assert 'name="persona"' not in loading
    assert "a demo password" not in loading
    assert "演示行情正在装载" in loading
    house.settings.data.mkdir(parents=True, exist_ok=True)
    (house.settings.data / "demo.json").write_text('{"loaded": true}')
    page = house.client.get("/").text
    assert page.count('name="persona"') == 5
    assert "演示行情正在装载" not in page


def test_files_of_the_page(house: House) -> None:
    for name, kind in (("console.js", "text/javascript"), ("console.css", "text/css"), ("icon.svg", "image/svg+xml")):
        address = assets.address(name)
        answer = house.client.get(address)
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert answer.headers["Cache-Control"] == assets.FOR_EVER
        squeezed = house.client.get(address, headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(squeezed.data) == answer.data
    assert "Content-Encoding" not in house.client.get(address, headers={"Accept-Encoding": "gzip;q=0"}).headers
    for name in ("htmx.js", "echarts.js", "noto-sans-sc.css"):
        sent = {
            kind: house.client.get(assets.address(name), headers={"Accept-Encoding": kind}) for kind in ("br, gzip", "gzip")
        }
        assert [answer.headers["Content-Encoding"] for answer in sent.values()] == ["br", "gzip"]
        assert len(sent["br, gzip"].data) < len(sent["gzip"].data)
    assert house.client.get(f"{assets.PREFIX}/old/console.js").headers["Cache-Control"] == "public, max-age=60"
    for name in ("none.js", "..%2ftexts.json", "%2e%2e/texts.json", "files/../index.css"):
        assert house.client.get(f"{assets.PREFIX}/x/{name}").status_code == 404


def test_one_document_and_its_page(house: House) -> None:
    document = house.client.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    assert "/v1/sites/{site_id}" in document["paths"]
    assert "/v1/api-keys/exchange" not in document["paths"]
    page = house.client.get("/docs").text
    assert "/v1/sites/{site_id}" in page
    assert 'id="shape-SiteOut"' in page
    house.settings.rooms.clear()
    assert house.client.get("/openapi.json").json == document


def test_without_any_room_the_pages_still_stand(house: House) -> None:
    house.settings.rooms.clear()
    assert house.client.get("/").status_code == 200
    assert "各服务还在启动" in house.client.get("/docs").text
    answer = house.client.get("/openapi.json")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
