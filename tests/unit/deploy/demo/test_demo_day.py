from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import httpx
import pytest

from deploy.demo import day
from deploy.demo.api import Api
from deploy.demo.day import report, script
from deploy.demo.day.book import Book, LotTrack
from deploy.demo.day.haul import _Weighing
from deploy.demo.market import Market, organisations
from shared import catalogue
from shared.clock import SHANGHAI

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def members() -> Market:
    return Market(organisations(), (), ())


@pytest.fixture(scope="module")
def written(members: Market) -> script.Script:
    return script.write(600, 1, NOW, members)


def test_a_day_is_the_same_for_the_same_seed(members: Market) -> None:
    assert script.write(50, 1, NOW, members) == script.write(50, 1, NOW, members)
    assert script.write(50, 1, NOW, members) != script.write(50, 2, NOW, members)


def test_a_day_has_every_family_and_a_third_of_its_lots_indivisible(written: script.Script) -> None:
    families = {catalogue.family_of(lot.body["grade"]) for lot in written.lots}
    assert families == {kin.code for kin in catalogue.families()}
    assert sum(not lot.body["divisible"] for lot in written.lots) == len(written.lots) / 3
    assert sum(lot.body["quantity_t"] > 32 for lot in written.lots) > len(written.lots) / 8


def test_even_a_short_day_has_every_family(members: Market) -> None:
    short = script.write(15, 3, NOW, members)
    assert len({catalogue.family_of(lot.body["grade"]) for lot in short.lots}) == 15


def test_demand_is_posted_before_its_first_lot_and_is_enough(written: script.Script) -> None:
    asked: dict[str, float] = defaultdict(float)
    offered: dict[str, float] = defaultdict(float)
    for number, lot in enumerate(written.lots):
        for demand in written.demands_before.get(number, []):
            for grade in demand.body["grades"]:
                asked[grade] += demand.body["quantity_t"]
        offered[lot.body["grade"]] += lot.body["quantity_t"]
        assert asked[lot.body["grade"]] > 0
    assert all(asked[grade] > offered[grade] for grade in offered)
    assert written.demands == sum(len(demands) for demands in written.demands_before.values())


def test_stainless_goes_to_stainless_mills(members: Market) -> None:
    long = script.write(400, 5, NOW, members)
    asked = [d for demands in long.demands_before.values() for d in demands if "steel.stainless" in d.body["grades"]]
    names = {member.key: member.name for member in members.organisations}
    assert asked and all("不锈" in names[demand.organisation] for demand in asked)


def test_loads_are_refused_short_and_over_in_the_shares_promised() -> None:
    rng = Random(7)
    drawn = [_Weighing.draw(rng, 30) for _ in range(4000)]
    assert sum(w.refused for w in drawn) / 4000 == pytest.approx(0.03, abs=0.01)
    short = [w for w in drawn if w.kind == "short"]
    over = [w for w in drawn if w.kind == "over"]
    assert len(short) / 4000 == pytest.approx(0.04, abs=0.012) and len(over) / 4000 == pytest.approx(0.04, abs=0.012)
    assert all((w.gross_t - w.tare_t) < 30 * 0.95 for w in short)
    assert all((w.gross_t - w.tare_t) > 30 for w in over)


def test_a_day_of_mishaps_has_as_many_more_of_them() -> None:
    rng = Random(7)
    drawn = [_Weighing.draw(rng, 30, mishaps=5) for _ in range(4000)]
    assert sum(w.refused for w in drawn) / 4000 == pytest.approx(0.15, abs=0.02)
    assert sum(w.kind == "short" for w in drawn) / 4000 == pytest.approx(0.2, abs=0.02)
    assert not any(w.refused or w.kind for w in (_Weighing.draw(rng, 30, mishaps=0) for _ in range(400)))


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert report.percentile([], 0.95) == 0
    assert report.percentile([3.0, 1.0, 2.0], 0.5) == 2
    assert report.percentile([float(n) for n in range(1, 101)], 0.95) == 95


def test_events_carry_the_day_that_was_asked_for() -> None:
    stamped = day._stamp(date(2026, 1, 2))()
    assert stamped.astimezone(SHANGHAI).date() == date(2026, 1, 2)
    assert abs((day._stamp(None)() - datetime.now(UTC)).total_seconds()) < 5


def lot(status: str = "open", **tonnes: float) -> dict[str, Any]:
    base = {"quantity_t": 30.0, "available_t": 0.0, "reserved_t": 0.0, "sold_t": 0.0, "unsold_t": 0.0}
    return {"status": status, "closed_reason": "sold" if status == "closed" else None, **base, **tonnes}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    table: dict[str, Any] = {"/v1/tokens": {"access_token": "t", "expires_in": 600, "refresh_token": "r"}}

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path in table:
            return httpx.Response(200, content=json.dumps(table[request.url.path]))
        if request.url.path.count("/") == 2:
            return httpx.Response(200, json={"items": [], "next_cursor": None})
        return httpx.Response(404, json={"type": "not-found", "title": "Not found"})

    client = httpx.Client
    transport = httpx.MockTransport(handle)
    monkeypatch.setattr(httpx, "Client", lambda **options: client(**options, transport=transport))
    return table


@pytest.mark.parametrize(
    ("seen", "fate"),
    [
        (lot("closed", sold_t=30), "sold"),
        (lot(available_t=30), "open and explained"),
        (lot(available_t=10, sold_t=20), "partly sold, the rest open and explained"),
    ],
)
def test_every_lot_has_a_fate(answers: dict[str, Any], seen: dict[str, Any], fate: str) -> None:
    answers["/v1/lots/a"] = seen
    answers["/v1/lots/a/explanation"] = {"reasons": ["no demand pays the ask after freight"]}
    book = Book(lots={"a": LotTrack("a", "s", "steel.hms1", 30, 0.0)})
    made = report.make(Api("http://demo", "x"), book, 1, NOW)
    assert made.fates == {fate: 1} and made.complete
    assert "not accounted for" in "".join(str(cell) for cell in made.table().columns[0].cells)


@pytest.mark.parametrize("seen", [lot(available_t=29), lot(available_t=30), lot(reserved_t=30)])
def test_a_lot_that_nothing_accounts_for_fails_the_day(answers: dict[str, Any], seen: dict[str, Any]) -> None:
    answers["/v1/lots/a"] = seen
    book = Book(lots={"a": LotTrack("a", "s", "steel.hms1", 30, 0.0)})
    made = report.make(Api("http://demo", "x"), book, 1, NOW)
    assert not made.complete and made.faults and made.as_json()["complete"] is False
