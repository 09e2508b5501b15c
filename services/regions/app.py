"""Wiring."""

from __future__ import annotations

from flask import Flask

from services.regions.api import routes
from services.regions.handlers import EVENTS, TIMERS
from services.regions.store import DOCUMENTS
from shared import http
from shared.bus.consumer import Consumer
from shared.bus.worker import Worker
from shared.mongo import Database
from shared.settings import Settings

ROOM = "regions"


def create_app(settings: Settings | None = None) -> Flask:
    """The room's web application."""
    return http.create_app(Database(settings or Settings(), ROOM), [routes], DOCUMENTS)


def create_worker(settings: Settings | None = None) -> Worker:
    """The room's relay and consumer."""
    database = Database(settings or Settings(), ROOM)
    return Worker(database, DOCUMENTS, [Consumer(database, ROOM, EVENTS)], TIMERS)
