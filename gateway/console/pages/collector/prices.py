"""Prices near the yard, and how much of the region's tonnes were the yard's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import city_of, shanghai_today
from gateway.console.pages.collector.advice import advise
from gateway.console.pages.collector.home import COMMON
from gateway.console.texts import Texts
from gateway.console.visit import Visit
from shared import geo


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
    region = me.body["region"]
    advice = advise(visit, [grade], site, region, whole=True)[grade]
    if visit.request.args.get("as") == "csv":
        return visit.table(index_rows(advice.series.rows, visit.t), f"prices-{grade}.csv")
    return visit.render("prices.html", grade=grade, grades=grades, site=site, home_region=region, advice=advice)


def index_rows(rows: Sequence[Mapping[str, Any]], words: Texts) -> list[list[str | float | None]]:
    """The table behind the chart, the newest day first."""
    names = (words["day"], f"{words['price']} {words['unit_cny_t']}", words["col_low"], words["col_high"], words["firms"])
    return [
        [*names, words["col_carried"]],
        *(
            [one["date"], one["price_cny_per_t"], one["low_cny_per_t"], one["high_cny_per_t"], one["firms"],
             one["priced_on"] if one["carried"] else None]
            for one in reversed(rows)
        ),
    ]  # fmt: skip


def region(visit: Visit) -> Response:
    """The tonnes of the city (of the county, where that lies in none) this month by grade, and of them the yard's own; what
    would reveal another firm is kept back."""
    own = visit.api.get("/v1/me").body["region"]
    code = city_of(own) if city_of(own) in geo.lineage(own) else own
    month = shanghai_today(visit.now).replace(day=1).isoformat()
    volumes = visit.api.get(f"/v1/regions/{code}/volumes", {"granularity": "month", "from": month})
    rows = sorted(volumes.items, key=lambda one: -one["received_t"]) if volumes.is_ok else []
    withheld = volumes.is_ok and volumes.body["withheld"]
    return visit.render("region.html", code=code, rows=rows, volumes=volumes, month=month[:7], withheld=withheld)
