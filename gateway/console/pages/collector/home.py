"""The yard's first page: what must be answered, when money comes, what scrap is worth here today."""

from __future__ import annotations

from flask import Response

from gateway.console.client import Ask
from gateway.console.pages.collector.advice import advise
from gateway.console.visit import Visit

COMMON = (
    "steel.hms1", "steel.medium", "steel.light", "nonferrous.copper", "nonferrous.aluminium", "paper.occ_a",
    "plastic.pet_bottle",
)  # fmt: skip
WORTH = 4
"""Grades whose worth the first page shows: those that the yard sold last, then common ones."""


def home(visit: Visit) -> Response:
    """Four questions asked at once, then the worth of the yard's grades."""
    offers, trades, lots, sites = visit.api.all(
        Ask("/v1/proposals", {"status": "proposed", "limit": 50}),
        Ask("/v1/trades", {"limit": 100}),
        Ask("/v1/lots", {"limit": 50}),
        Ask("/v1/sites", {"organisation_id": visit.organisation_id, "limit": 50}),
    )
    assert offers is not None and trades is not None and lots is not None and sites is not None
    site = sites.items[0] if sites.is_ok and sites.items else None
    own = list(dict.fromkeys(one["grade"] for one in lots.items)) if lots.is_ok else []
    grades = list(dict.fromkeys([*own, *COMMON]))[:WORTH]
    waiting = [one for one in offers.items if one["seller_accepted_at"] is None] if offers.is_ok else []
    due = [one for one in trades.items if one["due_at"] and not one["paid_at"]] if trades.is_ok else []
    open_lots = [one for one in lots.items if one["status"] == "open"] if lots.is_ok else []
    return visit.render(
        "home.html",
        offers=offers,
        waiting=waiting,
        trades=trades,
        due=sorted(due, key=lambda one: one["due_at"]),
        under_way=[one for one in trades.items if one["status"] in ("agreed", "in_delivery")] if trades.is_ok else [],
        lots=lots,
        open_lots=open_lots,
        site=site,
        worth=advise(visit, grades, site),
    )
