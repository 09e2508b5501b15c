"""Whether a Kafka broker answers: asked before a client is made, whose constructor would wait for half a minute."""

from __future__ import annotations

import socket

from kafka.errors import KafkaConnectionError

from shared.settings import Settings


def reachable(settings: Settings, timeout_s: float = 1) -> bool:
    """Whether any broker takes a connection."""
    for broker in settings.kafka_brokers.split(","):
        host, _, port = broker.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout_s).close()
            return True
        except OSError:
            continue
    return False


def must_answer(settings: Settings) -> None:
    """Raises KafkaConnectionError at once where no broker does."""
    if not reachable(settings):
        raise KafkaConnectionError(f"no Kafka broker answers at {settings.kafka_brokers}")
