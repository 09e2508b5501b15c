"""Reading whole topics, outside any consumer group: for the audit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from shared.bus.envelope import Record
from shared.bus.ping import must_answer
from shared.settings import Settings


def read_all(settings: Settings, topics: Iterable[str]) -> Iterator[Record]:
    """Every record that `topics` hold now, in order per partition; none of a topic that is not there. Raises KafkaError."""
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
        yield from _read(consumer, [TopicPartition(topic, n) for topic in wanted for n in consumer.partitions_for_topic(topic)])
    finally:
        consumer.close(autocommit=False)


def _read(consumer: Any, partitions: list[TopicPartition]) -> Iterator[Record]:
    if not partitions:
        return
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    starts = consumer.beginning_offsets(partitions)
    left = {partition for partition in partitions if starts[partition] < ends[partition]}
    consumer.assign(list(left))
    consumer.seek_to_beginning()
    while left:
        for partition, records in consumer.poll(timeout_ms=1000).items():
            yield from records
            if consumer.position(partition) >= ends[partition]:
                left.discard(partition)
