"""The public picture of the market."""

from __future__ import annotations

from dataclasses import dataclass

from services.regions import store
from services.regions.model import KnownClearing, KnownTrade
from shared.mongo import Unit

LATEST = 10


@dataclass(frozen=True, slots=True)
class Market:
    """The public picture; no party is named."""

    open_lots: tuple[int, int]
    open_demands: tuple[int, int]
    trades: tuple[int, int]
    clearings: list[KnownClearing]
    latest: list[KnownTrade]


def market(unit: Unit) -> Market:
    """The market now."""
    return Market(
        store.sum_open(unit, "lot"),
        store.sum_open(unit, "demand"),
        store.sum_trades(unit),
        store.CLEARINGS.select(unit, {}, [("at", -1)], LATEST),
        store.TRADES.select(unit, {"agreed_at": {"$ne": None}, "status": {"$ne": "cancelled"}}, [("agreed_at", -1)], LATEST),
    )
