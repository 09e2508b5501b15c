"""The relay: publishes a room's outbox rows in order per aggregate.

A change stream on the outbox wakes it; what it publishes are the pending rows by aggregate version, so that a lost resume
token, a restart and a backlog are one case (`protocol.md` 5). One relay per room holds the lease; a fencing number keeps a
relay that was paused from marking rows after another took over. It may publish again what is published already: consumers
are idempotent by event id.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import timedelta
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError
from pymongo import ReturnDocument
from pymongo.change_stream import ChangeStream
from pymongo.errors import DuplicateKeyError, PyMongoError

from shared.bus.handling import GATHER_S, pause_s
from shared.bus.producer import ensure_topics, make_producer, publish
from shared.ids import new_id
from shared.mongo import Database, Row
from shared.settings import ROOMS

LEASE_S = 10
BATCH = 500
AWAIT_MS = 300
log = structlog.get_logger("relay")


class LeaseIsLost(Exception):
    """Another relay took over."""


class Relay:
    """Runs until `stop` is set; survives the loss of MongoDB and Kafka."""

    def __init__(self, database: Database, gather_s: float = GATHER_S) -> None:
        self.database, self.gather_s = database, gather_s
        self.owner = new_id()
        self.fence = 0
        self._renewed = float("-inf")
        self.published = 0
        self.error: str | None = None
        self._recent: deque[str] = deque(maxlen=4 * BATCH)
        self._producer: KafkaProducer | None = None

    def run(self, stop: threading.Event) -> None:
        pause = 0.2
        while not stop.is_set():
            try:
                if self._take_lease():
                    pause = 0.2
                    self._follow(stop)
                else:
                    stop.wait(1)
            except (PyMongoError, KafkaError, LeaseIsLost) as error:
                self.error = f"{type(error).__name__}: {error}"
                log.warning("relay waits", room=self.database.room, error=self.error)
                self._drop_producer()
                stop.wait(pause)
                pause = min(pause * 2, 2)
        self._drop_producer()
        self._leave_lease()

    def _take_lease(self) -> bool:
        now = self.database.clock()
        free = {"_id": "relay", "$or": [{"owner": self.owner}, {"until": {"$lt": now}}]}
        change: Any = {"$set": {"owner": self.owner, "until": now + timedelta(seconds=LEASE_S)}, "$inc": {"fence": 1}}
        try:
            row = self.database.mongo["leases"].find_one_and_update(
                free, change, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            return False
        if row is None:
            return False
        self.fence, self._renewed = row["fence"], time.monotonic()
        return True

    def _renew_lease(self) -> None:
        """When a third of it is gone. Raises LeaseIsLost."""
        now = time.monotonic()
        if now - self._renewed >= LEASE_S / 3:
            until = self.database.clock() + timedelta(seconds=LEASE_S)
            if self.database.mongo["leases"].update_one(self._mine, {"$set": {"until": until}}).matched_count == 0:
                raise LeaseIsLost("another relay holds the lease")
            self._renewed = now

    def _keep_lease(self) -> None:
        """Renew it where it is time, and be sure of it. Raises LeaseIsLost."""
        self._renew_lease()
        if self.database.mongo["leases"].count_documents(self._mine, limit=1) == 0:
            raise LeaseIsLost("another relay holds the lease")

    @property
    def _mine(self) -> dict[str, Any]:
        return {"_id": "relay", "owner": self.owner, "fence": self.fence}

    def _leave_lease(self) -> None:
        try:
            self.database.mongo["leases"].update_one(self._mine, {"$set": {"until": self.database.clock()}})
        except PyMongoError as error:
            log.info("the lease runs out by itself", room=self.database.room, error=str(error))

    def _follow(self, stop: threading.Event) -> None:
        outbox = self.database.mongo["outbox"]
        only_inserts: list[dict[str, Any]] = [{"$match": {"operationType": "insert"}}, {"$project": {"documentKey": 1}}]
        with outbox.watch(only_inserts, max_await_time_ms=AWAIT_MS) as stream:
            while not stop.is_set():
                self._renew_lease()
                begun = time.monotonic()
                while (published := self._publish_pending()) == BATCH:
                    pass
                self.error = None
                if published:
                    stop.wait(pause_s(self.gather_s, time.monotonic() - begun))
                self._wait(stream, stop)

    def _wait(self, stream: ChangeStream[Row], stop: threading.Event) -> None:
        """Until a row is inserted that was not published already, at most a third of the lease."""
        waited = 0
        while waited < LEASE_S * 1000 // 3 and not stop.is_set():
            change = stream.try_next()
            if change is None:
                waited += AWAIT_MS
            elif change["documentKey"]["_id"] not in self._recent:
                return

    def _publish_pending(self) -> int:
        """How many were published. Fewer than a batch: whatever came later, the change stream tells of it."""
        outbox = self.database.mongo["outbox"]
        rows = list(outbox.find({"pending": True}).sort([("version", 1), ("_id", 1)]).limit(BATCH))
        if not rows:
            return 0
        publish(self.producer(), rows, self.database.settings.secret_key)
        self._keep_lease()
        ids = [row["_id"] for row in rows]
        outbox.update_many({"_id": {"$in": ids}}, {"$unset": {"pending": ""}, "$set": {"sent_at": self.database.clock()}})
        self._recent.extend(ids)
        self.published += len(rows)
        return len(rows)

    def producer(self) -> KafkaProducer:
        if self._producer is None:
            settings = self.database.settings
            ensure_topics(settings, [settings.topic(room) for room in ROOMS])
            self._producer = make_producer(settings)
        return self._producer

    def _drop_producer(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=1)
            self._producer = None


def backlog(database: Database) -> int:
    """How many outbox rows wait to be published."""
    return database.mongo["outbox"].count_documents({"pending": True})
