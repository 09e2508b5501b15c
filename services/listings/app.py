"""Wiring of listings."""

from __future__ import annotations

from flask import Flask

from services.listings.api import routes
from services.listings.handlers import EVENTS, INDEX, TIMERS
from services.listings.store import DOCUMENTS
from shared import http
from shared.bus.consumer import Consumer
from shared.bus.worker import Worker
from shared.mongo import Database
from shared.settings import Settings

ROOM = "listings"


def create_app(settings: Settings | None = None) -> Flask:
    """The HTTP application."""
    return http.create_app(Database(settings or Settings(), ROOM), [routes], DOCUMENTS)


def create_worker(settings: Settings | None = None) -> Worker:
    """The relay, the consumers and the timers."""
    database = Database(settings or Settings(), ROOM)
    consumers = [Consumer(database, ROOM, EVENTS), Consumer(database, INDEX.name, INDEX)]
    return Worker(database, DOCUMENTS, consumers, TIMERS)
