"""Prices near the yard, and how much of the region's tonnes were the yard's own."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import MUNICIPALITIES, shanghai_day, shanghai_today
from gateway.console.pages.collector.advice import advise
from gateway.console.pages.collector.home import COMMON
from gateway.console.visit import Visit

DAYS = 30
MOST = 200


def prices(visit: Visit) -> Response:
    """Of one grade: the index of the last month, and what buyers near would leave at the yard."""
    lots, sites = visit.api.all(
        Ask("/v1/lots", {"limit": 50}), Ask("/v1/sites", {"organisation_id": visit.organisation_id, "limit": 50})
    )
    assert lots is not None and sites is not None
    own = [one["grade"] for one in lots.items] if lots.is_ok else []
    grades = list(dict.fromkeys([*own, *COMMON]))[:12]
    grade = visit.request.args.get("grade") or grades[0]
    site = sites.items[0] if sites.is_ok and sites.items else None
    since = shanghai_today(visit.now) - timedelta(days=DAYS)
    series = visit.api.get("/v1/prices", {"grade": grade, "from": since.isoformat(), "limit": MOST})
    rows = sorted(series.items, key=lambda one: one["date"]) if series.is_ok else []
    advice = advise(visit, [grade], site).get(grade)
    return visit.render("prices.html", grade=grade, grades=grades, site=site, series=series, rows=rows, advice=advice)


def region(visit: Visit) -> Response:
    """The city's tonnes of this month by grade, and of them the yard's own, from its loads."""
    code = city_of(visit.api.get("/v1/me").body["region"])
    month = shanghai_today(visit.now).replace(day=1)
    volumes, loads = visit.api.all(
        Ask(f"/v1/regions/{code}/volumes", {"granularity": "month", "from": month.isoformat()}),
        Ask("/v1/shipments", {"status": "received", "limit": MOST}),
    )
    assert volumes is not None and loads is not None
    own: dict[str, float] = defaultdict(float)
    for one in loads.items if loads.is_ok else []:
        if _received_on(one) >= month.isoformat():
            own[one["grade"]] += one["net_t"] or 0
    rows = sorted(volumes.items, key=lambda one: -one["received_t"]) if volumes.is_ok else []
    return visit.render("region.html", code=code, rows=rows, own=own, loads=loads, volumes=volumes, month=month.isoformat()[:7])


def city_of(code: str) -> str:
    """The city in which a region lies; a municipality for its districts."""
    return code[:2] + "0000" if code[:2] in MUNICIPALITIES else code[:4] + "00"


def _received_on(shipment: dict[str, Any]) -> str:
    """The day in Shanghai of the step `received`."""
    at = next((one["at"] for one in reversed(shipment["events"]) if one["type"] == "received"), "")
    return shanghai_day(at) if at else ""
