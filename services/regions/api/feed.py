"""What programs refresh by themselves: flat rows, and metrics."""

from __future__ import annotations

from dataclasses import replace

from flask import Request

from services.regions import views
from services.regions.api.tables import VARY, csv_answer, wants_csv
from services.regions.schemas import OPENMETRICS, FeedOut, FeedQuery, FeedRowOut, openmetrics_of
from shared.auth import Caller, authorise
from shared.http import Answer, Routes
from shared.mongo import Unit

routes = Routes("regions")


@routes.get("/v1/regions/<code>/feed", "volumes.read", FeedOut)
def read_feed(unit: Unit, caller: Caller, request: Request, query: FeedQuery, code: str) -> Answer:
    """Both sides of a region's volumes in flat rows, for a spreadsheet to refresh; CSV by Accept or `format=csv`."""
    authorise(caller, "volumes.read", {"visible"})
    views.check_kept(unit, query.asked())
    seen = views.feed(unit, code, views.sight_of(unit, caller, code), query.asked())
    items = [FeedRowOut.of(row) for row in seen.rows]
    if query.format == "csv" or (query.format is None and wants_csv(request)):
        return csv_answer(items, FeedRowOut, seen.withheld)
    return Answer(FeedOut(items=items, withheld=seen.withheld), 200, VARY)


@routes.get("/v1/regions/<code>/metrics", "volumes.read")
def read_metrics(unit: Unit, caller: Caller, code: str) -> Answer:
    """The main totals of a region as OpenMetrics, for a monitor with an API key."""
    authorise(caller, "volumes.read", {"visible"})
    sight = views.sight_of(unit, caller, code)
    seen = views.feed(unit, code, sight, replace(views.Asked(), granularity="year"))
    balance = views.balance(unit, code, None, None, None if sight.whole else sight.firm)
    return Answer(openmetrics_of(code, seen.rows, balance, seen.withheld), 200, {"Content-Type": OPENMETRICS})
