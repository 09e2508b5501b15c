"""The buyer's and the carrier's pages while empty, and what a buyer does beside a trade (`test_full_trade.py`)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.fixtures.live import Live, Market, Person, demand_of, lot_of

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]

BUYER = (
    "",
    "/proposals",
    "/inbound",
    "/search?all=1",
    "/demands",
    "/trades",
    "/quality",
    "/searches",
    "/demands/new",
    "/plants",
)
CARRIER = ("", "/loads", "/day", "/earnings")


@pytest.mark.parametrize(("role", "paths"), [("buyer", BUYER), ("carrier", CARRIER)])
def test_every_page_says_what_to_do_while_it_is_empty(
    signed_in: Callable[..., Window], live: Live, operator: Person, role: str, paths: tuple[str, ...]
) -> None:
    person = live.register(role, operator)
    window = signed_in(person, width="phone", language="en", theme="dark")
    for path in paths:
        page = window.open(f"/{role}{path}")
        window.holds(f"/{role}{path}")
        assert page.locator("h1").count() == 1, path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_objection_to_a_statement(signed_in: Callable[..., Window], market: Market, language: str) -> None:
    market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, quantity_t=24, auto_accept=True))
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, quantity_t=24, auto_accept=True))
    load = market.buyer.until(f"/v1/shipments?lot_id={lot['id']}", lambda body: bool(body["items"]))["items"][0]["id"]
    market.haul(load, 38.4, 14.4, "T-1", moisture_pct=1.5, impurity_pct=1.2)
    trade = market.buyer.until("/v1/trades?status=settled", lambda body: bool(body["items"]))["items"][0]["id"]
    window = signed_in(market.buyer, language=language)
    page = window.open(f"/buyer/trades/{trade}")
    window.holds("/buyer/trades/…")
    page.click("section:has(#f-amount_cny) summary")
    page.fill("section:has(#f-amount_cny) #f-reason", "含水偏高 <script>alert(1)</script>")
    page.fill("#f-amount_cny", "100")
    page.click("section:has(#f-amount_cny) button.primary")
    expect(page.locator("#disputes")).to_be_visible()
    window.holds("an objection")
    page.set_viewport_size({"width": 768, "height": 1024})
    for path in ("", "/inbound", "/quality", "/trades"):
        window.open(f"/buyer{path}")
        window.holds(f"/buyer{path}")
    page.emulate_media(media="print")
    window.open(f"/buyer/trades/{trade}")
    assert not page.locator(".rail").is_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_buyer_names_who_hauls_a_load(signed_in: Callable[..., Window], market: Market, language: str) -> None:
    market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, quantity_t=24, auto_accept=True))
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, quantity_t=24, auto_accept=True))
    load = market.buyer.until(f"/v1/shipments?lot_id={lot['id']}", lambda body: bool(body["items"]))["items"][0]["id"]
    told = signed_in(market.carrier, language=language).open("/carrier/loads").locator("code").inner_text()
    assert told == market.carrier.organisation_id
    window = signed_in(market.buyer, width="phone", language=language)
    page = window.open(f"/buyer/inbound/{load}")
    page.click("#step ~ details summary")
    page.fill("#f-carrier_id", market.collector.organisation_id)
    page.fill("#f-vehicle", "鄂A54321")
    page.click("#step ~ details button.primary")
    expect(page.locator("#x-carrier_id")).to_be_visible()  # no carrier; what was typed stays
    expect(page.locator("#f-vehicle")).to_have_value("鄂A54321")
    window.holds("a wrong carrier", but=("422",))
    page.fill("#f-carrier_id", told)
    page.click("#step ~ details button.primary")
    expect(page.locator("h1")).to_contain_text("鄂A54321")
    window.holds("a carrier is named")
    (mine,) = market.carrier.ok("GET", f"/v1/shipments?carrier_id={told}")["items"]
    assert (mine["id"], mine["vehicle"], mine["status"]) == (load, "鄂A54321", "assigned")


def test_a_search_is_kept_and_tells_of_a_new_lot(signed_in: Callable[..., Window], market: Market) -> None:
    window = signed_in(market.buyer, width="tablet")
    page = window.page
    window.open("/buyer/search?q=重废&material=steel")
    window.holds("/buyer/search")
    page.click("details.save summary")
    page.fill("#f-name", "重废 <b>新货</b>")
    page.click("details.save button.primary")
    page.wait_for_url(re.compile("/buyer/searches$"))
    expect(page.locator("h2 a")).to_contain_text("重废 <b>新货</b>")
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, title="<script>alert(1)</script> 重废"))
    window.until("/buyer/searches", f'a[href="/buyer/lots/{lot["id"]}"]')
    window.holds("/buyer/searches")
    page.click(f'a[href="/buyer/lots/{lot["id"]}"]')
    expect(page.locator("main")).to_contain_text("<script>")
    window.holds("/buyer/lots/…")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_demand_that_another_changed_meanwhile(signed_in: Callable[..., Window], market: Market, language: str) -> None:
    demand = market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, quantity_t=24, min_take_t=1))["id"]
    window = signed_in(market.buyer, width="phone", language=language)
    page = window.open(f"/buyer/demands/{demand}/edit")
    other = signed_in(market.buyer).open(f"/buyer/demands/{demand}/edit")
    for tab, bid, least in ((other, "2401", "2"), (page, "2402", "")):
        tab.fill("#f-bid_cny_per_t", bid)
        if least:
            tab.fill("#f-min_take_t", least)
        tab.click("form[data-draft] button.primary")
        tab.wait_for_load_state()
    expect(page.locator(".summary.overtaken")).to_be_focused()
    assert (page.input_value("#f-bid_cny_per_t"), page.input_value("#f-min_take_t")) == ("2402", "2")
    expect(page.locator(".field:has(#f-bid_cny_per_t) .moved")).to_contain_text("2401")
    window.holds("a demand changed by another", but=("422",))
    page.click("form[data-draft] button.primary")
    page.wait_for_url(f"**/buyer/demands/{demand}")
    after = market.buyer.ok("GET", f"/v1/demands/{demand}")
    assert (after["bid_cny_per_t"], after["min_take_t"]) == (2402, 2)
