"""Keeping the search index: written from the room's own rows whenever an event says that one changed, and rebuilt from them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from elasticsearch import ApiError

from services.listings.model import Demand, Lot
from services.listings.store import DEMANDS, LOTS, published, published_count
from services.listings.views.documents import demand_document, lot_document, mappings
from shared.bus.consumer import ServerIsUnreachable
from shared.events import Event
from shared.events.accounts import ComplianceChanged, SiteChanged
from shared.events.listings import (
    DemandChanged,
    DemandClosed,
    DemandExpired,
    DemandPosted,
    LotChanged,
    LotClosed,
    LotExpired,
    LotPublished,
    LotWithdrawn,
    QuantityConsumed,
    QuantityReleased,
    QuantityReserved,
)
from shared.mongo import Database, Repository, Unit
from shared.parties import SITES, Compliance
from shared.search import AT_ONCE, SMALL, UNREACHABLE, Document, Index, IndexIsMissing, write
from shared.settings import Settings

log = structlog.get_logger("listings.index")


@dataclass(frozen=True)
class Kind:
    """One searchable kind: its index's name, its rows, its documents."""

    name: str
    repository: Repository[Any]
    document: Callable[[Any, Sequence[Compliance]], Document]

    def index(self, settings: Settings) -> Index:
        return Index(settings, self.name, mappings)


KINDS = {"lots": Kind("lots", LOTS, lot_document), "demands": Kind("demands", DEMANDS, demand_document)}

_OF_LOTS = (LotPublished, LotChanged, LotWithdrawn, LotExpired, LotClosed)
_OF_DEMANDS = (DemandPosted, DemandChanged, DemandClosed, DemandExpired)
_OF_QUANTITIES = (QuantityReserved, QuantityReleased, QuantityConsumed)
_OF_SITES = (SiteChanged, ComplianceChanged)
INDEXED: tuple[type[Event], ...] = (*_OF_LOTS, *_OF_DEMANDS, *_OF_QUANTITIES, *_OF_SITES)

_WRITING = threading.Lock()
"""The consumer and the timer of one worker both make a missing index: one after the other."""
_INDICES: dict[tuple[str, str, str], Index] = {}


def project(unit: Unit, events: Sequence[Event]) -> None:
    """Index what the events touched, as it is now: any order and any number of times gives the same. Raises
    ServerIsUnreachable."""
    ids: dict[str, set[str]] = {"lots": set(), "demands": set()}
    heard: dict[str, tuple[int, list[Compliance]]] = {}
    for event in events:
        if isinstance(event, _OF_LOTS):
            ids["lots"].add(event.id)
        elif isinstance(event, _OF_DEMANDS):
            ids["demands"].add(event.id)
        elif isinstance(event, _OF_QUANTITIES):
            ids["lots"].add(event.lot_id)
            ids["demands"].add(event.demand_id)
        elif isinstance(event, _OF_SITES):
            _hear(heard, event)
    touched = {KINDS[name]: sorted(some) for name, some in ids.items() if some or heard}
    if touched:
        with _WRITING:
            _write(unit, touched, heard)


def _hear(heard: dict[str, tuple[int, list[Compliance]]], event: SiteChanged | ComplianceChanged) -> None:
    """The room's other consumer may not have stored this site yet, so the event's own entries count."""
    if event.id not in heard or heard[event.id][0] <= event.version:
        entries = [Compliance(one.list, one.category, one.valid_from, one.valid_until) for one in event.compliance]
        heard[event.id] = (event.version, entries)


def _write(unit: Unit, touched: Mapping[Kind, Sequence[str]], heard: dict[str, tuple[int, list[Compliance]]]) -> None:
    few = not heard and sum(map(len, touched.values())) <= SMALL

    def read() -> list[tuple[Index, Iterator[Document]]]:
        return [(index_of(unit.settings, kind.name), _touched(unit, kind, ids, heard)) for kind, ids in touched.items()]

    try:
        write(read(), few)
    except IndexIsMissing:
        for kind in touched:
            _ensure(unit, kind)
        write(read(), few)


def _touched(unit: Unit, kind: Kind, ids: Sequence[str], heard: dict[str, tuple[int, list[Compliance]]]) -> Iterator[Document]:
    """Read while those before are written."""
    wheres: list[dict[str, Any]] = [{"_id": {"$in": ids[at : at + AT_ONCE]}} for at in range(0, len(ids), AT_ONCE)]
    if heard:
        wheres.append({"site_id": {"$in": sorted(heard)}, "status": "open"})
    for where in wheres:
        rows = kind.repository.select(unit, {**where, "status": where.get("status", {"$ne": "draft"})})
        known = SITES.many(unit, {row.site_id for row in rows})
        for row in rows:
            site, news = known.get(row.site_id), heard.get(row.site_id)
            if news is not None and (site is None or site.version <= news[0]):
                yield kind.document(row, news[1])
            else:
                yield kind.document(row, site.compliance if site else [])


def index_of(settings: Settings, name: str) -> Index:
    """The index of this process, with its client kept."""
    key = (settings.elasticsearch_url, settings.namespace, name)
    if key not in _INDICES:
        _INDICES[key] = KINDS[name].index(settings)
    return _INDICES[key]


def ensure_indices(database: Database) -> None:
    """Make an index that is not there (the first start, a new cluster) or of another form (a new release) from the rows.
    Elasticsearch down: next time."""
    with _WRITING:
        for kind in KINDS.values():
            try:
                _ensure(database.read(), kind)
            except ServerIsUnreachable as error:
                log.warning("the index waits for Elasticsearch", error=str(error))
                return


def _ensure(unit: Unit, kind: Kind) -> None:
    """Raises ServerIsUnreachable."""
    index = index_of(unit.settings, kind.name)
    try:
        if not index.is_current():
            index.rebuild(expected(unit, kind))
    except (*UNREACHABLE, ApiError) as error:
        raise ServerIsUnreachable(f"Elasticsearch: {error}") from error


def expected(unit: Unit, kind: Kind) -> Iterator[Document]:
    """What the index must hold, from the source of truth: every lot or demand but drafts, read while it is iterated."""
    batch: list[Lot | Demand] = []
    for row in published(unit, kind.repository):
        batch.append(row)
        if len(batch) == 500:
            yield from _documents(unit, kind, batch)
            batch.clear()
    yield from _documents(unit, kind, batch)


def expected_of(unit: Unit, kind: Kind, ids: Iterable[str]) -> Iterator[Document]:
    """As `expected`, of these ids alone."""
    where = {"_id": {"$in": list(ids)}, "status": {"$ne": "draft"}}
    yield from _documents(unit, kind, kind.repository.select(unit, where))


def _documents(unit: Unit, kind: Kind, batch: list[Lot | Demand]) -> Iterator[Document]:
    known = SITES.many(unit, {row.site_id for row in batch})
    for row in batch:
        yield kind.document(row, known[row.site_id].compliance if row.site_id in known else [])


def rebuild(settings: Settings, progress: Callable[[str, int, int], None] | None = None) -> dict[str, int]:
    """Build both indices anew beside the old ones and swap, while writers and searches go on. `progress` hears
    `(index, done, total)`. Returns how many documents each has. Raises ServerIsUnreachable, with the old ones kept."""
    database = Database(settings, "listings")
    counts: dict[str, int] = {}
    try:
        unit = database.read()
        for kind in KINDS.values():
            total = published_count(unit, kind.repository)
            counts[kind.name] = kind.index(settings).rebuild(_reported(expected(unit, kind), kind.name, total, progress))
    except (*UNREACHABLE, ApiError) as error:
        raise ServerIsUnreachable(f"Elasticsearch: {error}") from error
    finally:
        database.close()
    return counts


def _reported(
    documents: Iterator[Document], name: str, total: int, progress: Callable[[str, int, int], None] | None
) -> Iterator[Document]:
    done = 0
    for done, document in enumerate(documents, 1):
        yield document
        if progress is not None and done % 100 == 0:
            progress(name, done, total)
    if progress is not None:
        progress(name, done, max(done, total))
