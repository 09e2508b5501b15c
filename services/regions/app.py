"""Wiring of regions. Each half imports what it needs when called: web processes load no Kafka client, workers no routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.regions.store import DOCUMENTS
from shared.mongo import Database
from shared.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from shared.bus.worker import Worker

ROOM = "regions"


def create_app(settings: Settings | None = None) -> Flask:
    """The web application."""
    from services.regions.api import TABLES
    from shared.http import create_app as create_room

    return create_room(Database(settings or Settings(), ROOM), TABLES, DOCUMENTS)


def create_worker(settings: Settings | None = None) -> Worker:
    """Relay, consumers and timers."""
    from services.regions.handlers import TIMERS, consumer, listen_for_alarms
    from shared.bus.handling import UNHURRIED_S
    from shared.bus.worker import Worker

    database = Database(settings or Settings(), ROOM)
    watch, look = listen_for_alarms(database)
    return Worker(database, DOCUMENTS, [consumer(database), watch], (*TIMERS, look), UNHURRIED_S)
