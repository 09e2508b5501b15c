"""The search bench: how well judged queries are answered, and how long indexing, searching and suggesting take beside bare
Elasticsearch in the same run.

The lots are the judged ones (`tests/relevance`), 100,000 of them for the times. A search is the whole answer of the room over
HTTP in this process: token, understanding, point in time, rows from MongoDB, rendering; beside it stands the request body alone
as Elasticsearch got it. An indexer's figure counts reading the rows from MongoDB as well; beside it stands `helpers.bulk` of
documents that are ready in memory.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from elasticsearch.helpers import bulk

from services.listings import views
from services.listings.app import create_worker
from services.listings.views import Criteria
from services.listings.views.index import index_of
from shared.auth import Caller
from shared.bus.consumer import PROJECTED_AT_ONCE
from shared.catalogue import grades
from shared.events.listings import LotPublished
from shared.search import REFRESH_S, Document, Index
from shared.search.index import LAST_WRITES_S
from shared.settings import Settings
from tests.bench.servers import fresh, servers
from tests.integration.listings.market import Market, Party
from tests.relevance.judged import TOP, corpus, measure, queries, store

Row = dict[str, Any]
MANY = 100_000
INDEXED = 20_000
ROUNDS = 3
LISTED = 60
TYPED = ("重", "重废", "废", "武汉", "hms", "HMS 1", "heavy m", "alumnium", "廢鋼", "ＯＣＣ", "phos", "wuh", "201", "o", "粉煤")


def rows() -> list[Row]:
    """The rows of `bench/results/search.json`."""
    with servers() as addresses, fresh(addresses) as one, fresh(addresses) as two, fresh(addresses) as three:
        return [*_relevance(one), *_indexing(two), *_searching(three)]


def _row(what: str, ours: float, reference: float | None, target: float, *, least: bool = False) -> Row:
    """`target` is the most that the ratio (without a reference: ours) may be, or the least."""
    ratio = None if reference is None else ours / reference
    value = ours if ratio is None else ratio
    holds = value >= target if least else value <= target
    return {"what": what, "ours": ours, "reference": reference, "ratio": ratio, "target": target, "holds": holds}


@contextmanager
def _market(settings: Settings) -> Iterator[Market]:
    """A market that leaves nothing behind."""
    market = Market(settings)
    try:
        yield market
    finally:
        client = index_of(settings, "lots").client
        for name in list(client.indices.get(index=f"{settings.namespace}*").body):
            client.indices.delete(index=name)
        market.close()


# how well


def _relevance(settings: Settings) -> Iterator[Row]:
    with _market(settings) as market:
        lots = corpus()
        store(market.database, lots)
        views.rebuild(settings)
        caller = Caller("user", "organisation", "buyer", "420100")

        def ask(query: str) -> list[str]:
            found = views.search(market.database.read(), caller, "lots", Criteria(q=query), None, TOP)
            return [hit.listing.id for hit in found.hits]

        found = measure(lots, ask)
    yield _row(f"nDCG@10 over {len(found.by_query)} judged queries", found.ndcg, None, 0.90, least=True)
    yield _row("rate of judged queries without an answer", found.zero_rate, None, 0.02)


# how fast the index is written


def _indexing(settings: Settings) -> Iterator[Row]:
    with _market(settings) as market:
        lots = corpus(INDEXED // len(grades()))
        store(market.database, lots)
        views.ensure_indices(market.database)
        index = index_of(settings, "lots")
        documents = list(views.expected(market.database.read(), views.KINDS["lots"]))
        events = [LotPublished(**lot._state(), **lot._terms()) for lot in lots]
        figures: dict[str, list[tuple[float, float]]] = {"rebuild": [], "events": []}
        for _ in range(ROUNDS):
            bare = _per_second(len(lots), lambda: _bare(index, documents))
            figures["rebuild"].append((_per_second(len(lots), lambda: _rebuilt(index, market), LAST_WRITES_S), bare))
            index.rebuild([])  # the events are of new lots, as the bare documents are new to their index
            figures["events"].append((_per_second(len(lots), lambda: _projected(market, events)), bare))
        yield _row("indexer: rebuild, documents/s ÷ bare helpers.bulk", *_median(figures["rebuild"]), 0.8, least=True)
        yield _row(
            f"indexer: batches of {PROJECTED_AT_ONCE} events, documents/s ÷ bare helpers.bulk",
            *_median(figures["events"]),
            0.8,
            least=True,
        )


def _bare(index: Index, documents: Sequence[Document]) -> None:
    name = index._create(f"{index.alias}-bare")
    bulk(index.client, ({"_index": name, "_id": one.id, "_source": one.source} for one in documents))
    index.client.indices.refresh(index=name)
    index.client.indices.delete(index=name)


def _rebuilt(index: Index, market: Market) -> None:
    index.rebuild(views.expected(market.database.read(), views.KINDS["lots"]))


def _projected(market: Market, events: Sequence[LotPublished]) -> None:
    for begin in range(0, len(events), PROJECTED_AT_ONCE):
        views.project(market.database.read(), events[begin : begin + PROJECTED_AT_ONCE])


def _per_second(number: int, work: Callable[[], None], idle_s: float = 0) -> float:
    """`idle_s` is no work: the second after the new index serves in which writers let go of the old one."""
    begun = time.perf_counter()
    work()
    return number / (time.perf_counter() - begun - idle_s)


def _median(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]


# how fast it answers


def _searching(settings: Settings) -> Iterator[Row]:
    with _market(settings) as market, ExitStack() as stack:
        store(market.database, corpus(MANY // len(grades())))
        views.rebuild(settings)
        buyer, seller = market.party("buyer"), market.party("collector")
        yield _answering(market, buyer)
        yield _suggesting(market, buyer)
        worker = create_worker(settings)
        worker.start()
        stack.callback(worker.join)
        _wait(market, market.lot(seller), 60)  # the consumers have joined their groups
        took = [_found_after(market, seller, pause_s) for pause_s in _pauses()]
        yield _row(f"listing to searchable, p95 of {LISTED}, s ÷ refresh interval", _p95(took), REFRESH_S, 1.5)


def _answering(market: Market, who: Party) -> Row:
    """Each query by the room, then its body alone, turn by turn."""
    index = index_of(market.settings, "lots")
    bodies: list[tuple[dict[str, Any], str | None]] = []
    asked = index.search

    def noted(body: dict[str, Any], point: str | None = None) -> dict[str, Any]:
        bodies.append((body, point))
        return asked(body, point)

    index.search = noted  # type: ignore[method-assign]
    ours: list[float] = []
    bare: list[float] = []
    texts = [one.query for one in queries()]
    try:
        for number, text in enumerate(texts[:10] + texts * 2):
            bodies.clear()
            took = _timed(lambda text=text: _must(market.get(who, "/v1/search/lots", q=text)))  # type: ignore[misc]
            body = bodies[0][0]
            alone = _timed(lambda body=body: index.client.search(index=index.alias, **body))  # type: ignore[misc]
            if number >= 10:
                ours.append(took)
                bare.append(alone)
    finally:
        del index.search
    return _row(f"search p95 at {MANY:,} lots, ms ÷ the same bare query", 1000 * _p95(ours), 1000 * _p95(bare), 2.5)


def _must(answer: Any) -> None:
    if answer.status_code != 200:
        raise AssertionError(answer.text)


def _suggesting(market: Market, who: Party) -> Row:
    took = [_timed(lambda text=text: _must(market.get(who, "/v1/search/suggest", q=text))) for text in TYPED * 21]  # type: ignore[misc]
    return _row("suggest, p95 in ms", 1000 * _p95(took[len(TYPED) :]), None, 50)


def _pauses() -> list[float]:
    """Lots come when they come: one listed as soon as the last was found would always meet the same moment of the interval."""
    drawn = random.Random(1)
    return [drawn.uniform(0, 1) for _ in range(LISTED)]


def _found_after(market: Market, seller: Party, pause_s: float) -> float:
    time.sleep(pause_s)
    return _wait(market, market.lot(seller), 10)


def _wait(market: Market, lot_id: str, seconds: float) -> float:
    """From the answer of the POST until a search of the index has it."""
    index = index_of(market.settings, "lots")
    begun = time.perf_counter()
    while not index.search({"query": {"term": {"id": lot_id}}, "size": 0})["hits"]["total"]["value"]:
        if time.perf_counter() - begun > seconds:
            raise AssertionError("it was never found")
        time.sleep(0.01)
    return time.perf_counter() - begun


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[18]
