"""Signing in, each role's home, and what holds of every page: in both languages, light and dark, from a phone to a desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Window, Windows
from tests.fixtures.live import Live, Market

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("width", "theme"), [("phone", "dark"), ("desk", "light")])
def test_pages_for_everybody(windows: Windows, width: str, theme: str, language: str) -> None:
    window = windows(width, language, theme)
    for path in ("/", "/sign-in", "/docs", "/events"):
        window.open(path)
        window.holds(path)
    assert window.page.evaluate("() => document.documentElement.lang") == ("zh-CN" if language == "zh" else "en")


@pytest.mark.parametrize("role", ["collector", "buyer", "carrier", "operator"])
def test_a_role_finds_its_home(signed_in: Callable[..., Window], people: Market, role: str) -> None:
    window = signed_in(getattr(people, role), width="phone")
    assert window.page.url == f"{window.address}/{role}"
    window.holds()
    window.page.click("details.more > summary")
    window.page.click('button[value="dark"]')
    assert window.page.get_attribute("html", "data-theme") == "dark"
    window.holds()
    window.page.click("details.more > summary")
    window.page.click('form[action="/sign-out"] button')
    window.page.wait_for_url(window.address + "/")
    window.open(f"/{role}")
    assert "/sign-in?next=" in window.page.url


def test_the_park_has_its_home(signed_in: Callable[..., Window], live: Live) -> None:
    window = signed_in(live.create("park_operator"))
    assert window.page.url == f"{window.address}/park"
    window.holds()
    window.open("/operator")
    window.holds(but=("403",))
    assert "运营方" in window.page.inner_text("main")


@pytest.mark.parametrize(("language", "word"), [("zh", "找不到这一页"), ("en", "There is no such page here")])
def test_an_address_that_is_nobodys_is_a_page_to_people(windows: Windows, live: Live, language: str, word: str) -> None:
    window = windows("phone", language, "dark")
    window.open("/no/such/page")
    assert window.page.inner_text("h1") == word
    window.holds(but=("404",))
    answer = live.nobody().call("GET", "/no/such/page")
    assert (answer.status_code, answer.json()["type"]) == (404, "not-found")


def test_a_wrong_password_says_so_and_keeps_the_account(windows: Windows) -> None:
    window = windows("phone")
    window.open("/sign-in")
    window.page.fill("#f-account", "nobody@huanliu.example")
    window.page.fill("#f-password", "wrong")
    window.page.click("form.own button.primary")
    window.page.wait_for_selector(".summary")
    assert window.page.input_value("#f-account") == "nobody@huanliu.example"
    window.holds(but=("401",))
