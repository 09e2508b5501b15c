"""The room on real MongoDB: events in any order, the HTTP answers, seals."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.regions.app import create_app
from services.regions.handlers import EVENTS
from services.regions.ledger import Granularity, Span, place_of_region
from services.regions.model import Side, hour_of
from services.regions.store import CELLS, DOCUMENTS, FACTS, LOT_ACCOUNTS, POSTINGS, REGION_ACCOUNTS, Wanted, sum_volumes
from shared.clock import iso
from shared.events.listings import DemandPosted
from shared.events.matching import ClearingCompleted
from shared.ids import new_id
from shared.mongo import Database, seal_of
from shared.settings import Settings
from tests.fixtures.identity import sign_in
from tests.fixtures.lives import EZHOU, HERE, JIANGXIA, NOON, WUHAN, Life, Told, fresh, tell, whole_life

pytestmark = pytest.mark.mongodb


@pytest.fixture
def client(settings: Settings, database: Database) -> FlaskClient:
    client = create_app(settings).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = sign_in(settings, "operator").headers["Authorization"]
    return client


def state(database: Database) -> tuple[Any, ...]:
    """What the room holds, without versions."""
    unit = database.read()
    accounts = {
        one.id: (one.region, one.grade, {k: v for k, v in one.balance.items() if v}) for one in LOT_ACCOUNTS.select(unit, {})
    }
    cells = {one.id: one.kg for one in CELLS.select(unit, {})}
    places = {one.id: one.balance for one in REGION_ACCOUNTS.select(unit, {})}
    postings = {one.id: (one.region, one.grade, one.entries) for one in POSTINGS.select(unit, {})}
    return accounts, cells, [one.id for one in FACTS.select(unit, {"waiting": True})], places, postings


def test_events_in_any_order_give_the_same_ledger_and_volumes(settings: Settings) -> None:
    lives = [whole_life(), whole_life(grade="paper.occ_a", region="110101"), Life().publish().withdraw()]
    told = [one for life in lives for one in life.told]
    first = fresh(settings, "regions", DOCUMENTS)
    tell(first, EVENTS, told)
    for seed in (1, 2):
        other = fresh(settings.model_copy(update={"namespace": f"{settings.namespace}{seed}_"}), "regions", DOCUMENTS)
        shuffled = random.Random(seed).sample(told, len(told))
        tell(other, EVENTS, shuffled)
        assert state(other) == state(first)
        assert state(other)[2] == []
        other.client.drop_database(other.mongo.name)
    first.client.drop_database(first.mongo.name)


def test_a_reservation_before_its_lot_posts_and_its_volume_waits(database: Database) -> None:
    life = Life().publish()
    life.reserve(10_000).release(10_000, to="withdrawn")
    published, reserved, released = life.told
    tell(database, EVENTS, [released, reserved])
    accounts = LOT_ACCOUNTS.get(database.read(), life.id)
    assert accounts.balance == {"reserved": 0, "withdrawn": 10_000, "on_offer": -10_000}
    assert CELLS.select(database.read(), {}) == []
    tell(database, EVENTS, [published])
    cell = CELLS.get(database.read(), f"origin/{JIANGXIA}/2026-11-24")
    assert cell.kg == {"steel": {"hms1": {"none": {"listed": 30_500, "withdrawn": 10_000}}}}
    assert REGION_ACCOUNTS.get(database.read(), f"420000/{life.grade}").balance == accounts.balance | {
        "published": -30_500,
        "on_offer": 20_500,
    }
    assert database.mongo["outbox"].count_documents({"type": "huanliu.volume.posted.v1"}) == 2


def test_every_document_is_sealed_as_it_is_read_back(database: Database, settings: Settings) -> None:
    tell(database, EVENTS, whole_life().told)
    for document in DOCUMENTS:
        for row in database.mongo[document._get_collection_name()].find():
            assert row["seal"] == seal_of(row, settings.secret_key)


def items(client: FlaskClient, path: str, **query: str) -> list[dict[str, Any]]:
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert answer.json["next_cursor"] is None
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_volumes_sum_what_lies_below_by_side_and_period(database: Database, client: FlaskClient) -> None:
    tell(database, EVENTS, [*whole_life().told, *Life(grade="steel.light", region="110101", to_region=JIANGXIA).publish().told])
    for code in (JIANGXIA, WUHAN, "420000"):
        [row] = items(client, f"/v1/regions/{code}/volumes")
        assert row == {
            "period": "2026-11-24",
            "material": "steel.hms1",
            "listed_t": 100.0,
            "agreed_t": 72.0,
            "loaded_t": 60.0,
            "received_t": 37.4,
            "refused_t": 20.0,
            "deducted_t": 0.15,
            "withdrawn_t": 0.0,
            "cancelled_t": 12.0,
            "used_t": 37.4,
            "own": None,
            "withheld": False,
        }
    assert items(client, f"/v1/regions/{EZHOU}/volumes") == []
    [there] = items(client, f"/v1/regions/{EZHOU}/volumes", side="destination", granularity="month")
    assert (there["period"], there["listed_t"], there["received_t"]) == ("2026-11", 0.0, 37.4)
    assert len(items(client, "/v1/regions/110000/volumes", granularity="year", material="steel.light")) == 1
    assert items(client, "/v1/regions/110000/volumes", material="paper") == []
    assert [row["period"] for row in items(client, "/v1/regions/110000/volumes", granularity="hour")] == ["2026-11-24T12"]
    assert [row["period"] for row in items(client, "/v1/regions/110000/volumes", granularity="hour", tz="UTC")] == [
        "2026-11-24T04"
    ]


def test_from_is_inclusive_and_to_exclusive(database: Database, client: FlaskClient) -> None:
    tell(database, EVENTS, Life().publish().told)  # listed at noon in China, to the millisecond
    path = f"/v1/regions/{JIANGXIA}/volumes"
    assert len(items(client, path, **{"from": iso(NOON)})) == 1
    assert items(client, path, to=iso(NOON)) == []
    assert items(client, path, **{"from": "2026-11-24T12:00:00.001+08:00"}) == []
    assert len(items(client, path, to="2026-11-24T12:00:00.001+08:00")) == 1
    assert len(items(client, path, **{"from": "2026-11-24", "to": "2026-11-25"})) == 1
    assert items(client, path, **{"from": "2026-11-25"}) == []


def test_cells_and_facts_answer_alike(database: Database) -> None:
    tell(database, EVENTS, [*whole_life().told, *whole_life(region="420700", to_region="420115").told])
    unit, hubei = database.read(), place_of_region("420000", "42")
    sides: tuple[Side, ...] = ("origin", "destination")
    periods: tuple[Granularity, ...] = ("hour", "day")
    for side in sides:
        for granularity in periods:
            cells = sum_volumes(unit, hubei, Wanted(side, None, None, Span(hour_of(NOON)), granularity))
            facts = sum_volumes(unit, hubei, Wanted(side, None, None, Span(NOON), granularity, "Etc/GMT-8"))
            assert cells == facts
            assert cells


def test_csv_by_accept(database: Database, client: FlaskClient) -> None:
    tell(database, EVENTS, whole_life().told)
    for part, measure in (("volumes", "listed_t"), ("flows", "received_t")):
        answer = client.get(f"/v1/regions/{WUHAN}/{part}", headers={"Accept": "text/csv"})
        assert answer.content_type == "text/csv; charset=utf-8"
        [row] = csv.DictReader(io.StringIO(answer.text))
        assert row[measure] in ("100.0", "37.4")
    assert client.get(f"/v1/regions/{WUHAN}/volumes", headers={"Accept": "*/*"}).content_type == "application/json"


def test_flows_show_both_ways(database: Database, client: FlaskClient) -> None:
    tell(database, EVENTS, whole_life().told)
    expected = {"from": JIANGXIA, "to": EZHOU, "material": "steel.hms1", "received_t": 37.4, "mode": None, "own_t": None}
    for code in (JIANGXIA, EZHOU, "420000"):
        assert items(client, f"/v1/regions/{code}/flows", material="steel") == [expected]
    assert items(client, "/v1/regions/110000/flows") == []


def test_the_balance_of_a_region(database: Database, client: FlaskClient) -> None:
    life = whole_life()
    tell(database, EVENTS, [*life.told, *Life(grade="paper.occ_a").publish().told])
    answer = client.get("/v1/regions/420000/balance").json
    assert answer is not None
    assert answer["published_t"] == 130.5
    assert sum(kg for name, kg in answer.items() if name.endswith("_t") and name != "published_t") == pytest.approx(130.5)
    assert answer["weighing_difference_t"] == -0.4
    assert [row["material"] for row in answer["items"]] == ["paper.occ_a", "steel.hms1"]
    paper = client.get("/v1/regions/420000/balance", query_string={"material": "paper"}).json
    assert paper is not None
    assert paper["published_t"] == paper["on_offer_t"] == 30.5


def test_regions_by_parent(client: FlaskClient) -> None:
    provinces = items(client, "/v1/regions")
    assert len(provinces) == 34
    assert {one["level"] for one in provinces} == {"province"}
    assert JIANGXIA in [one["code"] for one in items(client, "/v1/regions", parent=WUHAN)]
    page = client.get("/v1/regions", query_string={"limit": 30}).json
    assert page is not None
    rest = items(client, "/v1/regions", cursor=page["next_cursor"])
    assert [*page["items"], *rest] == provinces
    one = client.get(f"/v1/regions/{JIANGXIA}").json
    assert one is not None
    assert (one["name_zh"], one["parent"]) == ("江夏区", WUHAN)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/regions/999999/volumes", 404),
        ("/v1/regions/4201/flows", 404),
        ("/v1/regions/420999/balance", 404),
        ("/v1/regions/x", 404),
        ("/v1/regions?parent=999999", 422),
        ("/v1/regions?cursor=*", 422),
        ("/v1/regions/420100/volumes?from=2026-11-25&to=2026-11-24", 422),
        ("/v1/regions/420100/volumes?granularity=decade", 422),
        ("/v1/regions/420100/balance?from=2026-11-25", 422),
        ("/v1/market?x=1", 422),
    ],
)
def test_bad_input_is_a_problem(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"


def test_every_role_may_read_and_nobody_else(settings: Settings, database: Database) -> None:
    client = create_app(settings).test_client()
    paths = ["/v1/regions", *(f"/v1/regions/{WUHAN}{part}" for part in ("", "/volumes", "/flows", "/balance"))]
    for path in paths:
        assert client.get(path).status_code == 401
        for role in ("collector", "buyer", "carrier", "park_operator", "operator"):
            assert client.get(path, headers=sign_in(settings, role).headers).status_code == 200  # type: ignore[arg-type]


def demand(kg: int) -> DemandPosted:
    return DemandPosted(
        id=new_id(),
        version=2,
        at=NOON,
        terms_version=1,
        status="open",
        site_id="mill",
        region=EZHOU,
        position=HERE,
        quantity_kg=kg,
        available_kg=kg,
        reserved_kg=0,
        consumed_kg=0,
        unsold_kg=0,
        vat_bp=1300,
        min_take_kg=5000,
        auto_accept=False,
        buyer_id="buyer",
        grades=("steel.hms1",),
        bid_fen_per_t=270_000,
        bid_net_fen_per_t=238_938,
        quality_limits={},
        blend_limits={},
        basis={},
        compliant_sellers_only=False,
        deliver_from=NOON,
        deliver_until=NOON,
    )


def clearing(objective: int) -> ClearingCompleted:
    figures = {"lots": 9, "demands": 3, "proposals": 4, "matched_kg": 120_500, "surplus_fen": 100, "objective_fen": objective}
    return ClearingCompleted(
        id=new_id(), version=1, at=NOON, material="steel", bound_fen=200_000, solver="mcf", duration_ms=12, **figures
    )


def test_the_market_is_public_and_names_no_party(database: Database, settings: Settings) -> None:
    life = Life().publish()
    life.reserve(10_000).agree()
    gone = Life().publish()
    gone.reserve(20_000).agree().cancel()
    gone.withdraw()
    others = [Told(demand(500_000)), Told(clearing(199_000)), *(Told(clearing(200_000)) for _ in range(11))]
    tell(database, EVENTS, [*life.told, *gone.told, *others])
    answer = create_app(settings).test_client().get("/v1/market")
    assert answer.status_code == 200
    market = answer.json
    assert market is not None
    assert (market["open_lots"], market["open_lots_t"]) == (1, 20.5)
    assert (market["open_demands"], market["open_demands_t"]) == (1, 500.0)
    assert (market["trades"], market["traded_t"]) == (1, 10.0)
    assert len(market["clearings"]) == 10
    assert {one["gap_pct"] for one in market["clearings"]} <= {0.0, 0.5}
    [trade] = market["trades_latest"]
    assert trade["price_cny_per_t"] == 2400.0
    assert "seller" not in answer.text
    assert "buyer" not in answer.text


def test_parts_are_what_each_of_them_counts(client: FlaskClient, database: Database) -> None:
    tell(database, EVENTS, [*whole_life().told, *whole_life(region="110101").told])
    provinces = {one["region"]: one for one in client.get("/v1/regions/parts").json["items"]}
    assert len(provinces) >= 31 and provinces["330000"]["listed_t"] == 0
    rows = client.get("/v1/regions/420000/volumes?granularity=year").json["items"]
    for measure in ("listed_t", "agreed_t", "loaded_t", "received_t", "used_t"):
        assert provinces["420000"][measure] == round(sum(row[measure] for row in rows), 3)
    cities = {one["region"]: one for one in client.get("/v1/regions/parts?parent=420000").json["items"]}
    assert cities[WUHAN]["listed_t"] == provinces["420000"]["listed_t"]
    assert {one["region"] for one in client.get("/v1/regions/parts?kind=area").json["items"]} >= {"YRD", "YEB"}
    table = client.get("/v1/regions/parts", headers={"Accept": "text/csv"}).text
    assert table.splitlines()[0].startswith("region,name_zh,name_en,listed_t")
    assert client.get("/v1/regions/parts?parent=000001").status_code == 422
