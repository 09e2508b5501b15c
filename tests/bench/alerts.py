"""The bench of alerts: lots that arrive at a market of 100,000 saved searches, all for lots and all with alerts on.

The searches are synthetic, drawn with a seed. 75 % ask for a grade, 15 % for a family, 10 % for words alone; 52 % name a city,
20 % a county, 3 % a province (never with a family), 25 % a radius of 20 to 100 km. 30 % have words (names and synonyms of the
catalogue, places, words of titles), 40 % a highest price, 30 % a least and 10 % a largest quantity, 10 % ask for compliance.
Grades and provinces are drawn by 1 / (rank + 3), searches and lots alike, so that the frequent meet the frequent; a lot has a
title of three words. A lot then fits some tens of searches: with ten thousand lots a day a search hears of a few, and one that
hears of hundreds is switched off. Broad searches are measured apart: a grade and nothing else.

Matching alone is held against judging every search by itself, with the same compiled conditions. Committed means: the inbox
mark and every alert's outbox row in MongoDB, in the batches of 200 that the consumer takes.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil

from services.listings.alerting import Matcher, compiled
from services.listings.alerting.conditions import Seen
from services.listings.alerting.text import Vocabulary
from services.listings.handlers import ALERTS, listen_for_alerts
from services.listings.model import Lot, LotDraft, LotTerms, Place, Revisions, SavedSearchDraft, Watcher, new_saved_search
from services.listings.schemas import query_of_saved
from services.listings.store import DOCUMENTS, LOTS, REVISIONS, SAVED_SEARCHES
from services.listings.views import document_of
from shared import catalogue, geo
from shared.bus.consumer import BATCH
from shared.bus.documents import BUS_DOCUMENTS
from shared.bus.envelope import headers_of
from shared.bus.outbox import Relay
from shared.clock import iso, utc_now
from shared.events.listings import SavedSearchMatched
from shared.ids import new_id
from shared.mongo import Database
from shared.parties import PARTIES, SITES, KnownSite, Party
from shared.settings import Settings
from tests.fixtures.servers import start

SEARCHES = 100_000
ORGANISATIONS = 5_000
LOTS_MATCHED, LOTS_JUDGED, LOTS_COMMITTED, LOTS_TIMED = 3_000, 20, 3_000, 40
SEED = 20261124
TITLES = (
    "厂区拆除",
    "钢梁",
    "干净",
    "无锈",
    "打包",
    "散装",
    "可开票",
    "急售",
    "clean",
    "dry",
    "loose",
    "baled",
    "rebar",
    "offcuts",
)
Row = dict[str, Any]


def rows() -> list[Row]:
    """The rows of `bench/results/alerts.json`."""
    return [*_matching(), *_memory(), *_committed()]


def _row(what: str, ours: float, reference: float | None, target: float | None, *, least: bool = False) -> Row:
    """`target` is the most that the ratio (without a reference: ours) may be, or the least."""
    ratio = None if reference is None else ours / reference
    value = ours if ratio is None else ratio
    holds = target is None or (value >= target if least else value <= target)
    return {"what": what, "ours": ours, "reference": reference, "ratio": ratio, "target": target, "holds": holds}


# the market


class Draw:
    """What is asked for and offered, by chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def grade(self) -> str:
        return self._ranked([one.code for one in catalogue.grades()])

    def county(self) -> geo.Region:
        """By province first, the one with most counties in front."""
        province = self._ranked(sorted(_counties(), key=lambda code: -len(_counties()[code])))
        return self.random.choice(_counties()[province])

    def _ranked(self, values: list[str]) -> str:
        return self.random.choices(values, [1 / (rank + 3) for rank in range(1, len(values) + 1)])[0]

    def often(self, share: float) -> bool:
        return self.random.random() < share

    def criteria(self) -> dict[str, Any]:
        """The parameters of a search."""
        given: dict[str, Any] = {}
        grade, county, (what, where) = self.grade(), self.county(), (self.random.random(), self.random.random())
        if what < 0.9:
            given["material"] = grade if what < 0.75 else catalogue.family_of(grade)
        if where < 0.75:
            level = 0 if where < 0.2 else -1 if where < 0.23 and what < 0.75 else 1
            given["region"] = geo.lineage(county.code)[level]
        else:
            given["near"] = f"{county.position.lat},{county.position.lon}"
            given["within_km"] = self.random.choice([20, 50, 100])
        if what >= 0.9 or self.often(0.22):
            given["q"] = self.words()
        if self.often(0.4):
            given["max_price"] = self.random.randrange(1500, 3000, 10)
        if self.often(0.3):
            given["min_t"] = self.random.choice([5, 10, 20, 30, 50])
        if self.often(0.1):
            given["max_t"] = self.random.choice([60, 100, 200])
        if self.often(0.1):
            given["compliant"] = True
        return given

    def words(self) -> str:
        grade, county = catalogue.grade(self.grade()), self.county()
        assert grade is not None
        ways = (
            [self.random.choice([grade.name_zh, grade.name_en, *grade.synonyms_zh, *grade.synonyms_en])],
            [self.random.choice(grade.synonyms_zh or (grade.name_zh,)), county.name_zh],
            [self.random.choice(TITLES)],
            self.random.sample(TITLES, 2),
            [*self.random.sample(TITLES, 2), grade.name_zh],
        )
        return " ".join(self.random.choice(ways))[:200]

    def lot(self) -> Lot:
        """An open one, of an organisation of its own."""
        now, county = utc_now(), self.county()
        terms = LotTerms(
            grade=self.grade(),
            ask_fen_per_t=self.random.randrange(150_000, 300_000, 1000),
            vat_bp=self.random.choice([0, 300, 1300]),
            available_from=now,
            available_until=now + timedelta(days=10),
        )
        draft = LotDraft(
            site_id=new_id(),
            quantity_kg=self.random.randrange(3_000, 120_000, 100),
            terms=terms,
            title=" ".join(self.random.sample(TITLES, 3)),
        )
        return Lot.new(new_id(), new_id(), draft, Place(draft.site_id, county.code, county.position), now)


@cache
def _counties() -> dict[str, list[geo.Region]]:
    found: dict[str, list[geo.Region]] = {}
    for one in geo.regions():
        if one.level == "county" and geo.ancestors(one.code):
            found.setdefault(one.code[:2], []).append(one)
    return found


@dataclass
class Asked:
    """A saved search, as far as its query goes."""

    criteria: dict[str, Any]


def _queries(number: int, broad: bool = False) -> Iterator[dict[str, Any]]:
    draw, unit = Draw(SEED), Database(Settings(), "listings").read()
    for _ in range(number):
        asked = Asked({"material": draw.grade()} if broad else draw.criteria())
        yield query_of_saved(unit, asked)  # type: ignore[arg-type]


def _open(lot: Lot) -> Lot:
    lot.publish(lot.created_at)
    return lot


# matching alone


def _watcher(number: int) -> Watcher:
    return Watcher(new_id(), 1, f"{number % ORGANISATIONS:036}", f"{number:036}", "lots", f"货源提醒 {number}", "at_once")


def _filled(broad: bool = False) -> Matcher[Watcher]:
    matcher: Matcher[Watcher] = Matcher()
    for number, query in enumerate(_queries(SEARCHES, broad)):
        watcher = _watcher(number)
        matcher.put(watcher.id, watcher, query)
    return matcher


def _matching() -> Iterator[Row]:
    matcher, draw = _filled(), Draw(SEED + 1)
    now = iso(utc_now())
    documents = [document_of(_open(draw.lot()), []) for _ in range(LOTS_MATCHED)]
    for one in documents[:100]:
        matcher.matches(one, now)
    took, found = _timed(matcher, documents, now)
    conditions = [compiled(query) for query in _queries(SEARCHES)]
    words = Vocabulary()
    for search in matcher._searches.values():
        words.add(search.words)
    begun = time.perf_counter()
    judged = 0
    for one in documents[:LOTS_JUDGED]:
        seen = Seen(one, now, words.found(one))
        judged += sum(condition.holds(seen) for condition in conditions)
    alone = (time.perf_counter() - begun) / LOTS_JUDGED
    if judged != sum(len(matcher.matches(one, now)) for one in documents[:LOTS_JUDGED]):
        raise AssertionError("the matcher and the searches one by one differ")
    each = sum(took) / len(took)
    yield _row("lots matched a second, 100,000 saved searches", 1 / each, None, 500, least=True)
    yield _row("… ÷ judging every search by itself", 1 / each, 1 / alone, None)
    yield _row("saved searches that fit a lot, mean", found / len(documents), None, None)
    yield _row("a lot, ms, p99", quantiles(took, n=100)[98] * 1000, None, None)
    took, found = _timed(_filled(broad=True), documents, now)
    yield _row("lots matched a second, every search broad", len(took) / sum(took), None, None)
    yield _row("saved searches that fit a lot, every search broad, mean", found / len(documents), None, None)


def _timed(matcher: Matcher[Watcher], documents: list[dict[str, Any]], now: str) -> tuple[list[float], int]:
    """Seconds of each document, and how many searches fitted in all."""
    took, found = [], 0
    for one in documents:
        begun = time.perf_counter()
        found += len(matcher.matches(one, now))
        took.append(time.perf_counter() - begun)
    return took, found


# memory


def _memory() -> Iterator[Row]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield _row("memory of the matcher, MiB, 100,000 saved searches", pool.submit(_grown_mib).result(), None, None)


def _grown_mib() -> float:
    """What a process grows by, in which everything but the searches was there."""
    for query in _queries(500):
        compiled(query)
    before = psutil.Process().memory_info().rss
    matcher = _filled()
    return (psutil.Process().memory_info().rss - before) / 2**20 if len(matcher) else 0.0


# with MongoDB and Kafka


@dataclass
class _Record:
    """An outbox row as its topic would bring it."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: Any


def _committed() -> Iterator[Row]:
    folder = Path(tempfile.mkdtemp(prefix="huanliu-bench-"))
    try:
        servers = start(folder, ["mongodb", "kafka"], leashed=True)
        try:
            settings = Settings(
                data=folder / "data",
                mongodb_uri=servers.addresses["mongodb"],
                kafka_brokers=servers.addresses["kafka"],
                secret_key="bench-secret-key-of-at-least-32-bytes",
            )
            database = Database(settings, "listings")
            database.prepare([*BUS_DOCUMENTS, *DOCUMENTS])
            yield from _with_servers(database)
            database.close()
        finally:
            servers.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_servers(database: Database) -> Iterator[Row]:
    _save(database)
    draw = Draw(SEED + 2)
    consumer = listen_for_alerts(database)
    begun = time.perf_counter()
    consumer.handle(_published(database, draw, 1))
    yield _row("a worker's start: all read from MongoDB, s", time.perf_counter() - begun, None, None)
    records = _published(database, draw, LOTS_COMMITTED)
    before = database.mongo["outbox"].count_documents({})
    begun = time.perf_counter()
    for at in range(0, len(records), BATCH):
        consumer.handle(records[at : at + BATCH])
    took = time.perf_counter() - begun
    if consumer.parked:
        raise AssertionError("events were parked")
    sent = database.mongo["outbox"].count_documents({}) - before
    bare = _bare(database, len(records), sent)
    yield _row("lots matched a second, alerts committed", len(records) / took, None, 500, least=True)
    yield _row("… ÷ writing the same marks and alerts with nothing matched", len(records) / took, bare, None)
    yield _row("alerts committed a second", sent / took, None, None)
    database.mongo["outbox"].update_many({}, {"$unset": {"pending": ""}})  # what follows is of single lots
    waits = _waits(database, draw)
    yield _row("published → alerts committed, ms, p50", median(waits) * 1000, None, None)
    yield _row("published → alerts committed, ms, p95", quantiles(waits, n=20)[18] * 1000, None, None)


def _bare(database: Database, lots: int, alerts: int) -> float:
    """Lots a second where the driver alone writes as many marks and as many alerts, in as many transactions."""
    rows = list(database.mongo["outbox"].find({"type": SavedSearchMatched.TYPE}).limit(alerts))
    share = -(-alerts * BATCH // lots)
    took = 0.0
    for at in range(0, alerts, share):
        some = [row | {"_id": new_id()} for row in rows[at : at + share]]
        marks = [{"_id": f"bare:{new_id()}", "at": utc_now(), "seal": "0" * 32} for _ in range(BATCH)]
        begun = time.perf_counter()
        with database.client.start_session() as session, session.start_transaction():
            database.mongo["outbox"].insert_many(some, session=session)
            database.mongo["inbox"].insert_many(marks, session=session)
        took += time.perf_counter() - begun
    return lots / took


def _save(database: Database) -> None:
    """The searches of all, and their organisations."""
    draw, now = Draw(SEED), utc_now()
    owners = [new_id() for _ in range(ORGANISATIONS)]
    parties = [Party(one, 2, "江城再生", "buyer", "420100", "verified", "x@huanliu.example") for one in owners]
    database.write(lambda unit: PARTIES.add(unit, *parties))
    saved = []
    for number in range(1, SEARCHES + 1):
        draft = SavedSearchDraft(name=f"货源提醒 {number}", criteria=draw.criteria(), alert="at_once")
        saved.append(new_saved_search(new_id(), owners[number % ORGANISATIONS], owners[0], "lots", draft, number, now))
    for at in range(0, SEARCHES, 5_000):
        database.write(lambda unit, some=saved[at : at + 5_000]: SAVED_SEARCHES.add(unit, *some))  # type: ignore[misc]
    database.write(lambda unit: REVISIONS.add(unit, Revisions(version=SEARCHES)))


def _published(database: Database, draw: Draw, number: int) -> list[Any]:
    """Lots that were just published, as records of the topic."""
    records: list[Any] = []
    for at in range(0, number, 500):
        lots = [draw.lot() for _ in range(min(500, number - at))]
        database.write(lambda unit, some=lots: _publish(unit, some))  # type: ignore[misc]
        wanted = {"key": {"$in": [lot.id for lot in lots]}}
        for row in database.mongo["outbox"].find(wanted).sort("_id", 1):
            headers = headers_of(row, database.settings.secret_key)
            records.append(_Record(row["topic"], 0, len(records), row["key"].encode(), row["data"].encode(), headers))
    return records


def _publish(unit: Any, lots: list[Lot]) -> None:
    for lot in lots:
        SITES.add(unit, KnownSite(lot.site_id, 1, lot.seller_id, "一号场", "yard", lot.region, lot.position))
        unit.emit(*lot.publish(unit.now))
    LOTS.add(unit, *lots)


@contextmanager
def _running(*jobs: Any) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=job.run, args=(stop,)) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _waits(database: Database, draw: Draw) -> list[float]:
    """Seconds from a lot's commit to that of its inbox mark, which is that of its alerts; lots come one by one, at any moment
    of the relay's and the consumer's rounds."""
    waits = []
    with _running(Relay(database), listen_for_alerts(database)):
        for number in range(LOTS_TIMED + 1):
            lot = draw.lot()
            database.write(lambda unit, one=lot: _publish(unit, [one]))  # type: ignore[misc]
            begun = time.perf_counter()
            row = database.mongo["outbox"].find_one({"key": lot.id})
            assert row is not None
            while database.mongo["inbox"].find_one({"_id": f"{ALERTS}:{row['_id']}"}) is None:
                time.sleep(0.002)
                if time.perf_counter() - begun > 120:
                    raise AssertionError("it was never handled")
            if number:  # the first waits for the worker to have read everything
                waits.append(time.perf_counter() - begun)
            time.sleep(draw.random.uniform(0.1, 0.5))
    return waits
