"""Reading a whole topic, outside any consumer group: for the audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from shared.bus.envelope import Record
from shared.bus.ping import must_answer
from shared.settings import Settings


def read_all(settings: Settings, topic: str) -> Iterator[Record]:
    """Every record that `topic` holds now, in order per partition; none where there is no such topic. Raises KafkaError."""
    must_answer(settings)
    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka_brokers.split(","),
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=4_194_304,
        max_poll_records=5_000,
    )
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        yield from _read(consumer, partitions)
    finally:
        consumer.close(autocommit=False)


def _read(consumer: Any, partitions: list[TopicPartition]) -> Iterator[Record]:
    if not partitions:
        return
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    while any(consumer.position(one) < ends[one] for one in partitions):
        for records in consumer.poll(timeout_ms=1000).values():
            yield from records
