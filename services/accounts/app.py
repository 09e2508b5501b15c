"""Wiring of accounts. Each half imports what it needs when called: web processes load no Kafka client, workers no routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.accounts.store import DOCUMENTS
from shared.mongo import Database
from shared.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from shared.bus.worker import Worker

ROOM = "accounts"


def create_app(settings: Settings | None = None) -> Flask:
    """The web application; it verifies tokens by the key in its own database instead of asking itself over HTTP."""
    import orjson

    from services.accounts import views
    from services.accounts.api import routes
    from shared.auth.tokens import Verifier
    from shared.http import create_app as create_room

    database = Database(settings or Settings(), ROOM)
    app = create_room(database, [routes], DOCUMENTS)
    cache = database.settings.data / "keys" / f"{ROOM}.json"
    app.extensions["huanliu"].verifier = Verifier("", cache, database.clock, fetch=lambda: orjson.dumps(views.jwks(database)))
    return app


def create_worker(settings: Settings | None = None) -> Worker:
    """The relay of accounts' events."""
    from services.accounts.handlers import EVENTS, TIMERS
    from shared.bus.consumer import Consumer
    from shared.bus.worker import Worker

    database = Database(settings or Settings(), ROOM)
    return Worker(database, DOCUMENTS, [Consumer(database, ROOM, EVENTS)] if EVENTS else [], TIMERS)
