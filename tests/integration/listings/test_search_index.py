"""The index beside the database: drift, repair, lag, forms, analysers, and rebuilding under writes."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import generate_latest
from typer.testing import CliRunner

from deploy.commands import search as command
from deploy.errors import CannotGoOn
from services.listings import views
from services.listings.store import LOTS
from services.listings.views import drift
from services.listings.views.documents import mappings
from services.listings.views.index import index_of
from shared.clock import utc_now
from shared.search import ANALYSERS, Document, Index, analyser_of, write
from shared.settings import Settings
from tests.integration.listings.market import Market
from tests.integration.listings.test_search import lot_published, reindex

pytestmark = [pytest.mark.mongodb, pytest.mark.elasticsearch]


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    """A market whose indices exist."""
    market = Market(settings)
    views.ensure_indices(market.database)
    yield market
    for name in views.KINDS:
        client = index_of(settings, name).client
        client.indices.delete(index=list(client.indices.get(index=f"{settings.index(name)}-*").body))
    market.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is on its way here: differences need not be waited for."""
    monkeypatch.setattr(drift, "SETTLE_S", 0.0)
    monkeypatch.setattr(drift.check, "__defaults__", (0.0,))


def check(market: Market, monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[int, Any]:
    monkeypatch.setattr(command, "settings_of", lambda data: market.settings)
    answer = CliRunner().invoke(command.app, ["check", "--json", *options])
    return answer.exit_code, json.loads(answer.stdout)


def test_check_names_every_kind_of_difference_and_repair_mends_it(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    seller = market.party("collector")
    lots = [market.lot(seller, title=f"lot {number}") for number in range(6)]
    reindex(market)
    assert check(market, monkeypatch) == (0, {"differences": [], "repaired": []})
    index = index_of(market.settings, "lots")
    held = {identifier: (version, source) for identifier, version, source in index.all()}
    altered = {**held[lots[1]][1], "price_fen": 1}
    index.remove([lots[0]])
    write([(index, [Document(lots[1], held[lots[1]][0], altered), Document("nobody", 3, {**altered, "id": "nobody"})])])
    market.database.write(lambda unit: LOTS.save(unit, replace(LOTS.get(unit, lots[2]), version=9, title="as it is now")))
    found = {
        ("lots", lots[0], "missing"),
        ("lots", lots[1], "altered"),
        ("lots", "nobody", "stray"),
        ("lots", lots[2], "stale"),
    }
    status, said = check(market, monkeypatch)
    assert (status, {(one["index"], one["id"], one["what"]) for one in said["differences"]}) == (1, found)
    status, said = check(market, monkeypatch, "--repair")
    assert (status, said["differences"]) == (0, [])
    assert {(one["index"], one["id"], one["what"]) for one in said["repaired"]} == found
    assert check(market, monkeypatch)[0] == 0


def test_an_index_that_is_ahead_of_the_database_is_built_anew(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that was restored from a backup."""
    lot_id = market.lot(market.party("collector"))
    reindex(market)
    index = index_of(market.settings, "lots")
    [(_, version, source)] = index.all()
    write([(index, [Document(lot_id, version + 5, source)])])
    status, said = check(market, monkeypatch)
    assert (status, [one["what"] for one in said["differences"]]) == (1, ["ahead"])
    assert check(market, monkeypatch, "--repair")[0] == 0
    assert [one[:2] for one in index.all()] == [(lot_id, version)]


def test_without_elasticsearch_the_check_refuses(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    down = market.settings.model_copy(update={"elasticsearch_url": "http://127.0.0.1:9"})
    monkeypatch.setattr(command, "settings_of", lambda data: down)
    assert isinstance(CliRunner().invoke(command.app, ["check"]).exception, CannotGoOn)


def test_the_lag_is_the_age_of_the_oldest_change_that_the_index_lacks(market: Market) -> None:
    seller = market.party("collector")
    market.lot(seller)
    late = market.lot(seller)
    lag = views.Lag()
    market.database.clock = lambda: utc_now() + timedelta(seconds=40)
    assert 40 <= lag.measure(market.database)["lots"] < 60
    assert b'huanliu_index_lag_seconds{index="lots"} 4' in generate_latest()
    first, *_ = [row for row in LOTS.select(market.database.read(), {}) if row.id != late]
    views.project(market.database.read(), [lot_published(first)])
    assert lag.measure(market.database)["lots"] >= 40
    reindex(market)
    assert lag.measure(market.database) == {"lots": 0.0, "demands": 0.0}
    down = Market(market.settings.model_copy(update={"elasticsearch_url": "http://127.0.0.1:9"}))
    assert views.Lag().measure(down.database)["lots"] > 0
    down.database.close()


def test_rebuilding_under_writes_and_changes_misses_and_doubles_nothing(market: Market) -> None:
    """Three rebuilds while lots are added, changed and withdrawn."""
    seller = market.party("collector")
    first = [market.lot(seller) for _ in range(20)]
    reindex(market)
    stop = threading.Event()

    def write_on() -> None:
        for number in range(10_000):
            if stop.is_set():
                return
            known = market.lot_row(first[number % len(first)])
            if number % 7 == 3:
                known = market.lot_row(market.lot(seller))
            elif known.status == "open" and number % 11 == 5:
                market.post(seller, f"/v1/lots/{known.id}/withdraw")
            elif known.status == "open":
                price = {"ask_cny_per_t": 2000 + number}
                assert market.patch(seller, f"/v1/lots/{known.id}", price, f'"{known.version}"').status_code == 200
            views.project(market.database.read(), [lot_published(market.lot_row(known.id))])

    writer = threading.Thread(target=write_on)
    writer.start()
    for _ in range(3):
        views.rebuild(market.settings)
    stop.set()
    writer.join()
    index = index_of(market.settings, "lots")
    index.refresh()
    held = Counter(identifier for identifier, _, _ in index.all())
    rows = {row.id for row in LOTS.select(market.database.read(), {})}
    assert set(held) == rows
    assert set(held.values()) == {1}
    assert views.check(market.settings, 0.0) == []


def test_an_index_of_another_form_is_rebuilt(market: Market) -> None:
    """What a new release finds of the one before."""
    lot_id = market.lot(market.party("collector"))
    older = Index(market.settings, "lots", lambda _: {"properties": {"id": {"type": "keyword"}}})
    older.rebuild([])
    index = index_of(market.settings, "lots")
    assert older.is_current() and not index.is_current()
    views.ensure_indices(market.database)
    assert index.is_current()
    assert [one[0] for one in index.all()] == [lot_id]


def test_the_analyser_is_the_best_that_the_cluster_has(market: Market) -> None:
    """This cluster has the least; a richer one is told by its answers."""
    client = index_of(market.settings, "lots").client
    assert analyser_of(client, "auto") == "standard"
    here = {"standard", "simple", "keyword"}

    class Richer:
        """Has `cjk` besides."""

        def __init__(self) -> None:
            self.indices = self

        def analyze(self, analyzer: str, text: str) -> None:
            if analyzer not in here | {"cjk"}:
                client.indices.analyze(analyzer=analyzer, text=text)

    assert analyser_of(Richer(), "auto") == "cjk"  # type: ignore[arg-type]
    assert set(ANALYSERS) & here == {"standard"}
    assert mappings("cjk")["properties"]["title"]["fields"] == {"words": {"type": "text", "analyzer": "cjk"}}
