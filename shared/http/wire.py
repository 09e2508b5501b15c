"""Bytes in and out: languages, JSON, problems."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Request, Response

from shared.problem import Language, Problem


def language_of(request: Request) -> Language:
    """`en` where the caller prefers it; else zh-CN, the market's language."""
    best = request.accept_languages.best_match(["zh-CN", "zh", "en", "en-US", "en-GB"], default="zh-CN")
    return "en" if best is not None and best.startswith("en") else "zh-CN"


def json_response(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, content_type="application/json")


def problem_response(problem: Problem, language: Language) -> Response:
    response = Response(
        orjson.dumps(problem.body(language)), problem.status, content_type="application/problem+json", headers=problem.headers
    )
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return response
