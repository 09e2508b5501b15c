"""What the operator sets by hand for regions: a target and a rule of allowances, made, changed, withdrawn and brought back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.fixtures.live import Live, Market, Person

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]

SignIn = Callable[..., Window]


def with_source(operator: Person, path: str, source: str) -> Any:
    (found,) = [one for one in operator.ok("GET", f"{path}?limit=200")["items"] if one["source"] == source]
    return found


def faulty(window: Window, kept: str, text: str) -> None:
    """Sends the form, which has faults: they are said in the page's language, and what was typed stays."""
    window.page.click("form[data-draft] button.primary")
    expect(window.page.locator(".summary")).to_be_focused()
    assert window.page.input_value(kept) == text
    window.holds("a form with faults", but=("422",))


def withdrawn_and_back(window: Window) -> None:
    """By its own page; the toast brings it back."""
    page = window.page
    page.click("form.act button.danger")
    page.click("#confirm button[value=yes]")
    page.click(".toast form button")
    page.wait_for_selector(".toast:not(:has(form))")


def test_a_target_is_set_changed_withdrawn_and_brought_back(live: Live, people: Market, signed_in: SignIn) -> None:
    source = f"省里文件 <b>{uuid4().hex[:6]}</b>"
    window = signed_in(people.operator, width="phone")
    page = window.open("/park/targets")
    page.click('a[href="/park/targets/new"]')
    window.holds("/park/targets/new")
    page.fill("#f-target_t", "好多")
    faulty(window, "#f-target_t", "好多")
    faults = " ".join(page.locator(".field-fault").all_inner_texts())
    assert re.search("[A-Za-z]", faults) is None, faults
    page.select_option("#f-region", "420000")
    page.select_option("#f-material", "steel")
    page.select_option("#f-side", "destination")
    page.fill("#f-target_t", "12,000.5")
    page.fill("#f-source", source)
    page.click("form[data-draft] button.primary")
    page.wait_for_url("**/park/targets")
    expect(page.locator(".bullet", has_text=source)).to_be_visible()
    window.holds("/park/targets")
    made = with_source(people.operator, "/v1/targets", source)
    assert (made["target_t"], made["measure"], made["material"]) == (12000.5, "received", "steel")
    page.click(f'a[href="/park/targets/{made["id"]}"]')
    window.holds("/park/targets/…")
    page.fill("#f-target_t", "15000")
    page.click("form[data-draft] button.primary")
    page.wait_for_url("**/park/targets")
    changed = with_source(people.operator, "/v1/targets", source)
    assert (changed["target_t"], changed["to"]) == (15000, made["to"]), "the last day stays as it is"
    window.open(f"/park/targets/{made['id']}")
    withdrawn_and_back(window)
    assert with_source(people.operator, "/v1/targets", source)["status"] == "standing"
    window.open(f"/park/targets/{made['id']}")
    page.click("form.act button.danger")
    page.click("#confirm button[value=yes]")
    page.wait_for_selector(".toast form")
    window.open("/park/targets?status=withdrawn")
    expect(page.locator(".bullet", has_text=source)).to_contain_text("已撤销")
    window.holds("/park/targets?status=withdrawn")
    park = signed_in(live.create("park_operator", "420000"), language="en")
    park.open("/park/targets")
    assert park.page.locator('a[href="/park/targets/new"]').count() == 0
    park.open("/park/targets/new")
    park.holds("/park/targets/new of a park operator", but=("403",))
    assert "Operator" in park.page.inner_text("main")


def test_a_rule_of_allowances_is_set_changed_and_withdrawn(people: Market, signed_in: SignIn) -> None:
    source = f"A decree <b>{uuid4().hex[:6]}</b>"
    window = signed_in(people.operator, language="en", theme="dark")
    page = window.open("/park/allowances")
    page.click('a[href="/park/allowances/rules/new"]')
    window.holds("/park/allowances/rules/new")
    page.fill("#f-ratio_pct", "much")
    faulty(window, "#f-ratio_pct", "much")
    page.select_option("#f-region", "540000")
    page.select_option("#f-material", "solid_waste.phosphogypsum")
    page.fill("#f-ratio_pct", "100")
    page.fill("#f-source", source)
    page.click("form[data-draft] button.primary")
    page.wait_for_url("**/park/allowances")
    window.holds("/park/allowances")
    made = with_source(people.operator, "/v1/allowance-rules", source)
    assert (made["ratio_pct"], made["initial_t"], made["to"]) == (100, 0, None)
    page.click(f'a[href="/park/allowances/rules/{made["id"]}"]')
    window.holds("/park/allowances/rules/…")
    page.fill("#f-initial_t", "5")
    page.fill("#f-to", "2031-12-31")
    page.click("form[data-draft] button.primary")
    page.wait_for_url("**/park/allowances")
    changed = with_source(people.operator, "/v1/allowance-rules", source)
    assert (changed["initial_t"], changed["to"]) == (5, "2031-12-31T16:00:00.000Z")
    window.open(f"/park/allowances/rules/{made['id']}")
    withdrawn_and_back(window)
    window.open(f"/park/allowances/rules/{made['id']}")
    page.click("form.act button.danger")
    page.click("#confirm button[value=yes]")
    page.wait_for_selector(".toast form")
    assert with_source(people.operator, "/v1/allowance-rules", source)["status"] == "withdrawn"


def test_what_is_withheld_says_so_and_every_table_is_a_file(live: Live, signed_in: SignIn) -> None:
    window = signed_in(live.create("park_operator", "420000"))
    page = window.open("/park/regions/110000")
    expect(page.locator(".banner")).to_contain_text("不足三家")
    assert set(page.locator(".measures dd").all_inner_texts()) == {"未公布"}
    window.holds("/park/regions/110000")
    for path in ("/park/regions", "/park/regions/110000/volumes", "/park/flows?region=110000"):
        window.open(path)
        expect(page.locator("#withheld-why")).to_be_visible()
        window.holds(path)
    window.open("/park/regions/420000")
    assert page.locator(".measures .withheld").count() == 0, "one's own region shows in full"
    for path, head in (
        ("/park/regions?as=csv", "region,"),
        ("/park/regions/420000?as=csv", "region,"),
        ("/park/regions/420000/volumes?as=csv", "period,"),
        ("/park/regions/420000/entries?as=csv", "id,"),
        ("/park/regions/420000/revisions?as=csv", "id,"),
        ("/park/allowances?as=csv", "id,"),
        ("/park/targets?as=csv", "id,"),
    ):
        answer = page.request.get(window.address + path)
        assert answer.status == 200 and answer.headers["content-type"].startswith("text/csv"), path
        assert answer.body().decode("utf-8").startswith(f"\ufeff{head}"), path
