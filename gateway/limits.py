"""Rate limits, shared by all workers in the gateway's own database; each worker counts for itself while MongoDB is down."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded

from gateway.store import COUNTERS_URI, Counters
from shared.http.wire import language_of, problem_response
from shared.problem import TooManyRequests
from shared.settings import Settings

View = Callable[..., Any]


class Limits:
    """`calls` and `sign_ins` wrap views, which need names of their own: a limit belongs to a name."""

    def __init__(self, app: Flask, settings: Settings, budget: Callable[[], str]) -> None:
        self._settings, self._budget = settings, budget
        self._limiter = Limiter(
            budget,
            app=app,
            storage_uri=COUNTERS_URI,
            storage_options={
                "server": settings.mongodb_uri,
                "database_name": settings.database("gateway"),
                "appname": "huanliu-gateway",
                "connect": False,
                "w": 1,  # a counter lost in a crash harms nobody, so no call waits for the disk
                "journal": False,
                "retryWrites": False,
                "serverSelectionTimeoutMS": 500,
                "connectTimeoutMS": 500,
                "socketTimeoutMS": 1000,
            },
            strategy="fixed-window",
            in_memory_fallback_enabled=True,
            swallow_errors=True,
        )
        app.register_error_handler(RateLimitExceeded, self._refuse)
        self.page: Callable[[TooManyRequests], Response | None] = lambda _: None
        """How a person who asked for a page is told; None to programs."""

    def calls(self, view: View) -> View:
        """Every call of a user, or of an address where there is none."""
        limit = f"{self._settings.rate_limit_per_minute}/minute"
        limited: View = self._limiter.shared_limit(limit, scope="calls", key_func=self._budget)(view)
        return limited

    def sign_ins(self, view: View) -> View:
        """Failed sign-ins of an address: guessing is what this slows, and a market's yard may share one address."""
        limit = f"{self._settings.sign_in_limit_per_minute}/minute"
        limited: View = self._limiter.shared_limit(
            limit, scope="sign-ins", key_func=lambda: f"address:{request.remote_addr}", deduct_when=_failed
        )(view)
        return limited

    def close(self) -> None:
        """Let go of the connections."""
        if isinstance(counters := self._limiter.storage, Counters):
            counters.close()

    def _refuse(self, _error: RateLimitExceeded) -> Response:
        current = self._limiter.current_limit
        wait_s = 60 if current is None else max(1, min(60, round(current.reset_at - time.time())))
        problem = TooManyRequests(
            zh=f"请求过于频繁，请在 {wait_s} 秒后重试",
            en=f"Too many requests; try again in {wait_s} s",
            headers={"Retry-After": str(wait_s)},
        )
        response = self.page(problem) or problem_response(problem, language_of(request))
        response.headers.update(problem.headers)
        return response


def _failed(response: Response) -> bool:
    return response.status_code == 401
