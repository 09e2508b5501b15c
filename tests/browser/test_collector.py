"""The collector sells in six taps, answers, follows the load to the money, mends a spreadsheet, and loses nothing typed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.fixtures.live import Market, demand_of, lot_of

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]
SignedIn = Callable[..., Window]
PAGES = (
    "/collector",
    "/collector/sell",
    "/collector/sell?grade=steel.hms1",
    "/collector/grades?q=%E8%8A%B1%E6%96%99",
    "/collector/proposals?status=all",
    "/collector/money",
    "/collector/lots",
    "/collector/deliveries",
    "/collector/prices?grade=steel.hms1",
    "/collector/region",
    "/collector/imports",
    "/collector/yards",
    "/collector/settings",
)
BIDS = itertools.count(3000, 20)
SCRIPT = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"


def photo() -> dict[str, Any]:
    out = BytesIO()
    Image.new("RGB", (640, 480), (140, 110, 90)).save(out, "JPEG")
    return {"name": "yard.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def lot_id_of(window: Window) -> str:
    found = re.search(r"/collector/lots/([0-9a-f-]{36})", window.page.url)
    assert found is not None, window.page.url
    return found.group(1)


def offered(market: Market, **lot: Any) -> Any:
    """A proposal that waits for the yard, from this market's mill: it bids more than those of the tests before."""
    market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, bid_cny_per_t=next(BIDS)))
    made = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, **lot))
    path = f"/v1/proposals?lot_id={made['id']}&status=proposed"
    return market.collector.until(path, lambda page: bool(page["items"]))["items"][0]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("width", "theme"), [("phone", "light"), ("desk", "dark")])
def test_every_page_without_anything(signed_in: SignedIn, people: Market, width: str, theme: str, language: str) -> None:
    window = signed_in(people.collector, width, language, theme)
    for path in PAGES:
        page = window.open(path)
        window.holds(path)
        assert page.locator("h1").count() == 1, path


def test_selling_takes_six_taps(signed_in: SignedIn, market: Market) -> None:
    window = signed_in(market.collector, width="phone")
    page, taps = window.page, 0

    def tap(selector: str) -> None:
        nonlocal taps
        page.click(selector)
        taps += 1

    tap('nav a[href="/collector/sell"]')
    tap('a.tile[href="/collector/sell?grade=steel.hms1"]')
    assert page.evaluate("() => document.activeElement.name") == "quantity_t"
    page.keyboard.type("30500")
    page.select_option("#f-unit", "kg")
    taps += 1
    with page.expect_file_chooser() as chooser:
        tap("label[for=f-photos]")
    chooser.value.set_files(photo())
    if not page.input_value("#f-ask_cny_per_t"):  # nobody buys nearby, so no price stands there
        page.fill("#f-ask_cny_per_t", "2450")
    tap('button[value="yes"]')
    page.wait_for_url("**/collector/lots/*")
    assert taps <= 6
    lot = market.collector.ok("GET", f"/v1/lots/{lot_id_of(window)}")
    assert (lot["status"], lot["quantity_t"], len(lot["photos"])) == ("open", 30.5, 1)
    page.wait_for_function("() => [...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    window.holds()
    page.click(".toast form button")
    page.wait_for_selector(".toast")
    assert market.collector.ok("GET", f"/v1/lots/{lot['id']}")["closed_reason"] == "withdrawn"


def test_faults_stand_at_their_fields(signed_in: SignedIn, market: Market) -> None:
    window = signed_in(market.collector, language="en")
    page = window.open("/collector/sell?grade=steel.hms1")
    page.fill("#f-quantity_t", "three")
    page.fill("#f-ask_cny_per_t", "dear")
    page.click('button[value="yes"]')
    page.wait_for_selector(".summary")
    assert page.input_value("#f-quantity_t") == "three"
    assert page.get_attribute("#f-ask_cny_per_t", "aria-invalid") == "true"
    window.holds(but=("422",))
    page.click('.summary a[href="#f-quantity_t"]')
    assert page.evaluate("() => document.activeElement.id") == "f-quantity_t"


def test_what_was_typed_outlives_a_reload_a_lost_line_and_a_session(signed_in: SignedIn, market: Market) -> None:
    window = signed_in(market.collector, width="phone")
    page = window.open("/collector/sell?grade=steel.hms2")
    page.fill("#f-quantity_t", "12.5")
    page.fill("#f-ask_cny_per_t", "2311")
    page.reload()
    assert page.input_value("#f-quantity_t") == "12.5"
    page.wait_for_selector(".draft")
    window.holds()
    page.context.set_offline(True)
    page.click('button[value="yes"]')
    page.wait_for_selector("#offline")
    assert page.input_value("#f-ask_cny_per_t") == "2311"
    page.context.set_offline(False)
    page.wait_for_selector("#offline", state="detached")
    page.context.clear_cookies(name="huanliu_session")
    page.click('button[value="no"]')
    page.wait_for_selector("form.own")
    assert "登录已过期" in page.inner_text("main")
    page.fill("#f-account", market.collector.email)
    page.fill("#f-password", "a long enough password")
    page.click("form.own button.primary")
    page.wait_for_url("**/collector/sell?grade=steel.hms2")
    assert (page.input_value("#f-quantity_t"), page.input_value("#f-ask_cny_per_t")) == ("12.5", "2311")
    page.click('button[value="no"]')
    page.wait_for_url("**/collector/lots/*")
    assert market.collector.ok("GET", f"/v1/lots/{lot_id_of(window)}")["status"] == "draft"
    window.open("/collector/sell?grade=steel.hms2")
    assert page.input_value("#f-quantity_t") == ""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_from_offer_to_money(signed_in: SignedIn, market: Market, language: str) -> None:
    window = signed_in(market.collector, width="phone", language=language)
    proposal = offered(market, description=SCRIPT, title=SCRIPT)
    page = window.open("/collector")
    window.holds()
    page.click(f'a[href="/collector/proposals/{proposal["id"]}"]')
    page.wait_for_url(f"**/collector/proposals/{proposal['id']}")
    window.holds()
    page.click("form.act button.primary")
    page.wait_for_selector(".toast")
    window.holds()
    market.buyer.ok("POST", f"/v1/proposals/{proposal['id']}/accept", {})
    trade = market.collector.until(f"/v1/trades?proposal_id={proposal['id']}", lambda found: bool(found["items"]))["items"][0]
    load = market.carrier.until(f"/v1/shipments?trade_id={trade['id']}", lambda found: bool(found["items"]))["items"][0]
    market.haul(load["id"], 46.0, 15.5, f"T-{load['id'][-6:]}", moisture_pct=2.5, impurity_pct=3.2)
    market.collector.until(f"/v1/trades/{trade['id']}", lambda one: one["status"] in ("delivered", "settled"))
    for path in (
        f"/collector/lots/{proposal['lot_id']}",
        f"/collector/deliveries/{load['id']}",
        "/collector/deliveries",
        "/collector/money",
        f"/collector/money/{trade['id']}",
        "/collector/region",
    ):
        window.open(path)
        window.holds(path)
        assert page.title() != "run", "what people type never runs"
    window.open("/collector/money")
    page.click(f'.legend a[href="/collector/money/{trade["id"]}#inspection"]')
    page.click(f'#ticket a[href="/collector/deliveries/{load["id"]}#inspection"]')
    assert "2.5 %" in page.inner_text("#inspection")
    window.open(f"/collector/money/{trade['id']}")
    page.fill("#f-reason", "水分不对")
    page.fill("#f-amount_cny", "500")
    page.click("form button.danger")
    page.wait_for_selector(".toast")
    assert market.collector.ok("GET", f"/v1/trades/{trade['id']}")["held_cny"] == 500
    window.holds()


def test_a_counter_offer_and_a_rejection(signed_in: SignedIn, market: Market) -> None:
    window = signed_in(market.collector)
    proposal = offered(market)
    page = window.open(f"/collector/proposals/{proposal['id']}")
    page.click("details.behind > summary")
    page.fill("#f-price_cny_per_t", "nothing")
    page.click("details.behind form button")
    page.wait_for_selector(".summary")
    window.holds(but=("422",))
    page.fill("#f-price_cny_per_t", f"{proposal['price_cny_per_t'] + 5:.2f}")
    page.click("details.behind form button")
    page.wait_for_url("**/collector/proposals")
    assert market.collector.ok("GET", f"/v1/proposals/{proposal['id']}")["status"] == "countered"


def test_why_a_lot_is_not_matched(signed_in: SignedIn, market: Market) -> None:
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, grade="blade.grp", ask_cny_per_t=9000, quality={}))
    demand = demand_of(market.buyer, grades=["blade.grp"], bid_cny_per_t=8000, quantity_t=40)
    market.buyer.ok("POST", "/v1/demands", demand)
    market.collector.until(f"/v1/lots/{lot['id']}/explanation", lambda why: why["change"] is not None)
    window = signed_in(market.collector, language="en")
    page = window.open(f"/collector/lots/{lot['id']}")
    assert "asking price" in page.inner_text(".hint-box")
    window.holds()
    page.click(".hint-box a")
    page.fill("#f-ask_cny_per_t", "5000")
    page.click("form.panel button.primary")
    page.wait_for_url(f"**/collector/lots/{lot['id']}")
    assert market.collector.ok("GET", f"/v1/lots/{lot['id']}")["ask_cny_per_t"] == 5000


def test_a_spreadsheet_is_mended_where_it_stands(signed_in: SignedIn, market: Market) -> None:
    window = signed_in(market.collector)
    page = window.open("/collector/imports")
    dates = "2400,2030-01-01,2030-01-05,演示场站"
    text = f"品种,数量,单价(元/吨),可提货日期,截止日期,场站\n重废,30吨,{dates}\n重费,abc,{dates}\n"
    page.set_input_files("#f-file", {"name": "lots.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.click('button[value="draft"]')
    page.wait_for_selector("fieldset.mend")
    window.holds()
    faulty = page.locator("fieldset.mend .cell.faulty input")
    assert faulty.count() == 2
    page.fill("#c-0-0", "重废二级")
    page.fill("#c-0-1", "12吨")
    page.click("form[data-draft] .acts button")
    page.wait_for_selector(".badge.good")
    assert page.locator("fieldset.mend").count() == 0
    grades = sorted(one["grade"] for one in market.collector.ok("GET", "/v1/lots")["items"])
    assert grades == ["steel.hms1", "steel.hms2"]


def test_an_offer_appears_by_itself(signed_in: SignedIn, market: Market) -> None:
    window = signed_in(market.collector)
    page = window.open("/collector")
    worth = page.locator("#worth:not([aria-busy]) .card")
    expect(worth).to_have_count(4, timeout=30_000)
    assert page.locator('a[href^="/collector/proposals/"]').count() == 0
    offered(market)
    page.wait_for_selector('a[href^="/collector/proposals/"]')
    expect(worth).to_have_count(4)
    window.holds()


def test_a_lot_is_repeated_copied_and_sold_again(signed_in: SignedIn, market: Market) -> None:
    terms = {"grade": "blade.grp", "ask_cny_per_t": 9500, "quality": {}, "quantity_t": 20}
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, **terms))
    path = f"/v1/lots/{lot['id']}"
    window = signed_in(market.collector, width="phone")
    page = window.open(f"/collector/lots/{lot['id']}")
    page.click("section[aria-labelledby=again-title] summary")
    page.select_option("#f-every", "week")
    page.fill("#f-quantity_t", "许多")
    page.click("section[aria-labelledby=again-title] button.primary")
    page.wait_for_selector(".summary")
    window.holds("a repetition with a fault", but=("422",))
    page.fill("#f-quantity_t", "12.5")
    page.fill("#f-until", "2031-12-31")
    page.click("section[aria-labelledby=again-title] button.primary")
    page.wait_for_selector(".toast")
    again = market.collector.ok("GET", f"{path}/recurrence")
    assert (again["every"], again["quantity_t"], again["status"]) == ("week", 12.5, "running")
    assert again["until"] == "2031-12-31T16:00:00.000Z"
    window.holds("a lot that comes every week")
    page.click('form.act:has(input[value="again-no-more"]) button')
    page.wait_for_selector(".toast:not(:has(form))")
    assert market.collector.call("GET", f"{path}/recurrence").status_code == 404

    page.click('form.act:has(input[value="copy"]) button')
    page.wait_for_url("**/edit")
    window.holds("a copy")
    days = []
    for _ in range(2):  # what is saved unchanged stays as it is, its last day as well
        window.open(f"/collector/lots/{lot_id_of(window)}/edit")
        page.fill("#f-quantity_t", "7")
        page.click("form.panel button.primary")
        page.wait_for_url(re.compile(r"/collector/lots/[0-9a-f-]{36}$"))
        days.append(market.collector.ok("GET", f"/v1/lots/{lot_id_of(window)}")["available_until"])
    copy = market.collector.ok("GET", f"/v1/lots/{lot_id_of(window)}")
    assert (copy["status"], copy["quantity_t"], copy["ask_cny_per_t"]) == ("draft", 7, 9500)
    assert days[0] == days[1]

    window.open(f"/collector/lots/{lot['id']}")
    page.click(f'a[href="/collector/sell?grade=blade.grp&again={lot["id"]}"]')
    assert (page.input_value("#f-quantity_t"), page.input_value("#f-ask_cny_per_t")) == ("20", "9500.00")
    page.click('button[value="yes"]')
    page.wait_for_url(re.compile(r"/collector/lots/[0-9a-f-]{36}$"))
    assert market.collector.ok("GET", f"/v1/lots/{lot_id_of(window)}")["status"] == "open"
