"""Allowances on real MongoDB: events in any order, rules set before and after, who sees what."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.regions import service
from services.regions.app import create_app
from services.regions.handlers import EVENTS
from services.regions.service import Watching
from services.regions.store import DOCUMENTS
from services.regions.store.allowances import ALLOWANCE_RULES, ALLOWANCES
from shared.clock import iso
from shared.events.accounts import OrganisationVerified
from shared.events.logistics import ShipmentCorrected, ShipmentReceived
from shared.ids import new_id
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.lives import JIANGXIA, NOON, Life, Told, fresh, tell, whole_life

pytestmark = pytest.mark.mongodb
GYPSUM, HUBEI = "solid_waste.phosphogypsum", "420000"


def body(**changes: Any) -> dict[str, Any]:
    values = {"region": HUBEI, "material": GYPSUM, "ratio_pct": 100, "initial_t": 50, "source": "省里的办法"}
    return {**values, "from": "2025-12-31T16:00:00Z", **changes}


def gypsum(**names: Any) -> Life:
    return Life(grade=GYPSUM, region=JIANGXIA, seller_id="producer", **names)


def hear(database: Database, told: list[Told]) -> None:
    handlers = Watching().handlers()
    tell(database, handlers, [one for one in told if type(one.event) in handlers])


def lives() -> list[Told]:
    """One whole life, one lot from stock that is sold whole, one withdrawn, one with a ticket put right."""
    whole = whole_life(grade=GYPSUM, region=JIANGXIA, seller_id="producer")
    heap = gypsum(stock="stock").publish()
    deal = heap.reserve(30_500).agree()
    deal.receive(deal.load(30_500), 30_500, 30_000)
    gone = gypsum(stock="new").publish().withdraw()
    received = next(one.event for one in heap.told if isinstance(one.event, ShipmentReceived))
    facts = received.model_dump(exclude={"consumed_kg", "shortfall_kg"}) | {
        "version": received.version + 1,
        "net_kg": 29_400,
        "settled_kg": 29_400,
        "difference_kg": 1_100,
        "reason": "皮重有误",
        "previous_at": received.at,
        "previous_net_kg": 30_000,
        "previous_settled_kg": 30_000,
        "previous_deducted_kg": 0,
        "previous_difference_kg": 500,
    }
    return [*whole.told, *heap.told, *gone.told, Told(ShipmentCorrected(**facts))]


def sums(database: Database) -> dict[str, Any]:
    names = ("verified_kg", "used_kg", "promised_kg", "allowed_kg", "left_kg", "sellable_kg", "period", "status")
    return {one.organisation_id: {name: getattr(one, name) for name in names} for one in ALLOWANCES.select(database.read(), {})}


def test_any_order_and_a_rule_set_before_or_after_give_the_same_allowance(
    settings: Settings, database: Database, client: FlaskClient, operator: SignedIn
) -> None:
    told = lives()
    hear(database, told)
    made = client.post("/v1/allowance-rules", json=body(), headers=operator.headers)
    assert made.status_code == 201, made.json
    after = sums(database)
    verified, used = 20_400 + 17_000 + 29_400, 20_000 + 17_000
    assert after["producer"] == {
        "verified_kg": verified,
        "used_kg": used,
        "promised_kg": used,
        "allowed_kg": 50_000 + verified,
        "left_kg": 50_000 + verified - used,
        "sellable_kg": 50_000 + verified - used,
        "period": "2026",
        "status": "standing",
    }
    for seed in (1, 2):
        other = settings.model_copy(update={"namespace": f"{settings.namespace}{seed}_"})
        elsewhere = fresh(other, "regions", DOCUMENTS)
        room = create_app(other).test_client()
        assert room.post("/v1/allowance-rules", json=body(), headers=operator.headers).status_code == 201
        hear(elsewhere, random.Random(seed).sample(told, len(told)))
        assert sums(elsewhere) == after


def test_it_is_told_event_by_event_and_follows_its_rule(database: Database, client: FlaskClient, operator: SignedIn) -> None:
    made = client.post("/v1/allowance-rules", json=body(ratio_pct=33.33, initial_t=0), headers=operator.headers)
    life = gypsum().publish()
    deal = life.reserve(30_500).agree()
    deal.receive(deal.load(30_500), 30_500, 30_001)
    hear(database, life.told)
    path = f"/v1/allowances/{made.json['id']}:producer:2026"
    seen = client.get(path, headers=operator.headers).json
    assert (seen["allowed_t"], seen["used_t"], seen["left_t"], seen["sellable_t"]) == (9.999, 30.5, 0, 0)
    assert seen["forecast"]["ends_at"] is not None and seen["used_pct"] == 305.03
    rows = database.mongo["outbox"].find({"type": "huanliu.allowance.changed.v1"}).sort("version", 1)
    assert [row["version"] for row in rows] == [1, 2, 3]
    rule, match = made.headers["Location"], {**operator.headers, "If-Match": '"1"'}
    assert client.patch(rule, json={"ratio_pct": 200}, headers=match).status_code == 200
    assert client.get(path, headers=operator.headers).json["allowed_t"] == 60.002
    assert client.patch(rule, json={"status": "withdrawn"}, headers={**match, "If-Match": '"2"'}).status_code == 200
    assert client.get(path, headers=operator.headers).json["status"] == "withdrawn"
    assert client.get("/v1/allowances?status=standing", headers=operator.headers).json["items"] == []
    hear(database, gypsum().publish().told)
    assert client.get(path, headers=operator.headers).json["used_t"] == 30.5


def test_other_waste_other_regions_and_other_times_do_not_count(
    database: Database, client: FlaskClient, operator: SignedIn
) -> None:
    client.post("/v1/allowance-rules", json=body(to=iso(NOON + timedelta(days=1))), headers=operator.headers)
    hear(database, Life(grade="solid_waste.fly_ash", region=JIANGXIA).publish().told)
    hear(database, Life(grade=GYPSUM, region="340100").publish().told)
    hear(database, gypsum(begun=NOON + timedelta(days=1)).publish().told)
    assert sums(database) == {}
    hear(database, gypsum().publish().told)
    assert sums(database)["producer"]["used_kg"] == 30_500


def test_policy_has_rules_that_an_operator_may_change_for_good(
    database: Database, client: FlaskClient, operator: SignedIn
) -> None:
    service.keep_policy(database)
    rules = client.get("/v1/allowance-rules", headers=operator.headers).json["items"]
    assert {one["region"] for one in rules} == {"420000", "510000", "520000", "530000"}
    path = f"/v1/allowance-rules/{rules[0]['id']}"
    changed = client.patch(path, json={"initial_t": 0}, headers={**operator.headers, "If-Match": "*"})
    assert changed.json["initial_t"] == 0
    service.keep_policy(database)
    assert client.get(path, headers=operator.headers).json["initial_t"] == 0
    assert len(ALLOWANCE_RULES.select(database.read(), {})) == 4


def test_a_producer_sees_its_own_and_a_park_operator_its_regions(
    settings: Settings, database: Database, client: FlaskClient, operator: SignedIn
) -> None:
    client.post("/v1/allowance-rules", json=body(), headers=operator.headers)
    hear(database, gypsum().publish().told)
    firm = {"id": "producer", "version": 2, "at": NOON, "name": "磷化工", "role": "collector", "contact": "x"}
    verified = OrganisationVerified(**firm, region=JIANGXIA, status="verified")
    tell(database, EVENTS, [Told(verified, new_id())])

    def seen(role: Any, **names: Any) -> list[Any]:
        headers = sign_in(settings, role, **names).headers
        listed = client.get("/v1/allowances", headers=headers).json["items"]
        there = client.get("/v1/regions/420100/allowances", headers=headers).json["items"]
        assert listed == there
        if listed:
            assert client.get(f"/v1/allowances/{listed[0]['id']}", headers=headers).json == listed[0]
        return [one["organisation"] for one in listed]

    assert seen("collector", organisation_id="producer") == ["磷化工"]
    table = client.get("/v1/allowances", headers={**operator.headers, "Accept": "text/csv"})
    assert table.content_type.startswith("text/csv") and "磷化工" in table.text and "left_t" in table.text
    assert seen("operator") == seen("park_operator", region="420100") == ["磷化工"]
    assert seen("collector") == seen("buyer") == seen("park_operator", region="430000") == []
    other = sign_in(settings, "collector").headers
    path = client.get("/v1/allowances", headers=operator.headers).json["items"][0]["id"]
    assert client.get(f"/v1/allowances/{path}", headers=other).status_code == 404
    assert client.get("/v1/regions/999999/allowances", headers=other).status_code == 404


def test_every_fault_of_a_rule_is_said_at_once(client: FlaskClient, operator: SignedIn, settings: Settings) -> None:
    wrong = body(region="999999", material="steel.hms1", ratio_pct=0, initial_t=-1, period="week")
    answer = client.post("/v1/allowance-rules", json=wrong, headers=operator.headers)
    pointers = {fault["pointer"] for fault in answer.json["errors"]}
    assert pointers == {"/region", "/material", "/ratio_pct", "/initial_t", "/period"}
    assert client.post("/v1/allowance-rules", json=body(to="2020-01-01T00:00:00Z"), headers=operator.headers).status_code == 422
    anybody = sign_in(settings, "park_operator").headers
    assert client.post("/v1/allowance-rules", json=body(), headers=anybody).status_code == 403
