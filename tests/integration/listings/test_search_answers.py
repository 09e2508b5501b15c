"""What a search answers besides its hits: what was understood, facets, reasons, stable pages, delivered cost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from services.listings import views
from services.listings.store import LOTS
from services.listings.views.index import index_of
from shared import geo
from shared.catalogue.freight import options
from shared.geo import Position
from shared.search import PointsInTime
from shared.settings import Settings
from tests.integration.listings.market import WUHAN, Market, Party
from tests.integration.listings.test_search import BEIJING, reindex
from tests.relevance.judged import corpus, store

pytestmark = [pytest.mark.mongodb, pytest.mark.elasticsearch]
EZHOU = (30.39, 114.89)


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    """A market whose indices exist."""
    market = Market(settings)
    views.ensure_indices(market.database)
    yield market
    for name in views.KINDS:
        client = index_of(settings, name).client
        client.indices.delete(index=list(client.indices.get(index=f"{settings.index(name)}-*").body))
    market.close()


def ask(market: Market, who: Party, kind: str = "lots", **query: Any) -> Any:
    answer = market.get(who, f"/v1/search/{kind}", **query)
    assert answer.status_code == 200, answer.text
    return answer.json


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer["items"]]


def pages(market: Market, who: Party, **query: Any) -> Iterator[Any]:
    cursor: dict[str, str] = {}
    while True:
        page = ask(market, who, **query, **cursor)
        yield page
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}


def test_what_was_typed_is_understood_and_said(market: Market) -> None:
    seller, north, buyer = (
        market.party("collector"),
        market.party("collector", at=BEIJING, region="110105"),
        market.party("buyer"),
    )
    big = market.lot(seller, quantity_t=40, ask_cny_per_t=2400, title="廢鋼 ＨＭＳ")
    small = market.lot(seller, quantity_t=4, ask_cny_per_t=2000)
    far = market.lot(north, quantity_t=50, ask_cny_per_t=2300)
    reindex(market)
    assert ids(ask(market, buyer, q="10吨以上重废")) == [far, big]
    assert ids(ask(market, buyer, q="重废 2000元以下")) == [small]
    assert set(ids(ask(market, buyer, q="HMS 1&2 武汉50公里内"))) == {big, small}
    assert ids(ask(market, buyer, q="重废 50公里内", near="39.9,116.4")) == [far]
    assert set(ids(ask(market, buyer, q="重废 50公里内"))) == {big, small, far}
    assert ids(ask(market, buyer, q="廢鋼 ＨＭＳ"))[:1] == [big]
    assert ids(ask(market, buyer, q="30吨以上 重废", max_t="45")) == [big]
    answer = ask(market, buyer, q="求购 30吨以上 重废 5公里内")
    said = [(one["text"], one["as"], one["zh"]) for one in answer["understood"]]
    assert said == [
        ("30吨以上", "quantity", "≥ 30 吨"),
        ("5公里内", "ignored", "不知从何处算起"),
        ("求购", "ignored", "不影响结果"),
        ("重废", "grade", "重废"),
    ]
    assert answer["understood"][3]["values"][0] == "steel.hms1"
    [spelt] = ask(market, buyer, q="stel turnigs")["understood"]
    assert (spelt["spelt"], spelt["values"][0]) == ("steel turnings", "steel.turnings")


def test_a_place_where_there_is_nothing_only_prefers(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot = market.lot(seller)
    reindex(market)
    answer = ask(market, buyer, q="拉萨 重废")
    assert (ids(answer), answer["eased"]) == ([lot], True)
    assert (ids(ask(market, buyer, q="宜昌 重废")), ids(ask(market, buyer, q="宜昌 重废", sort="price"))) == ([lot], [lot])
    assert ask(market, buyer, q="武汉 重废", sort="price")["eased"] is False
    assert ids(ask(market, buyer, q="拉萨 磷石膏")) == []


def test_adding_a_facets_value_gives_its_count(market: Market) -> None:
    """Over the judged lots, with and without other filters; prices by their ends."""
    store(market.database, corpus(12))
    views.rebuild(market.settings)
    buyer = market.party("buyer")
    for base in ({}, {"q": "废钢"}, {"material": "paper", "max_t": "30"}, {"q": "10吨以上 武汉", "region": "420000"}):
        answer = ask(market, buyer, limit=1, **base)
        facets = answer["facets"]
        for name, param in (("material", "material"), ("grade", "grade"), ("region", "region")):
            for one in facets[name]:
                if param not in base:
                    assert ask(market, buyer, limit=1, **base, **{param: one["value"]})["total"] == one["count"], one
        assert sum(one["count"] for one in facets["grade"]) == sum(one["count"] for one in facets["price"]) == answer["total"]
        for one in facets["price"]:
            ends = {"min_price": one["from_cny_per_t"], "max_price": one["to_cny_per_t"] and one["to_cny_per_t"] - 0.01}
            found = ask(market, buyer, limit=1, **base, **{name: end for name, end in ends.items() if end is not None})
            assert found["total"] == one["count"]


def test_explain_says_why_in_both_languages(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot = market.lot(seller, title="厂房拆除")
    market.lot(seller, grade="steel.hms2")
    reindex(market)
    first, second = ask(market, buyer, q="武汉 重废 厂房", explain="true")["items"]
    assert first["id"] == lot
    assert [(one["what"], one["points"]) for one in first["reasons"][:2]] == [("grade", 100), ("place", 90)]
    assert first["reasons"][0]["zh"] == "品种「重废」与所查名称一致"
    assert first["reasons"][1]["en"] == "It lies in Wuhan"
    assert {one["what"] for one in first["reasons"][2:]} == {"text", "available"}
    assert any("厂房" in one["zh"] for one in first["reasons"] if one["what"] == "text")
    assert [(one["what"], one["points"]) for one in second["reasons"]] == [("place", 90), ("grade", 50), ("available", 15)]
    [reason] = ask(market, buyer, explain="true")["items"][0]["reasons"]
    assert (reason["what"], reason["points"]) == ("order", None)
    assert ask(market, buyer)["items"][0]["reasons"] is None
    demand = market.demand(market.party("buyer"))
    reindex(market)
    [item] = ask(market, seller, "demands", q="重废", explain="true")["items"]
    assert (item["id"], item["reasons"][0]["what"]) == (demand, "grade")


def test_what_is_promised_to_somebody_comes_after_what_can_be_had(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    free, promised = market.lot(seller), market.lot(seller)
    demand = market.demand(buyer)
    market.reserve(promised, demand, 30_500)
    reindex(market)
    items = ask(market, buyer, q="重废")["items"]
    assert [(item["id"], item["available_t"]) for item in items] == [(free, 30.5), (promised, 0)]


def test_writes_between_pages_neither_repeat_nor_lose_a_hit(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    first = [market.lot(seller, ask_cny_per_t=2000 + number) for number in range(12)]
    reindex(market)
    for query in ({"sort": "price"}, {"q": "重废"}, {"sort": "delivered", "near": "30,114"}):
        seen: list[str] = []
        for number, page in enumerate(pages(market, buyer, limit=3, **query)):
            assert page["resumed"] is False
            assert page["total"] == len(first)
            seen += ids(page)
            moved = first[(5 + number) % 12]
            version = market.lot_row(moved).version
            price = {"ask_cny_per_t": 1000 if number % 2 else 9000}
            assert market.patch(seller, f"/v1/lots/{moved}", price, f'"{version}"').status_code == 200
            first.append(market.lot(seller, ask_cny_per_t=1500 + number))
            reindex(market)
            first.pop()
        assert sorted(seen) == sorted(set(seen))
        assert set(first) <= set(seen)
        for row in LOTS.select(market.database.read(), {"_id": {"$nin": first}, "status": "open"}):
            market.post(seller, f"/v1/lots/{row.id}/withdraw")
        reindex(market)


def test_a_point_in_time_that_is_over_is_said_and_the_page_goes_on(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lots = [market.lot(seller, ask_cny_per_t=2000 + number) for number in range(9)]
    reindex(market)
    for end in (index_of(market.settings, "lots").points.close, lambda: views.rebuild(market.settings)):
        for query in ({"sort": "price"}, {"q": "重废"}, {"sort": "delivered", "near": "30,114"}):
            page = ask(market, buyer, limit=4, **query)
            end()
            following = ask(market, buyer, limit=4, cursor=page["next_cursor"], **query)
            assert (page["resumed"], following["resumed"]) == (False, True)
            last = ask(market, buyer, limit=4, cursor=following["next_cursor"], **query)
            assert (last["resumed"], last["next_cursor"]) == (False, None)
            assert sorted(ids(page) + ids(following) + ids(last)) == sorted(lots)


def test_points_in_time_are_bounded(market: Market) -> None:
    index = index_of(market.settings, "lots")

    def opened() -> int:
        stats = index.client.indices.stats(index=index.alias, metric="search")
        return int(stats["_all"]["total"]["search"]["open_contexts"])

    before = opened()
    points = PointsInTime(index.client, index.alias, most=3)
    for _ in range(8):
        points.hand_out(points.open())
    assert opened() == before + 3
    points.close()
    assert opened() == before
    seller = market.party("collector")
    market.lot(seller)
    reindex(market)
    for _ in range(3):
        ask(market, seller)
    assert opened() == before


def test_delivered_cost_is_the_net_ask_and_the_clearings_freight(market: Market) -> None:
    near = market.party("collector", at=WUHAN)
    far = market.party("collector", at=BEIJING, region="110105")
    buyer = market.party("buyer", at=EZHOU, region="420700")
    cheap_far = market.lot(far, ask_cny_per_t=2300)
    dear_near = market.lot(near, ask_cny_per_t=2472, vat_rate_pct=3)
    cheap_near = market.lot(near, ask_cny_per_t=2350)
    reindex(market)
    answer = ask(market, buyer, sort="delivered", to_site=buyer.site_id)
    assert ids(answer) == [cheap_near, dear_near, cheap_far]
    assert answer["computed"] == 3
    for item, at in zip(answer["items"], (WUHAN, WUHAN, BEIJING), strict=True):
        row = market.lot_row(item["id"])
        metres = geo.great_circle_m(*at, *EZHOU)
        assert item["mode"] == "road"
        assert item["position"] is None
        exact = options(Position(*at), Position(*EZHOU), 1, "steel")[0].freight_fen_per_t
        assert abs(item["freight_cny_per_t"] * 100 - exact) <= 2500 * 1.3 * 0.039 + 1, "within half a step of distance"
        shown_km = geo.round_km(metres, 5)
        assert item["freight_cny_per_t"] == pytest.approx(20 + shown_km * 1.3 * 0.39, abs=0.01)
        delivered = row.terms.ask_net_fen_per_t + round(item["freight_cny_per_t"] * 100)
        assert round(item["delivered_cny_per_t"] * 100) == delivered
    own = ask(market, far, sort="delivered", to_site=far.site_id)["items"][0]
    assert own["freight_cny_per_t"] == 20 and own["id"] == cheap_far
    exact_item = next(one for one in ask(market, near, to_site=near.site_id, q="重废")["items"] if one["id"] == cheap_near)
    assert exact_item["delivered_cny_per_t"] == 2370
    operator = market.party("operator", at=EZHOU)
    shown = ask(market, operator, sort="delivered", to_site=operator.site_id)["items"][0]
    freight = options(Position(*WUHAN), Position(*EZHOU), 1, "steel")[0].freight_fen_per_t
    assert round(shown["freight_cny_per_t"] * 100) == freight
    assert [item["delivered_cny_per_t"] for item in ask(market, buyer)["items"]] == [None] * 3


def test_delivered_needs_a_place_of_ones_own(market: Market) -> None:
    buyer, other = market.party("buyer"), market.party("buyer")
    for query in ({"sort": "delivered"}, {"sort": "delivered", "to_site": other.site_id}, {"to_site": other.site_id}):
        answer = market.get(buyer, "/v1/search/lots", **query)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/to_site")
    assert market.get(buyer, "/v1/search/demands", sort="delivered").status_code == 422


def test_delivered_pages_go_by_what_is_shown(market: Market) -> None:
    """Two sellers within one step of distance stand by price and id, whichever is nearer."""
    buyer = market.party("buyer", at=EZHOU, region="420700")
    lots = []
    for lat, price in itertools.product((30.60, 30.601, 30.602), (2300, 2301)):
        lots.append(market.lot(market.party("collector", at=(lat, 114.3)), ask_cny_per_t=price))
    reindex(market)
    found = [item for page in pages(market, buyer, sort="delivered", to_site=buyer.site_id, limit=2) for item in page["items"]]
    assert sorted(item["id"] for item in found) == sorted(lots)
    shown = [(item["delivered_cny_per_t"], item["id"]) for item in found]
    assert shown == sorted(shown)
    assert len({item["freight_cny_per_t"] for item in found}) == 1
