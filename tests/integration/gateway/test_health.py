"""Ready, degraded, loading, unavailable."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway import health
from tests.integration.gateway.conftest import House


@pytest.fixture(autouse=True)
def _always_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH_S", -1.0)


@pytest.mark.mongodb
@pytest.mark.kafka
@pytest.mark.elasticsearch
def test_all_is_well(house: House) -> None:
    house.accounts.prepare()
    answer = house.client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert house.client.get("/health/live").json == {"status": "live"}


@pytest.mark.mongodb
def test_without_kafka_and_elasticsearch_it_is_degraded(house: House) -> None:
    house.accounts.prepare()
    answer = house.client.get("/health/ready")
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["down"]) == ("degraded", ["kafka", "elasticsearch"])


@pytest.mark.mongodb
def test_a_room_that_does_not_answer(house: House) -> None:
    house.settings.rooms["trading"] = "http://127.0.0.1:9"
    house.accounts.prepare()
    answer = house.client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.json["rooms"]["trading"] == "unreachable"
    assert answer.json["rooms"]["accounts"] == "ready"
    assert house.client.get("/health/live").status_code == 200


@pytest.mark.mongodb
def test_the_demo_must_be_loaded_where_it_is_expected(make_house: Callable[..., House]) -> None:
    house = make_house(demo=True)
    house.accounts.prepare()
    answer = house.client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "loading demo")
    house.settings.data.mkdir(parents=True, exist_ok=True)
    (house.settings.data / "demo.json").write_text("{}")
    assert house.client.get("/health/ready").status_code == 200


@pytest.mark.mongodb
def test_metrics_are_the_gateways(house: House) -> None:
    house.client.get("/v1/lots/1")
    text = house.client.get("/metrics").text
    assert 'huanliu_http_requests_total{method="GET",room="gateway",route="/v1/lots",status="200"}' in text
