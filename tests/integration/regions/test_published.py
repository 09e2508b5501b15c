"""Who sees what: a firm its own, live; everybody what is published of days that are over; a park operator its region."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.regions.handlers import EVENTS
from services.regions.model import LEAST_FIRMS, day_of
from services.regions.service import publish_day
from services.regions.store import PUBLISHED
from shared.geo import Position
from shared.ids import new_id
from shared.mongo import Database
from shared.parties import SITES, KnownSite
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.lives import EZHOU, JIANGXIA, NOON, WUHAN, Deal, Life, Told, tell

pytestmark = pytest.mark.mongodb
DAY = timedelta(days=1)


def of(told: list[Told], seller: str, buyer: str) -> list[Told]:
    """The same events between these firms."""
    changed = []
    for one in told:
        names = type(one.event).model_fields
        update: dict[str, Any] = {name: who for name, who in (("seller_id", seller), ("buyer_id", buyer)) if name in names}
        if "terms" in names:
            update["terms"] = one.event.terms.model_copy(update={"seller_id": seller, "buyer_id": buyer})  # type: ignore[attr-defined]
        changed.append(Told(one.event.model_copy(update=update), one.id))
    return changed


def sold(seller: str, buyer: str, kg: int, **names: Any) -> list[Told]:
    """A lot that is sold and received as a whole."""
    life = Life(quantity_kg=kg, **names).publish()
    deal: Deal = life.reserve(kg).agree()
    return of(deal.receive(deal.load(kg), kg, kg).life.told, seller, buyer)


def read(client: FlaskClient, who: SignedIn, path: str, **query: str) -> Any:
    answer = client.get(path, query_string=query, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return answer.json


def volumes(client: FlaskClient, who: SignedIn, code: str, **query: str) -> Any:
    return read(client, who, f"/v1/regions/{code}/volumes", **query)


def test_ones_own_kilograms_are_there_at_once_at_every_level(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    tell(database, EVENTS, [*sold("mine", "b", 10_000), *sold("other", "b", 20_000)])
    mine = sign_in(settings, "collector", "mine")
    for code in (JIANGXIA, WUHAN, "420000"):
        seen = volumes(client, mine, code)
        [row] = seen["items"]
        assert (row["listed_t"], row["received_t"], row["own"]["listed_t"]) == (10, 10, 10)
        assert row["withheld"] is True and seen["withheld"] is True
    buyer = volumes(client, sign_in(settings, "buyer", "b"), JIANGXIA)["items"]
    assert [(row["listed_t"], row["received_t"]) for row in buyer] == [(0, 30)]
    stranger = volumes(client, sign_in(settings, "carrier"), WUHAN)
    assert stranger == {"items": [], "next_cursor": None, "withheld": True}
    [whole] = volumes(client, sign_in(settings, "operator"), WUHAN)["items"]
    assert (whole["listed_t"], whole["own"], whole["withheld"]) == (30, None, False)


def test_what_is_over_is_published_where_three_firms_stand_on_each_side(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    for number in range(3):
        tell(database, EVENTS, sold(f"s{number}", f"b{number}", 10_000 * (number + 1)))
    tell(database, EVENTS, sold("s9", "b9", 5_000, grade="paper.occ_a"))
    stranger = sign_in(settings, "carrier")
    assert volumes(client, stranger, WUHAN)["items"] == []
    database.write(lambda unit: publish_day(unit, day_of(NOON)))
    [row] = volumes(client, stranger, WUHAN)["items"]
    assert (row["material"], row["listed_t"], row["received_t"], row["own"]["received_t"]) == ("steel.hms1", 60, 60, 0)
    assert row["withheld"] is False
    past = {"from": "2026-11-24", "to": "2026-11-25"}
    assert volumes(client, stranger, WUHAN, material="steel", **past)["withheld"] is False
    assert volumes(client, stranger, WUHAN, material="paper", **past) == {"items": [], "next_cursor": None, "withheld": True}
    for narrower in ({"granularity": "hour"}, {"tz": "UTC"}, {"mode": "road"}, {"from": "2026-11-24T04:00:00Z"}):
        assert volumes(client, stranger, WUHAN, **narrower)["items"] == []
    assert volumes(client, stranger, JIANGXIA)["items"] == []
    [flow] = read(client, stranger, f"/v1/regions/{EZHOU}/flows")["items"] or [None]
    assert flow is None or flow["from"] == WUHAN
    flows = read(client, stranger, "/v1/regions/420000/flows", **past)
    assert [(one["from"], one["to"], one["received_t"], one["own_t"]) for one in flows["items"]] == [(WUHAN, "420700", 60, 0)]
    own = read(client, sign_in(settings, "collector", "s0"), "/v1/regions/420000/flows", **past)["items"]
    assert [(one["received_t"], one["own_t"]) for one in own] == [(60, 10)]
    [mine] = volumes(client, sign_in(settings, "collector", "s9"), WUHAN, material="paper")["items"]
    assert mine["received_t"] == 5
    early = volumes(client, stranger, WUHAN, as_of="2026-11-24T12:00:00Z")
    assert early["items"] == [] and early["withheld"] is True
    database.write(lambda unit: publish_day(unit, day_of(NOON)))
    assert len(PUBLISHED.select(database.read(), {})) == len({one.id for one in PUBLISHED.select(database.read(), {})})


def test_a_park_operator_sees_its_region_and_no_more_of_others(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    tell(database, EVENTS, [*sold("a", "b", 10_000), *sold("c", "d", 7_000, region="110101", to_region="110101")])
    official = sign_in(settings, "park_operator", region=WUHAN)
    for code in (JIANGXIA, WUHAN):
        [row] = volumes(client, official, code)["items"]
        assert (row["received_t"], row["own"], row["withheld"]) == (10, None, False)
    for code in ("420000", "110000", EZHOU):
        assert volumes(client, official, code, side="destination") == {"items": [], "next_cursor": None, "withheld": True}
    assert read(client, official, f"/v1/regions/{WUHAN}/balance")["published_t"] == 10
    assert read(client, official, "/v1/regions/110000/balance")["published_t"] == 0
    assert read(client, official, f"/v1/regions/{WUHAN}/entries")["items"]
    assert read(client, official, "/v1/regions/110000/entries")["items"] == []


def test_balances_and_entries_of_others_are_not_shown(client: FlaskClient, database: Database, settings: Settings) -> None:
    tell(database, EVENTS, [*sold("a", "b", 10_000), *sold("c", "d", 7_000)])
    seller = sign_in(settings, "collector", "a")
    balance = read(client, seller, f"/v1/regions/{WUHAN}/balance")
    assert (balance["published_t"], balance["settled_t"], balance["withheld"]) == (10, 10, True)
    entries = read(client, seller, f"/v1/regions/{WUHAN}/entries")["items"]
    assert entries and {one["seller_id"] for one in entries} == {"a"}
    buyer = sign_in(settings, "buyer", "b")
    assert read(client, buyer, f"/v1/regions/{WUHAN}/balance")["published_t"] == 0
    table = client.get(f"/v1/regions/{WUHAN}/entries", headers={**seller.headers, "Accept": "text/csv"})
    assert len(table.text.splitlines()) == len(entries) + 1
    target = {"region": WUHAN, "measure": "received", "target_t": 100, "source": "x"}
    span = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
    made = client.post("/v1/targets", json={**target, **span}, headers=sign_in(settings, "operator").headers)
    assert (made.json["progress"]["reached_t"], made.json["progress"]["withheld"]) == (17, False)
    seen = read(client, seller, made.headers["Location"])["progress"]
    assert (seen["reached_t"], seen["withheld"]) == (10, True)


def test_parts_are_what_each_shows_to_the_same_reader(client: FlaskClient, database: Database, settings: Settings) -> None:
    """Asked for together or one by one: provinces, cities, areas of policy, parks; live, published and as it was known."""
    for number in range(3):
        tell(database, EVENTS, sold(f"s{number}", f"b{number}", 10_000 * (number + 1)))
    tell(database, EVENTS, [*sold("s0", "b9", 5_000, grade="paper.occ_a"), *sold("a", "b", 700, region="110101")])
    database.write(lambda unit: publish_day(unit, day_of(NOON)))
    tell(database, EVENTS, sold("s0", "b0", 3_000, begun=NOON + DAY, to_region="110101"))
    park = new_id()
    sites = [KnownSite(park, 1, "p", "江夏循环园", "park", JIANGXIA, Position(30.3, 114.3))]
    sites += [KnownSite(one, 1, "x", one, "yard", JIANGXIA, Position(30.3, 114.3), park) for one in ("site", "mill")]
    database.write(lambda unit: [SITES.save(unit, one) for one in sites])
    roles = [("collector", "s0", WUHAN), ("carrier", "x", WUHAN), ("park_operator", "o", "420000"), ("operator", "w", WUHAN)]
    shown = 0
    for (role, name, region), about, side, more in product(
        roles,
        ({}, {"parent": "420000"}, {"kind": "area"}, {"kind": "park"}),
        ("origin", "destination"),
        ({}, {"material": "steel", "from": "2026-11-24"}, {"from": "2026-11-24T04:00:00Z", "as_of": "2026-11-24T12:00:00Z"}),
    ):
        who = sign_in(settings, role, name, region=region)  # type: ignore[arg-type]
        parts = read(client, who, "/v1/regions/parts", side=side, **about, **more)["items"]
        assert parts
        for part in parts:
            alone = volumes(client, who, part["region"], side=side, **more)
            for measure in ("listed_t", "agreed_t", "received_t", "refused_t"):
                assert part[measure] == round(sum(row[measure] for row in alone["items"]), 3)
            assert part["withheld"] == alone["withheld"]
            shown += bool(alone["items"])
    assert shown > 40


def test_no_difference_of_answers_over_http_reveals_a_firm(client: FlaskClient, database: Database, settings: Settings) -> None:
    """Every load weighs another power of two: an answer tells of which loads it is the sum. Loads that stand in the same
    answers, however asked, can't be told apart by any sums and differences of them."""
    chance = random.Random(7)
    loads: list[tuple[str, str]] = []
    for number in range(24):
        seller, buyer = f"s{chance.randrange(5)}", f"b{chance.randrange(4)}"
        loads.append((seller, buyer))
        where = {"region": chance.choice((JIANGXIA, "420102", EZHOU)), "to_region": chance.choice((EZHOU, JIANGXIA))}
        begun = NOON + chance.randrange(2) * DAY
        grade = chance.choice(("steel.hms1", "steel.hms1", "steel.light"))
        tell(database, EVENTS, sold(seller, buyer, 1 << number, begun=begun, grade=grade, **where))
    stranger = sign_in(settings, "carrier")
    answers: set[int] = set()
    codes = ("420000", WUHAN, EZHOU, "yangtze_river_economic_belt", JIANGXIA)

    def ask() -> None:
        for code, side, by in product(codes, ("origin", "destination"), ("day", "month", "year")):
            for material, first in product(("steel", "steel.hms1"), ("2026-11-24", "2026-11-25")):
                query = {"side": side, "granularity": by, "material": material, "from": first}
                found = client.get(f"/v1/regions/{code}/volumes", query_string=query, headers=stranger.headers)
                if found.status_code == 200:
                    rows = found.json["items"]
                    answers.update(round(row[measure] * 1000) for row in rows for measure in ("received_t", "agreed_t"))
                    answers.add(round(sum(row["received_t"] for row in rows) * 1000))
        for code in codes[:3]:
            flows = read(client, stranger, f"/v1/regions/{code}/flows")["items"]
            answers.update(round(one["received_t"] * 1000) for one in flows)

    ask()
    for day in (day_of(NOON), day_of(NOON) + DAY):
        database.write(lambda unit, day=day: publish_day(unit, day))  # type: ignore[misc]
        ask()
    figures = sorted(answers - {0})
    assert figures, "nothing at all is published"
    classes: defaultdict[tuple[int, ...], list[tuple[str, str]]] = defaultdict(list)
    for number, firms in enumerate(loads):
        signature = tuple(place for place, figure in enumerate(figures) if figure >> number & 1)
        if signature:
            classes[signature].append(firms)
    for firms in classes.values():
        assert len({seller for seller, _ in firms}) >= LEAST_FIRMS
        assert len({buyer for _, buyer in firms}) >= LEAST_FIRMS
