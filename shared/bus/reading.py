"""Reading whole topics, or what came since, outside any consumer group: for the audit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from shared.bus.envelope import Record
from shared.bus.ping import must_answer
from shared.settings import Settings

Offsets = dict[Any, int]
"""Partition → the offset of what is to be read next."""


def read_all(settings: Settings, topics: Iterable[str]) -> Iterator[Record]:
    """Every record that `topics` hold now, in order per partition; none of a topic that is not there. Raises KafkaError."""
    return read_since(settings, topics, {})


def read_since(settings: Settings, topics: Iterable[str], done: Offsets) -> Iterator[Record]:
    """As `read_all`, from `done` on, which moves on with what is read."""
    must_answer(settings)
    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka_brokers.split(","),
        enable_auto_commit=False,
        fetch_max_wait_ms=10,
        max_partition_fetch_bytes=4_194_304,
        max_poll_records=5_000,
    )
    try:
        present = consumer.topics()
        wanted = [topic for topic in topics if topic in present]
        partitions = [TopicPartition(topic, n) for topic in wanted for n in consumer.partitions_for_topic(topic)]
        yield from _read(consumer, partitions, done)
    finally:
        consumer.close(autocommit=False)


def _read(consumer: Any, partitions: list[TopicPartition], done: Offsets) -> Iterator[Record]:
    if not partitions:
        return
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    starts = {partition: max(at, done.get(partition, 0)) for partition, at in consumer.beginning_offsets(partitions).items()}
    left = {partition for partition in partitions if starts[partition] < ends[partition]}
    consumer.assign(list(left))
    for partition in left:
        consumer.seek(partition, starts[partition])
    while left:
        for partition, records in consumer.poll(timeout_ms=1000).items():
            yield from records
            done[partition] = consumer.position(partition)
            if done[partition] >= ends[partition]:
                left.discard(partition)
