"""The buyer's and the carrier's work in a browser: from a demand to its statement, and every page of theirs while empty."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Window
from tests.fixtures.live import Live, Market, Person, lot_of
from tests.unit.shared.test_pictures import drawn

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]

BUYER = (
    "",
    "/proposals",
    "/inbound",
    "/search?all=1",
    "/demands",
    "/trades",
    "/quality",
    "/counterparties",
    "/searches",
    "/demands/new",
)
CARRIER = ("", "/loads", "/day", "/earnings")
WORDS = {
    "zh": {"statement": "结算单", "settled": "已结算", "disputed": "有异议", "trade": "已成交", "refused": "还没有"},
    "en": {"statement": "Statement", "settled": "Settled", "disputed": "Disputed", "trade": "A trade"},
}


def until(page: Page, path: str, selector: str, seconds: float = 40) -> None:
    """Opens a page again until it has something."""
    deadline = time.monotonic() + seconds
    while True:
        page.goto(path)
        if page.locator(selector).count():
            return
        assert time.monotonic() < deadline, f"{path} never had {selector}"
        time.sleep(0.3)


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
def test_from_a_demand_to_its_statement(signed_in: Callable[..., Window], market: Market, language: str) -> None:
    words = WORDS[language]
    window = signed_in(market.buyer, language=language)
    page = window.page
    demand = ask_for_scrap(window)
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, quantity_t=24, min_take_t=24))
    found = market.buyer.until(f"/v1/proposals?lot_id={lot['id']}", lambda body: bool(body["items"]))["items"][0]
    market.collector.ok("POST", f"/v1/proposals/{found['id']}/accept")

    until(page, f"{window.address}/buyer/proposals", f'input[value="{found["id"]}"]')
    assert page.locator(".tally button").is_disabled()
    page.check(f'input[value="{found["id"]}"]')
    assert page.inner_text(".tally [data-mass]") == "24"
    window.holds("/buyer/proposals")
    page.click(".tally button")
    cost = f"{found['delivered_cny_per_t'] * 24:,.2f}"
    expect(page.locator(".facts")).to_contain_text(cost)
    window.holds("the total, before")
    page.click("form button.primary")
    expect(page.locator("main")).to_contain_text(words["trade"])
    window.holds("the result")
    page.goto(f"{window.address}/buyer/proposals/{found['id']}")
    window.holds("/buyer/proposals/…")
    page.goto(demand)
    window.holds("/buyer/demands/…")

    load = market.buyer.until(f"/v1/shipments?lot_id={lot['id']}", lambda body: bool(body["items"]))["items"][0]["id"]
    haul(signed_in(market.carrier, width="phone", language=language, theme="dark"), load)
    receive(window, load)
    trade = market.buyer.until("/v1/trades?status=settled", lambda body: bool(body["items"]))["items"][0]["id"]
    page.goto(f"{window.address}/buyer/trades/{trade}")
    expect(page.locator("h1")).to_contain_text(words["statement"])
    seller = signed_in(market.collector, width="phone", language=language)
    for path in (f"/collector/deliveries/{load}", f"/collector/money/{trade}"):
        seller.open(path)
        expect(seller.page.locator("#ticket .load-photos img")).to_have_count(2)
        seller.page.wait_for_function("() => [...document.images].every((one) => one.complete && one.naturalWidth > 0)")
        seller.holds(path)
    settlement = market.buyer.ok("GET", f"/v1/trades/{trade}/settlement")
    expect(page.locator("table.sum")).to_contain_text(f"{settlement['amount_cny']:,.2f}")
    expect(page.locator("table.sum")).to_contain_text("T-1")
    window.holds("/buyer/trades/…")
    page.click("section:has(#f-amount_cny) summary")
    page.fill("section:has(#f-amount_cny) #f-reason", "含水偏高 <script>alert(1)</script>")
    page.fill("#f-amount_cny", "100")
    page.click("section:has(#f-amount_cny) button.primary")
    expect(page.locator("#disputes")).to_be_visible()
    window.holds("an objection")
    page.set_viewport_size({"width": 768, "height": 1024})
    for path in ("", "/inbound", "/quality", "/trades", "/counterparties"):
        window.open(f"/buyer{path}")
        window.holds(f"/buyer{path}")
    page.emulate_media(media="print")
    page.goto(f"{window.address}/buyer/trades/{trade}")
    assert not page.locator(".rail").is_visible()


def ask_for_scrap(window: Window) -> str:
    """A demand by its form, first with a fault in it; its address."""
    page = window.page
    window.open("/buyer/demands/new")
    page.click('a[href="?family=steel"]')
    page.check('input[name="grade-steel.hms1"]')
    page.fill("#f-quantity_t", "60吨")
    page.fill("#f-bid_cny_per_t", "nonsense")
    page.fill("#f-limit-impurity_pct-max", "3")
    page.fill("#f-basis-moisture_pct", "0.5")
    page.click('button[value="publish"]')
    expect(page.locator(".summary")).to_be_focused()
    assert page.input_value("#f-quantity_t") == "60吨", "what was typed stays"
    window.holds("a demand with a fault", but=("422",))
    page.fill("#f-bid_cny_per_t", "2900")
    page.click('button[value="publish"]')
    page.wait_for_url(re.compile(r"/buyer/demands/[0-9a-f-]{36}$"))
    return page.url


def haul(window: Window, load: str) -> None:
    """The carrier takes the load and brings it to the gate, by the big buttons, and says once where it is."""
    page = window.page
    window.open("/carrier")
    window.holds("/carrier")
    window.open(f"/carrier/loads/{load}")
    page.fill("#f-vehicle", "鄂A·T1234")
    page.click('button[value="take"]')
    page.click('button[value="booked"]')
    for step in ("loaded", "arrived"):
        page.locator("details.sure summary").click()
        button = page.locator(f'button[value="{step}"]')
        box = button.bounding_box()
        assert box is not None and box["height"] >= 64, "made for gloves"
        window.holds(f"before {step}")
        button.click()
        expect(page.locator(f'button[value="{step}"]')).to_have_count(0)
        if step == "loaded":
            page.context.grant_permissions(["geolocation"])
            page.context.set_geolocation({"latitude": 30.5, "longitude": 114.6})
            page.click("[data-share]")
            expect(page.locator("[data-share-state] , [data-share]").first).to_have_attribute("aria-pressed", "true")
            expect(page.locator("[data-share-state]")).to_contain_text(re.compile(r"\d:\d\d"))
            page.reload()
    photograph(window)
    window.holds("a ticket by photo")
    for path in ("", "/day", "/loads", "/earnings"):
        window.open(f"/carrier{path}")
        window.holds(f"/carrier{path}")


def photograph(window: Window) -> None:
    """A photo of the ticket by the camera's button; it goes by itself and shows."""
    page = window.page
    shown = page.locator(".load-photos img").count()
    with page.expect_file_chooser() as chooser:
        page.click("label[for=f-photos]")
    chooser.value.set_files({"name": "ticket.png", "mimeType": "image/png", "buffer": drawn("PNG", size=(300 + shown, 200))})
    expect(page.locator(".load-photos img")).to_have_count(shown + 1)
    page.wait_for_function("() => [...document.images].every((one) => one.complete && one.naturalWidth > 0)")


def receive(window: Window, load: str) -> None:
    """The buyer weighs, inspects and receives it."""
    page = window.page
    window.open("/buyer/inbound")
    page.click("a.who")
    page.wait_for_url(re.compile(rf"/buyer/inbound/{load}"))
    page.fill("#f-gross_t", "10")
    page.fill("#f-tare_t", "14.4")
    page.fill("#f-ticket", "T-1")
    page.click("form:has(#f-ticket) button.primary")
    expect(page.locator(".summary")).to_be_visible()
    window.holds("a ticket with a fault", but=("422",))
    photograph(window)
    assert page.input_value("#f-ticket") == "T-1", "what was typed of the weighing stays"
    expect(page.locator(".load-photos form.act")).to_have_count(1)  # one's own is deleted, not the carrier's
    photograph(window)
    page.locator(".load-photos form.act button").last.click()
    expect(page.locator(".load-photos img")).to_have_count(2)
    page.fill("#f-gross_t", "38.4")
    page.fill("#f-tare_t", "14.4")
    page.fill("#f-ticket", "T-1")
    page.click("form:has(#f-ticket) button.primary")
    page.fill("#f-moisture_pct", "1.5")
    page.fill("#f-impurity_pct", "1.2")
    page.click("form:has(#f-moisture_pct) button.primary")
    window.holds("inspected")
    page.click('form:has(input[value="received"]) button')
    page.click('dialog[open] button[value="yes"]')
    expect(page.locator('form:has(input[value="received"])')).to_have_count(0)
    window.holds("received")
    expect(page.locator(".load-photos form.act")).to_have_count(0)


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
    until(page, f"{window.address}/buyer/searches", f'a[href="/buyer/lots/{lot["id"]}"]')
    window.holds("/buyer/searches")
    page.click(f'a[href="/buyer/lots/{lot["id"]}"]')
    expect(page.locator("main")).to_contain_text("<script>")
    window.holds("/buyer/lots/…")
