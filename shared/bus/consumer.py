"""Consumers: a batch of events per transaction with its inbox marks; retries, then dead letters; offsets last.

A batch that fails is handled again event by event, so that a poison event parks itself and not its neighbours. While
MongoDB, Kafka or (for a projection) Elasticsearch is down a consumer waits: an outage is no fault of an event.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.structs import OffsetAndMetadata
from pymongo.errors import ConnectionFailure, DuplicateKeyError

from shared.bus import inbox
from shared.bus.dead_letters import DEAD_LETTERS, listed, reasons_of
from shared.bus.envelope import Envelope, EventIsUnreadable, Record, open_envelope, parse, type_of
from shared.bus.handling import GATHER_S, Handler, Handlers, pause_s
from shared.bus.parking import park, record_of
from shared.bus.producer import ensure_topics, make_producer
from shared.events import REGISTRY, Event
from shared.events.base import ids_in
from shared.mongo import Cause, Database, Repository, Unit
from shared.problem import TooManyWriters

log = structlog.get_logger("consumer")

BATCH = 200
PROJECTED_AT_ONCE = 1000
"""A projection holds no transaction open: larger batches cost nobody anything."""
RETRY_PAUSES_S = (0.05, 0.3, 1.0)
PARKED_IN_A_ROW = 200
REPLAYS_EVERY_S = 1.0
LAG_EVERY_S = 1.0
"""While nothing comes: asking costs more of an idle process than all else it does."""
JOIN_S = 15
"""Longer than any rebalance of ours takes; a member without partitions makes a new start."""


class ServerIsUnreachable(Exception):
    """A projection's server is down; the consumer waits and hands it the batch again."""


class TooManyDeadLetters(Exception):
    """So many events in a row failed that the fault is ours: the consumer stops rather than park the whole topic."""


OUTAGES = (KafkaError, ConnectionFailure, ServerIsUnreachable, TooManyWriters)
"""No fault of an event: wait and try again. `TooManyWriters` is what a process killed in its transaction leaves behind."""


@dataclass(frozen=True)
class Projection:
    """A consumer whose work is no transaction of ours (the search index): it gets a whole batch, must be idempotent and
    indifferent to order, and raises ServerIsUnreachable while it cannot write."""

    name: str
    types: tuple[type[Event], ...]
    apply: Callable[[Unit, Sequence[Event]], None]


class Consumer:
    """One consumer group of a room. `name` is the room's, or `<room>.<projection>`. What `ahead` keeps under the ids that stand
    in a batch is read at its transaction's beginning, all at once, and `foresee` may read more for it; `beforehand` is called
    with the batch before the transaction."""

    def __init__(
        self,
        database: Database,
        name: str,
        work: Handlers | Projection,
        ahead: Sequence[Repository[Any]] = (),
        gather_s: float = GATHER_S,
        beforehand: Callable[[Unit, Sequence[Event]], None] | None = None,
        foresee: Callable[[Unit, Sequence[tuple[Cause, Event]]], None] | None = None,
    ) -> None:
        self.beforehand, self.foresee = beforehand, foresee
        self.database, self.name, self.work, self.ahead = database, name, work, ahead
        self.settings, self.gather_s = database.settings, gather_s
        kinds = work.types if isinstance(work, Projection) else tuple(work)
        self.types = {kind.TYPE for kind in kinds}
        self.topics = sorted({self.settings.topic(kind.ROOM) for kind in kinds})
        self.batch = PROJECTED_AT_ONCE if isinstance(work, Projection) else BATCH
        self.handled = self.parked = self._parked_in_a_row = 0
        self.lag: int | None = None
        self.error: str | None = None
        self.stopped = False
        self._looked_for_replays = float("-inf")
        self._producer: KafkaProducer | None = None

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._consume(stop)
            except OUTAGES as error:
                self._wait(error, stop)
            except TooManyDeadLetters as error:
                self.error, self.stopped = str(error), True
                log.error("consumer stopped", consumer=self.name, error=str(error))
                return
        self._drop_producer()

    def _wait(self, error: Exception, stop: threading.Event) -> None:
        self.error = f"{type(error).__name__}: {error}"
        log.warning("consumer waits", consumer=self.name, error=self.error)
        self._drop_producer()
        stop.wait(0.5)

    def _consume(self, stop: threading.Event) -> None:
        ensure_topics(self.settings, self.topics)
        kafka = KafkaConsumer(
            bootstrap_servers=self.settings.kafka_brokers.split(","),
            group_id=self.settings.group(self.name),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=3_600_000,
            max_poll_records=self.batch,
            fetch_max_wait_ms=500,
            metadata_max_age_ms=30_000,
        )
        try:
            self._subscribe(kafka)
            alive = time.monotonic()
            measured = float("-inf")
            while not stop.is_set():
                polled = kafka.poll(timeout_ms=300)
                if polled or time.monotonic() - measured >= LAG_EVERY_S:
                    self.lag, measured = _behind(kafka, sum(map(len, polled.values()))), time.monotonic()
                if polled:
                    begun = time.monotonic()
                    self._settle([record for records in polled.values() for record in records], stop)
                    if stop.is_set():
                        return  # the batch may be unfinished: its offsets stay uncommitted
                    kafka.commit({tp: OffsetAndMetadata(records[-1].offset + 1, "", -1) for tp, records in polled.items()})
                    self.error = None
                    if sum(map(len, polled.values())) < self.batch:
                        stop.wait(pause_s(self.gather_s, time.monotonic() - begun))
                self._replay()
                if kafka.assignment():
                    alive = time.monotonic()
                elif time.monotonic() - alive > JOIN_S:
                    raise KafkaTimeoutError(f"no partition was assigned in {JOIN_S} s; joining again")
        finally:
            kafka.close(autocommit=False)

    def _subscribe(self, kafka: KafkaConsumer) -> None:
        """Know every topic's partitions before the first poll joins the group: kafka-python can stay in a rebalance for good
        when they become known in the middle of one. Raises KafkaTimeoutError."""
        kafka.subscribe(self.topics)
        deadline = time.monotonic() + JOIN_S
        while not all(kafka.partitions_for_topic(topic) for topic in self.topics):
            if time.monotonic() > deadline:
                raise KafkaTimeoutError(f"no partitions are known of some of {', '.join(self.topics)}")
            time.sleep(0.05)

    def _settle(self, records: list[Record], stop: threading.Event) -> None:
        """Handle or park every record; while a server is down, try again. Returns early only when `stop` is set."""
        while not stop.is_set():
            try:
                self.handle(records)
                return
            except OUTAGES as error:
                self._wait(error, stop)

    def handle(self, records: Sequence[Record]) -> None:
        """Apply `records` in order; park what fails. On return every one of them is done or parked."""
        good: list[tuple[Record, Envelope, Event]] = []
        for record in records:
            if type_of(record) in REGISTRY and type_of(record) not in self.types:
                continue
            try:
                envelope = open_envelope(record)
                good.append((record, envelope, parse(envelope, self.settings.secret_key)))
            except EventIsUnreadable as error:
                self._park(record, error)
        if not good:
            return
        try:
            self._apply([(envelope, event) for _, envelope, event in good])
        except OUTAGES:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, each event is tried alone and parked with the reason
            log.info("batch is retried one by one", consumer=self.name, events=len(good), error=repr(error))
            for record, envelope, event in good:
                self._handle_alone(record, envelope, event)

    def _handle_alone(self, record: Record, envelope: Envelope, event: Event) -> None:
        last: Exception | None = None
        for pause in (0.0, *RETRY_PAUSES_S):
            time.sleep(pause)
            try:
                self._apply([(envelope, event)])
                self._parked_in_a_row = 0
                return
            except OUTAGES:
                raise
            except Exception as error:  # noqa: BLE001 - kept as the dead letter's reason
                last = error
        assert last is not None
        self._park(record, last)

    def _apply(self, batch: list[tuple[Envelope, Event]]) -> None:
        if isinstance(self.work, Projection):
            self.work.apply(self.database.read(), [event for _, event in batch])
        else:
            trace = batch[0][0].traceparent if len(batch) == 1 else None
            handlers = self.work
            if self.beforehand is not None:
                self.beforehand(self.database.read(), [event for _, event in batch])
            try:
                self.database.write(lambda unit: self._apply_in(unit, handlers, batch), trace)
            except DuplicateKeyError:
                # Another member of the group marked one of them between our read and our write: look again.
                self.database.write(lambda unit: self._apply_in(unit, handlers, batch), trace)
        self.handled += len(batch)

    def _apply_in(self, unit: Unit, handlers: Handlers, batch: list[tuple[Envelope, Event]]) -> None:
        done = inbox.already_applied(unit, self.name, [envelope.id for envelope, _ in batch])
        fresh: dict[str, str] = {}
        named = {one for envelope, event in batch if envelope.id not in done for one in ids_in(event)}
        unit.read_ahead(self.ahead, named)
        if self.foresee is not None:
            self.foresee(unit, [(Cause(one.id, one.at), event) for one, event in batch if one.id not in done])
        for envelope, event in batch:
            if envelope.id in done:
                continue
            done.add(envelope.id)
            unit.traceparent, unit.cause = envelope.traceparent, Cause(envelope.id, envelope.at)
            handlers[type(event)](unit, event)
            fresh[envelope.id] = envelope.origin
        inbox.mark(unit, self.name, fresh)

    def _park(self, record: Record, error: Exception) -> None:
        park(self.database, self.producer(), self.name, record, error)
        _, reason = reasons_of(error)
        self.parked += 1
        self._parked_in_a_row += 1
        log.error("dead letter", consumer=self.name, topic=record.topic, offset=record.offset, reason=reason)
        if self._parked_in_a_row >= PARKED_IN_A_ROW:
            raise TooManyDeadLetters(f"{PARKED_IN_A_ROW} events in a row were parked; the last: {reason}")

    def _replay(self) -> None:
        """Handle again what an operator asked for; what fails once more is parked as before, with the new reason."""
        if time.monotonic() - self._looked_for_replays < REPLAYS_EVERY_S:
            return
        self._looked_for_replays = time.monotonic()
        for letter in listed(self.database, "replay_requested"):
            if letter.consumer != self.name:
                continue
            letter.attempts += 1
            letter.version += 1
            record = record_of(letter)
            try:
                envelope = open_envelope(record)
                self._apply([(envelope, parse(envelope, self.settings.secret_key))])
                letter.status = "replayed"
            except OUTAGES:
                raise
            except Exception as error:  # noqa: BLE001 - kept as the dead letter's reason
                letter.status, (letter.reason_zh, letter.reason) = "parked", reasons_of(error)
            self.database.write(lambda unit, letter=letter: DEAD_LETTERS.save(unit, letter))  # type: ignore[misc]

    def producer(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = make_producer(self.settings)
        return self._producer

    def _drop_producer(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=1)
            self._producer = None


def _behind(kafka: KafkaConsumer, in_hand: int) -> int | None:
    """How many events wait in the partitions of this member, those in hand among them; None before it has any."""
    ends = {tp: kafka.highwater(tp) for tp in kafka.assignment()}
    known = {tp: end for tp, end in ends.items() if end is not None}
    return in_hand + sum(max(0, end - kafka.position(tp)) for tp, end in known.items()) if known else None


__all__ = ["Consumer", "Handler", "Handlers", "Projection", "ServerIsUnreachable"]
