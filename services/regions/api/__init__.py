"""The routes of regions, one file for each part."""

from __future__ import annotations

from services.regions.api import market, outcomes, reports, targets, volumes

TABLES = (volumes.routes, outcomes.routes, reports.routes, targets.routes, market.routes)
