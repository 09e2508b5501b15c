"""Alerts in tests: the outbox's events as the topic would bring them, and the consumer that hears them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.listings.handlers import listen_for_alerts
from shared.bus.consumer import Consumer
from shared.bus.envelope import Headers, headers_of
from tests.integration.listings.market import Market, Party


@dataclass
class Heard:
    """An outbox row as a record of its topic."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: Headers


def heard(market: Market, offset: int = 0) -> list[Any]:
    """Every event so far but the first `offset`, in order."""
    rows = market.database.mongo["outbox"].find().sort("_id", 1).skip(offset)
    secret = market.settings.secret_key
    return [
        Heard(row["topic"], 0, offset + at, row["key"].encode(), row["data"].encode(), headers_of(row, secret))
        for at, row in enumerate(rows)
    ]


def consumer(market: Market) -> Consumer:
    """A worker's, that has just started."""
    return listen_for_alerts(market.database)


def saved(market: Market, who: Party, alert: str = "at_once", kind: str = "lots", **criteria: Any) -> str:
    """A saved search's id."""
    body = {"name": "重废", "kind": kind, "alert": alert, "criteria": criteria}
    answer = market.post(who, "/v1/saved-searches", body)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json["id"]
    return identifier


def matched(market: Market) -> list[tuple[str, str, int]]:
    """Saved search, listing and terms version of each alert."""
    sent = market.emitted("saved_search.matched")
    return [(one["saved_search_id"], one["listing_id"], one["terms_version"]) for one in sent]


def listen(market: Market) -> list[tuple[str, str, int]]:
    """What a new worker makes of everything there is; it has no memory but the database's."""
    parts = consumer(market)
    parts.handle(heard(market))
    assert parts.parked == 0
    return matched(market)
