"""Wiring: the web application and the worker of accounts."""

from __future__ import annotations

import orjson
from flask import Flask

from services.accounts import views
from services.accounts.api import routes
from services.accounts.handlers import EVENTS, TIMERS
from services.accounts.store import DOCUMENTS
from shared.auth.tokens import Verifier
from shared.bus.consumer import Consumer
from shared.bus.worker import Worker
from shared.http import create_app as create_room_app
from shared.mongo import Database
from shared.settings import Settings

ROOM = "accounts"


def create_app(settings: Settings | None = None) -> Flask:
    """The web application; it verifies tokens by the key in its own database instead of asking itself over HTTP."""
    database = Database(settings or Settings(), ROOM)
    app = create_room_app(database, [routes], DOCUMENTS)
    cache = database.settings.data / "keys" / f"{ROOM}.json"
    app.extensions["huanliu"].verifier = Verifier("", cache, database.clock, fetch=lambda: orjson.dumps(views.jwks(database)))
    return app


def create_worker(settings: Settings | None = None) -> Worker:
    """The relay of accounts' events."""
    database = Database(settings or Settings(), ROOM)
    return Worker(database, DOCUMENTS, [Consumer(database, ROOM, EVENTS)] if EVENTS else [], TIMERS)
