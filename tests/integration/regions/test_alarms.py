"""Alarms on real MongoDB: raised once and cleared once, taken on, escalated; who sees and sets what."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from services.regions import service
from services.regions.app import create_app
from services.regions.handlers import EVENTS
from services.regions.service import Watching
from services.regions.store import DOCUMENTS
from shared.clock import utc_now
from shared.events.accounts import OrganisationVerified, SiteChanged
from shared.events.base import Point
from shared.events.listings import DemandPosted
from shared.events.matching import PricePublished
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.lives import HERE, JIANGXIA, Life, Told, fresh, tell

pytestmark = pytest.mark.mongodb
HUBEI, WUHAN = "420000", "420100"


class House:
    """The room with its two consumers played by hand, its clock ours, and the people around an alarm."""

    def __init__(self, settings: Settings) -> None:
        self.ahead = timedelta()
        self.settings = settings
        fresh(settings, "regions", DOCUMENTS).close()
        self.database = Database(settings, "regions", lambda: utc_now() + self.ahead)
        self.watching = Watching()
        self.park = self.person("park_operator", WUHAN)
        self.operator = self.person("operator", "110000")
        self.yard = self.person("collector", JIANGXIA)

    def person(self, role: Any, region: str) -> SignedIn:
        who = sign_in(self.settings, role, region=region)
        firm = {"id": who.caller.organisation_id, "version": 2, "at": utc_now(), "name": role, "role": role, "contact": "x"}
        self.hear(Told(OrganisationVerified(**firm, region=region, status="verified")))
        return who

    def hear(self, *told: Told) -> None:
        handlers = self.watching.handlers()
        self.watching.catch_up(self.database.read(), [])
        tell(self.database, EVENTS, [one for one in told if type(one.event) in EVENTS])
        tell(self.database, handlers, [one for one in told if type(one.event) in handlers])

    def site(self, limit_kg: int | None = None, kind: Any = "yard", park_id: str | None = None, version: int = 1) -> str:
        identifier = f"{kind}-{self.yard.caller.organisation_id}"
        place = {"region": JIANGXIA, "position": Point(lat=30.3, lon=114.3), "park_id": park_id, "stock_limit_kg": limit_kg}
        owner = {"organisation_id": self.yard.caller.organisation_id, "name": "一号堆场", "kind": kind}
        self.hear(Told(SiteChanged(id=identifier, version=version, at=utc_now(), **owner, **place)))
        return identifier

    def life(self, **names: Any) -> Life:
        owner = {"seller_id": self.yard.caller.organisation_id, "begun": utc_now() - timedelta(minutes=1)}
        return Life(region=JIANGXIA, **{**owner, **names})

    def rule(self, client: FlaskClient, who: SignedIn | None = None, **body: Any) -> str:
        made = client.post(
            "/v1/alarm-rules", json={"name": "看一看", "region": WUHAN, **body}, headers=(who or self.park).headers
        )
        assert made.status_code == 201, made.json
        return str(made.json["id"])

    def look(self, rule_id: str) -> int:
        return service.evaluate(self.database, rule_id)

    def told(self) -> list[str]:
        rows = self.database.mongo["outbox"].find({"type": {"$regex": "alarm\\."}}).sort("_id", 1)
        return [row["type"].removeprefix("huanliu.alarm.").removesuffix(".v1") for row in rows]

    def alarms(self, client: FlaskClient, who: SignedIn, query: str = "") -> list[Any]:
        items: list[Any] = client.get(f"/v1/alarms{query}", headers=who.headers).json["items"]
        return items


@pytest.fixture
def house(settings: Settings) -> House:
    return House(settings)


@pytest.fixture
def client(settings: Settings, house: House) -> FlaskClient:
    return create_app(settings).test_client()


def test_a_threshold_is_raised_once_taken_on_and_cleared_once(house: House, client: FlaskClient) -> None:
    rule = house.rule(client, kind="threshold", measure="listed", above_t=50, window_h=2, material="steel")
    first, second = house.life().publish(), house.life().publish()
    house.hear(*first.told)
    assert house.look(rule) == 0
    house.hear(*second.told, *house.life(grade="paper.occ_a").publish().told)
    assert [house.look(rule), house.look(rule)] == [1, 0]
    [raised] = house.alarms(client, house.park, "?status=raised&acknowledged=false")
    assert (raised["value"], raised["limit"], raised["unit"], raised["region"]) == (61, 50, "t", WUHAN)
    assert "武汉" in raised["text_zh"] and "高于 50 吨" in raised["text_zh"]
    assert house.alarms(client, house.yard) == []
    table = client.get("/v1/alarms", headers={**house.park.headers, "Accept": "text/csv"})
    assert table.content_type.startswith("text/csv") and raised["text_zh"] in table.text
    path = f"/v1/alarms/{raised['id']}"
    assert client.get(path, headers=house.yard.headers).status_code == 404
    done = client.post(f"{path}/acknowledge", json={"note": "已联系堆场"}, headers=house.park.headers)
    assert (done.json["note"], done.json["acknowledged_by"]) == ("已联系堆场", house.park.caller.user_id)
    again = client.post(f"{path}/acknowledge", json={"note": "另一条"}, headers=house.operator.headers)
    assert again.status_code == 409
    house.ahead = timedelta(hours=4)
    assert [house.look(rule), house.look(rule)] == [1, 0]
    [cleared] = house.alarms(client, house.park)
    assert (cleared["status"], cleared["cleared_because"]) == ("cleared", "back")
    assert house.told() == ["raised", "acknowledged", "cleared"]


def test_many_who_look_at_once_raise_one_alarm(house: House, client: FlaskClient) -> None:
    rule = house.rule(client, kind="threshold", measure="listed", above_t=10)
    house.hear(*house.life().publish().told)
    threads = [threading.Thread(target=house.look, args=(rule,)) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert house.told() == ["raised"]


def test_stock_above_the_permit_also_tells_whose_site_it_is(house: House, client: FlaskClient) -> None:
    site = house.site(limit_kg=40_000)
    rule = house.rule(client, kind="stock", share_pct=100)
    lots = [house.life(site_id=site).publish() for _ in range(2)]
    house.hear(*(one for life in lots for one in life.told))
    assert house.look(rule) == 1
    [seen] = house.alarms(client, house.yard)
    assert (seen["subject_id"], seen["value"], seen["limit"]) == (site, 61, 40)
    refused = client.post(f"/v1/alarms/{seen['id']}/acknowledge", json={"note": "x"}, headers=house.yard.headers)
    assert refused.status_code == 403
    before = len(lots[0].told)
    lots[0].reserve(30_500).agree().load(30_500)
    house.hear(*lots[0].told[before:])
    assert house.look(rule) == 1
    assert house.told() == ["raised", "cleared"]
    house.site(limit_kg=20_000, version=2)
    assert house.look(rule) == 1  # the permit is smaller now
    house.site(limit_kg=None, version=3)
    assert house.look(rule) == 1
    assert house.alarms(client, house.park)[0]["cleared_because"] == "over"


def test_silence_of_the_sites_of_a_park(house: House, client: FlaskClient) -> None:
    park = house.site(kind="park")
    site = house.site(park_id=park)
    rule = house.rule(client, kind="silence", site_id=park, silent_h=6)
    assert house.look(rule) == 0
    house.ahead = timedelta(hours=6, seconds=1)
    assert house.look(rule) == 1
    house.hear(*house.life(site_id=site, begun=house.database.clock()).publish().told)
    assert house.look(rule) == 1
    assert house.told() == ["raised", "cleared"]


def test_a_site_hears_of_its_loads_in_any_order(house: House, client: FlaskClient) -> None:
    life = house.life(site_id="far")
    deal = life.publish().reserve(30_500).agree()
    deal.receive(deal.load(30_500), 30_500, 30_000)
    posted = life.told[0].event
    demand = DemandPosted(
        **posted.model_dump(include={"terms_version", "status", "region", "vat_bp", "min_take_kg", "auto_accept"}),
        id=life.demand_id, version=1, at=life.begun, site_id="mill", position=HERE, quantity_kg=1, available_kg=1,
        reserved_kg=0, consumed_kg=0, unsold_kg=0, buyer_id="buyer", grades=(life.grade,), bid_fen_per_t=1,
        bid_net_fen_per_t=1, quality_limits={}, blend_limits={}, basis={}, compliant_sellers_only=False,
        deliver_from=life.begun, deliver_until=life.begun,
    )  # fmt: skip
    told = [Told(demand), *life.told]
    states = []
    for events, name in ((told, "a"), (told[::-1], "b")):
        other = House(house.settings.model_copy(update={"namespace": f"{house.settings.namespace}{name}_"}))
        other.hear(*events)
        states.append({row["_id"]: row["last_at"] for row in other.database.mongo["site_activities"].find()})
    assert states[0] == states[1] and set(states[0]) == {"far", "mill"}


def test_prices_outside_their_band(house: House, client: FlaskClient) -> None:
    rule = house.rule(client, kind="price", material="steel.hms1", region=WUHAN, low_cny_per_t=2000, high_cny_per_t=2600)

    def price(day: str, cny: int) -> Told:
        figures = {"price_fen_per_t": cny * 100, "low_fen_per_t": 1, "high_fen_per_t": 1, "firms": 5}
        where = {"grade": "steel.hms1", "region": WUHAN, "day": day}
        return Told(PricePublished(id=f"{day}:{WUHAN}:steel.hms1", version=1, at=utc_now(), **where, **figures))

    house.hear(price("2026-11-27", 2700))
    assert house.look(rule) == 1
    house.hear(price("2026-11-26", 2300))  # an older day comes late
    assert house.look(rule) == 0
    house.hear(price("2026-11-28", 2590))  # back, but within the margin
    assert house.look(rule) == 0
    house.hear(price("2026-11-29", 2400))
    assert house.look(rule) == 1
    assert house.told() == ["raised", "cleared"]


def test_an_allowance_nearly_used_warns_its_producer(house: House, client: FlaskClient) -> None:
    terms = {"region": HUBEI, "material": "solid_waste.phosphogypsum", "ratio_pct": 100, "initial_t": 33}
    terms |= {"from": "2025-12-31T16:00:00Z", "source": "test"}
    assert client.post("/v1/allowance-rules", json=terms, headers=house.operator.headers).status_code == 201
    rule = house.rule(client, kind="allowance", share_pct=90)
    lot = house.life(grade="solid_waste.phosphogypsum").publish()
    house.hear(*lot.told)
    assert house.look(rule) == 1
    [alarm] = house.alarms(client, house.yard)
    assert (alarm["value"], alarm["limit"], alarm["unit"]) == (92.42, 90, "pct") and "剩余 2.5 吨" in alarm["text_zh"]
    house.hear(lot.withdraw().told[-1])
    assert house.look(rule) == 1
    assert house.told() == ["raised", "cleared"]


def test_nobody_takes_it_on_in_time(house: House, client: FlaskClient) -> None:
    rule = house.rule(client, kind="threshold", measure="listed", above_t=10, escalate_after_min=30)
    house.hear(*house.life().publish().told)
    house.look(rule)
    service.escalate_due(house.database)
    assert house.told() == ["raised"]
    house.ahead = timedelta(minutes=31)
    service.escalate_due(house.database), service.escalate_due(house.database)
    assert house.told() == ["raised", "escalated"]
    row = house.database.mongo["outbox"].find_one({"type": "huanliu.alarm.escalated.v1"})
    assert row is not None
    assert set(orjson.loads(row["data"])["audience"]) == {one.caller.organisation_id for one in (house.park, house.operator)}


def test_a_rule_that_is_paused_clears_and_goes_on_anew(house: House, client: FlaskClient) -> None:
    rule = house.rule(client, kind="threshold", measure="listed", above_t=10)
    house.hear(*house.life().publish().told)
    house.look(rule)
    path, match = f"/v1/alarm-rules/{rule}", {**house.park.headers, "If-Match": '"1"'}
    assert client.patch(path, json={"status": "paused"}, headers=match).json["status"] == "paused"
    assert house.look(rule) == 0
    assert (
        client.patch(path, json={"status": "standing", "above_t": 5}, headers={**match, "If-Match": '"2"'}).status_code == 200
    )
    assert house.told() == ["raised", "cleared", "raised"]
    assert client.patch(path, json={"above_t": None}, headers={**match, "If-Match": '"3"'}).status_code == 422
    assert client.patch(path, json={"status": "withdrawn"}, headers={**match, "If-Match": '"3"'}).status_code == 200
    assert client.patch(path, json={"status": "standing"}, headers={**match, "If-Match": '"4"'}).status_code == 409
    assert [one["cleared_because"] for one in house.alarms(client, house.park)] == ["rule", "rule"]


def test_who_may_set_rules_and_where(house: House, client: FlaskClient) -> None:
    body = {"name": "x", "kind": "threshold", "measure": "listed", "above_t": 1, "region": HUBEI}
    beyond = client.post("/v1/alarm-rules", json=body, headers=house.park.headers)
    assert beyond.status_code == 403
    assert client.post("/v1/alarm-rules", json=body, headers=house.yard.headers).status_code == 403
    national = house.rule(client, house.operator, **body)
    assert client.get(f"/v1/alarm-rules/{national}", headers=house.park.headers).status_code == 404
    assert client.get("/v1/alarm-rules", headers=house.park.headers).json["items"] == []
    house.hear(*house.life().publish().told)
    house.look(national)
    assert len(house.alarms(client, house.park)) == 1  # an operator's rule is for the park operators of its region as well
    nowhere = client.post(
        "/v1/alarm-rules",
        json={"name": "x", "kind": "silence", "silent_h": 1, "site_id": "none", "region": WUHAN},
        headers=house.park.headers,
    )
    assert nowhere.status_code == 503
    assert client.post("/v1/alarm-rules", json={**body, "region": "1"}, headers=house.park.headers).status_code == 422


def test_what_is_heard_marks_the_rules_that_it_concerns(house: House, client: FlaskClient) -> None:
    site = house.site(limit_kg=40_000)
    stock = house.rule(client, kind="stock")
    price = house.rule(client, kind="price", material="steel.hms1", high_cny_per_t=1)
    watching = house.watching
    assert watching.due([]) == []  # the first time all are due, and there are none
    house.hear(*house.life(site_id=site).publish().told)
    assert watching.due([]) == [stock] and price not in watching.due([])
    watching.look(house.database)
    assert house.told() == []
    house.hear(*house.life(site_id=site).publish().told)
    watching.look(house.database)
    assert house.told() == ["raised"]
