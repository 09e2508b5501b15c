"""Saved searches hear of what newly fits: once, of others' listings, by today's criteria and terms."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from services.listings import service, views
from services.listings.alerting import Matcher
from services.listings.app import create_worker
from services.listings.store import saved_searches_since
from services.listings.views.index import index_of
from shared import parties
from shared.clock import iso, utc_now
from shared.events import REGISTRY
from shared.events.accounts import OrganisationSuspended, OrganisationVerified
from shared.parties import SITES
from tests.fixtures.bus import until
from tests.integration.listings.alerts import consumer, heard, listen, matched, saved
from tests.integration.listings.market import Market, Party, days, site_event

pytestmark = pytest.mark.mongodb


def judged(market: Market, who: Party, kind: type[Any], version: int) -> None:
    status = "suspended" if kind is OrganisationSuspended else "verified"
    event = kind(
        id=who.id, version=version, at=utc_now(), name="江城再生", role=who.role, region="420100", status=status, contact="x"
    )
    market.tell(service.on_organisation_judged, event)


def test_a_new_lot_that_fits_is_told_once(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    fits = saved(market, buyer, grade="steel.hms1", region="420000", q="重废", min_t=30, max_price=2400)
    saved(market, buyer, grade="steel.hms2")
    saved(market, buyer, kind="demands", grade="steel.hms1")
    saved(market, buyer, alert="off")
    lot_id = market.lot(seller, ask_cny_per_t=2472, vat_rate_pct=3)  # 2,400.00 net
    assert listen(market) == [(fits, lot_id, 1)]
    [event] = market.emitted("saved_search.matched")
    assert event | {"at": "", "type": ""} == {
        "id": fits,
        "version": 1,
        "at": "",
        "type": "",
        "saved_search_id": fits,
        "organisation_id": buyer.id,
        "user_id": event["user_id"],
        "name": "重废",
        "kind": "lots",
        "alert": "at_once",
        "listing_id": lot_id,
        "terms_version": 1,
        "grade": "steel.hms1",
        "region": "420100",
        "quantity_kg": 30_500,
        "available_kg": 30_500,
        "price_net_fen_per_t": 240_000,
    }


def test_redelivered_replayed_and_after_a_restart_it_stays_once(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    fits = saved(market, buyer, material="steel")
    lot_id = market.lot(seller)
    worker = consumer(market)
    records = heard(market)
    worker.handle(records)
    worker.handle(records)
    worker.handle([*records, *records])
    assert listen(market) == [(fits, lot_id, 1)]
    other = market.lot(seller)
    assert listen(market) == [(fits, lot_id, 1), (fits, other, 1)]


def test_two_workers_at_once_tell_it_once(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    fits = saved(market, buyer, material="steel")
    lots = {market.lot(seller) for _ in range(20)}
    records = heard(market)
    workers = [threading.Thread(target=consumer(market).handle, args=(records,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(matched(market)) == sorted((fits, lot_id, 1) for lot_id in lots)


def test_a_search_saved_while_a_worker_runs_counts_for_the_next_lot(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    worker = consumer(market)
    market.lot(seller)
    worker.handle(heard(market))
    fits = saved(market, buyer, grade="steel.hms1")
    lot_id = market.lot(seller)
    worker.handle(heard(market))
    assert matched(market) == [(fits, lot_id, 1)]


def test_ones_own_listings_are_no_news(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    saved(market, seller)
    theirs = saved(market, seller, kind="demands", alert="daily")
    market.lot(seller)
    demand_id = market.demand(buyer)
    assert listen(market) == [(theirs, demand_id, 1)]


@pytest.mark.parametrize("blocker", [0, 1])
def test_who_blocked_the_other_hears_nothing_and_is_not_heard_of(market: Market, blocker: int) -> None:
    seller, buyer = pair = market.party("collector"), market.party("buyer")
    saved(market, buyer)
    path = f"/v1/counterparties/{pair[1 - blocker].id}"
    answer = market.client.put(path, json={"standing": "blocked"}, headers=pair[blocker].headers)
    assert answer.status_code == 200, answer.text
    market.lot(seller)
    assert listen(market) == []


def test_a_demand_names_the_grade_that_was_asked_for(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    paper = saved(market, seller, kind="demands", material="paper")
    anything = saved(market, seller, kind="demands", q="武汉")
    market.demand(buyer, grades=["steel.light", "paper.news"])
    listen(market)
    told = {one["id"]: (one["grade"], one["price_net_fen_per_t"]) for one in market.emitted("saved_search.matched")}
    assert told == {paper: ("paper.news", 270_000), anything: ("steel.light", 270_000)}


def test_new_terms_are_news_again_and_other_changes_are_not(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    cheap, anything = saved(market, buyer, max_price=2300), saved(market, buyer, material="steel")
    lot_id = market.lot(seller)
    assert listen(market) == [(anything, lot_id, 1)]
    path = f"/v1/lots/{lot_id}"
    market.patch(seller, path, {"title": "板边", "quantity_t": 50}, "*")
    assert listen(market) == [(anything, lot_id, 1)]
    market.patch(seller, path, {"ask_cny_per_t": 2300}, "*")
    assert sorted(listen(market)[1:]) == sorted([(cheap, lot_id, 2), (anything, lot_id, 2)])


def test_terms_of_yesterday_are_not_told(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    fits = saved(market, buyer, material="steel")
    changed, gone = market.lot(seller), market.lot(seller)
    market.patch(seller, f"/v1/lots/{changed}", {"ask_cny_per_t": 2300}, "*")
    market.post(seller, f"/v1/lots/{gone}/withdraw")
    assert listen(market) == [(fits, changed, 2)]


def test_a_deleted_search_hears_nothing(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    first, second = saved(market, buyer), saved(market, buyer)
    worker = consumer(market)
    known = market.lot(seller)
    worker.handle(heard(market))
    assert {one for one, *_ in matched(market)} == {first, second}
    assert market.client.delete(f"/v1/saved-searches/{first}", headers=buyer.headers).status_code == 204
    lot_id = market.lot(seller)
    worker.handle(heard(market))
    assert [one for one in matched(market) if one[1] != known] == [(second, lot_id, 1)]
    assert listen(market) == matched(market)


def test_a_changed_search_is_honoured(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    path = f"/v1/saved-searches/{saved(market, buyer, material='steel')}"
    worker = consumer(market)
    market.lot(seller)
    worker.handle(heard(market))
    assert len(matched(market)) == 1
    for change, more in (
        ({"criteria": {"grade": "steel.hms2"}}, 0),
        ({"criteria": {"near": "30.59,114.30", "within_km": 20}, "name": "近处"}, 1),
        ({"alert": "off"}, 0),
        ({"alert": "daily"}, 1),
    ):
        before = len(matched(market))
        assert market.patch(buyer, path, change, "*").status_code == 200
        market.lot(seller)
        worker.handle(heard(market))
        assert len(matched(market)) - before == more, change
    last = market.emitted("saved_search.matched")[-1]
    assert (last["name"], last["alert"], last["version"]) == ("近处", "daily", 5)


def test_a_suspended_organisation_gets_none_until_it_is_verified_again(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    fits = saved(market, buyer)
    worker = consumer(market)
    judged(market, buyer, OrganisationSuspended, 3)
    market.lot(seller)
    worker.handle(heard(market))
    assert listen(market) == []
    assert market.post(buyer, "/v1/saved-searches", {"name": "x", "kind": "lots", "criteria": {}}).status_code == 403
    judged(market, buyer, OrganisationVerified, 4)
    lot_id = market.lot(seller)
    worker.handle(heard(market))
    assert matched(market) == [(fits, lot_id, 1)]
    judged(market, buyer, OrganisationSuspended, 3)  # old news
    assert market.lot(seller) in {lot for _, lot, _ in listen(market)}


def test_more_alerts_than_a_transaction_carries_go_by_themselves(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    searches = [saved(market, buyer) for _ in range(4)]
    lots = [market.lot(seller) for _ in range(5)]
    monkeypatch.setattr("services.listings.service.alerts.MOST_AT_ONCE", 6)
    assert sorted(listen(market)) == sorted((one, lot_id, 1) for one in searches for lot_id in lots)


def test_compliance_is_judged_at_the_moment(market: Market) -> None:
    listed, plain = market.party("collector", compliant=("steel",)), market.party("collector", compliant=("paper",))
    buyer = market.party("buyer")
    fits = saved(market, buyer, compliant=True)
    lot_id = market.lot(listed)
    market.lot(plain)
    assert listen(market) == [(fits, lot_id, 1)]
    market.tell(parties.hear_site, site_event(listed.site_id, listed.id, version=2))
    market.lot(listed)
    assert listen(market) == [(fits, lot_id, 1)]


def test_drafts_are_no_news_before_they_are_published(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    fits = saved(market, buyer)
    lot_id = market.lot(seller, publish=False)
    market.patch(seller, f"/v1/lots/{lot_id}", {"ask_cny_per_t": 2300}, "*")
    assert listen(market) == []
    market.post(seller, f"/v1/lots/{lot_id}/publish")
    assert listen(market) == [(fits, lot_id, 2)]


def test_no_change_is_missed_however_many_write_at_once(market: Market) -> None:
    """Whoever read up to a revision missed none: numbers are given in the order of commits."""
    buyers = [market.party("buyer") for _ in range(6)]
    stop = threading.Event()
    seen: dict[str, int] = {}
    alerts = service.Alerts(lambda unit, one: seen.setdefault(one.id, one.revision) and {"match_all": {}}, views.document_of)

    def read_on() -> None:
        while not stop.is_set():
            alerts.catch_up(market.database.read(), [])

    reader = threading.Thread(target=read_on)
    reader.start()
    writers = [threading.Thread(target=lambda who=one: [saved(market, who) for _ in range(8)]) for one in buyers]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stop.set()
    reader.join()
    alerts.catch_up(market.database.read(), [])
    there = saved_searches_since(market.database.read(), 0, 1000)
    assert len(there) == len({one.revision for one in there}) == 48
    assert set(seen) == {one.id for one in there}


TITLES = (
    "",
    "厂区拆除 <b>钢梁</b>",
    "dry, clean newsprint",
    "HMS 1&2, No. 1 rust-free",
    "3.5mm 铜线 GB/T 4223",
    "廢鋼 ＨＭＳ１",
    "ABS_粒子",
)
QUERIES = (
    "重废",
    "heavy melting",
    "Heavy Melt",
    "钢梁",
    "北京废纸",
    "Chaoyang",
    "newsprnt",
    "武汉 废钢",
    "HMS1",
    "hms1",
    "磷石膏",
    "HMS 1&2",
    "No. 1 rust free",
    "dry clean paper wuhan",
    "dry wet hot cold",
    "GB/T 4223",
    "3.5mm",
    "3.5",
    "废",
    "纸",
    "武汉重废30吨",
    "ste",
    "stel",
    "steell",
    "hevay",
    "copper wire",
    "湖北省",
    "湖北省武汉市",
    "OCC",
    "黄纸板",
    "废铁 北京 朝阳",
    "&",
    "重废 &",
    "rust-free",
    "abs_粒子",
    "201A",
    "steel.hms1",
    "steel",
    "Hubei",
    "炉料 武汉 干燥",
)


@pytest.mark.elasticsearch
class TestTheIndexSaysTheSame:
    """Of every search what Elasticsearch finds and what the matcher finds are the same lots."""

    @pytest.fixture
    def full(self, market: Market) -> Iterator[tuple[Market, Party]]:
        views.ensure_indices(market.database)
        seller = market.party("collector", compliant=("steel",))
        north = market.party("collector", at=(39.90, 116.40), region="110105")
        for at, title in enumerate(TITLES):
            grades = ("steel.hms1", "paper.news", "paper.occ_a", "nonferrous.copper", "steel.hms2")
            for who, grade in ((seller, grades[at % 5]), (north, grades[(at + 2) % 5])):
                market.lot(who, grade=grade, title=title, ask_cny_per_t=2000 + 100 * at, quantity_t=10 + at)
        rows = market.database.mongo["outbox"].find().sort("_id", 1)
        views.project(market.database.read(), [REGISTRY[row["type"]].model_validate_json(row["data"]) for row in rows])
        index_of(market.settings, "lots").refresh()
        yield market, market.party("buyer")
        for name in views.KINDS:
            client = index_of(market.settings, name).client
            client.indices.delete(index=list(client.indices.get(index=f"{market.settings.index(name)}-*").body))

    def test_in_every_way_to_ask(self, full: tuple[Market, Party]) -> None:
        market, buyer = full
        asked: list[dict[str, Any]] = [{"q": text} for text in QUERIES]
        asked += [{"material": "steel"}, {"grade": "paper.news", "region": "420000"}, {"region": "110105", "q": "paper"}]
        asked += [{"near": "30.6,114.4", "within_km": "12.5"}, {"near": "30.6,114.4", "within_km": "5"}]
        asked += [{"near": "35,115", "within_km": "900"}, {"near": "35,115", "within_km": "700"}, {"near": "35,115"}]
        asked += [{"min_t": "12", "max_t": "14.5"}, {"max_price": "2300"}, {"compliant": "true"}, {"compliant": "false"}, {}]
        unit = market.database.read()
        found: dict[str, set[str]] = {}
        for query in asked:
            answer = market.get(buyer, "/v1/search/lots", limit=200, sort="newest", **query)
            assert answer.status_code == 200, answer.text
            # a search that finds nothing is eased; nobody wants to be told of what he did not ask for
            hits = [] if answer.json["eased"] else answer.json["items"]
            found[saved(market, buyer, **query)] = {item["id"] for item in hits}
        alerts = service.Alerts(_query_of(), views.document_of)
        alerts.catch_up(unit, [])
        told: dict[str, set[str]] = {one: set() for one in found}
        matcher: Matcher[Any] = alerts.matchers["lots"]
        for lot in views.KINDS["lots"].repository.select(unit, {"status": "open"}):
            site = SITES.get(unit, lot.site_id)
            for one in matcher.matches(views.document_of(lot, site.compliance), iso(unit.now)):
                told[one.who.id].add(lot.id)
        differing = {str(asked[at]): (found[one], told[one]) for at, one in enumerate(found) if found[one] != told[one]}
        assert differing == {}
        assert 25 < sum(bool(lots) for lots in found.values()) < len(found)

    def test_texts_are_cut_alike(self, full: tuple[Market, Party]) -> None:
        from services.listings.alerting import analyse

        client = index_of(full[0].settings, "lots").client
        for text in (*TITLES, *QUERIES, "can't 1,000 a:b x_y 2025年11月 スクラップ 鉄くず ①㎡ m² É·à 't' a.b. .5 고철"):
            there = client.indices.analyze(analyzer="standard", text=text).body["tokens"]
            assert analyse(text) == [one["token"] for one in there], text


def _query_of() -> Any:
    from services.listings.schemas import query_of_saved

    return query_of_saved


@pytest.mark.kafka
def test_a_worker_tells_within_seconds(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    fits = saved(market, buyer, q="重废", region="420100")
    worker = create_worker(market.settings.model_copy(update={"elasticsearch_url": "http://127.0.0.1:9"}))
    worker.start()
    try:
        first = market.lot(seller)
        until(lambda: matched(market) == [(fits, first, 1)], 60)
        begun = time.monotonic()
        second = market.lot(seller, available_until=days(3))
        until(lambda: (fits, second, 1) in matched(market), 10)
        assert time.monotonic() - begun < 5
    finally:
        worker.join()
