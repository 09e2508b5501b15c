"""The operator at work: what is late, lost or waiting; a dead letter; an organisation; a clearing; the way of one lot."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.bus.dead_letters import DEAD_LETTERS, DeadLetter
from shared.mongo import Database
from tests.browser.conftest import Window
from tests.fixtures.live import Live, Market, demand_of, huanliu, lot_of

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]

SignIn = Callable[..., Window]


def parked(live: Live) -> str:
    """A dead letter of trading's whose body is no JSON, so that a replay fails again."""
    settings = live.settings
    letter = DeadLetter(
        id=f"trading:{settings.topic('matching')}:0:{uuid4().hex}", consumer="trading", topic=settings.topic("matching"),
        partition=0, offset=1, type="huanliu.proposal.made.v1", key="<script>alert(1)</script>",
        value=base64.b64encode(b"<script>alert(2)</script>").decode(), headers=[], reason="<b>unreadable</b>", trace="",
        parked_at=datetime.now(UTC),
    )  # fmt: skip
    database = Database(settings, "trading")
    try:
        database.write(lambda unit: DEAD_LETTERS.add(unit, letter))
    finally:
        database.close()
    return letter.id


def test_a_dead_letter_is_seen_replayed_and_discarded(live: Live, people: Market, signed_in: SignIn) -> None:
    parked(live)
    window = signed_in(people.operator, language="en")
    window.holds()
    assert "To be replayed or discarded" in window.page.inner_text("#health")
    window.page.set_viewport_size({"width": 768, "height": 1024})
    window.holds()
    window.open("/operator/dead-letters?room=trading")
    window.holds()
    window.page.click("table a")
    window.holds()
    assert "<script>alert(2)</script>" in window.page.inner_text("pre")
    window.page.click("text=Replay")
    window.page.wait_for_selector("#letter dt:text-is('Attempts') + dd:text-is('2')")
    assert "Parked" in window.page.inner_text("#letter"), "it failed again and came back"
    assert "missing headers" in window.page.inner_text("#letter")
    letter = window.page.url.removeprefix(window.address)
    window.open(f"{letter}?lang=zh")
    assert "缺少消息头" in window.page.inner_text("#letter")
    window.open(f"{letter}?lang=en")
    window.page.click("#letter button.danger")
    window.page.click("#confirm button[value=yes]")
    window.page.wait_for_selector("#letter .badge:has-text('Discarded')")
    window.holds()


@pytest.mark.parametrize(("language", "pending", "verified"), [("zh", "待审核", "已审核"), ("en", "Pending", "Verified")])
def test_an_organisation_is_verified_suspended_and_taken_back(
    live: Live, people: Market, signed_in: SignIn, language: str, pending: str, verified: str
) -> None:
    live.register("buyer", None)
    window = signed_in(people.operator, width="phone", language=language, theme="dark")
    window.open("/operator/organisations")
    window.holds()
    window.page.click("table a")
    assert pending in window.page.inner_text("dl.facts")
    window.holds()
    window.page.click(".acts button.primary")
    window.page.wait_for_selector(".toast")
    assert verified in window.page.inner_text("dl.facts")
    window.page.click(".acts button.danger")
    window.page.click("#confirm button[value=yes]")
    window.page.wait_for_selector(".toast form")
    window.holds()
    window.page.click(".toast form button")
    window.page.wait_for_selector(".acts button.danger")
    assert verified in window.page.inner_text("dl.facts")


def test_a_clearing_a_check_and_the_way_of_a_lot(live: Live, market: Market, signed_in: SignIn) -> None:
    grade = "nonferrous.lead"
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, grade=grade, quality={}))
    market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, grades=[grade]))
    market.buyer.until(f"/v1/proposals?lot_id={lot['id']}", lambda body: bool(body["items"]))
    assert huanliu("search", "check", data=live.data).returncode == 0
    window = signed_in(market.operator)
    window.open("/operator/clearings?material=nonferrous")
    window.holds()
    window.page.click("table a")
    window.page.wait_for_selector("#curves canvas")
    window.holds()
    window.open("/operator/checks?kind=index")
    assert window.page.locator(".badge.good").count() == 1
    window.holds()
    window.open("/operator/follow")
    window.holds()
    window.page.fill("#f-id", lot["id"])
    window.page.click("main button.primary")
    window.page.wait_for_selector(".way")
    window.holds()
    assert "huanliu.quantity.reserved.v1" in window.page.inner_text("main")
    window.page.click(".trace a")
    window.page.wait_for_selector(".way")
    assert "huanliu.lot.published.v1" in window.page.inner_text("main")
    window.page.fill("#f-id", "no-such-lot")
    window.page.click("main button.primary")
    window.page.wait_for_selector(".field-fault")
    window.holds(but=("404",))
    window.open("/operator/webhooks")
    window.holds()
