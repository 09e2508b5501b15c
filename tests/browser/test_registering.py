"""Somebody new: registers, sees what may be done before the operator has verified the organisation, and is verified."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window, Windows
from tests.fixtures.live import PASSWORD, Live, Person

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]


def test_a_yard_registers_prepares_and_is_verified(windows: Windows, live: Live, operator: Person) -> None:
    window = windows("phone")
    page = window.open("/sign-in")
    page.click('a[href="/register"]')
    window.holds("/register")
    send(window)
    expect(page.locator(".summary")).to_be_focused()
    assert page.locator(".field-fault").count() == 5
    page.fill("#f-name", "城东再生 <b>")
    page.fill("#f-account", "no-account@")
    page.fill("#f-password", "short")
    send(window)
    page.wait_for_selector("#x-password")
    assert page.input_value("#f-name") == "城东再生 <b>", "what was typed stays"
    faults = " ".join(page.locator(".field-fault").all_inner_texts())
    assert re.search(r"[A-Za-z]", faults) is None, "a Chinese page says it in Chinese"
    window.holds("a registration with faults", but=("422",))
    email = f"new-{uuid4().hex[:8]}@huanliu.example"
    page.select_option("#f-region", "420100")
    page.fill("#f-person", "王师傅")
    page.fill("#f-account", email)
    page.fill("#f-password", PASSWORD)
    send(window)
    page.wait_for_url(f"{window.address}/collector")
    expect(page.locator(".toast")).to_be_visible()
    page.keyboard.press("Escape")  # the guide of the first minute
    expect(page.locator("#not-yet")).to_contain_text("存货源草稿")
    window.holds("/collector of somebody new")
    person = live.sign_in(email, "collector")
    only_a_draft(window, person, live)
    window.open("/collector")
    organisation = person.ok("GET", "/v1/me")["organisation_id"]
    operator.ok("POST", f"/v1/organisations/{organisation}/verify")
    expect(page.locator("#not-yet")).to_have_count(0)  # by itself
    window.holds("/collector, verified")


def send(window: Window) -> None:
    window.page.click("form[data-draft=register] button.primary")


def only_a_draft(window: Window, person: Person, live: Live) -> None:
    """A yard can be entered and a lot written down; publishing it is refused with the reason, and nothing typed is lost."""
    page = window.page
    live.with_site(person, 30.5928, 114.3055, "420102")
    page.goto(f"{window.address}/collector/sell?grade=steel.hms1")
    expect(page.locator("#not-yet")).to_be_visible()
    page.fill("#f-quantity_t", "12")
    page.fill("#f-ask_cny_per_t", "2400")
    page.click('button[value="yes"]')
    expect(page.locator(".summary")).to_contain_text("尚待平台审核")
    assert page.input_value("#f-quantity_t") == "12"
    window.holds("a lot that waits", but=("422",))
    page.click('button[value="no"]')
    page.wait_for_url("**/collector/lots/*")
    assert [one["status"] for one in person.ok("GET", "/v1/lots")["items"]] == ["draft"]


@pytest.mark.parametrize("role", ["buyer", "carrier"])
def test_a_buyer_and_a_carrier_are_told_as_well(windows: Windows, role: str) -> None:
    window = windows("desk", "en", "dark")
    page = window.open("/register")
    window.holds("/register")
    page.select_option("#f-role", role)
    page.fill("#f-name", f"New {role}")
    page.select_option("#f-region", "310104")
    page.fill("#f-person", "Li Si")
    page.fill("#f-account", f"13{uuid4().int % 10**9:09d}")
    page.fill("#f-password", PASSWORD)
    send(window)
    page.wait_for_url(f"{window.address}/{role}")
    expect(page.locator("#not-yet")).to_contain_text("Once verified you may")
    window.holds(f"/{role} of somebody new")
