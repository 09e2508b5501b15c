"""A tender and a framework agreement in a browser, from both sides."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from shared.clock import SHANGHAI
from tests.browser.conftest import Window
from tests.fixtures.live import Market, demand_of, lot_of

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]


def test_a_tender_and_an_agreement(signed_in: Callable[..., Window], market: Market) -> None:
    seller = signed_in(market.collector, width="phone", language="zh")
    buyer = signed_in(market.buyer, language="en", theme="dark")
    for window in (seller, buyer):
        for path in ("/tenders", "/agreements", "/counterparties"):
            window.open(path)
            window.holds(path)
    sell_by_tender(seller, buyer, market)
    agree_on_months(seller, buyer, market)
    [agreement] = market.buyer.ok("GET", "/v1/agreements")["items"]
    assert agreement["status"] == "in-force"
    call_off(buyer, seller, market, f"/agreements/{agreement['id']}")
    think_of(seller, market)


def sell_by_tender(seller: Window, buyer: Window, market: Market) -> None:
    """The lot fits no demand yet, so that no clearing takes it before the tender stands."""
    lot = market.collector.ok(
        "POST", "/v1/lots", lot_of(market.collector, grade="nonferrous.copper", quality={}, ask_cny_per_t=60000)
    )
    seller.open("/tenders")
    seller.page.click("summary:has(+ form)")
    close = datetime.now(SHANGHAI) + timedelta(hours=2)
    seller.page.fill("#f-closes_at", close.strftime("%Y-%m-%dT%H:%M"))
    seller.page.fill("#f-reserve_cny_per_t", "59000")
    seller.page.click("section form button.primary")
    seller.page.wait_for_url(re.compile(r"/tenders/[0-9a-f-]{36}$"))
    seller.holds("/tenders/… of the seller")
    path = seller.page.url.removeprefix(seller.address)
    seller.until(f"/collector/lots/{lot['id']}", f'a[href="{path}"]')
    buyer.until(f"/buyer/lots/{lot['id']}", f'a.primary[href="{path}"]')
    demand = demand_of(market.buyer, grades=["nonferrous.copper"], bid_cny_per_t=70000, quantity_t=60)
    market.buyer.ok("POST", "/v1/demands", demand)
    buyer.open(path)
    buyer.page.fill("#f-price_cny_per_t", "72000")
    buyer.page.click("section:has(#f-price_cny_per_t) button.primary")
    expect(buyer.page.locator("table.rows")).to_contain_text("72,000.00")
    buyer.holds("/tenders/… of a bidder")
    seller.open(path)
    expect(seller.page.locator("main")).to_contain_text("1 份")
    expect(seller.page.locator("main")).not_to_contain_text("72,000")
    buyer.page.click('form:has(input[value="take-back"]) button')
    expect(buyer.page.locator("table.rows")).to_contain_text("Taken back")


def agree_on_months(seller: Window, buyer: Window, market: Market) -> None:
    """Names are known from a trade; the seller proposes, the buyer agrees."""
    market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, auto_accept=True))
    market.collector.ok("POST", "/v1/lots", lot_of(market.collector, auto_accept=True))
    market.collector.until("/v1/trades", lambda body: bool(body["items"]))
    seller.open("/agreements")
    seller.page.click("summary:has(+ form)")
    seller.page.fill("#f-month_t", "100")
    seller.page.fill("#f-last_month", "2030-13")
    seller.page.click("section form button.primary")
    expect(seller.page.locator(".summary")).to_be_visible()
    seller.holds("an agreement with a fault", but=("422",))
    month = (datetime.now(SHANGHAI) + timedelta(days=62)).strftime("%Y-%m")
    seller.page.fill("#f-last_month", month)
    seller.page.fill("#f-floor_cny_per_t", "2300")
    seller.page.click("section form button.primary")
    seller.page.wait_for_url(re.compile(r"/agreements/[0-9a-f-]{36}$"))
    expect(seller.page.locator("#months")).to_have_count(0)  # of what is not agreed nothing is lacking
    seller.holds("/agreements/… of him who proposed it")
    buyer.open(seller.page.url.removeprefix(seller.address))
    buyer.page.click('form:has(input[value="accept"]) button')
    buyer.page.click('dialog[open] button[value="yes"]')
    expect(buyer.page.locator("#call")).to_be_visible()
    expect(buyer.page.locator("#months")).to_be_visible()
    buyer.holds("/agreements/… in force")


def call_off(buyer: Window, seller: Window, market: Market, path: str) -> None:
    """A lot that is too dear for any clearing, at the agreement's price, by a button of either side."""
    market.collector.ok("POST", "/v1/lots", lot_of(market.collector, ask_cny_per_t=9000, quantity_t=40, min_take_t=1))
    for window, tonnes in ((buyer, "6"), (seller, "7")):
        window.until(path, "#f-lot_id option:text-matches('^(40|34) ')")
        (chosen,) = window.page.locator("#f-lot_id option:text-matches('^(40|34) ')").all()
        window.page.select_option("#f-lot_id", chosen.get_attribute("value"))
        window.page.fill("#f-quantity_t", "none")
        window.page.click("section:has(#f-lot_id) button.primary")
        expect(window.page.locator(".summary")).to_be_visible()
        window.page.fill("#f-quantity_t", tonnes)
        window.page.select_option("#f-lot_id", chosen.get_attribute("value"))
        window.page.click("section:has(#f-lot_id) button.primary")
        expect(window.page.locator("section[aria-labelledby=called]")).to_contain_text(tonnes)
        window.holds(f"{path}, called off", but=("422",))
    market.buyer.until(f"/v1{path}", lambda found: found["months"][0]["called_t"] == 13)
    for window in (buyer, seller):
        window.until(path, "section[aria-labelledby=called] a[href*='/proposals/']").click(
            "section[aria-labelledby=called] a[href*='/proposals/']"
        )
        window.holds("/…/proposals/… of a call-off")


def think_of(window: Window, market: Market) -> None:
    """A favourite, taken back by the toast; then blocked, which asks first."""
    page = window.page

    def standings() -> list[str]:
        return [one["standing"] for one in market.collector.ok("GET", "/v1/counterparties")["items"]]

    window.open("/counterparties")
    expect(page.locator(".card")).to_have_count(1)
    window.holds("/counterparties")
    page.click('form.act:has(input[value="favourite"]) button')
    expect(page.locator(".card .badge.good")).to_be_visible()
    assert standings() == ["favourite"]
    page.click(".toast form button")
    expect(page.locator(".card .badge")).to_have_count(0)
    page.click('form.act:has(input[value="blocked"]) button')
    page.click("#confirm button[value=yes]")
    expect(page.locator(".card .badge.bad")).to_be_visible()
    assert standings() == ["blocked"]
    window.holds("/counterparties, one blocked")
