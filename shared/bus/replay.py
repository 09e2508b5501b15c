"""Applying topics from their beginning to a database that nobody else writes: to rebuild what follows from events alone."""

from __future__ import annotations

from collections.abc import Callable, Collection

from shared.bus.consumer import Consumer
from shared.bus.dead_letters import reasons_of
from shared.bus.envelope import Record
from shared.bus.reading import read_all
from shared.mongo import Database


class Replay(Consumer):
    """A room's consumer on another database: it reads whole topics outside any group and keeps what fails, with the reason,
    instead of parking it."""

    def __init__(self, of: Consumer, database: Database) -> None:
        super().__init__(database, of.name, of.work, of.ahead, foresee=of.foresee)
        self.failed: dict[str, str] = {}
        self.records = 0

    def read(self, only: Collection[str], report: Callable[[int], None]) -> None:
        """Apply the events of these ids that the topics hold now. Raises KafkaError and what MongoDB raises."""
        batch: list[Record] = []
        for record in read_all(self.settings, self.topics):
            self.records += 1
            if _id_of(record) in only:
                batch.append(record)
            if len(batch) == self.batch:
                self.handle(batch)
                batch = []
                report(self.records)
        self.handle(batch)
        report(self.records)

    def _park(self, record: Record, error: Exception) -> None:
        self.failed[_id_of(record)] = reasons_of(error)[1]


def _id_of(record: Record) -> str:
    for name, value in record.headers or ():
        if name == "ce_id":
            return value.decode("utf-8", "replace")
    return ""
