"""Wiring of matching."""

from __future__ import annotations

from flask import Flask

from services.matching.api import routes
from services.matching.handlers import EVENTS, timers
from services.matching.store import DOCUMENTS
from shared.bus.consumer import Consumer
from shared.bus.worker import Worker
from shared.http import create_app as create_room
from shared.mongo import Database
from shared.settings import Settings

ROOM = "matching"


def create_app(settings: Settings | None = None) -> Flask:
    """The web application."""
    return create_room(Database(settings or Settings(), ROOM), [routes], DOCUMENTS)


def create_worker(settings: Settings | None = None) -> Worker:
    """Relay, consumer and timers."""
    database = Database(settings or Settings(), ROOM)
    return Worker(database, DOCUMENTS, [Consumer(database, ROOM, EVENTS)], timers(database.settings))
