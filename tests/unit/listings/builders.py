"""Lots, demands and proposals for tests of the model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.listings.model import Demand, DemandDraft, DemandTerms, Lot, LotDraft, LotTerms, Place
from shared.events.base import Point
from shared.events.matching import Place as TermsPlace
from shared.events.matching import Terms
from shared.geo import Position

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LATER = NOW + timedelta(days=10)
AFTER = NOW + timedelta(days=11)
WUHAN = Place("site-1", "420100", Position(30.59, 114.30))


def lot_draft(quantity_kg: int = 30_000, **terms: Any) -> LotDraft:
    values: dict[str, Any] = {
        "grade": "steel.hms1",
        "ask_fen_per_t": 245_000,
        "available_from": NOW,
        "available_until": LATER,
        **terms,
    }
    return LotDraft(site_id=WUHAN.site_id, quantity_kg=quantity_kg, terms=LotTerms(**values))


def demand_draft(quantity_kg: int = 30_000, **terms: Any) -> DemandDraft:
    values: dict[str, Any] = {
        "grades": ["steel.hms1"],
        "bid_fen_per_t": 270_000,
        "deliver_from": NOW,
        "deliver_until": LATER,
        **terms,
    }
    return DemandDraft(site_id=WUHAN.site_id, quantity_kg=quantity_kg, terms=DemandTerms(**values))


def open_lot(quantity_kg: int = 30_000, **terms: Any) -> Lot:
    lot = Lot.new("lot-1", "seller", lot_draft(quantity_kg, **terms), WUHAN, NOW)
    lot.publish(NOW)
    return lot


def open_demand(quantity_kg: int = 30_000, **terms: Any) -> Demand:
    demand = Demand.new("demand-1", "buyer", demand_draft(quantity_kg, **terms), WUHAN, NOW)
    demand.publish(NOW)
    return demand


def terms_of(lot_id: str, demand_id: str, kg: int, seller_id: str = "seller", buyer_id: str = "buyer") -> Terms:
    place = TermsPlace(site_id="site-1", region="420100", position=Point(lat=30.59, lon=114.30))
    return Terms(
        lot_id=lot_id,
        demand_id=demand_id,
        seller_id=seller_id,
        buyer_id=buyer_id,
        grade="steel.hms1",
        kg=kg,
        price_fen_per_t=250_000,
        freight_fen_per_t=5_000,
        vat_bp=300,
        mode="road",
        distance_m=100_000,
        hours=3,
        co2e_g_per_t=4_000,
        origin=place,
        destination=place,
        quality={},
        basis={},
    )
