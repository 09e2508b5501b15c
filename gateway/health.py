"""Readiness of the whole: the rooms accept writes, the demo market (where there is to be one) is loaded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

import httpx
from flask import Flask, Response
from werkzeug.test import EnvironBuilder

from gateway.forward import Forwarder
from gateway.routes import GATEWAY
from shared.bus import ping
from shared.problem import ServiceIsUnavailable
from shared.settings import ROOMS, Settings

FRESH_S = 0.5
"""Probes that come faster than this share an answer."""
PROBE_S = 2.0


def demo_is_loaded(settings: Settings) -> bool:
    """Whether the demo market of this instance stands: its loader writes `demo.json` at the end."""
    return settings.demo and (settings.data / "demo.json").exists()


class Health:
    """`ready()` is `(body, status)`. `own`: what the gateway answers from a database of its own."""

    def __init__(self, forwarder: Forwarder, own: Flask) -> None:
        self.forwarder, self.settings, self.own = forwarder, forwarder.settings, own
        self._lock = threading.Lock()
        self._answer: tuple[dict[str, Any], int] = ({}, 503)
        self._at = float("-inf")

    @property
    def servers(self) -> dict[str, Callable[[], bool]]:
        """Asks a server that rooms can do without for a while whether it answers."""
        return {"kafka": partial(ping.reachable, self.settings), "elasticsearch": self._elasticsearch}

    def ready(self) -> tuple[dict[str, Any], int]:
        with self._lock:
            if time.monotonic() - self._at > FRESH_S:
                self._answer, self._at = self._look(), time.monotonic()
            return self._answer

    def _look(self) -> tuple[dict[str, Any], int]:
        asks: dict[str, Callable[[], Any]] = {room: partial(self._room, room) for room in ROOMS}
        asks |= {GATEWAY: self._own, **self.servers}
        found = self.forwarder.side_by_side(asks)
        rooms = {room: found[room] for room in (*ROOMS, GATEWAY)}
        servers = {name: found[name] for name in self.servers}
        body: dict[str, Any] = {"status": "ready", "rooms": rooms}
        if any(state != "ready" for state in rooms.values()):
            return body | {"status": "unavailable"}, 503
        down = [name for name, up in servers.items() if not up]
        if self.settings.demo and not demo_is_loaded(self.settings):
            return body | {"status": "loading demo", "down": down}, 503
        if down:
            return body | {"status": "degraded", "down": down}, 200
        return body, 200

    def _room(self, room: str) -> str:
        try:
            answer = self.forwarder.get(room, "/health/ready", timeout_s=PROBE_S)
        except ServiceIsUnavailable:
            return "unreachable"
        return "ready" if answer.status_code == 200 else "unavailable"

    def _own(self) -> str:
        environ = EnvironBuilder("/health/ready").get_environ()
        with closing(Response.from_app(self.own.wsgi_app, environ)) as answer:
            return "ready" if answer.status_code == 200 else "unavailable"

    def _elasticsearch(self) -> bool:
        try:
            url = f"{self.settings.elasticsearch_url}/_cluster/health"
            return self.forwarder.client.get(url, timeout=PROBE_S).status_code == 200
        except httpx.HTTPError:
            return False
