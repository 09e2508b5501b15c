"""The Flask application of a room: its routes, its probes, and the one table that renders errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import structlog
from flask import Flask, Response, request
from pymongo.errors import ConnectionFailure, PyMongoError
from werkzeug.exceptions import HTTPException

from shared.auth.tokens import Verifier
from shared.bus.documents import BUS_DOCUMENTS
from shared.http.dispatch import Dispatcher
from shared.http.openapi import document
from shared.http.operations import operations
from shared.http.routes import Routes
from shared.http.wire import json_response, language_of, problem_response
from shared.mongo import Database, Sealed
from shared.observe import LATENCY, REQUESTS, configure_logs, metrics_page
from shared.problem import (
    BodyIsTooLarge,
    MediaTypeIsNotSupported,
    MethodIsNotAllowed,
    NotFound,
    Problem,
    RequestIsMalformed,
    ServiceIsUnavailable,
)

log = structlog.get_logger("http")

_BY_STATUS: dict[int, type[Problem]] = {
    404: NotFound,
    405: MethodIsNotAllowed,
    413: BodyIsTooLarge,
    415: MediaTypeIsNotSupported,
}


class IdempotencyDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "idempotency",
        "indexes": [{"fields": ["at"], "expireAfterSeconds": 86400}],
    }


def create_app(database: Database, tables: Sequence[Routes], documents: Sequence[type[Sealed]]) -> Flask:
    """A room's application. Nothing is opened before the first request, so that a fork may come between."""
    settings = database.settings
    configure_logs(settings.log_level)
    app = Flask(database.room, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.body_limit_bytes
    keys_url = f"{settings.rooms.get('accounts', 'http://127.0.0.1:1')}/v1/keys"
    verifier = Verifier(keys_url, settings.data / "keys" / f"{database.room}.json", database.clock)
    dispatcher = Dispatcher(database, verifier)
    app.extensions["huanliu"] = dispatcher
    tables = [*tables, operations(database.room)]
    for routes in tables:
        for route in routes.table:
            app.add_url_rule(
                route.path,
                endpoint=f"{route.method} {route.path}",
                view_func=dispatcher.view(route),
                methods=[route.method],
                strict_slashes=False,
            )
    _probes(app, database, documents)
    spec = document(tables)
    app.add_url_rule("/openapi.json", view_func=lambda: json_response(spec))
    register_errors(app)
    _measure(app, database.room)
    return app


def _probes(app: Flask, database: Database, documents: Sequence[type[Sealed]]) -> None:
    prepared = False

    def ready() -> Response:
        nonlocal prepared
        try:
            if not prepared:
                database.prepare([*BUS_DOCUMENTS, IdempotencyDocument, *documents])
                prepared = True
            database.client.admin.command("ping")
            hello = database.client.admin.command("hello")
        except PyMongoError as error:
            return json_response({"status": "unavailable", "mongodb": type(error).__name__}, 503)
        writable = bool(hello.get("isWritablePrimary"))
        return json_response({"status": "ready" if writable else "read-only"}, 200 if writable else 503)

    app.add_url_rule("/health/live", view_func=lambda: json_response({"status": "live"}), endpoint="live")
    app.add_url_rule("/health/ready", view_func=ready, endpoint="ready")
    app.add_url_rule("/metrics", view_func=metrics, endpoint="metrics")


def metrics() -> Response:
    body, kind = metrics_page()
    return Response(body, content_type=kind)


def register_errors(app: Flask) -> None:
    """Every error leaves as a problem; the unknown ones are logged with the trace and say nothing of the inside."""

    def render(error: Exception) -> Response:
        return problem_response(problem_of(error), language_of(request))

    app.register_error_handler(Exception, cast(Callable[[Exception], Response], render))


def problem_of(error: Exception) -> Problem:
    """The one table: what an exception is to the caller."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ConnectionFailure):
        return ServiceIsUnavailable(zh="数据库暂不可用，请稍后重试", en="The database does not answer; try again in a moment")
    if isinstance(error, HTTPException):
        status = error.code or 500
        if status in _BY_STATUS:
            return _BY_STATUS[status]()
        if 400 <= status < 500:
            return RequestIsMalformed(zh="无法读取请求", en=error.description or "")
    log.error("unexpected error", exc_info=error, path=request.path)
    return Problem()


def _measure(app: Flask, room: str) -> None:
    def begin() -> None:
        request.environ["huanliu.begun"] = time.perf_counter()

    def end(response: Response) -> Response:
        rule = request.url_rule.rule if request.url_rule else "unknown"
        begun = request.environ.get("huanliu.begun")
        if begun is not None:
            LATENCY.labels(room, rule).observe(time.perf_counter() - begun)
        REQUESTS.labels(room, rule, request.method, str(response.status_code)).inc()
        return response

    app.before_request(begin)
    app.after_request(end)


__all__: list[Any] = ["IdempotencyDocument", "create_app", "metrics", "problem_of", "register_errors"]
