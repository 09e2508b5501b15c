"""Lots, sites and prices as far as allowances and alarms watch them."""

from __future__ import annotations

from typing import Any

from services.regions.model.watched import DemandSite, KnownPrice, SiteActivity, WatchedLot
from shared.mongo import Repository, Row, Sealed, Unit


class WatchedLotDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "watched_lots",
        "indexes": [("grade", "published_at"), {"fields": ["site_id"], "partialFilterExpression": {"on_site_kg": {"$gt": 0}}}],
    }


class SiteActivityDocument(Sealed):
    meta = {"collection": "site_activities", "indexes": []}  # noqa: RUF012


class DemandSiteDocument(Sealed):
    meta = {"collection": "demand_sites", "indexes": []}  # noqa: RUF012


class KnownPriceDocument(Sealed):
    meta = {"collection": "known_prices", "indexes": [("grade", "region")]}  # noqa: RUF012


WATCHED_LOTS = Repository(WatchedLotDocument, WatchedLot)
SITE_ACTIVITIES = Repository(SiteActivityDocument, SiteActivity)
DEMAND_SITES = Repository(DemandSiteDocument, DemandSite)
KNOWN_PRICES = Repository(KnownPriceDocument, KnownPrice)
AHEAD: tuple[Repository[Any], ...] = (WATCHED_LOTS, DEMAND_SITES)
"""What events name, read before each batch of them."""


def on_sites(unit: Unit, site_ids: list[str]) -> dict[str, int]:
    """The kilograms that lie at each of the sites; those where nothing does are left out."""
    pipeline: list[Row] = [
        {"$match": {"site_id": {"$in": site_ids}, "on_site_kg": {"$gt": 0}}},
        {"$group": {"_id": "$site_id", "kg": {"$sum": "$on_site_kg"}}},
    ]
    found = unit.collection(WATCHED_LOTS.name).aggregate(pipeline, session=unit.session)
    return {row["_id"]: row["kg"] for row in found}


DOCUMENTS: tuple[type[Sealed], ...] = (
    WatchedLotDocument,
    SiteActivityDocument,
    DemandSiteDocument,
    KnownPriceDocument,
)
