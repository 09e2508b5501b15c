"""The index against the database, by id, version and content; and mending what differs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from elasticsearch import ApiError

from services.listings.views.index import KINDS, Kind, expected, expected_of, index_of
from shared.bus.consumer import ServerIsUnreachable
from shared.mongo import Database
from shared.search import UNREACHABLE, Document, Index, write
from shared.settings import Settings

What = Literal["missing", "stale", "ahead", "altered", "stray"]
SETTLE_S = 10.0
"""How long a difference may be a write that is still on its way."""
LOOKS = 4
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Drift:
    """`missing` from the index, `stale` or `ahead` by version, `altered` at the same version, `stray`: not in the database."""

    index: str
    id: str
    what: What
    database_version: int | None
    index_version: int | None


def check(settings: Settings, settle_s: float = SETTLE_S) -> list[Drift]:
    """Every difference that lasts. Raises ServerIsUnreachable."""
    database = Database(settings, "listings")
    try:
        return [one for kind in KINDS.values() for one in _check(database, kind, settle_s)]
    except (*UNREACHABLE, ApiError) as error:
        raise ServerIsUnreachable(f"Elasticsearch: {error}") from error
    finally:
        database.close()


def repair(settings: Settings, found: Sequence[Drift]) -> None:
    """Mend what `check` named: write what is missing, stale or altered, take out what is stray. Where that cannot be (the index
    is ahead of the database, or remembers a higher version of what was deleted a moment ago) it is built anew. Raises
    ServerIsUnreachable."""
    database = Database(settings, "listings")
    try:
        for kind in KINDS.values():
            _repair(database, kind, [one for one in found if one.index == kind.name])
    except (*UNREACHABLE, ApiError) as error:
        raise ServerIsUnreachable(f"Elasticsearch: {error}") from error
    finally:
        database.close()


def content_hash(source: dict[str, Any]) -> str:
    """Of a document as it is indexed. What nobody searches any more is left out: a closed listing's compliance, which its
    site's later news leave alone."""
    content = source if source.get("status") == "open" else {name: source[name] for name in source if name != "compliant"}
    return hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _check(database: Database, kind: Kind, settle_s: float) -> list[Drift]:
    index = index_of(database.settings, kind.name)
    there: dict[str, tuple[int, str]] = {}
    if index.is_current():
        index.refresh()
        there = {identifier: (version, content_hash(source)) for identifier, version, source in index.all()}
    found = _compared(kind, expected(database.read(), kind), there)
    for _ in range(LOOKS):
        if not found:
            break
        time.sleep(settle_s / LOOKS)
        found = _looked_again(database, kind, index, [one.id for one in found])
    return found


def _compared(kind: Kind, wanted: Iterable[Document], there: dict[str, tuple[int, str]]) -> list[Drift]:
    found: list[Drift] = []
    rest = dict(there)
    for document in wanted:
        held = rest.pop(document.id, None)
        what = _difference(document, held)
        if what is not None:
            found.append(Drift(kind.name, document.id, what, document.version, held[0] if held else None))
    return found + [Drift(kind.name, identifier, "stray", None, held[0]) for identifier, held in rest.items()]


def _difference(document: Document, held: tuple[int, str] | None) -> What | None:
    if held is None:
        return "missing"
    if held[0] != document.version:
        return "stale" if held[0] < document.version else "ahead"
    return None if held[1] == content_hash(document.source) else "altered"


def _looked_again(database: Database, kind: Kind, index: Index, ids: Sequence[str]) -> list[Drift]:
    """The same ids once more: what was on its way has come."""
    found: list[Drift] = []
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        held = {one: (version, content_hash(source)) for one, version, source in index.some(some)}
        found += _compared(kind, expected_of(database.read(), kind, some), held)
    return found


def _repair(database: Database, kind: Kind, found: Sequence[Drift]) -> None:
    if not found:
        return
    index = index_of(database.settings, kind.name)
    ids = [one.id for one in found]
    if index.is_current():
        for begin in range(0, len(ids), AT_ONCE):
            some = ids[begin : begin + AT_ONCE]
            documents = list(expected_of(database.read(), kind, some))
            if documents:
                write([(index, documents)])
            index.remove(set(some) - {one.id for one in documents})
    if not index.is_current() or _looked_again(database, kind, index, ids):
        index.rebuild(expected(database.read(), kind))
