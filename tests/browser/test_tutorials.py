"""Does what the tutorials in `docs/tutorials` say, step by step, as somebody with a phone would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Window, Windows
from tests.fixtures.live import PASSWORD, Market, demand_of

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]
FOLDER = Path(__file__).parents[2] / "docs" / "tutorials"
TYPED = r"(?:`(?P<typed{n}>[^`]+)`|\*(?P<kind{n}>account|password)\*)"
SAYS = re.compile(
    "|".join(
        (
            r"(?:打开|[Oo]pen) `(?P<path>[^`]+)`",
            r"(?:点|[Pp]ress) \*\*(?P<pressed>[^*]+)\*\*",
            r"[Tt]ype " + TYPED.format(n=1) + r" into \*\*(?P<field1>[^*]+)\*\*",
            r"在 \*\*(?P<field2>[^*]+)\*\* 填 " + TYPED.format(n=2),
            r"(?:看到|[Ss]ee) \*\*(?P<seen>[^*]+)\*\*",
        )
    )
)


def steps(number: int, language: str) -> list[str]:
    (file,) = FOLDER.glob(f"{number}-*.{language}.md")
    return re.findall(r"^\d+\. (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)


def said(step: str) -> Iterator[dict[str, str]]:
    """What the step has one do, in order."""
    found = [{name: text for name, text in match.groupdict().items() if text} for match in SAYS.finditer(step)]
    words = sum(len(one.keys() & {"pressed", "field1", "field2", "seen"}) for one in found)
    assert found and words == step.count("**") // 2, f"this step can't be followed: {step}"
    return iter(found)


def press(page: Page, words: str) -> None:
    """What shows just these words before what only begins with them; on the page before its frame."""
    for is_it in (str.__eq__, str.startswith):
        for place in ("main", "body"):
            for one in page.locator(place).locator("a, button, summary, label").filter(visible=True, has_text=words).all():
                if is_it(one.inner_text().strip(), words):
                    one.click()
                    return
    raise AssertionError(f"nothing to press says {words} on {page.url}")


def follow(window: Window, number: int, language: str, account: str) -> None:
    known = {"account": account, "password": PASSWORD}
    page = window.page
    for step in steps(number, language):
        for one in said(step):
            if "path" in one:
                window.open(one["path"])
            elif "pressed" in one:
                press(page, one["pressed"])
            elif "seen" in one:
                expect(page.locator("body").get_by_text(one["seen"]).filter(visible=True).first).to_be_visible(timeout=15_000)
            else:
                text = one.get("typed1") or one.get("typed2") or known[one.get("kind1") or one["kind2"]]
                page.get_by_label(one.get("field1") or one["field2"]).first.fill(text)
        window.holds()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_three_jobs_as_written(windows: Windows, market: Market, language: str) -> None:
    window: Any = windows("phone", language)
    follow(window, 1, language, market.collector.email)
    [lot] = market.collector.ok("GET", "/v1/lots")["items"]
    assert (lot["status"], lot["quantity_t"]) == ("open", 30.5)
    market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, bid_cny_per_t=4000, quantity_t=30.5))
    path = f"/v1/proposals?lot_id={lot['id']}"
    market.collector.until(path, lambda page: bool(page["items"]))
    follow(window, 2, language, market.collector.email)
    assert market.collector.ok("GET", path)["items"][0]["seller_accepted_at"]
    follow(window, 3, language, market.collector.email)
    code = f"/v1/regions/{lot['region']}/volumes?material=steel.hms1&granularity=year"
    assert market.collector.ok("GET", code)["items"][0]["listed_t"] >= 30.5


def test_both_languages_have_the_same_steps() -> None:
    def shape(step: str) -> list[str]:
        return [min(one) if "typed" not in "".join(one) else "typed" for one in said(step)]

    for number in (1, 2, 3):
        chinese, english = steps(number, "zh"), steps(number, "en")
        assert len(chinese) == len(english)
        for pair in zip(chinese, english, strict=True):
            assert len(list(said(pair[0]))) == len(list(said(pair[1]))), pair
