"""The database of a room and its transactions."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TypeVar

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database as MongoDatabase
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.clock import Clock, utc_now
from shared.ids import new_traceparent
from shared.mongo.documents import Row, Sealed
from shared.mongo.unit import Cause, Unit
from shared.problem import TooManyWriters
from shared.settings import Settings

T = TypeVar("T")
TRANSACTION_DEADLINE_S = 10.0

UNREACHABLE = (ConnectionFailure,)
"""What the driver raises while MongoDB is down; nothing was written, or the transaction's outcome is retried."""


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
            self.mongo.create_collection(name, check_exists=False)
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
