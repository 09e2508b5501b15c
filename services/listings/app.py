"""Wiring of listings. Each half imports what it needs when called: web processes load no Kafka client, workers no routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.listings.store import BY_ID, DOCUMENTS
from shared.mongo import Database
from shared.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from shared.bus.worker import Worker

ROOM = "listings"


def create_app(settings: Settings | None = None) -> Flask:
    """The web application."""
    from services.listings.api import TABLES
    from shared.http import create_app as create_room

    return create_room(Database(settings or Settings(), ROOM), TABLES, DOCUMENTS)


def create_worker(settings: Settings | None = None) -> Worker:
    """Relay, consumers and timers."""
    from services.listings.handlers import EVENTS, INDEX, TIMERS, listen_for_alerts
    from shared.bus.consumer import Consumer
    from shared.bus.worker import Worker

    database = Database(settings or Settings(), ROOM)
    consumers = [
        Consumer(database, ROOM, EVENTS, BY_ID),
        Consumer(database, INDEX.name, INDEX),
        listen_for_alerts(database),
    ]
    return Worker(database, DOCUMENTS, consumers, TIMERS)
