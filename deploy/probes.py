"""Asking a process over HTTP how it is. Starting asks often, so this costs next to nothing."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit


def ask(url: str, timeout_s: float = 2) -> tuple[int, bytes] | None:
    """Status and body that `url` answers; None if it does not answer."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def is_ready(probe: str) -> bool:
    """Whether `probe` answers 200."""
    answer = ask(probe)
    return answer is not None and answer[0] == 200
