"""The shape that every server has, and what they need to come up."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.errors import CannotGoOn

LOOPBACK = "127.0.0.1"
PORTS = range(15000, 32000)  # below the range from which systems take the ports of outgoing connections


@dataclass(frozen=True)
class Command:
    """How a process is started; `env` is added to this process's own, less what starts with one of `without`."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    cwd: Path | None = None
    user: int | None = None


@dataclass(frozen=True)
class Server:
    """One server. `prepare` may take seconds and can be repeated; `ready` is one quick attempt and never raises."""

    name: str
    address: str
    """What clients are given: a MongoDB URI, Kafka brokers, an Elasticsearch URL."""
    ports: tuple[int, ...]
    data: Path
    prepare: Callable[[], None]
    command: Callable[[], Command]
    ready: Callable[[], bool]
    stop_s: float = 8
    """How long it may take to stop before it is killed."""


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> tuple[int, ...]:
    """Distinct free ports, taken by chance, so that instances which start together differ."""
    found: list[int] = []
    for port in random.sample(PORTS, 2000):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return tuple(found)
    raise CannotGoOn(f"No {count} free ports between {PORTS.start} and {PORTS.stop} on {LOOPBACK}; stop what uses them.")


def accepts(port: int) -> bool:
    """Whether something listens on `port`."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
