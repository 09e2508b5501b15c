"""Wiring of the public port."""

from __future__ import annotations

import time

from flask import Flask, Response, request

from gateway import console, truth
from gateway.auth import Identities
from gateway.forward import Forwarder, call_of, response_of
from gateway.health import Health
from gateway.limits import Limits
from gateway.openapi import Document
from gateway.routes import find
from shared.http.app import metrics, register_errors
from shared.http.wire import json_response
from shared.observe import LATENCY, REQUESTS, configure_logs
from shared.problem import NotFound
from shared.settings import Settings

METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]


def create_app(settings: Settings | None = None) -> Flask:
    """Opens nothing before the first request, so that a fork may come between."""
    settings = settings or Settings()
    configure_logs(settings.log_level)
    app = Flask("gateway", static_folder=None)
    app.url_map.merge_slashes = False  # a path is passed on as it came, or not at all
    forwarder = Forwarder(settings)
    identities = Identities(forwarder)
    health, document = Health(forwarder), Document(forwarder)
    register_errors(app)
    _measure(app)
    limits = Limits(app, settings, lambda: identities.budget(request))

    def forward(path: str = "") -> Response:
        target = find(request.path)
        if target is None:
            raise NotFound(zh=f"没有 {request.path} 这个地址", en=f"There is no {request.path} here")
        request.environ["huanliu.route"] = target.prefix
        call = call_of(request, target, identities.token_for(request))
        try:
            reply = truth.settle(forwarder, call, forwarder.send(call))
            return response_of(reply)
        finally:
            call.close()

    def sign_in() -> Response:
        return forward()

    def openapi() -> Response:
        return json_response(document.get())

    app.add_url_rule("/v1/tokens", "sign_in", limits.sign_ins(limits.calls(sign_in)), methods=["POST"])
    app.add_url_rule("/<path:path>", "forward", limits.calls(forward), methods=METHODS, provide_automatic_options=False)
    app.add_url_rule("/health/live", "live", lambda: json_response({"status": "live"}))
    app.add_url_rule("/health/ready", "ready", lambda: json_response(*health.ready()))
    app.add_url_rule("/metrics", "metrics", metrics)
    app.add_url_rule("/openapi.json", "openapi", limits.calls(openapi))
    console.register(app, forwarder, document, limits)
    app.extensions["huanliu.close"] = (limits.close, forwarder.close)
    return app


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
