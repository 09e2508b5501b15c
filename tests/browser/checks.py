"""What must hold of every page, whoever looks at it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.browser.chromium import axe

KEY = re.compile(r"\b[a-z]+_[a-z_]+\b")
"""What a raw key looks like in a text."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
RUN = "(rules) => axe.run(document, {resultTypes: ['violations'], runOnly: rules})"
WORDS = """() => {
  const words = document.body.cloneNode(true);
  words.querySelectorAll('code, pre, script, .raw').forEach((one) => one.remove());
  return words.textContent;
}"""
"""What a page says but for names of machines, which stand in `code` or are marked as `raw`."""
LAYOUT = Path(__file__).with_name("layout.js").read_text(encoding="utf-8")
"""Gives what is cut, spills, overlaps, is too low to press or has no glyph."""
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > wide + 1)
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 160));
}"""


@dataclass
class Watch:
    """Notes what a page complains of, and what it asks of others."""

    page: Page
    origin: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda one: self.errors.append(one.text) if one.type == "error" else None)
        self.page.on("pageerror", lambda one: self.errors.append(str(one)))
        self.page.on("request", self._request)

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.origin).netloc:
            self.foreign.append(request.url)

    def holds(self, path: str = "", but: tuple[str, ...] = ()) -> None:
        """`but`: words of the console's errors that this page may have (a 403 that is shown is an error there); `partial`: some
        part of it may be missing."""
        errors = [one for one in self.errors if not any(word in one for word in but)]
        assert errors == [], path
        assert self.foreign == [], path
        assert self.page.evaluate(OVERFLOW) == [], f"{path}: scrolls sideways"
        if path not in ("/docs", "/events"):  # whose texts are of names
            assert KEY.findall(self.page.evaluate(WORDS)) == [], f"{path}: raw keys"
        if "partial" not in but:
            assert self.page.locator(".fault-box").all_inner_texts() == [], f"{path}: a part could not be read"
        assert_accessible(self.page, path)
        self.errors.clear()


def assert_accessible(page: Page, path: str = "") -> None:
    """axe has no serious or critical issue."""
    page.evaluate(axe())
    found = page.evaluate(RUN, RULES)
    bad = [
        (one["id"], [node["html"][:160] for node in one["nodes"][:3]], one["nodes"][0]["failureSummary"])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert bad == [], path
