"""Settings for a bench that needs servers: those kept running below `KEPT`, else servers of its own."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.servers.bring_up import NAMES
from shared.settings import Settings
from tests.fixtures.servers import load, start

KEPT: list[Path] = []
"""The folder of `python -m tests.bench --servers DIR`, if any."""


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Addresses by name; servers of its own end with the bench."""
    if KEPT:
        yield load(KEPT[0]).addresses
        return
    folder = Path(tempfile.mkdtemp(prefix="huanliu-bench-"))
    try:
        running = start(folder, NAMES, leashed=True)
        try:
            yield running.addresses
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh(addresses: dict[str, str]) -> Iterator[Settings]:
    """Settings with names of their own on these servers."""
    data = Path(tempfile.mkdtemp(prefix="huanliu-bench-data-"))
    try:
        yield Settings(
            namespace=f"b{uuid.uuid4().hex[:8]}_",
            data=data,
            mongodb_uri=addresses["mongodb"],
            kafka_brokers=addresses["kafka"],
            elasticsearch_url=addresses["elasticsearch"],
            secret_key="bench-secret-key-of-at-least-32-bytes",
        )
    finally:
        shutil.rmtree(data, ignore_errors=True)
