"""One index behind its alias: searching, writing, rebuilding, reading all of it."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import Any, TypeVar

import orjson
from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout
from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError, OrjsonSerializer
from elasticsearch.helpers import scan, streaming_bulk

from shared.bus.consumer import ServerIsUnreachable
from shared.ids import new_id
from shared.problem import ServiceIsUnavailable
from shared.search.analyser import STANDARD, analyser_of
from shared.search.points import KEEP, PointInTimeIsGone, PointsInTime
from shared.settings import Settings

T = TypeVar("T")
Sender = Callable[[Iterator[Any]], Iterator[tuple[bool, dict[str, Any]]]]
UNREACHABLE = (NoConnection, ConnectionTimeout)
REFRESH_S = 0.3
"""How long a write may wait to be searchable."""
_REFRESH = f"{round(REFRESH_S * 1000)}ms"
AT_ONCE = 500
"""Documents of one request."""
SIDE_BY_SIDE = 2
"""Requests of one process."""
_WRITERS = ThreadPoolExecutor(SIDE_BY_SIDE, "index-writer")
_ANSWERED = "errors,items.*._id,items.*.status,items.*.error"
"""Of each document's answer what is looked at."""
SMALL = 20
"""Documents: for so few a refresh of their own is worth its price, once an interval."""
VERSION_CONFLICT = 409
LAST_WRITES_S = 1.0
"""How long a writer may still hold the name of an index that was replaced."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is indexed: `version` orders writes of the same id."""

    id: str
    version: int
    source: dict[str, Any]


class IndexIsMissing(Exception):
    """There is none to be searched yet: build it."""


class Index:
    """One searchable kind. `mappings` gives Elasticsearch's for the analyser that reads free text."""

    def __init__(self, settings: Settings, name: str, mappings: Callable[[str], dict[str, Any]]) -> None:
        self.settings, self.mappings = settings, mappings
        self.alias = settings.index(name)
        self.building = f"{self.alias}-building"
        self._refreshed_at = float("-inf")

    @cached_property
    def client(self) -> Elasticsearch:
        written = {"application/json": OrjsonSerializer()}  # documents; other bodies have a media type of their own
        url = self.settings.elasticsearch_url
        return Elasticsearch(url, request_timeout=10, max_retries=0, retry_on_timeout=False, serializers=written)

    @cached_property
    def points(self) -> PointsInTime:
        """The points in time that this process holds."""
        return PointsInTime(self.client.options(request_timeout=5), self.alias)

    def point(self) -> str:
        """A point in time to search at. Raises ServiceIsUnavailable."""
        return self._asked(self.points.open)

    def search(self, body: dict[str, Any], point: str | None = None) -> dict[str, Any]:
        """Elasticsearch's answer, of the index as it is or as it was at `point`. Raises ServiceIsUnavailable (503) while it is
        down or has no index yet, PointInTimeIsGone."""
        client = self.client.options(request_timeout=5)
        if point is None:
            return self._asked(lambda: dict(client.search(index=self.alias, **body).body))

        def at_point() -> dict[str, Any]:
            try:
                return dict(client.search(pit={"id": point, "keep_alive": KEEP}, **body).body)
            except ApiError as error:
                if isinstance(error, NotFoundError) or "no_shard_available" in str(error.body):  # its index was deleted
                    raise PointInTimeIsGone from error
                raise

        return self._asked(at_point)

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except BadRequestError:
            raise
        except (*UNREACHABLE, ApiError) as error:
            raise self._down() from error

    def _down(self) -> ServiceIsUnavailable:
        return ServiceIsUnavailable(
            zh="搜索暂不可用，挂牌和交易不受影响", en="Search is down for now; listing and trading go on", retry_after_s=5
        )

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Build a new index from the source of truth while the old one serves, then swap. `documents` must be read after
        this call began: the iterator is opened once writers go to the new index as well. Returns how many."""
        self._sweep()
        fresh = self._create(self.building)
        try:
            count = self._bulk(((fresh, one) for one in documents), self._side_by_side)
            self.client.indices.put_settings(index=fresh, settings={"refresh_interval": _REFRESH})
            self.client.indices.refresh(index=fresh)
            old = self._behind(self.alias)
            actions = [{"remove": {"index": name, "alias": self.alias}} for name in old]
            actions += [{"remove": {"index": fresh, "alias": self.building}}, {"add": {"index": fresh, "alias": self.alias}}]
            self.client.indices.update_aliases(actions=actions)
        except BaseException:
            self.client.indices.delete(index=fresh, ignore_unavailable=True)
            raise
        if old:
            time.sleep(LAST_WRITES_S)
            self._sweep()
        return count

    def _sweep(self) -> None:
        """Delete what no alias names: an index that was replaced, or one left by a rebuild that was killed. Writers that
        still hold a replaced one are waited for, since a write would make it again."""
        answer = self.client.options(ignore_status=404).indices.get_alias(index=f"{self.alias}-*")
        for name, entry in answer.body.items():
            if isinstance(entry, dict) and not entry.get("aliases"):
                self.client.indices.delete(index=name, ignore_unavailable=True)

    @cached_property
    def form(self) -> str:
        """What the documents look like, in short: an index of another form is rebuilt."""
        return hashlib.blake2b(orjson.dumps(self.mappings(STANDARD)), digest_size=8).hexdigest()

    def is_current(self) -> bool:
        """Whether there is one to be searched, and of this form."""
        try:
            found = self.client.indices.get_mapping(index=self.alias).body
        except NotFoundError:
            return False
        forms = [entry["mappings"].get("_meta", {}).get("form") for entry in found.values()]
        return bool(forms) and all(form == self.form for form in forms)

    def _behind(self, *aliases: str) -> dict[str, str]:
        """The indices that these aliases name, with the alias of each."""
        answer = self.client.options(ignore_status=404).indices.get_alias(name=",".join(aliases), ignore_unavailable=True)
        entries = {name: entry["aliases"] for name, entry in answer.body.items() if isinstance(entry, dict)}
        return {name: next(iter(named)) for name, named in entries.items() if named}

    def _create(self, alias: str) -> str:
        name = f"{self.alias}-{new_id()}"
        mappings = self.mappings(analyser_of(self.client, self.settings.search_analyser))
        self.client.indices.create(
            index=name,
            mappings={**mappings, "_meta": {"form": self.form}},
            settings={"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
            aliases={alias: {}},
        )
        return name

    def _in_turn(self, actions: Iterable[Any], refresh: bool = False) -> Iterator[tuple[bool, dict[str, Any]]]:
        """With `refresh` searchable when it is written."""
        if refresh:
            self._refreshed_at = time.monotonic()
        return iter(streaming_bulk(self.client, actions, refresh=refresh, raise_on_error=False, filter_path=_ANSWERED))

    def _side_by_side(self, actions: Iterator[Any]) -> Iterator[tuple[bool, dict[str, Any]]]:
        """While some are written the next are read."""
        written: deque[Future[list[tuple[bool, dict[str, Any]]]]] = deque()
        while some := list(islice(actions, AT_ONCE)):
            written.append(_WRITERS.submit(self._written, some))
            if len(written) > SIDE_BY_SIDE:
                yield from written.popleft().result()
        for one in written:
            yield from one.result()

    def _written(self, actions: list[Any]) -> list[tuple[bool, dict[str, Any]]]:
        return list(self._in_turn(actions))

    def _bulk(self, writes: Iterable[tuple[str, Document]], send: Sender) -> int:
        """Each document into the index beside it. Returns how many."""

        def actions() -> Iterator[dict[str, Any]]:
            for target, one in writes:
                yield {
                    "_op_type": "index",
                    "_index": target,
                    "_id": one.id,
                    "_version": one.version,
                    "_version_type": "external_gte",
                    "_source": one.source,
                }

        count = 0
        for ok, item in send(actions()):
            count += 1
            if not ok and item["index"]["status"] != VERSION_CONFLICT:
                raise ValueError(f"Elasticsearch refused {item['index']['_id']}: {item['index'].get('error')}")
        return count

    def refresh(self) -> None:
        self.client.indices.refresh(index=self.alias)

    def all(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Every document as `(id, version, source)`, for the audit."""
        query = {"version": True, "query": {"match_all": {}}}
        for hit in scan(self.client, index=self.alias, query=query, size=1000):
            yield hit["_id"], hit["_version"], hit["_source"]

    def some(self, ids: Sequence[str]) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """As `all`, those of `ids` that are there, searchable yet or not."""
        for one in self.client.mget(index=self.alias, ids=list(ids))["docs"]:
            if one.get("found"):
                yield one["_id"], one["_version"], one["_source"]

    def remove(self, ids: Iterable[str]) -> None:
        """Take out what no row stands for."""
        for identifier in ids:
            self.client.options(ignore_status=404).delete(index=self.alias, id=identifier)


def write(batches: Sequence[tuple[Index, Iterable[Document]]], few: bool = False) -> None:
    """Index each batch into every target of its index, all in one go; an older version than the stored one is passed over. A
    `few` (no more than SMALL) after a pause are searchable at once, others within the refresh interval. Documents are read
    while those before are written. Raises ServerIsUnreachable; IndexIsMissing, before any is read."""
    client = batches[0][0]
    after_a_pause = time.monotonic() - client._refreshed_at >= REFRESH_S
    try:
        names = client._behind(*(alias for index, _ in batches for alias in (index.alias, index.building)))
        for index, _ in batches:
            if index.alias not in names.values():
                raise IndexIsMissing(index.alias)
        writes = (
            (target, document)
            for index, documents in batches
            for document in documents
            for target, alias in names.items()
            if alias in (index.alias, index.building)
        )
        client._bulk(writes, partial(client._in_turn, refresh=after_a_pause) if few else client._side_by_side)
    except (*UNREACHABLE, ApiError) as error:
        raise ServerIsUnreachable(f"Elasticsearch: {error}") from error


def versions(index: Index, ids: Sequence[str]) -> dict[str, int]:
    """The versions of those that are in the index, searchable yet or not. Raises ServerIsUnreachable, IndexIsMissing."""
    if not ids:
        return {}
    try:
        answer = index.client.mget(index=index.alias, ids=list(ids), source=False)
    except NotFoundError as error:
        raise IndexIsMissing(index.alias) from error
    except (*UNREACHABLE, ApiError) as error:
        raise ServerIsUnreachable(f"Elasticsearch: {error}") from error
    return {one["_id"]: one["_version"] for one in answer["docs"] if one.get("found")}
