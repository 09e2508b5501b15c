"""Wiring of the public port."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, request

from gateway import console, truth
from gateway.auth import Identities
from gateway.checks import DOCUMENTS as CHECK_DOCUMENTS
from gateway.console.store import DOCUMENTS as SESSION_DOCUMENTS
from gateway.forward import Forwarder, call_of, response_of
from gateway.handover import HandsOver
from gateway.health import Health
from gateway.limits import Limits
from gateway.notices.store import BY_ID, DOCUMENTS
from gateway.openapi import OWN_TABLES, Document
from gateway.operations import Rooms
from gateway.routes import GATEWAY, find
from shared.http import create_app as create_room
from shared.http.app import metrics, register_errors
from shared.http.wire import json_response
from shared.mongo import Database
from shared.observe import LATENCY, REQUESTS, configure_logs
from shared.problem import NotFound
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.bus.worker import Worker

METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]


def create_app(settings: Settings | None = None) -> Flask:
    """Opens nothing before the first request, so that a fork may come between."""
    settings = settings or Settings()
    configure_logs(settings.log_level)
    app = Flask("gateway", static_folder=None)
    app.url_map.merge_slashes = False  # a path is passed on as it came, or not at all
    forwarder = Forwarder(settings)
    identities = Identities(forwarder)
    database = Database(settings, GATEWAY)
    own = create_room(database, OWN_TABLES, (*DOCUMENTS, *SESSION_DOCUMENTS, *CHECK_DOCUMENTS))
    health, document = Health(forwarder, own), Document(forwarder)
    own.extensions["huanliu.rooms"] = Rooms(forwarder, own, health)
    register_errors(app)
    _measure(app)
    limits = Limits(app, settings, lambda: identities.budget(request))

    def forward(path: str = "") -> Response:
        target = find(request.path)
        if target is None:
            missing = NotFound(zh=f"没有 {request.path} 这个地址", en=f"There is no {request.path} here")
            if (page := pages.fail(missing)) is not None:
                return page
            raise missing
        request.environ["huanliu.route"] = target.prefix
        token = identities.token_for(request) or pages.stream_token(request)
        if target.room == GATEWAY:
            given = {} if token is None else {"HTTP_AUTHORIZATION": f"Bearer {token}"}
            return cast(Response, Response.from_app(own.wsgi_app, {**request.environ, **given}))
        call = call_of(request, target, token)
        try:
            reply = truth.settle(forwarder, call, forwarder.send(call))
            return response_of(reply)
        finally:
            call.close()

    def sign_in() -> Response:
        return forward()

    app.add_url_rule("/v1/tokens", "sign_in", limits.sign_ins(limits.calls(sign_in)), methods=["POST"])
    app.add_url_rule("/<path:path>", "forward", limits.calls(forward), methods=METHODS, provide_automatic_options=False)
    _tell_of_itself(app, limits, health, document)
    pages = console.register(app, forwarder, document, limits, database, app.wsgi_app)
    limits.page = pages.fail
    app.extensions["huanliu.close"] = (pages.close, limits.close, forwarder.close, database.close)
    app.wsgi_app = HandsOver(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _tell_of_itself(app: Flask, limits: Limits, health: Health, document: Document) -> None:
    """Whether it is well, what it counts, and what can be asked of it."""

    def openapi() -> Response:
        return json_response(document.get())

    app.add_url_rule("/health/live", "live", lambda: json_response({"status": "live"}))
    app.add_url_rule("/health/ready", "ready", lambda: json_response(*health.ready()))
    app.add_url_rule("/metrics", "metrics", metrics)
    app.add_url_rule("/openapi.json", "openapi", limits.calls(openapi))


def create_worker(settings: Settings | None = None) -> Worker:
    """What hears of everything and tells those whom it concerns."""
    from gateway.notices.handlers import EVENTS, TIMERS
    from shared.bus.consumer import Consumer
    from shared.bus.handling import UNHURRIED_S
    from shared.bus.worker import Worker

    database = Database(settings or Settings(), GATEWAY)
    return Worker(database, DOCUMENTS, [Consumer(database, GATEWAY, EVENTS, BY_ID, UNHURRIED_S)], TIMERS, emits=False)


def _measure(app: Flask) -> None:
    def begin() -> None:
        request.environ["huanliu.begun"] = time.perf_counter()

    def end(response: Response) -> Response:
        own = request.url_rule.rule if request.url_rule and request.endpoint != "forward" else "unknown"
        route = request.environ.get("huanliu.route", own)
        LATENCY.labels("gateway", route).observe(time.perf_counter() - request.environ["huanliu.begun"])
        REQUESTS.labels("gateway", route, request.method, str(response.status_code)).inc()
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    app.before_request(begin)
    app.after_request(end)
