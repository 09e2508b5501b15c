"""The routes of regions, one file for each part."""

from __future__ import annotations

from services.regions.api import alarms, allowances, feed, market, outcomes, reports, targets, volumes

TABLES = (
    volumes.routes,
    feed.routes,
    outcomes.routes,
    reports.routes,
    targets.routes,
    allowances.routes,
    alarms.routes,
    market.routes,
)
