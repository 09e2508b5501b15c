"""Prices near the yard, and how much of the region's tonnes were the yard's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import city_of, shanghai_today
from gateway.console.pages.collector.advice import advise
from gateway.console.pages.collector.home import COMMON
from gateway.console.visit import Visit

DAYS = 30
MOST = 200


def prices(visit: Visit) -> Response:
    """Of one grade: the last month's index of the yard's city, or of its province where the city has none; and what buyers near
    would leave at the yard."""
    lots, sites, me = visit.api.all(
        Ask("/v1/lots", {"limit": 50}),
        Ask("/v1/sites", {"organisation_id": visit.organisation_id, "limit": 50}),
        Ask("/v1/me"),
    )
    assert lots is not None and sites is not None and me is not None
    own = [one["grade"] for one in lots.items] if lots.is_ok else []
    grades = list(dict.fromkeys([*own, *COMMON]))[:12]
    grade = visit.request.args.get("grade") or grades[0]
    site = sites.items[0] if sites.is_ok and sites.items else None
    code = site["region"] if site else me.body["region"]
    series = _series(visit, grade, code)
    values = {"site": site, "series": series, "advice": advise(visit, [grade], site).get(grade)}
    return visit.render("prices.html", grade=grade, grades=grades, **values)


@dataclass(frozen=True)
class Series:
    """An index day by day; `region` is whose."""

    is_ok: bool
    region: str
    rows: list[Any]


def _series(visit: Visit, grade: str, code: str) -> Series:
    since = (shanghai_today(visit.now) - timedelta(days=DAYS)).isoformat()
    regions = list(dict.fromkeys([city_of(code), code[:2] + "0000"]))
    asks = [Ask("/v1/prices", {"grade": grade, "region": one, "from": since, "limit": MOST}) for one in regions]
    found = [
        Series(reply.is_ok, region, sorted(reply.items, key=lambda one: str(one["date"])) if reply.is_ok else [])
        for region, reply in zip(regions, visit.api.all(*asks), strict=True)
        if reply is not None
    ]
    return next((one for one in found if one.rows), found[0])


def region(visit: Visit) -> Response:
    """The city's tonnes of this month by grade, and of them the yard's own; what would reveal another firm is kept back."""
    code = city_of(visit.api.get("/v1/me").body["region"])
    month = shanghai_today(visit.now).replace(day=1).isoformat()
    volumes = visit.api.get(f"/v1/regions/{code}/volumes", {"granularity": "month", "from": month})
    rows = sorted(volumes.items, key=lambda one: -one["received_t"]) if volumes.is_ok else []
    withheld = volumes.is_ok and volumes.body["withheld"]
    return visit.render("region.html", code=code, rows=rows, volumes=volumes, month=month[:7], withheld=withheld)
