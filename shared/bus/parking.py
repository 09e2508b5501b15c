"""Giving up on a record: it goes, as it came, with the reason and the trace, to `<topic>.<consumer>.dead`, then on the list."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from kafka import KafkaProducer

from shared.bus.dead_letters import DEAD_LETTERS, DeadLetter, decoded, reasons_of
from shared.bus.envelope import Record, origin_of, type_of
from shared.bus.producer import DEAD_PARTITIONS, SEND_TIMEOUT_S, ensure_topics
from shared.mongo import Database


def dead_topic(topic: str, consumer: str) -> str:
    return f"{topic}.{consumer}.dead"


def _encode(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def park(database: Database, producer: KafkaProducer, consumer: str, record: Record, error: Exception) -> None:
    """Write the record to the dead-letter topic, then to the list. Raises KafkaError or PyMongoError: then nothing is
    parked and its offset must not be committed."""
    topic = dead_topic(record.topic, consumer)
    reason_zh, reason = reasons_of(error)
    ensure_topics(database.settings, [topic], DEAD_PARTITIONS)
    headers = [*(record.headers or ()), ("dead-reason", reason.encode()), ("dead-origin", origin_of(record).encode())]
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
        reason_zh=reason_zh,
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
    headers = [(name, decoded(value) or b"") for name, value in letter.headers]
    key = None if letter.key is None else letter.key.encode()
    return ParkedRecord(letter.topic, letter.partition, letter.offset, key, decoded(letter.value), headers)
