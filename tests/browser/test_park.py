"""The park operator: what came shows on the board within seconds, and every total opens what it sums, down to the ticket."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.browser.conftest import Window
from tests.fixtures.live import Live, Market, demand_of, lot_of, moment

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]

SignIn = Callable[..., Window]
GRADE = "nonferrous.zinc"
PAGES = (
    "/park",
    "/park/regions?side=origin&measure=listed",
    "/park/regions/420000",
    "/park/regions/YRD",
    "/park/targets",
    "/park/flows?way=in",
    "/park/regions/420000/entries?account=on_offer",
    "/park/regions/420000/revisions",
    "/park/allowances",
    "/park/alarms?status=cleared",
    *(f"/park/alarms/rules/new?kind={kind}" for kind in ("threshold", "change", "silence", "stock", "price", "allowance")),
)


def received(market: Market) -> str:
    """A lot of 20 t that went from Wuhan to Ezhou; its id."""
    terms = {"quantity_t": 20, "quality": {}, "auto_accept": True}
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, grade=GRADE, **terms))
    market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, grades=[GRADE], quantity_t=20, auto_accept=True))
    loads = market.buyer.until(f"/v1/shipments?lot_id={lot['id']}", lambda body: bool(body["items"]))["items"]
    market.haul(loads[0]["id"], 35.0, 15.0, f"T-{lot['id'][-8:]}", moisture_pct=0, impurity_pct=0, grade=GRADE)
    return str(lot["id"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_from_the_board_down_to_the_ticket(live: Live, market: Market, signed_in: SignIn, language: str) -> None:
    park = live.create("park_operator", "420000")
    market.operator.ok("POST", "/v1/targets", {
        "region": "420000", "material": "nonferrous", "side": "destination", "measure": "received", "target_t": 1000,
        "from": moment(-10), "to": moment(20), "source": "<script>alert(1)</script>",
    })  # fmt: skip
    window = signed_in(park, language=language)
    lot = received(market)
    window.page.wait_for_function("() => !/^0[^.]/.test(document.querySelector('.answer-card .number').textContent.trim())")
    window.page.reload()
    window.page.wait_for_selector("#mix canvas")
    assert window.page.locator(".bullet").count() >= 1
    window.holds()
    window.page.click(".answer-card >> nth=0")
    window.page.wait_for_selector("#flows canvas")
    window.holds()
    window.open(f"/park/regions/420000?material={GRADE}&since=week")
    window.holds()
    window.page.click(".measures .here a")
    (tonnes,) = re.findall(r"\d+", window.page.inner_text("h1"))
    assert int(tonnes) >= 20
    window.holds()
    window.page.click("section a >> nth=0")
    window.holds()
    window.open(f"/park/regions/420000/lots/{lot}")
    assert f"T-{lot[-8:]}" in window.page.inner_text("main")
    window.holds()


def test_pages_of_the_park_on_a_phone(live: Live, people: Market, signed_in: SignIn) -> None:
    window = signed_in(live.create("park_operator", "420000"), width="phone", theme="dark", language="en")
    for path in PAGES:
        window.open(path)
        window.holds(path)
    window.open("/park/regions/110000/entries")
    window.holds(but=("403", "404"))
    window.open("/park?wall=1")
    assert not window.page.locator(".rail").is_visible()
    window.holds()


def test_the_slider_asks_for_what_was_known_then(live: Live, signed_in: SignIn) -> None:
    window = signed_in(live.create("park_operator", "420000"), width="tablet", language="en")
    window.open("/park/regions/420000")
    window.page.focus("#f-back")
    window.page.keyboard.press("End")
    assert window.page.inner_text("output") == "30 d ago"
    window.page.wait_for_url("**back=11**")
    assert "as known at" in window.page.inner_text(".banner")
    window.holds()


def test_a_rule_raises_an_alarm_that_is_taken_on_and_a_return_is_made(live: Live, market: Market, signed_in: SignIn) -> None:
    window = signed_in(live.create("park_operator", "420000"), language="en")
    window.open("/park/alarms/rules/new?kind=threshold")
    window.page.fill("#f-name", "Zinc <script>alert(1)</script>")
    window.page.fill("#f-window_h", "much")
    window.page.click("form button.primary >> nth=-1")
    window.page.wait_for_selector(".summary")
    assert window.page.input_value("#f-name").startswith("Zinc")
    window.holds(but=("422",))
    window.page.fill("#f-window_h", "24")
    window.page.fill("#f-above_t", "1")
    window.page.select_option("#f-measure", "listed")
    window.page.select_option("#f-side", "origin")
    window.page.click("form button.primary >> nth=-1")
    window.page.wait_for_url("**/park/alarms/rules")
    window.holds()
    market.collector.ok("POST", "/v1/lots", lot_of(market.collector, grade=GRADE, quality={}))
    window.open("/park")
    window.page.wait_for_selector(".answer-card.bad[href='/park/alarms']", timeout=60_000)
    window.open("/park/alarms")
    window.holds()
    window.page.fill(".card input[name=note]", "A call to the yard")
    window.page.click(".card button.primary")
    window.page.wait_for_selector(".card .badge.good")
    assert "A call to the yard" in window.page.inner_text(".cards")
    window.open("/park/alarms/rules")
    window.page.click("text=Pause")
    window.page.wait_for_selector("text=Resume")
    window.open("/park/reports")
    window.holds()
    window.page.fill("#f-month", moment(0)[:7])
    window.page.click("form button.primary >> nth=0")
    window.page.wait_for_selector("#made a", timeout=60_000)
    with window.page.expect_download() as kept:
        window.page.click("#made a >> nth=0")
    assert kept.value.suggested_filename.endswith((".pdf", ".xlsx"))
    window.holds()
