"""Dead letters: what a consumer gave up on, in `<topic>.<consumer>.dead` and on a list in the room's database.

The topic keeps the record as it came, with the reason and the trace; the list knows what became of it. A replay hands the
record to the same consumer again, in a transaction with its inbox mark, so it applies once.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from kafka import KafkaProducer

from shared.bus.documents import DeadLetterDocument
from shared.bus.envelope import Record, type_of
from shared.bus.producer import DEAD_PARTITIONS, SEND_TIMEOUT_S, ensure_topics
from shared.mongo import Database, Repository, Row, Unit
from shared.problem import NotFound, WrongState

Status = Literal["parked", "replay_requested", "replayed", "discarded"]


@dataclass
class DeadLetter:
    """One record that a consumer gave up on; `value` and header values are base64. `id` names consumer and place."""

    id: str
    consumer: str
    topic: str
    partition: int
    offset: int
    type: str | None
    key: str | None
    value: str | None
    headers: list[list[str]]
    reason: str
    trace: str
    parked_at: datetime
    status: Status = "parked"
    attempts: int = 1
    version: int = 1


DEAD_LETTERS = Repository(DeadLetterDocument, DeadLetter)


def dead_topic(topic: str, consumer: str) -> str:
    return f"{topic}.{consumer}.dead"


def _encode(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _decode(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value)


def park(database: Database, producer: KafkaProducer, consumer: str, record: Record, reason: str) -> None:
    """Write the record to the dead-letter topic, then to the list. Raises KafkaError or PyMongoError: then nothing is
    parked and its offset must not be committed."""
    topic = dead_topic(record.topic, consumer)
    ensure_topics(database.settings, [topic], DEAD_PARTITIONS)
    origin = f"{record.topic}/{record.partition}/{record.offset}"
    headers = [*(record.headers or ()), ("dead-reason", reason.encode()), ("dead-origin", origin.encode())]
    producer.send(topic, key=record.key, value=record.value, headers=headers).get(timeout=SEND_TIMEOUT_S)
    trace = next((v.decode("utf-8", "replace") for name, v in record.headers or () if name == "traceparent"), "")
    letter = DeadLetter(
        id=f"{consumer}:{record.topic}:{record.partition}:{record.offset}",
        consumer=consumer,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        type=type_of(record),
        key=None if record.key is None else record.key.decode("utf-8", "replace"),
        value=_encode(record.value),
        headers=[[name, _encode(value) or ""] for name, value in record.headers or ()],
        reason=reason,
        trace=trace,
        parked_at=database.clock(),
    )
    database.write(lambda unit: DEAD_LETTERS.save(unit, letter))


@dataclass(frozen=True)
class ParkedRecord:
    """A dead letter as a record again."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def record_of(letter: DeadLetter) -> ParkedRecord:
    headers = [(name, _decode(value) or b"") for name, value in letter.headers]
    key = None if letter.key is None else letter.key.encode()
    return ParkedRecord(letter.topic, letter.partition, letter.offset, key, _decode(letter.value), headers)


def listed(database: Database, status: Status | None = None) -> list[DeadLetter]:
    where: Row = {"status": status} if status else {}
    return DEAD_LETTERS.select(database.read(), where, [("parked_at", -1)])


def request_replay(database: Database, identifier: str) -> DeadLetter:
    """Ask the room's worker to handle it again. Raises NotFound, WrongState for one replayed or discarded."""
    return database.write(lambda unit: _move(unit, identifier, "replay_requested"))


def discard(database: Database, identifier: str) -> DeadLetter:
    """Give it up for good. Raises NotFound, WrongState for one replayed."""
    return database.write(lambda unit: _move(unit, identifier, "discarded"))


def _move(unit: Unit, identifier: str, status: Status) -> DeadLetter:
    letter = DEAD_LETTERS.get(unit, identifier)
    if letter.status in ("replayed", "discarded"):
        raise WrongState(
            zh=f"该死信已是 {letter.status} 状态", en=f"This dead letter is {letter.status} already; nothing was changed"
        )
    letter.status = status
    letter.version += 1
    DEAD_LETTERS.save(unit, letter)
    return letter


def as_json(letter: DeadLetter) -> dict[str, Any]:
    """What `dead-letters show` prints: the body as text where it is text."""
    value = _decode(letter.value)
    return {
        "id": letter.id,
        "consumer": letter.consumer,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "type": letter.type,
        "key": letter.key,
        "reason": letter.reason,
        "trace": letter.trace,
        "parked_at": letter.parked_at.isoformat(),
        "status": letter.status,
        "attempts": letter.attempts,
        "headers": {name: (_decode(header) or b"").decode("utf-8", "replace") for name, header in letter.headers},
        "value": None if value is None else value.decode("utf-8", "replace"),
    }


__all__ = [
    "DEAD_LETTERS",
    "DeadLetter",
    "DeadLetterDocument",
    "NotFound",
    "as_json",
    "dead_topic",
    "discard",
    "listed",
    "park",
    "record_of",
    "request_replay",
]
