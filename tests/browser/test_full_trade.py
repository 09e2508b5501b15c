"""One trade through the pages of all roles, in both languages: no program's call takes a step of it or reads a figure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Window
from tests.fixtures.live import Live, Market
from tests.unit.shared.test_pictures import drawn

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]


@dataclass(frozen=True)
class Said:
    """What pages say in a language, and a grade that no other test on the instance trades."""

    grade: str
    name: str
    agreed: str
    statement: str
    settled: str
    paid: str


SAID = {
    "zh": Said("paper.mixed", "混合废纸", "已成交", "结算单", "已结算", "已付"),
    "en": Said("plastic.ldpe_film", "LDPE film", "A trade", "Statement", "Settled", "Paid"),
}
SETTLED_T = "23.759"
"""24 t net; of moisture 1.5 % where 0.5 % was agreed: 24,000 kg × 98.5 / 99.5. Nothing was agreed of impurity."""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_trade_by_pages_alone(live: Live, signed_in: Callable[..., Window], market: Market, language: str) -> None:
    said = SAID[language]
    yard = signed_in(market.collector, width="phone", language=language)
    mill = signed_in(market.buyer, language=language)
    lot = sell(yard, said)
    ask_for(mill, said)
    clear(signed_in(market.operator, language=language), said)
    accept_the_offer(yard)
    accept_what_it_costs(mill, said)
    haul(signed_in(market.carrier, width="phone", language=language, theme="dark"), said)
    receive(mill)
    amount = read_the_statement(mill, said)
    assert re.match(r"[\d,]+\.\d\d", amount), "the statement names a sum"
    read_the_money(yard, said, amount)
    confirm_the_payment(yard, mill, said)
    find_the_kilograms(signed_in(live.create("park_operator", "420000"), language=language), said)
    follow(signed_in(market.operator, language=language), lot)


def sell(yard: Window, said: Said) -> str:
    """The lot's id."""
    page = yard.page
    page.click('nav a[href="/collector/sell"]')
    page.click(f'a.tile[href="/collector/sell?grade={said.grade}"]')
    page.fill("#f-quantity_t", "24000")
    page.select_option("#f-unit", "kg")
    page.fill("#f-ask_cny_per_t", "1500")
    page.click('button[value="yes"]')
    page.wait_for_url(re.compile(r"/collector/lots/[0-9a-f-]{36}$"))
    yard.holds("the lot")
    return page.url.rsplit("/", 1)[1]


def ask_for(mill: Window, said: Said) -> None:
    """A demand, first with a fault in it."""
    page = mill.page
    mill.open("/buyer/demands/new")
    page.click(f'a[href="?family={said.grade.split(".")[0]}"]')
    page.check(f'input[name="grade-{said.grade}"]')
    page.fill("#f-quantity_t", "24吨")
    page.fill("#f-bid_cny_per_t", "nonsense")
    page.fill("#f-basis-moisture_pct", "0.5")
    page.click('button[value="publish"]')
    expect(page.locator(".summary")).to_be_focused()
    assert page.input_value("#f-quantity_t") == "24吨", "what was typed stays"
    mill.holds("a demand with a fault", but=("422",))
    page.fill("#f-bid_cny_per_t", "2900")
    page.click('button[value="publish"]')
    page.wait_for_url(re.compile(r"/buyer/demands/[0-9a-f-]{36}$"))
    mill.holds("the demand")


def clear(house: Window, said: Said) -> None:
    """By hand; if the timer was sooner, its clearing matched them and this one found nothing left."""
    page = house.page
    family = said.grade.split(".")[0]
    house.open(f"/operator/clearings?material={family}")
    page.click("form.clear-now button")
    expect(page.locator("#main dl.facts")).to_be_visible(timeout=40_000)
    row = "tr:has(.figure:text-matches('^24 ?(吨|t)$'))"
    house.until(f"/operator/clearings?material={family}", row)
    page.click(f"{row} a")
    page.wait_for_selector("#curves canvas")
    house.holds("the clearing")


def accept_the_offer(yard: Window) -> None:
    """It comes to the yard's first page by itself."""
    page = yard.page
    yard.open("/collector")
    page.click('a[href^="/collector/proposals/"]')
    page.wait_for_url(re.compile(r"/collector/proposals/[0-9a-f-]{36}$"))
    yard.holds("the offer")
    page.click("form.act button.primary")
    page.wait_for_selector(".toast")
    yard.holds("the offer, accepted")


def accept_what_it_costs(mill: Window, said: Said) -> None:
    """In two steps, of which the first says what all of it comes to."""
    page = mill.until("/buyer/proposals", 'input[name="id"]')
    assert page.locator(".tally button").is_disabled()
    page.check('input[name="id"]')
    assert page.inner_text(".tally [data-mass]") == "24"
    cost = page.inner_text(".tally [data-cost]")
    mill.holds("/buyer/proposals")
    page.click(".tally button")
    expect(page.locator(".facts")).to_contain_text(cost)
    mill.holds("the total, before")
    page.click("form button.primary")
    expect(page.locator("main")).to_contain_text(said.agreed)
    mill.holds("the result")
    page.click('table a[href^="/buyer/proposals/"]')
    mill.holds("/buyer/proposals/…")


def haul(truck: Window, said: Said) -> None:
    """The carrier takes the load and brings it to the gate, by the big buttons, and says once where it is."""
    page = truck.page
    card = f"li.card:has-text('{said.name}') a"
    truck.until("/carrier/loads", card)
    truck.holds("/carrier/loads")
    page.click(card)
    page.fill("#f-vehicle", "鄂A·T1234")
    page.click('button[value="take"]')
    page.click('button[value="booked"]')
    for step in ("loaded", "arrived"):
        page.locator("details.sure summary").click()
        button = page.locator(f'button[value="{step}"]')
        box = button.bounding_box()
        assert box is not None and box["height"] >= 64, "made for gloves"
        truck.holds(f"before {step}")
        button.click()
        expect(page.locator(f'button[value="{step}"]')).to_have_count(0)
        if step == "loaded":
            say_where(page)
    photograph(truck)
    truck.holds("a ticket by photo")
    for path in ("", "/day", "/loads", "/earnings"):
        truck.open(f"/carrier{path}")
        truck.holds(f"/carrier{path}")


def say_where(page: Page) -> None:
    """The position by the phone, with consent."""
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 30.5, "longitude": 114.6})
    page.click("[data-share]")
    expect(page.locator("[data-share]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-share-state]")).to_contain_text(re.compile(r"\d:\d\d"))
    page.reload()


def photograph(window: Window) -> None:
    """A photo of the ticket by the camera's button; it goes by itself and shows."""
    page = window.page
    shown = page.locator(".load-photos img").count()
    with page.expect_file_chooser() as chooser:
        page.click("label[for=f-photos]")
    chooser.value.set_files({"name": "ticket.png", "mimeType": "image/png", "buffer": drawn("PNG", size=(300 + shown, 200))})
    expect(page.locator(".load-photos img")).to_have_count(shown + 1)
    page.wait_for_function("() => [...document.images].every((one) => one.complete && one.naturalWidth > 0)")


def receive(mill: Window) -> None:
    """The buyer weighs, inspects and receives it."""
    page = mill.page
    mill.open("/buyer/inbound")
    mill.holds("/buyer/inbound")
    page.click("a.who")
    page.fill("#f-gross_t", "10")
    page.fill("#f-tare_t", "14.4")
    page.fill("#f-ticket", "T-1")
    page.click("form:has(#f-ticket) button.primary")
    expect(page.locator(".summary")).to_be_visible()
    mill.holds("a ticket with a fault", but=("422",))
    photograph(mill)
    assert page.input_value("#f-ticket") == "T-1", "what was typed of the weighing stays"
    expect(page.locator(".load-photos form.act")).to_have_count(1)  # one's own is deleted, not the carrier's
    photograph(mill)
    page.locator(".load-photos form.act button").last.click()
    expect(page.locator(".load-photos img")).to_have_count(2)
    page.fill("#f-gross_t", "38.4")
    page.fill("#f-tare_t", "14.4")
    page.fill("#f-ticket", "T-1")
    page.click("form:has(#f-ticket) button.primary")
    page.fill("#f-moisture_pct", "1.5")
    page.fill("#f-impurity_pct", "1.2")
    page.click("form:has(#f-moisture_pct) button.primary")
    mill.holds("inspected")
    page.click('form:has(input[value="received"]) button')
    page.click('dialog[open] button[value="yes"]')
    expect(page.locator('form:has(input[value="received"])')).to_have_count(0)
    mill.holds("received")
    expect(page.locator(".load-photos form.act")).to_have_count(0)


def read_the_statement(mill: Window, said: Said) -> str:
    """What the buyer owes the seller, net of VAT, as the statement puts it."""
    page = mill.until("/buyer/trades?status=settled", 'a[href^="/buyer/trades/"]')
    expect(page.locator("table.rows")).to_contain_text(said.settled)
    page.click('table a[href^="/buyer/trades/"]')
    expect(page.locator("h1")).to_contain_text(said.statement)
    lines = page.locator("table.sum")
    for figure in ("T-1", "24", SETTLED_T):
        expect(lines).to_contain_text(figure)
    mill.holds("/buyer/trades/…")
    return lines.locator("tr.total .figure").nth(1).inner_text()


def read_the_money(yard: Window, said: Said, amount: str) -> None:
    """The yard reads the same amount, and each deduction leads to the ticket and its photos."""
    page = yard.page
    page.click('nav a[href="/collector/money"]')
    expect(page.locator(".card")).to_contain_text(said.settled)
    yard.holds("/collector/money")
    page.click('.card h2 a[href^="/collector/money/"]')
    sums = page.locator("table.sums")
    expect(sums).to_contain_text(SETTLED_T)
    assert amount in [one.inner_text() for one in sums.locator(".figure").all()]
    yard.holds("/collector/money/…")
    page.click('#ticket a[href$="#inspection"]')
    expect(page.locator("#inspection")).to_contain_text("1.5 %")
    expect(page.locator("#ticket")).to_contain_text("T-1")
    expect(page.locator("#ticket .load-photos img")).to_have_count(2)
    page.wait_for_function("() => [...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    yard.holds("/collector/deliveries/…")


def confirm_the_payment(yard: Window, mill: Window, said: Said) -> None:
    """The yard says that the money has come, takes it back, says it again; the mill reads it as paid."""
    page = yard.page
    yard.open("/collector/money")
    page.click('.card h2 a[href^="/collector/money/"]')
    page.click('button[value="paid"]')
    expect(page.locator('button[value="unpaid"]')).to_be_visible()
    yard.holds("the statement, paid")
    page.click(".toast form button")
    page.click('button[value="paid"]')
    expect(page.locator("main")).to_contain_text(said.paid)
    mill.page.reload()
    expect(mill.page.locator("dl")).to_contain_text(said.paid)
    mill.holds("the statement, paid")


def find_the_kilograms(park: Window, said: Said) -> None:
    """What came to the county opens where it came from; what left there opens its entries, the lot and its ticket."""
    page = park.page
    park.holds("/park")
    drill(park, said, "destination", "420000", "420700", "420704")
    expect(page.locator("table.grid")).to_contain_text("24")
    park.holds("/park/flows?region=…")
    drill(park, said, "origin", "420000", "420100", "420102")
    expect(page.locator("table.grid")).to_contain_text("T-1")
    page.click("table.grid a >> nth=0")
    expect(page.locator("main")).to_contain_text("T-1")
    expect(page.locator("section:has(#held)")).to_contain_text(SETTLED_T)
    park.holds("/park/regions/…/lots/…")


def drill(park: Window, said: Said, side: str, *codes: str) -> None:
    """From the country down to the county's total, and what it sums."""
    page = park.page
    page.click('nav a[href="/park/regions"]')
    page.select_option("#f-side", side)
    page.select_option("#f-material", said.grade.split(".")[0])
    page.click("form.look button")
    for code in codes:
        page.click(f'#main a[href^="/park/regions/{code}?"] >> nth=0')
        page.wait_for_url(f"**/park/regions/{code}?**")
    page.click(".measures .here a")
    expect(page.locator("h1")).to_contain_text("24")
    page.click("section:has(#grades) a")


def follow(house: Window, lot: str) -> None:
    """Hop by hop, until the last room has heard that it was received and settled."""
    page = house.page
    house.open("/operator/follow")
    page.fill("#f-id", lot)
    page.click("main button.primary")
    for fact in ("lot.published", "quantity.reserved", "trade.agreed", "shipment.received", "trade.settled"):
        expect(page.locator("main")).to_contain_text(f"huanliu.{fact}.v1")
    house.holds("/operator/follow?id=…")
