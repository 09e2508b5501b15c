"""Scripts in every text that people can fill: no page runs one, whoever opens it, and each shows what was typed, as typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.browser.conftest import Window
from tests.browser.test_operator import parked
from tests.fixtures.live import PASSWORD, Live, Market, Person, demand_of, lot_of, moment
from tests.fixtures.pages import pages

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]
ROLES = ("collector", "buyer", "carrier", "park_operator", "operator")
GRADE, FAMILY = "tyre.whole", "tyre"
SHORT, CUT = 64, 36
"""The most of a number or a plate; how much of a text stands at least where only its beginning is quoted."""


@dataclass(frozen=True)
class Text:
    """A text of the API: the call that takes it, where in its body, the most it may have, and pages that show it. Calls that
    change or copy a thing (PATCH, `/copy`) take the same texts again."""

    call: str
    pointer: str
    most: int
    shown: tuple[str, ...]

    @property
    def mark(self) -> str:
        return f"§{TEXTS.index(self):02}§"

    @property
    def typed(self) -> str:
        """Leaves an attribute, a text field and a link in as many ways as there is room for."""
        if self.most <= SHORT:
            return f'{self.mark}"><script>ran=1</script><img src=x onerror=ran=1>{{{{7*7}}}}'
        if self.pointer == "/filename":
            return f"{self.mark}<img src=x onerror=ran=1>{{{{7*7}}}}废.csv"
        lead = "https://hooks.huanliu.example/" if self.pointer == "/url" else "javascript:ran=1//"
        return f"{lead}{self.mark}</textarea>\"'><script>ran=1</script><img src=x onerror=ran=1>{{{{7*7}}}}废"


MEMBER, EVENTS = "/operator/organisations/<organisation_id>", "POST /v1/shipments/{identifier}/events"
PASSPORT = "/lots/<lot_id>/passport"
TICKET = ("/collector/deliveries/<shipment_id>", "/buyer/inbound/<load_id>", "/park/regions/<code>/lots/<lot_id>")
TEXTS = (
    Text("POST /v1/organisations", "/name", 200, ("/collector", "/buyer/trades", MEMBER)),
    Text("POST /v1/organisations", "/user/name", 200, ("/collector", "/buyer", "/carrier")),
    Text("POST /v1/sites", "/name", 200, ("/collector/yards", MEMBER)),
    Text("POST /v1/sites", "/compliance/0/category", 100, ()),
    Text("POST /v1/api-keys", "/name", 200, ()),
    Text("POST /v1/lots", "/title", 200, ("/buyer/lots/<lot_id>",)),
    Text("POST /v1/lots", "/description", 4000, ("/collector/lots/<lot_id>/edit", "/buyer/lots/<lot_id>", PASSPORT)),
    Text("POST /v1/lots", "/on_behalf_of/name", 100, ()),
    Text("POST /v1/lots/imports", "/filename", 200, ("/collector/imports", "/collector/imports/<import_id>")),
    Text("POST /v1/lots/imports", "/cell", 200, ("/collector/imports/<import_id>",)),
    Text("POST /v1/saved-searches", "/name", 100, ("/buyer/searches",)),
    Text("POST /v1/saved-searches", "/criteria/q", 200, ("/buyer/searches",)),
    Text("POST /v1/proposals/{identifier}/reject", "/reason", 2000, ("/collector/proposals/<proposal_id>",)),
    Text("PUT /v1/tenders/{identifier}/bids/{demand_id}", "/deposit_reference", 2000, ()),
    Text("POST /v1/trades/{identifier}/cancel", "/reason", 2000, ()),
    Text("POST /v1/trades/{identifier}/dispute", "/reason", 2000, ("/collector/money/<trade_id>", "/buyer/trades/<trade_id>")),
    Text("POST /v1/shipments/{identifier}/assign", "/vehicle", SHORT, ("/buyer/inbound/<load_id>", "/carrier/loads/<load_id>")),
    Text(EVENTS, "/ticket", SHORT, TICKET),
    Text(EVENTS, "/reason", 2000, ()),
    Text("POST /v1/shipments/{identifier}/corrections", "/reason", 2000, ()),
    Text("POST /v1/shipments/{identifier}/corrections", "/ticket", SHORT, ("/buyer/inbound/<load_id>",)),
    Text("POST /v1/targets", "/source", 300, ("/park/targets", "/park/targets/<target_id>")),
    Text("POST /v1/allowance-rules", "/source", 300, ("/park/allowances", "/park/allowances/rules/<allowance_rule_id>")),
    Text("POST /v1/alarm-rules", "/name", 100, ("/park/alarms/rules",)),
    Text("POST /v1/alarms/{alarm_id}/acknowledge", "/note", 500, ("/park/alarms",)),
    Text("POST /v1/webhooks", "/url", 2000, ("/operator/webhooks",)),
)  # fmt: skip
FILES = ("POST /v1/lots/imports",)
"""Takes a file, whose texts OpenAPI does not name."""
CHECKED = {
    "region", "material", "materials", "grade", "grades", "list", "near", "site_id", "park_id", "lot_id", "demand_id",
    "carrier_id", "counterparty_id", "readers", "email", "phone", "password", "refresh_token", "quantity_t", "load_t",
    "hard_stops_declared", "from", "to", "file", "min_take_t", "month", "traits",
}  # fmt: skip
"""What else is written as a text: the API looks it up or reads it as a figure, and refuses what it is not."""
GUARD = """window.broken = [];
addEventListener('securitypolicyviolation', (one) => window.broken.push(`${one.violatedDirective} ${one.blockedURI}`));"""
RAN = r"""() => {
  const links = ['href', 'src', 'action', 'formaction', 'data', 'xlink:href'];
  const runs = (a) => a.name.startsWith('on') || (links.includes(a.name) && /^\s*javascript:/i.test(a.value));
  const bad = (one) => [...one.attributes].some(runs) || one.getAttribute('src') === 'x'
    || (one.localName === 'script' && !one.src && one.type !== 'application/json');
  return [...(window.ran ? ['it ran'] : []), ...window.broken,
    ...[...document.querySelectorAll('*')].filter(bad).map((one) => one.outerHTML.slice(0, 200))];
}"""
"""What ran, what only the page's policy kept from running, and what would run without it."""
SAID = """() => {
  const words = document.documentElement.cloneNode(true);
  words.querySelectorAll('script').forEach((one) => one.remove());
  const told = (a) => a.name.startsWith('data-') || ['title', 'alt', 'aria-label', 'placeholder', 'content'].includes(a.name);
  return [words.textContent, ...[...document.querySelectorAll('input:not([type=hidden])')].map((one) => one.value),
    ...[...words.querySelectorAll('*')].flatMap((one) => [...one.attributes].filter(told).map((a) => a.value))].join('\\n');
}"""
"""What a page tells, in its texts, its fields, and to those who listen to it; what a form carries unseen is told to nobody."""
FORMS = """() => [...document.querySelectorAll('main form')].map((form) => [form.getAttribute('action') ?? '',
  ...[...form.elements].filter((one) => one.matches('textarea, [type=text], [type=search]')).map((one) => one.name)])"""
SEND = """([at, typed]) => {
  const form = document.querySelectorAll('main form')[at];
  for (const one of form.elements) if (one.matches('textarea, [type=text], [type=search]')) one.value = typed;
  form.noValidate = true;
  delete form.dataset.confirm;
  form.requestSubmit(form.querySelector('button:not([type=button])'));
}"""
Ids = dict[tuple[str, str], list[str]]


@dataclass
class Told:
    """Who told what: the people, and the ids of what they made, by area and part of a page's address."""

    market: Market
    park: Person
    ids: Ids

    def person(self, role: str) -> Person:
        return self.park if role == "park_operator" else getattr(self.market, role)

    def pages(self, role: str) -> Iterator[tuple[str, str]]:
        """`(page, address)` of all that this role opens; with the collector, those that are everybody's."""
        known = set()
        for n in range(max(map(len, self.ids.values()))):

            def find(area: str, part: str, n: int = n) -> str | None:
                found = self.ids.get((area, part), [])
                return found[n] if n < len(found) else None

            for page, address in pages(find):
                if (role in page.roles or (not page.roles and role == "collector")) and address not in known:
                    known.add(address)
                    yield page.path, address


def fill(who: Person, call: str, body: Any, *ids: str) -> Any:
    """Makes the call with a script before what the body has in each of its texts."""
    method, path = call.split(" ")
    given = iter(ids)
    path = re.sub(r"{\w+}", lambda _: next(given), path)
    for text in TEXTS:
        if text.call == call:
            put(body, text.pointer.strip("/").split("/"), text.typed)
    return who.ok(method, path, body)


def put(body: Any, way: list[str], typed: str) -> None:
    for step in way[:-1]:
        body = body[int(step)] if isinstance(body, list) else body.get(step, {})
    if way[-1] in body:
        body[way[-1]] = typed + body[way[-1]]


def text_of(call: str, pointer: str) -> str:
    return next(one.typed for one in TEXTS if (one.call, one.pointer) == (call, pointer))


@pytest.fixture(scope="module")
def told(live: Live, operator: Person) -> Iterator[Told]:
    people = {role: registered(live, operator, role) for role in ROLES[:3]}
    market, park = Market(operator, **people), live.create("park_operator", "420000")
    told = Told(market, park, {("park", "code"): ["420000"], ("park", "rule_id"): ["new"]})
    told.ids["operator", "organisation_id"] = [market.collector.organisation_id]
    watch(told)
    trades(told)
    bargains(told)
    rest(told)
    told.ids["operator", "room"], told.ids["operator", "letter_id"] = ["trading"], [parked(live)]
    yield told
    market.leave()


def registered(live: Live, operator: Person, role: str) -> Person:
    """A verified organisation with, unless it hauls, a site."""
    email = f"{role}-{uuid4().hex[:8]}@huanliu.example"
    region = "420700" if role == "buyer" else "420100"
    user = {"name": "", "email": email, "password": PASSWORD}
    made = fill(live.nobody(), "POST /v1/organisations", {"name": "", "role": role, "region": region, "user": user})
    operator.ok("POST", f"/v1/organisations/{made['id']}/verify")
    person = live.sign_in(email, role, made["id"])
    if role != "carrier":
        listed = {"list": "steel", "category": "", "valid_from": moment(-1), "valid_until": moment(30)}
        place = {"lat": 30.5928, "lon": 114.3055} if role == "collector" else {"lat": 30.3919, "lon": 114.8947}
        site = {"name": "", "kind": "yard" if role == "collector" else "plant", "region": "420102", "position": place}
        person.site_id = fill(person, "POST /v1/sites", site | {"compliance": [listed]})["id"]
    fill(person, "POST /v1/api-keys", {"name": ""})
    return person


def watch(told: Told) -> None:
    """A target, and a rule that the lots to come will trip."""
    operator = told.market.operator
    told.ids["park", "target_id"] = [fill(operator, "POST /v1/targets", {
        "region": "420000", "material": FAMILY, "side": "destination", "measure": "received", "target_t": 1000,
        "from": moment(-10), "to": moment(20), "source": "",
    })["id"]]  # fmt: skip
    told.ids["park", "allowance_rule_id"] = [fill(operator, "POST /v1/allowance-rules", {
        "region": "540000", "material": "solid_waste.red_mud", "ratio_pct": 100, "from": moment(-1), "to": moment(0.1),
        "source": "",
    })["id"]]  # fmt: skip
    rule = {"kind": "threshold", "measure": "listed", "above_t": 1, "side": "origin", "region": "420000", "material": GRADE}
    told.ids["park", "rule_id"].append(fill(told.park, "POST /v1/alarm-rules", {"name": "", **rule})["id"])


def trades(told: Told) -> None:
    """One that is settled and objected to, one put right, one refused at the gate, one called off."""
    for end in ("received", "corrected", "refused", "cancelled"):
        lot, demand, load = agreed(told.market)
        if end == "cancelled":
            fill(told.market.buyer, "POST /v1/trades/{identifier}/cancel", {"reason": ""}, load["trade_id"])
        else:
            haul(told.market, load["id"], "refused" if end == "refused" else "received")
        if end == "corrected":
            correction = {"reason": "", "ticket": uuid4().hex[:4], "gross_t": 35.1}
            fill(told.market.buyer, "POST /v1/shipments/{identifier}/corrections", correction, load["id"])
        if end == "received":
            told.market.buyer.until(f"/v1/trades/{load['trade_id']}", lambda one: bool(one["settled_at"]))
            fill(told.market.buyer, "POST /v1/trades/{identifier}/dispute", {"reason": ""}, load["trade_id"])
        known = {"lot_id": lot["id"], "demand_id": demand["id"], "trade_id": load["trade_id"], "load_id": load["id"]}
        for area in ("collector", "buyer", "deals", "park", *(() if end == "cancelled" else ("carrier",))):
            for part, value in {**known, "shipment_id": load["id"]}.items():
                told.ids.setdefault((area, part), []).append(value)


def agreed(market: Market) -> tuple[Any, Any, Any]:
    """A lot, its demand, and the load that both sides' agreement made of them."""
    terms = {"quantity_t": 20, "auto_accept": True}
    demand = market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, grades=[GRADE], **terms))
    person = {"name": "", "consent": "verbal", "consented_at": moment(-1)}
    texts = {"title": "", "description": "", "on_behalf_of": person}
    lot = fill(market.collector, "POST /v1/lots", lot_of(market.collector, grade=GRADE, quality={}, **terms, **texts))
    loads = market.buyer.until(f"/v1/shipments?lot_id={lot['id']}", lambda body: bool(body["items"]))["items"]
    return lot, demand, loads[0]


def haul(market: Market, load: str, end: str) -> None:
    """By `Market.haul`'s steps, with texts."""
    carrier, buyer = market.carrier, market.buyer
    taken = {"carrier_id": carrier.organisation_id, "vehicle": ""}
    fill(carrier, "POST /v1/shipments/{identifier}/assign", taken, load)
    last = {"type": "refused", "reason": ""} if end == "refused" else {"type": "received"}
    steps: list[tuple[Person, dict[str, Any]]] = [
        *((carrier, {"type": step}) for step in ("booked", "loaded", "arrived")),
        (buyer, {"type": "weighed", "gross_t": 35, "tare_t": 15, "ticket": uuid4().hex[:4]}),
        *([(buyer, {"type": "inspected"})] if end == "received" else []),
        (buyer, last),
    ]
    for person, step in steps:
        fill(person, EVENTS, {"at": moment(0), **step}, load)


def bargains(told: Told) -> None:
    """An offer that is rejected, and a bid at a tender."""
    market, ids = told.market, told.ids
    demand = market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, grades=[GRADE], quantity_t=20))
    lot = fill(market.collector, "POST /v1/lots", lot_of(market.collector, grade=GRADE, quality={}, quantity_t=20))
    found = market.buyer.until(f"/v1/proposals?lot_id={lot['id']}", lambda body: bool(body["items"]))["items"][0]
    fill(market.buyer, "POST /v1/proposals/{identifier}/reject", {"reason": ""}, found["id"])
    ids["collector", "proposal_id"] = ids["buyer", "proposal_id"] = [found["id"]]
    ids["operator", "clearing_id"] = [found["clearing_id"]]
    market.leave()
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, grade=GRADE, quality={}, quantity_t=20))
    tender = {"lot_id": lot["id"], "closes_at": moment(0.1), "deposit_cny": 1000}
    tender_id = market.collector.ok("POST", "/v1/tenders", tender)["id"]
    demand = market.buyer.ok("POST", "/v1/demands", demand_of(market.buyer, grades=[GRADE], quantity_t=20))
    bid = {"price_cny_per_t": 2800, "deposit_reference": ""}
    fill(market.buyer, "PUT /v1/tenders/{identifier}/bids/{demand_id}", bid, tender_id, demand["id"])
    ids["deals", "tender_id"] = [tender_id]


def rest(told: Told) -> None:
    """What is kept beside trades: an agreement, a search, a file, an alarm that is taken on, a webhook."""
    collector, buyer = told.market.collector, told.market.buyer
    terms = {"grade": GRADE, "first_month": moment(40)[:7], "last_month": moment(40)[:7], "month_t": 60, "region": "420000"}
    between = collector.ok("POST", "/v1/agreements", {**terms, "counterparty_id": buyer.organisation_id})
    told.ids["deals", "agreement_id"] = [between["id"]]
    fill(buyer, "POST /v1/saved-searches", {"name": "", "kind": "lots", "criteria": {"q": ""}})
    cell = text_of("POST /v1/lots/imports", "/cell").replace('"', '""')
    sheet = f'品种,数量,单价(元/吨),可提货日期,截止日期,场站\n"{cell}",30吨,2400,2030-01-01,2030-01-05,"{cell}"\n'.encode()
    signed = {"Authorization": f"Bearer {collector.token}"}
    files = {"file": (text_of("POST /v1/lots/imports", "/filename"), sheet)}
    sent = collector.client.post(f"{collector.address}/v1/lots/imports", files=files, headers=signed)
    assert sent.status_code == 202, sent.text
    told.ids["collector", "import_id"] = [sent.json()["id"]]
    collector.until(f"/v1/lots/imports/{sent.json()['id']}", lambda one: one["status"] == "done")
    fill(told.market.operator, "POST /v1/webhooks", {"url": "", "types": ["alarm.raised"]})
    rule = told.ids["park", "rule_id"][1]
    raised = told.park.until(f"/v1/alarms?rule_id={rule}", lambda body: bool(body["items"]), 60)["items"][0]
    fill(told.park, "POST /v1/alarms/{alarm_id}/acknowledge", {"note": ""}, raised["id"])


def test_every_text_of_the_api_is_filled_or_checked(live: Live) -> None:
    """A new one fails here until it stands in TEXTS, or in CHECKED if the API takes no free text for it."""
    spec = live.nobody().ok("GET", "/openapi.json")
    found = set()
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                for way in texts_in(media["schema"], spec["components"]["schemas"]):
                    if not (way[-1] in CHECKED or method == "patch" or path.endswith("/copy")):
                        found.add((f"{method.upper()} {path}", "/" + "/".join(way)))
    assert found == {(one.call, one.pointer) for one in TEXTS if one.call not in FILES}


def texts_in(schema: Mapping[str, Any], shapes: Mapping[str, Any], way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The ways to what a schema takes as free text."""
    if "$ref" in schema:
        yield from texts_in(shapes[schema["$ref"].rsplit("/", 1)[-1]], shapes, way)
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from texts_in(one, shapes, way)
    for name, part in schema.get("properties", {}).items():
        yield from texts_in(part, shapes, (*way, name))
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from texts_in(schema["additionalProperties"], shapes, way)
    if schema.get("type") == "array":
        is_shape = "$ref" in schema["items"]
        yield from texts_in(schema["items"], shapes, (*way, "0") if is_shape else way)
    if schema.get("type") == "string" and not schema.keys() & {"enum", "const", "format", "pattern"}:
        yield way


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_and_no_form_runs_what_people_typed(told: Told, signed_in: Callable[..., Window], language: str) -> None:
    windows = {role: guarded(signed_in(told.person(role), language=language)) for role in ROLES}
    shown: dict[str, set[str]] = {}
    forms: dict[tuple[str, ...], tuple[Window, str, int]] = {}
    for role, window in windows.items():
        for path, address in told.pages(role):
            shown.setdefault(path, set()).update(read(window, address))
            for at, (action, *names) in enumerate(window.page.evaluate(FORMS)):
                if names:
                    forms.setdefault((path, action if "-" not in action else "", *names), (window, address, at))
    missing = [(one.call, one.pointer, path) for one in TEXTS for path in one.shown if one.mark not in shown.get(path, ())]
    assert missing == []
    if language == "en":  # once: some of them are taken, and change what is told
        assert len(forms) > 15, forms
        for form, (window, address, at) in forms.items():
            send(window, address, at, form)


def guarded(window: Window) -> Window:
    window.page.add_init_script(GUARD)
    window.page.route(
        "**/favicon.ico", lambda route: route.fulfill(status=204)
    )  # a part that is opened as a page names no icon
    window.page.on("dialog", lambda one: window.watch.errors.append(one.message))
    return window


def read(window: Window, address: str) -> Iterator[str]:
    """Which texts a page shows, as they were typed and, where only their beginning is quoted, begun as they were."""
    answer = window.page.goto(window.address + address)
    assert answer is not None and answer.status == 200, f"{address}: {answer and answer.status}"
    assert window.page.evaluate(RAN) == [], address
    said = window.page.evaluate(SAID)
    for text in TEXTS:
        assert said.count(text.mark) == said.count(text.typed[:CUT]), f"{address}: {text.call} {text.pointer} not as typed"
        if text.typed in said:
            yield text.mark
    assert window.watch.errors == [], address


def send(window: Window, address: str, at: int, form: tuple[str, ...]) -> None:
    """A form with a script in each of its texts; most are refused, and show what they refused."""
    window.open(address)
    with window.page.expect_navigation():
        window.page.evaluate(SEND, [at, TEXTS[0].typed])
    assert window.page.evaluate(RAN) == [], form
