"""The yard's first page: what must be answered, when money comes, what scrap is worth here today.

The last takes a round of questions, so it comes after the page, in the place that was kept for it."""

from __future__ import annotations

from flask import Response

from gateway.console.client import Ask
from gateway.console.pages.collector.advice import advise
from gateway.console.visit import Visit
from shared.catalogue import grade

COMMON = (
    "steel.hms1", "steel.medium", "steel.light", "nonferrous.copper", "nonferrous.aluminium", "paper.occ_a",
    "plastic.pet_bottle",
)  # fmt: skip
WORTH = 4
"""Grades whose worth the first page shows: those that the yard sold last, then common ones."""


def home(visit: Visit) -> Response:
    """What it shows, asked at once."""
    offers, trades, lots, sites, me = visit.api.all(
        Ask("/v1/proposals", {"status": "proposed", "limit": 50}),
        Ask("/v1/trades", {"limit": 100}),
        Ask("/v1/lots", {"limit": 50}),
        Ask("/v1/sites", {"organisation_id": visit.organisation_id, "limit": 50}),
        Ask("/v1/me"),
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
        me=me,
        offers=offers,
        waiting=waiting,
        trades=trades,
        due=sorted(due, key=lambda one: one["due_at"]),
        under_way=[one for one in trades.items if one["status"] in ("agreed", "in_delivery")] if trades.is_ok else [],
        lots=lots,
        open_lots=open_lots,
        site=site,
        sites=sites,
        grades=grades,
    )


def worth(visit: Visit) -> Response:
    """`/collector/worth?grade=…`: what these grades are worth at the yard, as a part of its first page."""
    grades = [one for one in dict.fromkeys(visit.request.args.getlist("grade")) if grade(one) is not None][:WORTH]
    sites = visit.api.get("/v1/sites", organisation_id=visit.organisation_id, limit=50)
    where = sites if not sites.is_ok or sites.items else visit.api.get("/v1/me")
    if not where.is_ok:
        return visit.render("worth.html", grades=grades, worth={})
    site = sites.items[0] if sites.items else None
    region = (site or where.body)["region"]
    return visit.render("worth.html", grades=grades, worth=advise(visit, grades, site, region))
