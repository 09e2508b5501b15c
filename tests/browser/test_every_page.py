"""Every page of the console at three widths in both languages: nothing cut, spilled, overlapped, raw or too small to press.

Names are long and figures wide, for that is where pages break.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from gateway.console.pages import AREAS
from tests.browser.checks import KEY, LAYOUT, OVERFLOW, WORDS
from tests.browser.conftest import WIDTHS, Window
from tests.browser.test_operator import parked
from tests.fixtures.live import Live, Market, Person, demand_of, lot_of, moment

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]

NO_PAGE = {
    "/console/live": "a part of /",
    "/collector/worth": "a part of /collector",
    "/console/media/<path:path>": "a photo",
    "/console/choices": "takes a choice",
    "/sign-out": "ends a session",
    "/asyncapi.json": "for machines",
    "/buyer/lots/<lot_id>/photos/<photo_id>": "a photo",
    "/park/reports/<report_id>/<name>": "a file",
}
"""Addresses of the registry that show nothing of their own."""
MORE = {
    "/collector/sell": ("?grade=steel.hms2",),
    "/collector/prices": ("?grade=steel.hms2",),
    "/buyer/search": ("?all=1",),
    "/buyer/demands/new": ("?family=steel",),
    "/operator/follow": ("?id={lot_id}",),
    "/park": ("?wall=1",),
}
"""What a page shows besides when it is asked so."""
LONG = "演示再生资源回收利用循环经济产业园绿色加工配送有限责任公司第一分拣中心"
GRADE = "steel.hms2"
Made = dict[str, str]


@pytest.fixture(scope="module")
def traders(live: Live, operator: Person) -> Iterator[Market]:
    yard = live.with_site(live.register("collector", operator, name=LONG), 30.5928, 114.3055, "420102")
    mill = live.with_site(live.register("buyer", operator, "420700", name=LONG), 30.3919, 114.8947, "420704")
    made = Market(operator, yard, mill, live.register("carrier", operator, name=LONG))
    yield made
    made.leave()


@pytest.fixture(scope="module")
def made(live: Live, traders: Market) -> Made:
    """Ids for every address: a trade that was hauled, an offer that waits, a tender, an agreement, a dead letter."""
    yard, mill = traders.collector, traders.buyer
    wide = {"grade": GRADE, "title": LONG, "description": LONG, "quality": {}}
    terms = {"grades": [GRADE], "quantity_t": 98765.432, "bid_cny_per_t": 4321.09, "auto_accept": True}
    demand = mill.ok("POST", "/v1/demands", demand_of(mill, **terms))
    lot = yard.ok("POST", "/v1/lots", lot_of(yard, auto_accept=True, **wide))
    load = mill.until(f"/v1/shipments?lot_id={lot['id']}", lambda found: bool(found["items"]))["items"][0]
    traders.haul(load["id"], 46.0, 15.5, f"T-{load['id'][-6:]}", moisture_pct=2.5, impurity_pct=3.2, grade=GRADE)
    waits = yard.ok("POST", "/v1/lots", lot_of(yard, **wide))
    offer = yard.until(f"/v1/proposals?lot_id={waits['id']}", lambda found: bool(found["items"]))["items"][0]
    copper = yard.ok("POST", "/v1/lots", lot_of(yard, grade="nonferrous.copper", quality={}, ask_cny_per_t=60000))
    park = live.create("park_operator", "420000")
    return {
        "lot_id": lot["id"], "shipment_id": load["id"], "load_id": load["id"], "trade_id": load["trade_id"],
        "proposal_id": offer["id"], "demand_id": demand["id"], "organisation_id": mill.organisation_id, "code": "420000",
        "clearing_id": traders.operator.ok("GET", "/v1/clearings?limit=1")["items"][0]["id"], "room": "trading",
        "letter_id": parked(live), "park": park.email, "import_id": imported(yard),
        "tender_id": yard.ok("POST", "/v1/tenders", {"lot_id": copper["id"], "closes_at": moment(1)})["id"],
        "agreement_id": yard.ok("POST", "/v1/agreements", agreed(mill))["id"],
        "rule_id": park.ok("POST", "/v1/alarm-rules", watched())["id"], "allowance_rule_id": "new",
        "target_id": traders.operator.ok("POST", "/v1/targets", aimed_at())["id"],
    }  # fmt: skip


def imported(yard: Person) -> str:
    """An import of which a row has faults."""
    sheet = f"品种,数量,单价(元/吨),可提货日期,截止日期,场站\n重费,abc,2400,2030-01-01,2030-01-05,{LONG}\n"
    answer = yard.client.post(
        f"{yard.address}/v1/lots/imports", files={"file": ("演示.csv", sheet.encode(), "text/csv")},
        headers={"Authorization": f"Bearer {yard.token}", "Idempotency-Key": moment(0)},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    yard.until(f"/v1/lots/imports/{answer.json()['id']}", lambda one: one["status"] != "running")
    return str(answer.json()["id"])


def agreed(mill: Person) -> dict[str, object]:
    months = {"first_month": moment(31)[:7], "last_month": moment(93)[:7]}
    return {"counterparty_id": mill.organisation_id, "grade": GRADE, "month_t": 9876.543, "region": "420000", **months}


def watched() -> dict[str, object]:
    about = {"region": "420000", "measure": "received", "side": "destination"}
    return {"name": LONG, "kind": "threshold", "window_h": 24, "above_t": 12345678, **about}


def aimed_at() -> dict[str, object]:
    about = {"region": "420000", "material": GRADE, "measure": "received", "side": "destination"}
    return {"target_t": 12345678.901, "from": moment(-10), "to": moment(20), "source": LONG, **about}


def addresses(role: str, made: Made) -> list[str]:
    """What this role can open, with real ids in it."""
    found = []
    for page in (page for area in AREAS for page in area.pages if page.path not in NO_PAGE):
        if role in page.roles or (role == "nobody" and not page.roles):
            path = re.sub(r"<(\w+)>", lambda part: made[part.group(1)], page.path)
            found += [path, *(path + query.format(**made) for query in MORE.get(page.path, ()))]
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", ["nobody", "collector", "buyer", "carrier", "operator", "park_operator"])
def test_nothing_is_cut_or_overlaps(
    windows: Callable[..., Window], traders: Market, made: Made, role: str, language: str
) -> None:
    window = windows("desk", language)
    if role != "nobody":
        window.sign_in(made["park"] if role == "park_operator" else getattr(traders, role).email)
    page, faults = window.page, []
    for path in addresses(role, made):
        window.open(path)
        for width, (wide, high) in WIDTHS.items():
            page.set_viewport_size({"width": wide, "height": high})
            seen = [*page.evaluate(LAYOUT), *(["scrolls sideways", one] for one in page.evaluate(OVERFLOW))]
            if path not in ("/docs", "/events"):
                seen += [["raw key", one] for one in KEY.findall(page.evaluate(WORDS))]
            faults += [(path, width, *one) for one in seen]
        assert page.locator(".fault-box, .panel.fault h1").count() == 0, f"{path}: {page.inner_text('main')}"
    assert faults == []
    assert window.watch.errors == []
