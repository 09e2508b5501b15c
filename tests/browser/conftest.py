"""One Chromium for the session, on the session's whole instance (`tests/fixtures/live.py`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.checks import Watch
from tests.browser.chromium import FLAGS, executable
from tests.fixtures.live import PASSWORD, Live, Market, Person

WIDTHS = {"phone": (360, 740), "tablet": (768, 1024), "desk": (1440, 900)}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Window:
    """A window of somebody's: a page, what it complains of, and the address of the instance."""

    page: Page
    watch: Watch
    address: str

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def until(self, path: str, selector: str, seconds: float = 40) -> Page:
        """Opens a page again and again until it has this."""
        deadline = time.monotonic() + seconds
        while not self.open(path).locator(selector).count():
            assert time.monotonic() < deadline, f"{path} never had {selector}"
            time.sleep(0.3)
        return self.page

    def sign_in(self, email: str, password: str = PASSWORD, guided: bool = False) -> Page:
        """By the page, as a person does; `guided` leaves the guide of the first minute open."""
        self.open("/sign-in")
        self.page.fill("#f-account", email)
        self.page.fill("#f-password", password)
        self.page.click("form.own button.primary")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)
        if not guided:
            self.page.evaluate("() => document.querySelector('[data-tour-end]')?.click()")
        return self.page

    def holds(self, path: str = "", but: tuple[str, ...] = ()) -> None:
        """See `checks.Watch.holds`."""
        self.page.wait_for_load_state()
        self.watch.holds(path or self.page.url, but)


@dataclass
class Windows:
    """Opens windows; every one is of somebody else, with cookies of its own."""

    browser: Browser
    address: str
    opened: list[BrowserContext] = field(default_factory=list)

    def __call__(self, width: str = "desk", language: str = "zh", theme: str = "light") -> Window:
        wide, high = WIDTHS[width]
        context = self.browser.new_context(
            viewport={"width": wide, "height": high}, color_scheme="dark" if theme == "dark" else "light", locale="zh-CN",
            timezone_id="Asia/Shanghai", has_touch=width == "phone", reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(30_000)
        context.add_cookies([{"name": "lang", "value": language, "url": self.address}])
        self.opened.append(context)
        page = context.new_page()
        return Window(page, Watch(page, self.address), self.address)


@pytest.fixture
def windows(chromium: Browser, live: Live) -> Iterator[Windows]:
    made = Windows(chromium, live.address)
    yield made
    for one in made.opened:
        one.close()


@pytest.fixture
def signed_in(windows: Windows) -> Callable[..., Window]:
    """A window in which this person has signed in."""

    def open_window(
        person: Person, width: str = "desk", language: str = "zh", theme: str = "light", guided: bool = False
    ) -> Window:
        window = windows(width, language, theme)
        window.sign_in(person.email, guided=guided)
        return window

    return open_window


@pytest.fixture(scope="session")
def people(live: Live, operator: Person) -> Market:
    """A yard, a mill and a carrier for the session's pages, which read more than they write."""
    collector = live.with_site(live.register("collector", operator), 30.5928, 114.3055, "420102")
    buyer = live.with_site(live.register("buyer", operator, "420700"), 30.3919, 114.8947, "420704")
    return Market(operator, collector, buyer, live.register("carrier", operator))
