"""What a grade is worth at a yard: whose price it is, and how little is asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from gateway.console.client import Ask, Reply
from gateway.console.pages.collector.advice import Advice, advise
from gateway.console.pages.collector.prices import index_rows
from gateway.console.texts import texts

SITE = {"id": "yard", "region": "420111", "position": {"lat": 30.5, "lon": 114.4}}
CITY, PROVINCE = "420100", "420000"


class Published:
    """The API with these prices, by region and grade; every round of questions is counted. None where it can't be read."""

    def __init__(self, prices: Mapping[tuple[str, str], list[float] | None]) -> None:
        self.prices, self.asked, self.rounds = prices, cast(list[str], []), 0

    def all(self, *asks: Ask) -> list[Reply]:
        self.rounds += bool(asks)
        return [self._answer(ask) for ask in asks]

    def _answer(self, ask: Ask) -> Reply:
        self.asked.append(ask.path)
        if ask.path != "/v1/prices":
            return Reply(200, {}, orjson.dumps({"items": [], "total": 0}))
        found = {
            (region, grade): self.prices.get((region, grade), [])
            for region in ask.query["region"].split(",")
            for grade in ask.query["grade"].split(",")
        }
        if None in found.values():
            return Reply(503, {"content-type": "application/problem+json"}, b'{"status": 503}')
        rows = [
            {"grade": grade, "region": region, "date": f"2026-11-{28 - day}", "price_cny_per_t": one,
             "low_cny_per_t": one - 9, "high_cny_per_t": one + 9}
            for (region, grade), some in found.items()
            for day, one in enumerate((some or [])[: 1 if ask.query.get("latest") else None])
        ]  # fmt: skip
        return Reply(200, {}, orjson.dumps({"items": rows}))


class Unquoted(Published):
    """One buyer near, and nobody to say what haulage costs."""

    def _answer(self, ask: Ask) -> Reply:
        if ask.path == "/v1/quotes":
            return Reply(503, {"content-type": "application/problem+json"}, b'{"status": 503}')
        if ask.path == "/v1/search/demands":
            bid = {"id": "unquoted", "region": "420704", "distance_km": 60, "bid_net_cny_per_t": 2500}
            return Reply(200, {}, orjson.dumps({"items": [bid], "total": 1}))
        return super()._answer(ask)


def of(published: Published, *grades: str, site: Any = SITE, region: str = "420111", whole: bool = False) -> dict[str, Advice]:
    visit = SimpleNamespace(api=published, now=datetime(2026, 11, 29, tzinfo=UTC))
    return advise(cast(Any, visit), grades, site, region, whole)


def test_the_city_s_price_comes_before_its_province_s() -> None:
    published = Published({(CITY, "steel.hms1"): [2400.0], (PROVINCE, "steel.hms1"): [2300.0]})
    found = of(published, "steel.hms1")["steel.hms1"]
    assert (found.series.region, found.series.is_wider, found.suggested) == (CITY, False, 2400.0)
    assert published.asked == ["/v1/prices", "/v1/search/demands"]
    assert published.rounds == 1, "where freights are known a reader waits for one round"


def test_where_the_city_has_none_it_is_the_province_s() -> None:
    published = Published({(PROVINCE, "steel.hms1"): [2300.0, 2290.0], (CITY, "steel.light"): [1900.0]})
    found = of(published, "steel.hms1", "steel.light", "paper.occ_a", whole=True)
    assert (found["steel.hms1"].series.region, found["steel.hms1"].series.is_wider) == (PROVINCE, True)
    assert [row["date"] for row in found["steel.hms1"].series.rows] == ["2026-11-27", "2026-11-28"], "the oldest first"
    assert found["steel.light"].series.region == CITY
    assert found["paper.occ_a"].index is None and not found["paper.occ_a"].is_partial
    assert published.rounds == 1


def test_all_grades_and_levels_are_one_question_of_prices() -> None:
    published = Published({(CITY, "steel.hms1"): [2400.0, 2390.0], (PROVINCE, "steel.light"): [1900.0]})
    found = of(published, "steel.hms1", "steel.light")
    assert [found[one].suggested for one in ("steel.hms1", "steel.light")] == [2400.0, 1900.0]
    assert published.asked.count("/v1/prices") == 1
    assert of(Published({})) == {}, "of no grade nothing is asked"


def test_a_city_s_price_that_can_t_be_read_is_not_another_s() -> None:
    published = Published({(CITY, "steel.hms1"): None, (PROVINCE, "steel.hms1"): [2300.0]})
    found = of(published, "steel.hms1")["steel.hms1"]
    assert (found.index, found.is_partial, found.bids_are_read) == (None, True, True)


@pytest.mark.parametrize(("region", "whose"), [("110105", "110000"), ("429004", PROVINCE), ("420000", PROVINCE)])
def test_what_has_no_city_above_it_has_one_level(region: str, whose: str) -> None:
    published = Published({(whose, "steel.hms1"): [2300.0]})
    found = of(published, "steel.hms1", site=None, region=region)["steel.hms1"]
    assert (found.series.region, found.series.is_wider) == (whose, False)


def test_one_of_a_thing_is_said_as_one() -> None:
    words = texts("en", "collector")
    assert words.say("worth_bids", n=3) == "From 3 open bids nearby"
    assert words.say("worth_bids", n=1) == "From the one open bid nearby"


def test_the_table_behind_the_chart_says_what_is_carried_and_from_when() -> None:
    price = {
        "price_cny_per_t": 2400.0,
        "low_cny_per_t": 2380.0,
        "high_cny_per_t": 2420.5,
        "firms": 5,
        "priced_on": "2026-11-27",
    }
    rows = [{"date": "2026-11-27", "carried": False, **price}, {"date": "2026-11-28", "carried": True, **price}]
    head, *days = index_rows(rows, texts("en", "collector"))
    assert head == ["Day", "Price CNY/t", "Middle half, low", "Middle half, high", "Firms", "Carried from"]
    assert days == [
        ["2026-11-28", 2400.0, 2380.0, 2420.5, 5, "2026-11-27"],
        ["2026-11-27", 2400.0, 2380.0, 2420.5, 5, None],
    ]


def test_a_haulage_that_cannot_be_asked_for_is_no_missing_buyer() -> None:
    found = of(Unquoted({}), "steel.hms2")["steel.hms2"]
    assert found.high is None and not found.ways_are_read and found.is_partial
    assert not of(Published({}), "steel.hms2")["steel.hms2"].is_partial
