"""The search against real Elasticsearch: words of both languages, filters, facets, distances, pages, rebuilding."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.commands import search as command
from deploy.errors import CannotGoOn
from services.listings import service, views
from services.listings.app import create_worker
from services.listings.views.index import index_of
from shared import parties
from shared.bus.consumer import ServerIsUnreachable
from shared.events import REGISTRY
from shared.events.listings import LotChanged, LotPublished
from shared.search import Document, write
from shared.settings import Settings
from tests.integration.listings.market import Market, Party, lot_body, received, site_event

pytestmark = [pytest.mark.mongodb, pytest.mark.elasticsearch]

BEIJING = (39.90, 116.40)


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


def reindex(market: Market) -> None:
    """What the consumer does with the outbox's events, and the refresh it needs not wait for."""
    rows = market.database.mongo["outbox"].find().sort("_id", 1)
    events = [REGISTRY[row["type"]].model_validate_json(row["data"]) for row in rows]
    views.project(market.database.read(), [event for event in events if isinstance(event, views.INDEXED)])
    for name in views.KINDS:
        index_of(market.settings, name).refresh()


def found(market: Market, who: Party, kind: str = "lots", **query: Any) -> list[str]:
    answer = market.get(who, f"/v1/search/{kind}", **query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json["items"]]


def test_words_of_both_languages(market: Market) -> None:
    seller, north, buyer = (
        market.party("collector"),
        market.party("collector", at=BEIJING, region="110105"),
        market.party("buyer"),
    )
    heavy = market.lot(seller, title="厂区拆除 <b>钢梁</b>")
    second = market.lot(seller, grade="steel.hms2")
    paper = market.lot(north, grade="paper.news", description="dry, clean newsprint")
    reindex(market)
    assert found(market, buyer, q="重废")[0] == heavy
    assert found(market, buyer, q="heavy melting")[:1] in ([heavy], [second])
    assert set(found(market, buyer, q="Heavy Melting")) == {heavy, second}
    assert found(market, buyer, q="钢梁") == [heavy]
    assert found(market, buyer, q="北京废纸") == [paper]
    assert found(market, buyer, q="Chaoyang") == [paper]
    assert found(market, buyer, q="newsprnt") == [paper]
    assert set(found(market, buyer, q="武汉 废钢")) == {heavy, second}
    assert found(market, buyer, q="HMS1") == [heavy]
    assert found(market, buyer, q="磷石膏") == []
    [item] = market.get(buyer, "/v1/search/lots", q="钢梁").json["items"]
    assert item["highlights"]["title"] == ["厂区拆除 &lt;b&gt;<em>钢梁</em>&lt;&#x2F;b&gt;"]


def test_form_and_colour_are_said_found_changed_and_refused_where_they_are_none(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    white = market.lot(seller, grade="plastic.pet_flake", traits={"form": "flake", "colour": "white"})
    plain = market.lot(seller, grade="plastic.pet_flake")
    reindex(market)
    assert found(market, buyer, q="PET 白色")[0] == found(market, buyer, q="white PET flake")[0] == white
    assert set(found(market, buyer, q="PET")) == {white, plain}
    shown = market.get(buyer, f"/v1/lots/{white}")
    assert shown.json["traits"] == {"form": "flake", "colour": "white"}
    assert market.patch(seller, f"/v1/lots/{white}", {"traits": {"colour": "blue"}}, shown.headers["ETag"]).status_code == 200
    reindex(market)
    assert found(market, buyer, q="PET 蓝色")[0] == white
    assert market.lot_row(white).terms_version == 2
    told = market.database.mongo["outbox"].find_one({"type": LotChanged.TYPE})
    assert told is not None and LotChanged.model_validate_json(told["data"]).traits == {"colour": "blue"}
    for traits, pointer in (({"colour": "loud"}, "/traits/colour"), ({"smell": "none"}, "/traits/smell")):
        answer = market.post(seller, "/v1/lots", lot_body(seller, grade="plastic.pet_flake", traits=traits))
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_filters_and_facets_agree(market: Market) -> None:
    seller = market.party("collector", compliant=("steel",))
    north = market.party("collector", at=BEIJING, region="110105")
    buyer = market.party("buyer")
    a = market.lot(seller, ask_cny_per_t=2472, vat_rate_pct=3, quantity_t=10)  # 2,400.00 net
    b = market.lot(seller, grade="steel.light", ask_cny_per_t=1900, quantity_t=20)
    c = market.lot(north, ask_cny_per_t=2400.01, quantity_t=30)
    d = market.lot(north, grade="paper.news", ask_cny_per_t=1200, quantity_t=40.001)
    market.lot(seller, publish=False)
    gone = market.lot(seller)
    market.post(seller, f"/v1/lots/{gone}/withdraw")
    reindex(market)

    def ids(**query: Any) -> set[str]:
        return set(found(market, buyer, **query))

    assert ids() == {a, b, c, d}
    assert ids(material="steel") == {a, b, c}
    assert ids(material="steel.hms1") == ids(grade="steel.hms1") == {a, c}
    assert ids(region="420000") == {a, b}
    assert ids(region="110105") == {c, d}
    assert ids(max_price="2400") == {a, b, d}
    assert ids(max_price="2400.01") == {a, b, c, d}
    assert ids(min_t="20", max_t="40") == {b, c}
    assert ids(min_t="40.001") == {d}
    assert ids(compliant="true") == {a, b}
    assert ids(near="30.59,114.30", within_km="10") == {a, b}
    facets = market.get(buyer, "/v1/search/lots", material="steel").json["facets"]
    assert {one["value"]: one["count"] for one in facets["grade"]} == {"steel.hms1": 2, "steel.light": 1}
    assert {one["value"]: one["count"] for one in facets["material"]} == {"steel": 3}
    assert {one["value"]: (one["name_zh"], one["count"]) for one in facets["region"]} == {
        "420100": ("武汉市", 2),
        "110105": ("朝阳区", 1),
    }
    assert [(one["from_cny_per_t"], one["to_cny_per_t"], one["count"]) for one in facets["price"]] == [
        (1000, 2000, 1),
        (2000, 3000, 2),
    ]
    assert found(market, buyer, sort="price") == [d, b, a, c]
    assert found(market, buyer, sort="quantity") == [d, c, b, a]
    assert found(market, buyer, sort="newest") == [d, c, b, a]
    assert found(market, buyer, sort="distance", near="39.9,116.4")[:2] == [d, c]


def test_distances_of_others_are_rounded_and_their_place_is_hidden(market: Market) -> None:
    seller, buyer, partner = market.party("collector", at=(30.70, 114.30)), market.party("buyer"), market.party("operator")
    market.lot(seller)
    reindex(market)
    query = {"near": "30.59,114.30"}
    [item] = market.get(buyer, "/v1/search/lots", **query).json["items"]
    assert (item["distance_km"], item["position"], item["site_id"]) == (10, None, None)
    for who in (seller, partner):
        [own] = market.get(who, "/v1/search/lots", **query).json["items"]
        assert own["distance_km"] == pytest.approx(12.231, abs=0.002)
        assert own["position"] == {"lat": 30.7, "lon": 114.3}
    [plain] = market.get(buyer, "/v1/search/lots").json["items"]
    assert plain["distance_km"] is None


def test_pages_are_complete_and_cursors_belong_to_their_search(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    ids = [market.lot(seller, ask_cny_per_t=2000 + i % 3, title="钢坯") for i in range(11)]
    reindex(market)
    for query in ({"sort": "price"}, {"q": "钢坯"}, {"sort": "distance", "near": "30,114"}, {}):
        seen: list[str] = []
        cursor = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = market.get(buyer, "/v1/search/lots", limit=4, **query, **more).json
            assert answer["total"] == 11
            seen += [item["id"] for item in answer["items"]]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == 11
        assert set(seen) == set(ids)
    cursor = market.get(buyer, "/v1/search/lots", limit=4).json["next_cursor"]
    for query in ({"cursor": cursor, "sort": "price"}, {"cursor": "eyJ"}, {"cursor": "WzFd"}, {"cursor": "%"}):
        answer = market.get(buyer, "/v1/search/lots", **query)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/cursor")
    assert market.get(buyer, "/v1/search/demands", cursor=cursor).status_code == 422


def test_demands_are_found_by_any_of_their_grades(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer", compliant=("steel",))
    low = market.demand(buyer, bid_cny_per_t=2600)
    high = market.demand(buyer, bid_cny_per_t=2700, grades=["steel.light", "paper.news"])
    reindex(market)
    assert set(found(market, seller, "demands", material="steel")) == {low, high}
    assert found(market, seller, "demands", grade="paper.news") == [high]
    assert found(market, seller, "demands", q="轻薄料") == [high]
    assert found(market, seller, "demands", sort="price") == [high, low]
    assert found(market, seller, "demands", compliant="true", max_price="2600") == [low]
    [item] = market.get(seller, "/v1/search/demands", grade="paper.news").json["items"]
    assert (item["bought_t"], item["position"]) == (0, None)


def test_items_are_as_they_are_now(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, other, demand_id = market.lot(seller), market.lot(seller), market.demand(buyer)
    reindex(market)
    market.reserve(lot_id, demand_id, 10_500)
    market.post(seller, f"/v1/lots/{other}/withdraw")
    [item] = market.get(buyer, "/v1/search/lots").json["items"]
    assert (item["id"], item["available_t"], item["reserved_t"]) == (lot_id, 20, 10.5)


def test_a_sites_compliance_reaches_its_open_lots(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id = market.lot(seller)
    reindex(market)
    assert found(market, buyer, compliant="true") == []
    event = site_event(seller.site_id, seller.id, compliant=("steel",), version=2)
    views.project(market.database.read(), [event])  # before the room's other consumer heard of it
    index_of(market.settings, "lots").refresh()
    assert found(market, buyer, compliant="true") == [lot_id]
    revoked = site_event(seller.site_id, seller.id, version=3)
    market.tell(parties.hear_site, revoked)
    views.project(market.database.read(), [event, revoked])
    index_of(market.settings, "lots").refresh()
    assert found(market, buyer, compliant="true") == []


def test_protocol_7_closed_lots_stay_filtered_out_and_drafts_are_never_indexed(market: Market) -> None:
    """The version is the external version: an older write never wins."""
    seller, buyer = market.party("collector"), market.party("buyer")
    sold, demand_id = market.lot(seller, quantity_t=30), market.demand(buyer)
    reindex(market)
    index = index_of(market.settings, "lots")
    before = next(iter(index.all()))
    market.tell(service.on_shipment_received, received(market.reserve(sold, demand_id, 30_000), 30_000))
    market.lot(seller, publish=False)
    reindex(market)
    [(identifier, version, source)] = index.all()
    assert (identifier, source["status"], version) == (sold, "closed", market.lot_row(sold).version)
    assert found(market, buyer) == []
    write([(index, [Document(before[0], before[1], before[2])])])
    index.refresh()
    assert next(iter(index.all()))[1] == version


def test_rebuilding_while_lots_are_written_and_searched_leaves_no_gap(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    first = [market.lot(seller) for _ in range(30)]
    reindex(market)
    stop = threading.Event()
    missing: list[int] = []
    added: list[str] = []

    def search_on() -> None:
        client = market.client
        while not stop.is_set():
            answer = client.get("/v1/search/lots", query_string={"limit": 200, "grade": "steel.hms1"}, headers=buyer.headers)
            total = len({item["id"] for item in answer.json["items"]} & set(first))
            if answer.status_code != 200 or total != 30:
                missing.append(total)

    def write_on() -> None:
        while not stop.is_set():
            added.append(market.lot(seller, grade="steel.hms2"))  # however many, they push none of the first off the page
            lot = market.lot_row(added[-1])
            views.project(market.database.read(), [lot_published(lot)])

    threads = [threading.Thread(target=search_on), threading.Thread(target=write_on)]
    for thread in threads:
        thread.start()
    heard: list[tuple[str, int, int]] = []
    for _ in range(3):
        counts = views.rebuild(market.settings, lambda *step: heard.append(step))
    stop.set()
    for thread in threads:
        thread.join()
    assert missing == []
    assert counts["lots"] >= 30
    assert heard[-1][0] == "demands"
    index = index_of(market.settings, "lots")
    index.refresh()
    assert {identifier for identifier, _, _ in index.all()} == {*first, *added}
    assert len(index.client.indices.get(index=f"{index.alias}-*").body) == 1


def lot_published(lot: Any) -> Any:
    return LotPublished(**lot._state(), **lot._terms())


def test_the_command_rebuilds_and_counts(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    seller = market.party("collector")
    lot_id = market.lot(seller)
    market.lot(seller, publish=False)
    monkeypatch.setattr(command, "settings_of", lambda data: market.settings)
    answer = CliRunner().invoke(command.app, ["rebuild", "--json"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)["documents"] == {"lots": 1, "demands": 0}
    assert found(market, seller) == [lot_id]
    down = market.settings.model_copy(update={"elasticsearch_url": "http://127.0.0.1:9"})
    monkeypatch.setattr(command, "settings_of", lambda data: down)
    assert isinstance(CliRunner().invoke(command.app, ["rebuild"]).exception, CannotGoOn)


def test_the_index_is_what_the_rows_say(market: Market) -> None:
    seller, buyer = market.party("collector", compliant=("steel",)), market.party("buyer")
    lot_id, demand_id = market.lot(seller, title="x"), market.demand(buyer)
    market.reserve(lot_id, demand_id, 5_000)
    reindex(market)
    for name, kind in views.KINDS.items():
        held = {one[0]: (one[1], one[2]) for one in index_of(market.settings, name).all()}
        wanted = {one.id: (one.version, one.source) for one in views.expected(market.database.read(), kind)}
        assert held == wanted


def test_elasticsearch_down_search_says_so_and_writes_go_on(market: Market) -> None:
    seller = market.party("collector")
    down = Market(market.settings.model_copy(update={"elasticsearch_url": "http://127.0.0.1:9"}))
    answer = down.get(seller, "/v1/search/lots")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    lot_id = down.lot(seller)
    with pytest.raises(ServerIsUnreachable):
        views.project(down.database.read(), [lot_published(down.lot_row(lot_id))])
    views.ensure_indices(down.database)
    reindex(market)
    assert found(market, seller) == [lot_id]
    down.database.close()


@pytest.mark.kafka
def test_a_new_lot_is_found_within_two_seconds(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    worker = create_worker(market.settings)
    worker.start()
    took = []
    try:
        wait_for(market, buyer, market.lot(seller), 60)  # the consumers have joined their groups
        for _ in range(20):
            lot_id = market.lot(seller)
            took.append(wait_for(market, buyer, lot_id, 10))
    finally:
        worker.join()
    assert sorted(took)[18] <= 2, took


def wait_for(market: Market, who: Party, lot_id: str, seconds: float) -> float:
    begun = time.monotonic()
    while lot_id not in found(market, who, sort="newest", limit="5"):
        assert time.monotonic() - begun < seconds, "it was never found"
        time.sleep(0.02)
    return time.monotonic() - begun


def test_blocked_counterparties_are_not_found_and_favourites_can_be_asked_for(market: Market) -> None:
    buyer, friend, foe, stranger = (market.party(role) for role in ("buyer", "collector", "collector", "collector"))
    lots = {who.id: market.lot(who) for who in (friend, foe, stranger)}
    reindex(market)

    def say(of: Party, standing: str | None) -> None:
        path, body = f"/v1/counterparties/{of.id}", {"standing": standing}
        assert market.client.put(path, json=body, headers=buyer.headers).status_code == 200

    def sellers(who: Party, **query: str) -> set[str]:
        return {market.lot_row(identifier).seller_id for identifier in found(market, who, **query)}

    assert sellers(buyer) == set(lots)
    assert sellers(buyer, favourite="true") == set()
    say(friend, "favourite")
    say(foe, "blocked")
    answer = market.get(buyer, "/v1/search/lots").json
    assert (sellers(buyer), answer["total"]) == ({friend.id, stranger.id}, 2)
    assert sellers(buyer, favourite="true") == {friend.id}
    assert sellers(stranger) == set(lots)
    say(foe, None)
    assert sellers(buyer) == set(lots)
