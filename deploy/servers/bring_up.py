"""Starts servers side by side and waits until each is ready; on any fault, none is left running."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploy.children import Identity, start, stop, tail
from deploy.errors import CannotGoOn
from deploy.servers.base import Server
from deploy.servers.download import Advance, Bundle, bundle, downloads, fetch
from deploy.servers.elasticsearch import elasticsearch
from deploy.servers.java import java_home
from deploy.servers.kafka import kafka
from deploy.servers.mongodb import mongodb
from shared.settings import Settings

NAMES = ("mongodb", "kafka", "elasticsearch")
DOWNLOADED = ("kafka", "elasticsearch")
READY_WITHIN_S = 180
Note = Callable[[str, str], None]
"""Called with a server's name and what it does now: preparing, starting, ready."""


def design(settings: Settings, data: Path, names: Sequence[str] = NAMES) -> list[Server]:
    """The servers `names` below `data`, on free ports."""
    folder, java = downloads(settings), java_home(settings.java_home)

    def home(name: str) -> Callable[[], Path]:
        return lambda: fetch(folder, bundle(name), lambda _: None)

    makers: dict[str, Callable[[], Server]] = {
        "mongodb": lambda: mongodb(data),
        "kafka": lambda: kafka(data, home("kafka"), java),
        "elasticsearch": lambda: elasticsearch(data, home("elasticsearch"), java),
    }
    return [makers[name]() for name in names]


def fetch_all(settings: Settings, bundles: Sequence[Bundle], advance: Callable[[Bundle], Advance]) -> None:
    """Fetches what is missing of `bundles`, one after the other, each with its own progress."""
    for wanted in bundles:
        fetch(downloads(settings), wanted, advance(wanted))


@dataclass
class _Start:
    server: Server
    prepared: Future[None]
    process: subprocess.Popen[bytes] | None = None
    ready: bool = False


@dataclass
class BringUp:
    """Servers on their way up. `step()` does what can be done now; call it from the main thread until `ready`."""

    servers: Sequence[Server]
    logs: Path
    note: Note = lambda name, state: None
    leashed: bool = True
    _starts: list[_Start] = field(default_factory=list)

    def __post_init__(self) -> None:
        pool = ThreadPoolExecutor(max_workers=max(1, len(self.servers)))
        self._starts = [_Start(server, pool.submit(server.prepare)) for server in self.servers]
        self._deadline = time.monotonic() + READY_WITHIN_S
        pool.shutdown(wait=False)
        for server in self.servers:
            self.note(server.name, "preparing")

    @property
    def processes(self) -> dict[str, subprocess.Popen[bytes]]:
        """Those started so far."""
        return {start.server.name: start.process for start in self._starts if start.process}

    def is_ready(self, *names: str) -> bool:
        """Whether the servers `names`, or all, are ready."""
        return all(start.ready for start in self._starts if not names or start.server.name in names)

    def step(self) -> None:
        """Starts what is prepared, asks what has started; raises CannotGoOn for one that ended or takes too long."""
        for begun in self._starts:
            if not begun.ready:
                self._step(begun)
        if not self.is_ready() and time.monotonic() > self._deadline:
            late = ", ".join(start.server.name for start in self._starts if not start.ready)
            raise CannotGoOn(f"{late} did not come up within {READY_WITHIN_S} s; see the logs in {self.logs}.")

    def _step(self, begun: _Start) -> None:
        name = begun.server.name
        log = self.logs / f"{name}.log"
        if begun.process is None:
            if begun.prepared.done():
                begun.prepared.result()
                begun.process = start(begun.server.command(), log, self.leashed)
                self.note(name, "starting")
        elif begun.process.poll() is not None:
            raise CannotGoOn(f"{name} ended at once (exit {begun.process.returncode}); see {log}:\n{tail(log)}")
        elif begun.server.ready():
            begun.ready = True
            self.note(name, "ready")

    def stop(self) -> None:
        """Stops what was started, in the order Elasticsearch, Kafka, MongoDB."""
        for begun in reversed(self._starts):
            if begun.process and begun.process.poll() is None:
                stop([Identity.of(begun.process.pid)], begun.server.stop_s, begun.process.poll)


def bring_up(servers: Sequence[Server], logs: Path, note: Note, leashed: bool = True) -> dict[str, subprocess.Popen[bytes]]:
    """The running processes of `servers` by name, all ready."""
    rising = BringUp(servers, logs, note, leashed)
    try:
        while not rising.is_ready():
            rising.step()
            time.sleep(0.1)
    except BaseException:
        rising.stop()
        raise
    return rising.processes
