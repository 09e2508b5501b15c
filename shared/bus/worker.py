"""The worker process of a room: its relay, its consumers and its timers, each a thread, never in a web worker."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from shared.bus.consumer import Consumer
from shared.bus.documents import BUS_DOCUMENTS
from shared.bus.handling import GATHER_S
from shared.bus.outbox import Relay, backlog
from shared.bus.pulse import EVERY_S, PULSES, ConsumerPulse, Pulse
from shared.mongo import Database, Sealed
from shared.observe import HANDLED, OUTBOX, PARKED, configure_logs, serve_probes
from shared.problem import Problem

log = structlog.get_logger("worker")


@dataclass(frozen=True)
class Timer:
    """What wakes a room by the clock: `run(database)` every `every_s` seconds; it opens its own transactions."""

    name: str
    every_s: float
    run: Callable[[Database], object]


class Worker:
    """`run()` returns after SIGTERM or SIGINT, or when `stop` is set; every thread has then finished its batch. Who emits
    no events needs no relay, whose change stream reads all that MongoDB writes."""

    def __init__(
        self,
        database: Database,
        documents: Sequence[type[Sealed]],
        consumers: Sequence[Consumer] = (),
        timers: Sequence[Timer] = (),
        gather_s: float = GATHER_S,
        emits: bool = True,
    ) -> None:
        self.database, self.documents, self.emits = database, documents, emits
        self.consumers, self.timers = consumers, timers
        self.relay = Relay(database, gather_s)
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def run(self) -> None:
        """Handle signals and run until stopped."""
        settings = self.database.settings
        configure_logs(settings.log_level)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        if settings.worker_port:
            serve_probes(settings.worker_port, self.health)
        self.start()
        self.stop.wait()
        self.join()

    def start(self) -> None:
        """Prepare the database and start every thread; waits for MongoDB as long as it takes."""
        while not self.stop.is_set():
            try:
                self.database.prepare([*BUS_DOCUMENTS, *self.documents])
                break
            except PyMongoError as error:
                log.warning("worker waits for MongoDB", room=self.database.room, error=str(error))
                self.stop.wait(0.5)
        jobs: list[tuple[str, Callable[[], None]]] = []
        if self.emits:
            jobs.append(("relay", lambda: self.relay.run(self.stop)))
        jobs += [(consumer.name, lambda one=consumer: one.run(self.stop)) for consumer in self.consumers]  # type: ignore[misc]
        jobs += [(timer.name, lambda one=timer: self._tick(one)) for timer in self.timers]  # type: ignore[misc]
        jobs.append(("pulse", lambda: self._tick(Timer("pulse", EVERY_S, self._beat))))
        for name, job in jobs:
            thread = threading.Thread(target=self._guard, args=(name, job), name=name)
            self._threads.append(thread)
            thread.start()

    def join(self) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(timeout=15)
        self.database.close()

    def _guard(self, name: str, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:
            log.exception("a thread died; the worker stops so that its supervisor starts it again", thread=name)
            self.stop.set()
            raise

    def _tick(self, timer: Timer) -> None:
        while not self.stop.is_set():
            begun = time.monotonic()
            try:
                timer.run(self.database)
            except (PyMongoError, Problem) as error:
                log.warning("timer tries again", timer=timer.name, error=repr(error))
            self.stop.wait(max(0.05, timer.every_s - (time.monotonic() - begun)))

    def _beat(self, database: Database) -> None:
        consumers = [ConsumerPulse(c.name, c.handled, c.parked, c.lag, c.error, c.stopped) for c in self.consumers]
        pulse = Pulse(self.relay.owner, database.clock(), self.relay.published, self.relay.error, consumers)
        database.write(lambda unit: PULSES.save(unit, pulse))

    def health(self) -> dict[str, Any]:
        """`ready` while every thread lives and MongoDB answers; the rest says what each part does."""
        try:
            waiting: int | None = backlog(self.database)
        except PyMongoError:
            waiting = None
        for consumer in self.consumers:
            HANDLED.labels(consumer.name).set(consumer.handled)
            PARKED.labels(consumer.name).set(consumer.parked)
        OUTBOX.labels(self.database.room).set(-1 if waiting is None else waiting)
        alive = bool(self._threads) and all(thread.is_alive() for thread in self._threads)
        return {
            "ready": alive and waiting is not None and not any(consumer.stopped for consumer in self.consumers),
            "outbox_pending": waiting,
            "relay": {"published": self.relay.published, "error": self.relay.error},
            "consumers": {
                c.name: {"handled": c.handled, "parked": c.parked, "error": c.error, "stopped": c.stopped}
                for c in self.consumers
            },
        }
