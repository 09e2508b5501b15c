"""One transaction, and what is written with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from pymongo import InsertOne, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.events import Event
from shared.ids import child_traceparent, new_id
from shared.mongo.documents import Entity, Row
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.mongo.database import Database
    from shared.mongo.repository import Repository

DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that a unit handles: its CloudEvents id and time."""

    id: str
    at: datetime


@dataclass(slots=True)
class Unit:
    """One transaction (or, with no session, one read). Service functions get it first; `now` is its one time of day.

    Within a transaction it is an identity map: an aggregate is read once, the same object is found again, and what was saved is
    written in one go before a query of its collection and at the end. A batch of events that touches one document many times
    writes it once.
    """

    database: Database
    session: ClientSession | None
    now: datetime
    traceparent: str = ""
    cause: Cause | None = None
    _known: dict[tuple[str, str], Any] = field(default_factory=dict)
    _absent: set[tuple[str, str]] = field(default_factory=set)
    _answers: dict[str, dict[Any, Any]] = field(default_factory=dict)
    _unsaved: dict[str, dict[str, _Write]] = field(default_factory=dict)
    _outbox: list[Row] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return self.database.settings

    def collection(self, name: str) -> Collection[Row]:
        """For queries of a store: sees everything saved so far in that collection."""
        self._write_out(name)
        return self.database.mongo[name]

    def emit(self, *events: Event) -> None:
        """Send `events` with this transaction: they become outbox rows in it, in the trace of what is handled now."""
        trace = child_traceparent(self.traceparent)
        self._outbox += [outbox_row(event, self.settings.topic(event.ROOM), trace, self.now) for event in events]

    def known(self, collection: str, identifier: str) -> Any:
        """The aggregate that was read or saved in this transaction, or None."""
        return self._known.get((collection, identifier))

    def remember(self, collection: str, entity: Entity) -> None:
        """Find this very object again."""
        if self.session is not None:
            self._known[collection, entity.id] = entity

    def is_absent(self, collection: str, identifier: str) -> bool:
        """Whether `read_ahead` has looked for it in this transaction, and it was not there."""
        return (collection, identifier) in self._absent

    def answers(self, collection: str) -> dict[Any, Any]:
        """Answers to queries of the collection that hold until one of its kind is written in this transaction."""
        return self._answers.setdefault(collection, {})

    def read_ahead(self, repositories: Iterable[Repository[Any]], identifiers: Iterable[str]) -> None:
        """Read what is kept under `identifiers` in one go each, so that finding it later costs no round trip."""
        for repository in repositories:
            wanted = [one for one in identifiers if (repository.name, one) not in self._known]
            found = repository.many(self, wanted) if wanted else {}
            self._absent |= {(repository.name, one) for one in wanted if one not in found}

    def write(self, repository: Repository[Any], entity: Entity, insert: bool) -> None:
        """Write `entity` as it is at the next flush; once, however often it is saved until then."""
        if self.session is None:
            raise RuntimeError(f"{repository.name} is written outside a transaction")
        self.remember(repository.name, entity)
        self._answers.pop(repository.name, None)
        unsaved = self._unsaved.setdefault(repository.name, {})
        added = entity.id in unsaved and unsaved[entity.id].insert
        unsaved[entity.id] = _Write(repository, entity, insert or added)

    def forget(self, collection: str, identifier: str) -> None:
        self._known.pop((collection, identifier), None)
        self._answers.pop(collection, None)

    def flush(self) -> None:
        """Write what was saved, then the outbox rows. Raises DuplicateKeyError where an added id exists."""
        for name in list(self._unsaved):
            self._write_out(name)
        if self._outbox:
            rows, self._outbox = self._outbox, []
            self.database.mongo["outbox"].insert_many(rows, session=self.session)

    def _write_out(self, name: str) -> None:
        writes = self._unsaved.pop(name, {})
        if not writes:
            return
        try:
            operations = [write.operation(self) for write in writes.values()]
            self.database.mongo[name].bulk_write(operations, ordered=False, session=self.session)
        except BulkWriteError as error:
            _raise_duplicate(error)


@dataclass(frozen=True, slots=True)
class _Write:
    """A document to be written at the next flush."""

    repository: Repository[Any]
    entity: Entity
    insert: bool

    def operation(self, unit: Unit) -> InsertOne[Row] | ReplaceOne[Row]:
        row = self.repository.row(unit, self.entity)
        return InsertOne(row) if self.insert else ReplaceOne({"_id": row["_id"]}, row, upsert=True)


def _raise_duplicate(error: BulkWriteError) -> NoReturn:
    first = error.details["writeErrors"][0]
    if first["code"] == DUPLICATE_KEY:
        raise DuplicateKeyError(first["errmsg"], DUPLICATE_KEY, first) from error
    raise error


def outbox_row(event: Event, topic: str, traceparent: str, now: datetime) -> Row:
    """An event as the outbox keeps it. `pending` goes when the relay has published it."""
    return {
        "_id": new_id(),
        "topic": topic,
        "type": event.TYPE,
        "key": event.id,
        "version": event.version,
        "data": event.model_dump_json(),
        "traceparent": traceparent,
        "at": now,
        "pending": True,
    }
