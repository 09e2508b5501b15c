"""How far each consumer group is behind its topics."""

from __future__ import annotations

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec

from shared.bus.ping import must_answer
from shared.settings import Settings


def lags(settings: Settings) -> dict[str, int]:
    """Events published and not yet committed, by consumer group of this namespace. A partition of a group's topic that it
    has committed nothing of counts from its beginning. Raises KafkaError."""
    must_answer(settings)
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_brokers.split(","), request_timeout_ms=5000)
    try:
        ours = [group["group_id"] for group in admin.list_groups() if group["group_id"].startswith(settings.group(""))]
        if not ours:
            return {}
        committed = admin.list_group_offsets(ours)
        topics = sorted({partition.topic for offsets in committed.values() for partition in offsets})
        partitions = [
            TopicPartition(topic["name"], number["partition_index"])
            for topic in (admin.describe_topics(topics) if topics else [])
            for number in topic["partitions"]
        ]
        ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST)) if partitions else {}
        return {group: _behind(offsets, ends) for group, offsets in sorted(committed.items())}
    finally:
        admin.close()


def _behind(offsets: dict[TopicPartition, object], ends: dict[TopicPartition, object]) -> int:
    topics = {partition.topic for partition in offsets}
    done = {partition: max(0, at.offset) for partition, at in offsets.items()}  # type: ignore[attr-defined]
    return sum(
        max(0, end.offset - done.get(partition, 0))  # type: ignore[attr-defined]
        for partition, end in ends.items()
        if partition.topic in topics
    )
