"""Logs as JSON lines with the trace, Prometheus metrics, and the probes of a worker process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import ValueClass

REQUESTS = Counter("huanliu_http_requests_total", "HTTP requests answered", ["room", "route", "method", "status"])
LATENCY = Histogram("huanliu_http_request_seconds", "Time to answer", ["room", "route"])
HANDLED = Gauge("huanliu_consumer_handled", "Events this process handled", ["consumer"])
PARKED = Gauge("huanliu_consumer_parked", "Events this process parked", ["consumer"])
INDEX_LAG = Gauge("huanliu_index_lag_seconds", "Age of the oldest change that the search index does not have", ["index"])
STREAMS = Gauge("huanliu_open_streams", "Event streams that are open")
OUTBOX = Gauge("huanliu_outbox_pending", "Outbox rows waiting for the relay", ["room"])


def configure_logs(level: str) -> None:
    """JSON lines on stderr."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(),
    )


def metrics_page() -> tuple[bytes, str]:
    """The metrics of this process, or of all processes of a gunicorn where they share a directory."""
    if ValueClass.__name__ == "MmapedValue":
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
    return generate_latest(), CONTENT_TYPE_LATEST


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Probes are not logged."""


def serve_probes(port: int, health: Callable[[], dict[str, Any]]) -> WSGIServer:
    """`/health/live`, `/health/ready` and `/metrics` of a worker, in a daemon thread. `health` has a boolean `ready`."""

    def answer(environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            body, kind = metrics_page()
            start("200 OK", [("Content-Type", kind)])
            return [body]
        state = {"ready": True} if path == "/health/live" else health()
        start("200 OK" if state["ready"] else "503 Service Unavailable", [("Content-Type", "application/json")])
        return [orjson.dumps(state, default=str)]

    server = make_server("127.0.0.1", port, answer, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server
