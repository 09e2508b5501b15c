"""MongoDB for one room: a database, its transactions, and repositories of plain dataclasses.

mongoengine declares collections, fields and indexes; it has no sessions, so reading and writing go through the driver with
the transaction's session. Every document carries a `seal`, a keyed digest of its content, so that `huanliu audit` finds a
document that was altered behind the room's back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, NoReturn, Protocol, TypeVar

import orjson
from cattrs.preconf.bson import make_converter
from mongoengine import DynamicDocument, IntField, StringField
from pymongo import InsertOne, MongoClient, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database as MongoDatabase
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.clock import Clock, cut_to_ms, utc_now
from shared.events import Event
from shared.events.base import Value
from shared.ids import child_traceparent, new_id, new_traceparent
from shared.problem import InputIsInvalid, NotFound, TooManyWriters
from shared.settings import Settings

T = TypeVar("T")
Row = dict[str, Any]


def _is_value(kind: Any) -> bool:
    """Frozen parts of events (`Terms`) are kept as they came."""
    return isinstance(kind, type) and issubclass(kind, Value)


CONVERTER = make_converter(detailed_validation=False)
CONVERTER.register_structure_hook(datetime, lambda value, _: value)
CONVERTER.register_unstructure_hook(datetime, lambda value: cut_to_ms(value.astimezone(UTC)))  # as it is read back
CONVERTER.register_structure_hook_func(_is_value, lambda row, kind: kind.model_validate(row))
CONVERTER.register_unstructure_hook_func(_is_value, lambda value: value.model_dump())

TRANSACTION_DEADLINE_S = 10.0
DUPLICATE_KEY = 11000
UNREACHABLE = (ConnectionFailure,)
"""What the driver raises while MongoDB is down; nothing was written, or the transaction's outcome is retried."""


class Sealed(DynamicDocument):  # type: ignore[misc]
    """The base of every document: a string id, the aggregate's version, the seal. Subclasses name a collection and indexes."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False}

    id = StringField(primary_key=True)
    version = IntField()
    seal = StringField()


class Entity(Protocol):
    """What a repository keeps: a dataclass with an id."""

    id: str


E_ = TypeVar("E_", bound=Entity)


def seal_of(row: Mapping[str, Any], key: str) -> str:
    """The keyed digest of a document without its `seal`."""
    content = {name: value for name, value in row.items() if name != "seal"}
    data = orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hmac.new(key.encode(), data, hashlib.blake2b).hexdigest()[:32]


def sealed(row: Row, key: str) -> Row:
    """The document with its seal."""
    return row | {"seal": seal_of(row, key)}


class Database:
    """The MongoDB database of one room. Opens its client at first use, which must come after any fork."""

    def __init__(self, settings: Settings, room: str, clock: Clock = utc_now) -> None:
        self.settings, self.room, self.clock = settings, room, clock

    @cached_property
    def client(self) -> MongoClient[Row]:
        return MongoClient(
            self.settings.mongodb_uri,
            tz_aware=True,
            appname=f"huanliu-{self.room}",
            serverSelectionTimeoutMS=2000,
            connectTimeoutMS=2000,
            socketTimeoutMS=10000,
        )

    @cached_property
    def mongo(self) -> MongoDatabase[Row]:
        # What a read outside a transaction shows must be there for the transaction that acts on it, whose snapshot is of
        # what the majority has.
        name = self.settings.database(self.room)
        return self.client.get_database(name, read_concern=ReadConcern("majority"), write_concern=WriteConcern("majority"))

    def prepare(self, documents: Iterable[type[Sealed]]) -> None:
        """Create the collections and their indexes; again at no cost."""
        present = set(self.mongo.list_collection_names())
        for document in documents:
            name = document._get_collection_name()
            if name not in present:
                self._create(name)
            for spec in document._build_index_specs(document._meta["indexes"]):
                fields = spec.pop("fields")
                spec.pop("cls", None)
                self.mongo[name].create_index(fields, **spec)

    def _create(self, name: str) -> None:
        try:
            self.mongo.create_collection(name)
        except OperationFailure as error:
            if error.code != 48:  # NamespaceExists: another process of the room was first
                raise

    def read(self) -> Unit:
        """A unit that reads outside a transaction."""
        return Unit(self, None, self.clock())

    def write(self, work: Callable[[Unit], T], traceparent: str | None = None, cause: Cause | None = None) -> T:
        """Run `work` in one transaction with everything it saves and emits; run it again when it met another writer.

        Raises what `work` raises, with nothing written; `TooManyWriters` when it could not be done in 10 s.
        """
        deadline = time.monotonic() + TRANSACTION_DEADLINE_S
        pause = 0.002
        with self.client.start_session() as session:
            while True:
                try:
                    return self._attempt(session, work, traceparent, cause)
                except PyMongoError as error:
                    if not error.has_error_label("TransientTransactionError") or isinstance(error, ConnectionFailure):
                        raise
                    if time.monotonic() > deadline:
                        raise TooManyWriters from error
                    time.sleep(random.uniform(0, pause))
                    pause = min(pause * 2, 0.25)

    def _attempt(self, session: ClientSession, work: Callable[[Unit], T], traceparent: str | None, cause: Cause | None) -> T:
        session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority"))
        try:
            unit = Unit(self, session, self.clock(), traceparent or new_traceparent(), cause)
            result = work(unit)
            unit.flush()
        except BaseException:
            if session.in_transaction:
                session.abort_transaction()
            raise
        self._commit(session)
        return result

    def _commit(self, session: ClientSession) -> None:
        for attempt in range(5):
            try:
                session.commit_transaction()
                return
            except PyMongoError as error:
                if not error.has_error_label("UnknownTransactionCommitResult") or attempt == 4:
                    raise

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.close()


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that a unit handles: its CloudEvents id and time."""

    id: str
    at: datetime


@dataclass(slots=True)
class Unit:
    """One transaction (or, with no session, one read). Service functions get it first; `now` is its one time of day.

    Within a transaction it is an identity map: an aggregate is read once, the same object is found again, and what was saved is
    written in one go before a query and at the end. A batch of events that touches one document many times writes it once.
    """

    database: Database
    session: ClientSession | None
    now: datetime
    traceparent: str = ""
    cause: Cause | None = None
    _known: dict[tuple[str, str], Any] = field(default_factory=dict)
    _absent: set[tuple[str, str]] = field(default_factory=set)
    _unsaved: dict[str, dict[str, _Write]] = field(default_factory=dict)
    _outbox: list[Row] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return self.database.settings

    def collection(self, name: str) -> Collection[Row]:
        """For queries of a store: sees everything saved so far."""
        self.flush()
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

    def read_ahead(self, repositories: Iterable[Repository[Any]], identifiers: Iterable[str]) -> None:
        """Read what is kept under `identifiers` in one go each, so that finding it later costs no round trip."""
        for repository in repositories:
            wanted = [one for one in identifiers if (repository.name, one) not in self._known]
            found = repository.many(self, wanted)
            self._absent |= {(repository.name, one) for one in wanted if one not in found}

    def write(self, repository: Repository[Any], entity: Entity, insert: bool) -> None:
        """Write `entity` as it is at the next flush; once, however often it is saved until then."""
        if self.session is None:
            raise RuntimeError(f"{repository.name} is written outside a transaction")
        self.remember(repository.name, entity)
        unsaved = self._unsaved.setdefault(repository.name, {})
        added = entity.id in unsaved and unsaved[entity.id].insert
        unsaved[entity.id] = _Write(repository, entity, insert or added)

    def forget(self, collection: str, identifier: str) -> None:
        self._known.pop((collection, identifier), None)

    def flush(self) -> None:
        """Write what was saved, then the outbox rows. Raises DuplicateKeyError where an added id exists."""
        unsaved, self._unsaved = self._unsaved, {}
        for name, writes in unsaved.items():
            try:
                operations = [write.operation(self) for write in writes.values()]
                self.database.mongo[name].bulk_write(operations, ordered=False, session=self.session)
            except BulkWriteError as error:
                _raise_duplicate(error)
        if self._outbox:
            rows, self._outbox = self._outbox, []
            self.database.mongo["outbox"].insert_many(rows, session=self.session)


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


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list, newest first; `next_cursor` is opaque and None at the end."""

    items: list[T]
    next_cursor: str | None


class Repository(Generic[E_]):
    """Load and save one kind of aggregate. Conflicts between writers are found by the transaction's snapshot."""

    def __init__(self, document: type[Sealed], entity: type[E_]) -> None:
        self.document, self.entity = document, entity
        self.name: str = document._get_collection_name()

    def find(self, unit: Unit, identifier: str) -> E_ | None:
        known: E_ | None = unit.known(self.name, identifier)
        if known is not None or unit.is_absent(self.name, identifier):
            return known
        row = unit.database.mongo[self.name].find_one({"_id": identifier}, session=unit.session)
        return self._meet(unit, row) if row else None

    def get(self, unit: Unit, identifier: str) -> E_:
        """Raises NotFound."""
        entity = self.find(unit, identifier)
        if entity is None:
            raise NotFound
        return entity

    def find_one(self, unit: Unit, where: Mapping[str, Any]) -> E_ | None:
        row = unit.collection(self.name).find_one(where, session=unit.session)
        return self._meet(unit, row) if row else None

    def _meet(self, unit: Unit, row: Row) -> E_:
        """The row as an aggregate: the object already known in this transaction, or a new one."""
        known: E_ | None = unit.known(self.name, row["_id"])
        if known is not None:
            return known
        entity = self.load(row)
        unit.remember(self.name, entity)
        return entity

    def select(
        self, unit: Unit, where: Mapping[str, Any], sort: list[tuple[str, int]] | None = None, limit: int = 0
    ) -> list[E_]:
        cursor = unit.collection(self.name).find(where, session=unit.session, sort=sort, limit=limit)
        return [self._meet(unit, row) for row in cursor]

    def many(self, unit: Unit, identifiers: Iterable[str]) -> dict[str, E_]:
        """Those of `identifiers` that exist, by id."""
        return {entity.id: entity for entity in self.select(unit, {"_id": {"$in": list(identifiers)}})}

    def page(self, unit: Unit, where: Mapping[str, Any], cursor: str | None, limit: int) -> Page[E_]:
        """Newest first: ids are UUIDv7. Raises InputIsInvalid for a cursor that this list did not give."""
        query: dict[str, Any] = dict(where)
        if cursor:
            query = {"$and": [query, {"_id": {"$lt": read_cursor(cursor)}}]}
        found = self.select(unit, query, [("_id", -1)], limit + 1)
        more = len(found) > limit
        return Page(found[:limit], make_cursor(found[limit - 1].id) if more else None)

    def add(self, unit: Unit, *entities: E_) -> None:
        """Insert at the next flush, which raises DuplicateKeyError where the id or a unique field exists."""
        for entity in entities:
            unit.write(self, entity, insert=True)

    def save(self, unit: Unit, entity: E_) -> None:
        """Insert or replace at the next flush."""
        unit.write(self, entity, insert=False)

    def delete(self, unit: Unit, identifier: str) -> None:
        unit.collection(self.name).delete_one({"_id": identifier}, session=unit.session)
        unit.forget(self.name, identifier)

    def row(self, unit: Unit, entity: E_) -> Row:
        row: Row = CONVERTER.unstructure(entity)
        return sealed({"_id": row.pop("id"), **row}, unit.settings.secret_key)

    def load(self, row: Row) -> E_:
        return CONVERTER.structure({"id": row["_id"], **row}, self.entity)


def make_cursor(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Raises InputIsInvalid where it is not one of ours."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError as error:
        raise InputIsInvalid([("/cursor", "无效的游标", "This cursor was not given by this list")]) from error


__all__ = [
    "UNREACHABLE",
    "Cause",
    "Database",
    "Page",
    "Repository",
    "Row",
    "Sealed",
    "Unit",
    "make_cursor",
    "read_cursor",
    "seal_of",
    "sealed",
]
