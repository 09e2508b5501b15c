"""The public picture of the market."""

from __future__ import annotations

from services.regions import views
from services.regions.schemas import (
    MarketOut,
)
from shared.http import Routes
from shared.mongo import Unit

routes = Routes("regions")


@routes.get("/v1/market", "market.read", MarketOut)
def read_market(unit: Unit) -> MarketOut:
    """The public picture of the market now."""
    return MarketOut.of(views.market(unit), unit.now)
