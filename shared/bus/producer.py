"""The idempotent Kafka producer and the creation of topics. Made in worker processes only, never before a fork."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from shared.bus.envelope import headers_of
from shared.bus.ping import must_answer
from shared.settings import Settings

PARTITIONS = 4
DEAD_PARTITIONS = 1
SEND_TIMEOUT_S = 30


def make_producer(settings: Settings) -> KafkaProducer:
    """Raises KafkaError when no broker answers."""
    must_answer(settings)
    return KafkaProducer(
        bootstrap_servers=settings.kafka_brokers.split(","),
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        request_timeout_ms=10_000,
        delivery_timeout_ms=SEND_TIMEOUT_S * 1000,
        max_block_ms=5_000,
        reconnect_backoff_max_ms=1_000,
    )


def ensure_topics(settings: Settings, topics: Iterable[str], partitions: int = PARTITIONS) -> None:
    """Create what is missing. State is rebuilt from topics, so they keep everything (`protocol.md` 6)."""
    must_answer(settings)
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_brokers.split(","), request_timeout_ms=10_000)
    try:
        present = set(admin.list_topics())
        for topic in sorted(set(topics) - present):
            new = NewTopic(topic, partitions, settings.replication, topic_configs={"retention.ms": "-1"})
            try:
                admin.create_topics([new])
            except TopicAlreadyExistsError:
                continue
    finally:
        admin.close()


def publish(producer: KafkaProducer, rows: list[dict[str, Any]], secret: str) -> None:
    """Send outbox rows in their order and wait for every acknowledgement. Raises KafkaError."""
    futures = [
        producer.send(row["topic"], key=row["key"].encode(), value=row["data"].encode(), headers=headers_of(row, secret))
        for row in rows
    ]
    producer.flush(timeout=SEND_TIMEOUT_S)
    for future in futures:
        future.get(timeout=SEND_TIMEOUT_S)


__all__ = ["DEAD_PARTITIONS", "KafkaError", "ensure_topics", "make_producer", "publish"]
