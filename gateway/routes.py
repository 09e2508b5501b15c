"""Which room answers which path, as data, and how large a body may be."""

from __future__ import annotations

from dataclasses import dataclass

from shared.settings import ROOMS

JSON_LIMIT = 1_048_576
UPLOAD_LIMIT = 10 * 1_048_576

GATEWAY = "gateway"
"""Not a room: what it answers itself, from its own database."""
ROUTES: tuple[tuple[str, str], ...] = (
    ("/v1/lots/*/explanation", "matching"),
    ("/v1/demands/*/explanation", "matching"),
    ("/v1/organisations", "accounts"),
    ("/v1/me", "accounts"),
    ("/v1/tokens", "accounts"),
    ("/v1/api-keys", "accounts"),
    ("/v1/keys", "accounts"),
    ("/v1/sites", "accounts"),
    ("/v1/materials", "listings"),
    ("/v1/lots", "listings"),
    ("/v1/demands", "listings"),
    ("/v1/counterparties", "listings"),
    ("/v1/search", "listings"),
    ("/v1/saved-searches", "listings"),
    ("/v1/clearings", "matching"),
    ("/v1/prices", "matching"),
    ("/v1/proposals", "matching"),
    ("/v1/tenders", "matching"),
    ("/v1/agreements", "matching"),
    *((f"/v1/operations/{room}", room) for room in ROOMS),
    ("/v1/operations", GATEWAY),
    ("/v1/journeys", GATEWAY),
    ("/v1/stream", GATEWAY),
    ("/v1/notices", GATEWAY),
    ("/v1/webhooks", GATEWAY),
    ("/v1/trades", "trading"),
    ("/v1/quotes", "logistics"),
    ("/v1/shipments", "logistics"),
    ("/v1/earnings", "logistics"),
    ("/v1/market", "regions"),
    ("/v1/regions", "regions"),
    ("/v1/targets", "regions"),
    ("/v1/reports", "regions"),
    ("/v1/report-schedules", "regions"),
    ("/v1/alarms", "regions"),
    ("/v1/alarm-rules", "regions"),
    ("/v1/allowances", "regions"),
    ("/v1/allowance-rules", "regions"),
)
"""`(prefix, room)`, the first that fits counts; `*` stands for one part of the path."""

INTERNAL: tuple[str, ...] = ("/v1/api-keys/exchange", "/v1/organisations/*/known")
"""Paths of rooms that are for the gateway alone."""

UPLOADS: tuple[str, ...] = (
    "/v1/lots/imports",
    "/v1/lots/*/photos",
    "/v1/lots/*/documents",
    "/v1/shipments/*/photos",
)
"""Paths that take files."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `prefix` names the route in metrics."""

    prefix: str
    room: str
    body_limit: int


def _fits(pattern: str, parts: list[str]) -> bool:
    wanted = pattern.strip("/").split("/")
    return len(wanted) <= len(parts) and all(want in ("*", part) for want, part in zip(wanted, parts, strict=False))


def is_internal(path: str) -> bool:
    """Whether a path, or the template of one, is for the gateway alone."""
    parts = path.strip("/").split("/")
    return any(len(parts) == pattern.count("/") and _fits(pattern, parts) for pattern in INTERNAL)


def find(path: str) -> Target | None:
    """The target of a decoded path; None for what is not ours, and for paths that a room might read in another way."""
    parts = path.strip("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        return None
    if is_internal(path):
        return None
    for pattern, room in ROUTES:
        if _fits(pattern, parts):
            limit = UPLOAD_LIMIT if any(_fits(upload, parts) for upload in UPLOADS) else JSON_LIMIT
            return Target(pattern, room, limit)
    return None
