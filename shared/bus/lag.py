"""How far each consumer group is behind its topics."""

from __future__ import annotations

from kafka.admin import KafkaAdminClient, OffsetSpec

from shared.settings import Settings


def lags(settings: Settings) -> dict[str, int]:
    """Events published and not yet committed, by consumer group of this namespace. Raises KafkaError."""
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_brokers, request_timeout_ms=5000)
    try:
        ours = [group["group_id"] for group in admin.list_groups() if group["group_id"].startswith(settings.group(""))]
        if not ours:
            return {}
        committed = admin.list_group_offsets(ours)
        partitions = {partition for offsets in committed.values() for partition in offsets}
        ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST)) if partitions else {}
        return {
            group: sum(max(0, ends[partition].offset - max(0, at.offset)) for partition, at in offsets.items())
            for group, offsets in sorted(committed.items())
        }
    finally:
        admin.close()
