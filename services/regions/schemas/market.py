"""The public picture of the market."""

from __future__ import annotations

from datetime import datetime

from services.regions.model import KnownClearing, KnownTrade
from services.regions.views import Market
from shared.http import Shape
from shared.http.shapes import Time
from shared.units import CnyOut, TonnesOut


class ClearingOut(Shape):
    id: str
    material: str
    at: Time
    proposals: int
    matched_t: TonnesOut
    surplus_cny: CnyOut
    gap_pct: float
    duration_ms: int

    @classmethod
    def of(cls, one: KnownClearing) -> ClearingOut:
        gap = round(100 * (one.bound_fen - one.objective_fen) / one.bound_fen, 6) if one.bound_fen else 0.0
        return cls(
            id=one.id,
            material=one.material,
            at=one.at,
            proposals=one.proposals,
            matched_t=one.matched_kg,
            surplus_cny=one.surplus_fen,
            gap_pct=gap,
            duration_ms=one.duration_ms,
        )


class LatestTradeOut(Shape):
    at: Time
    grade: str
    quantity_t: TonnesOut
    price_cny_per_t: CnyOut
    from_region: str
    to_region: str

    @classmethod
    def of(cls, one: KnownTrade) -> LatestTradeOut:
        assert one.agreed_at is not None  # the view asks for those alone
        return cls(
            at=one.agreed_at,
            grade=one.grade,
            quantity_t=one.kg,
            price_cny_per_t=one.price_fen_per_t,
            from_region=one.from_region,
            to_region=one.to_region,
        )


class MarketOut(Shape):
    """The public picture of the market; no party is named."""

    at: Time
    open_lots: int
    open_lots_t: TonnesOut
    open_demands: int
    open_demands_t: TonnesOut
    trades: int
    traded_t: TonnesOut
    clearings: list[ClearingOut]
    trades_latest: list[LatestTradeOut]

    @classmethod
    def of(cls, market: Market, at: datetime) -> MarketOut:
        return cls(
            at=at,
            open_lots=market.open_lots[0],
            open_lots_t=market.open_lots[1],
            open_demands=market.open_demands[0],
            open_demands_t=market.open_demands[1],
            trades=market.trades[0],
            traded_t=market.trades[1],
            clearings=[ClearingOut.of(one) for one in market.clearings],
            trades_latest=[LatestTradeOut.of(one) for one in market.latest],
        )
