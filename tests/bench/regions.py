"""The bench of regions: its consumer against bare consuming and bulk-writing, a year of a province, from event to figure.

Events are synthetic lives of lots with late tickets, corrections, refusals and cancellations, drawn with a seed. The reference
of the consumer polls the same topics in the same batches and writes the very documents that the consumer wrote for each, to the
same indexes, in no transaction, with nothing read, parsed, checked or reckoned.

Of the year, postings are generated straight into the store by the room's own rules, each batch copied with new ids, with seals
that are not reckoned anew; a province's days have ten grades of four families in two modes. The figure is the whole answer over
HTTP within one process: a province, granularity day, a year, every grade.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from random import Random
from statistics import quantiles
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from kafka import KafkaConsumer
from pymongo.collection import Collection

from services.regions.app import ROOM, create_app, create_worker
from services.regions.handlers import consumer as consumer_of
from services.regions.ledger import places_of, posting_of
from services.regions.model import Cell, Side, cell_id, day_of
from services.regions.store import CELLS, DOCUMENTS, POSTINGS
from shared.bus.consumer import BATCH
from shared.bus.documents import BUS_DOCUMENTS
from shared.bus.producer import ensure_topics, make_producer, publish
from shared.clock import utc_now
from shared.events.listings import LotPublished
from shared.geo import regions
from shared.mongo import Database
from shared.settings import Settings
from tests.bench.servers import fresh, servers
from tests.fixtures.identity import sign_in
from tests.fixtures.lives import NOON, Life
from tests.fixtures.mishaps import mishaps, rows_of

LOTS = 1_000
SIZES = (1_000_000, 5_000_000, 10_000_000)
READS = 60
LIVE_S = 45
SAMPLES_PER_S = 4
SEED = 6
Row = dict[str, Any]


def rows() -> list[Row]:
    """The rows of `bench/results/regions.json`."""
    with servers() as addresses:
        with fresh(addresses) as settings:
            ours, bare = consumed(settings)
        with fresh(addresses) as settings:
            rate, late = event_to_figure(settings)
        with fresh(addresses) as settings:
            years = list(a_year(settings))
    ratio = ours / bare
    made = [
        {
            "what": "the consumer's throughput ÷ bare consume-and-bulk-write of the same documents, events/s",
            "ours": ours,
            "reference": bare,
            "ratio": ratio,
            "target": 0.5,
            "holds": ratio >= 0.5,
        },
        _row(f"event to figure at {rate:.0f} events/s, half the worker's own highest throughput: p95, s", late, 2.0),
    ]
    for size, p95 in years:
        made.append(_row(f"a year of a province by day and material with {size:,} postings: p95, ms", p95, 100.0))
    return made


def _row(what: str, ours: float, most: float) -> Row:
    return {"what": what, "ours": ours, "reference": None, "ratio": None, "target": most, "holds": ours <= most}


def consumed(settings: Settings) -> tuple[float, float]:
    """Events per second of the consumer, and of the reference."""
    told = rows_of(mishaps(SEED, LOTS), settings)
    database = _prepared(settings, ROOM)
    consumer = consumer_of(database, 0.0)
    ensure_topics(settings, consumer.topics)
    producer = make_producer(settings)
    publish(producer, told, settings.secret_key)
    producer.close()
    with recorded() as batches:
        ours = len(told) / _took(database, consumer, len(told))
    other = _prepared(settings, f"{ROOM}_bare")
    bare = len(told) / bare_run(settings, other, consumer.topics, [batch for batch in batches if batch])
    for one in (database, other):
        one.client.drop_database(one.mongo.name)
        one.close()
    return ours, bare


def _prepared(settings: Settings, room: str) -> Database:
    database = Database(settings, room)
    database.prepare([*BUS_DOCUMENTS, *DOCUMENTS])
    return database


def _took(database: Database, consumer: Any, count: int) -> float:
    """Seconds from its first batch until all are applied."""
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    while consumer.lag is None:  # it joins its group and reads its first batch
        time.sleep(0.005)
    begun = time.perf_counter()
    while consumer.handled < count:
        assert consumer.parked == 0 and time.perf_counter() - begun < 600
        time.sleep(0.01)
    took = time.perf_counter() - begun
    stop.set()
    thread.join()
    return took


@contextmanager
def recorded() -> Iterator[list[list[tuple[str, str, Any]]]]:
    """What is written in each transaction: collection, call, its first argument."""
    batches: list[list[tuple[str, str, Any]]] = [[]]
    attempt, bulk, insert = Database._attempt, Collection.bulk_write, Collection.insert_many

    def begin(self: Any, *rest: Any) -> Any:
        batches.append([])
        return attempt(self, *rest)

    def keep_bulk(self: Any, requests: Any, *rest: Any, **names: Any) -> Any:
        batches[-1].append((self.name, "bulk_write", requests))
        return bulk(self, requests, *rest, **names)

    def keep_insert(self: Any, documents: Any, *rest: Any, **names: Any) -> Any:
        batches[-1].append((self.name, "insert_many", documents))
        return insert(self, documents, *rest, **names)

    with (
        patch.object(Database, "_attempt", begin),
        patch.object(Collection, "bulk_write", keep_bulk),
        patch.object(Collection, "insert_many", keep_insert),
    ):
        yield batches


def bare_run(settings: Settings, database: Database, topics: Sequence[str], batches: list[list[tuple[str, str, Any]]]) -> float:
    """Seconds to poll the topics and write, for each batch polled, the documents of one of the consumer's; what is left at the
    end as well."""
    kafka = KafkaConsumer(
        *topics,
        bootstrap_servers=settings.kafka_brokers.split(","),
        group_id=f"bare-{uuid4()}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=BATCH,
    )
    waiting = iter(batches)
    while not (polled := kafka.poll(timeout_ms=300)):
        pass
    begun = time.perf_counter()
    while polled:
        for name, call, argument in next(waiting, []):
            _write(database, name, call, argument)
        kafka.commit()
        polled = kafka.poll(timeout_ms=100)
    took = time.perf_counter() - begun - 0.1  # the last poll waits for nothing
    begun = time.perf_counter()
    for batch in waiting:
        for name, call, argument in batch:
            _write(database, name, call, argument)
    kafka.close()
    return took + time.perf_counter() - begun


def _write(database: Database, name: str, call: str, argument: Any) -> None:
    getattr(database.mongo[name], call)(argument, ordered=False)


def event_to_figure(settings: Settings) -> tuple[float, float]:
    """Half the events per second that the whole worker, in a process of its own with its relay and alarms, works off at most;
    and p95 seconds from telling of a lot until its county's volumes show it, with so many told beside."""
    database = _prepared(settings, ROOM)
    ensure_topics(settings, consumer_of(database).topics)
    waiting = rows_of(mishaps(SEED, LOTS), settings)
    producer = make_producer(settings)
    publish(producer, waiting, settings.secret_key)
    producer.close()
    process = get_context("spawn").Process(target=_work, args=(settings.model_dump_json(),), daemon=True)
    process.start()
    client = create_app(settings).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = sign_in(settings, "operator").headers["Authorization"]
    stop = threading.Event()
    rate = _worked_off(database, len(waiting)) / 2
    beside = threading.Thread(target=_tell_on, args=(settings, rate, stop))
    try:
        beside.start()
        time.sleep(3)
        codes = [one.code for one in regions() if one.level == "county"][:: max(1, 2_800 // (LIVE_S * SAMPLES_PER_S))]
        took = [_seen(settings, client, code, 60) for code in codes[: LIVE_S * SAMPLES_PER_S]]
    finally:
        stop.set()
        beside.join()
        process.terminate()
        process.join()
        database.close()  # dropping would wait for the transaction that the worker was ended in
    return rate, quantiles(took, n=20)[-1]


def _worked_off(database: Database, count: int) -> float:
    """Events per second, from the first batch that is applied until all of them are."""
    done = _applied(database)
    while not done:
        time.sleep(0.02)
        done = _applied(database)
    first, begun = done, time.perf_counter()
    while (done := _applied(database)) < count:
        assert time.perf_counter() - begun < 600
        time.sleep(0.1)
    return (count - first) / (time.perf_counter() - begun)


def _applied(database: Database) -> int:
    return int(database.mongo["inbox"].count_documents({"_id": {"$regex": f"^{ROOM}:"}}))


def _work(settings: str) -> None:
    worker = create_worker(Settings.model_validate_json(settings))
    worker.start()
    threading.Event().wait()


def _tell_on(settings: Settings, rate: float, stop: threading.Event) -> None:
    """Lives of lots, told evenly at `rate` events a second."""
    producer = make_producer(settings)
    begun, sent, seed = time.perf_counter(), 0, SEED + 1
    while not stop.is_set():
        for part in _parts(rows_of(mishaps(seed, 200), settings), 50):
            publish(producer, part, settings.secret_key)
            sent += len(part)
            stop.wait(max(0.0, sent / rate - (time.perf_counter() - begun)))
            if stop.is_set():
                break
        seed += 1
    producer.close()


def _parts(told: list[Row], size: int) -> Iterator[list[Row]]:
    yield from (told[start : start + size] for start in range(0, len(told), size))


def _seen(settings: Settings, client: Any, code: str, seconds: float) -> float:
    """Tell of a lot and look until its county shows it."""
    told = Life(grade="glass.flat", region=code, begun=utc_now()).publish().told
    producer = make_producer(settings)
    begun = time.perf_counter()
    publish(producer, rows_of([(told[0], utc_now())], settings), settings.secret_key)
    producer.close()
    while True:
        answer = client.get(f"/v1/regions/{code}/volumes", query_string={"material": "glass"})
        if answer.json["items"]:
            return time.perf_counter() - begun
        assert time.perf_counter() - begun < seconds
        time.sleep(0.05)


YEAR = datetime(2025, 12, 31, 16, tzinfo=UTC)
"""When 2026 begins in China."""
BUSY = (
    *("steel.hms1", "steel.hms2", "steel.light", "paper.occ_a", "paper.occ_b", "paper.mixed"),
    *("plastic.pet_flake", "plastic.pp", "solid_waste.phosphogypsum", "solid_waste.fly_ash"),
)


def a_year(settings: Settings) -> Iterator[tuple[int, float]]:
    """By number of postings, p95 milliseconds of the whole answer."""
    database = _prepared(settings, ROOM)
    client = create_app(settings).test_client()
    gc.collect()
    gc.freeze()  # as web workers do when they begin (`deploy/gunicorn.conf.py`)
    client.environ_base["HTTP_AUTHORIZATION"] = sign_in(settings, "operator").headers["Authorization"]
    try:
        _make_cells(database)
        made = 0
        for size in SIZES:
            _make_postings(database, made, size)
            made = size
            yield size, _read_year(client)
    finally:
        gc.unfreeze()
        database.client.drop_database(database.mongo.name)
        database.close()


def _make_cells(database: Database) -> None:
    """A year of days of every place in five provinces' capitals, on both sides, by the room's own model."""
    rng = Random(SEED)
    places = sorted({place for code in ("420115", "110101", "320102", "440106", "510104") for place in places_of(code)})
    sides: tuple[Side, ...] = ("origin", "destination")
    for place in places:
        unit_rows = []
        for number in range(365):
            start = day_of(YEAR + timedelta(days=number))
            for side in sides:
                cell = Cell(cell_id(side, place, "day", start), 0, side, place, "day", start)
                for grade in BUSY:
                    cell.add(grade, "none", {"listed": rng.randrange(10**7), "withdrawn": rng.randrange(10**5)})
                    for mode in ("road", "rail"):
                        kg = {name: rng.randrange(10**7) for name in ("agreed", "loaded", "received", "used", "deducted")}
                        cell.add(grade, mode, kg)  # type: ignore[arg-type]
                unit_rows.append(CELLS.row(database.read(), cell))
        database.mongo["cells"].insert_many(unit_rows, ordered=False)


def _make_postings(database: Database, made: int, size: int) -> None:
    """Postings of lots published all over the country, a thousand patterns by the room's own rule, copied with new ids."""
    rng = Random(SEED)
    codes = [one.code for one in regions() if one.level == "county"]
    patterns = []
    for _ in range(1_000):
        life = Life(grade=rng.choice(BUSY), region=rng.choice(codes), begun=NOON - timedelta(days=rng.randrange(300))).publish()
        event = life.told[0].event
        assert isinstance(event, LotPublished)
        posting = posting_of(event, "", event.at)
        assert posting is not None
        posting.region, posting.grade, posting.site_id, posting.seller_id = event.region, event.grade, "site", "seller"
        patterns.append(POSTINGS.row(database.read(), posting))
    collection = database.mongo["postings"]
    for start in range(made, size, 10_000):
        copies = [{**patterns[n % 1_000], "_id": f"{n:012}", "lot_id": f"lot-{n // 8}"} for n in range(start, start + 10_000)]
        collection.insert_many(copies, ordered=False)


def _read_year(client: Any) -> float:
    """p95 of the whole answer, in milliseconds."""
    query = {"from": "2026-01-01", "to": "2027-01-01", "granularity": "day"}
    took = []
    for number in range(READS + 5):
        code = ("420000", "110000", "320000", "440000", "510000")[number % 5]
        begun = time.perf_counter()
        answer = client.get(f"/v1/regions/{code}/volumes", query_string=query)
        spent = 1000 * (time.perf_counter() - begun)
        assert len(answer.json["items"]) == 365 * len(BUSY)
        if number >= 5:
            took.append(spent)
    return quantiles(took, n=20)[-1]
