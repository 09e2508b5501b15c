"""Synthetic markets for the clearing bench and tests: real places, the trade's sizes, a third of the lots indivisible.

Places are county points of GB/T 2260, half of the mills in the provinces that make most steel. Prices scatter around
one level per grade; both VAT rates of the trade occur. Everything follows from the seed.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from services.matching.clearing import Demand, Lot, Market, Validity
from shared.geo import Position, regions
from shared.units import net_fen

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
LEVEL_FEN = {"hms1": 254_000, "hms2": 246_000, "medium": 236_000, "small": 208_000, "light": 193_000, "shredded": 262_000}
STEEL_PROVINCES = ("13", "32", "37", "21", "14", "34", "42")


def steel_market(lots: int, demands: int, seed: int = 1, *, cover: float = 1.5, indivisible: float = 1 / 3) -> Market:
    """A steel market: `cover` is demand over supply in tonnes; quality and blend limits on some demands."""
    rng = random.Random(seed)
    counties = [region for region in regions() if region.level == "county"]
    mills = [region for region in counties if region.code[:2] in STEEL_PROVINCES]
    offered = [_lot(rng, number, rng.choice(counties).position, indivisible) for number in range(lots)]
    each_kg = cover * sum(lot.kg_available for lot in offered) / max(demands, 1)
    asked = [
        _demand(rng, number, rng.choice(mills if rng.random() < 0.5 else counties).position, each_kg)
        for number in range(demands)
    ]
    return Market("steel", NOW, offered, asked)


def _lot(rng: random.Random, number: int, position: Position, indivisible: float) -> Lot:
    grade = rng.choice(list(LEVEL_FEN))
    since = NOW + timedelta(hours=rng.randint(-48, 72))
    ask = round(LEVEL_FEN[grade] * rng.uniform(0.88, 1.02))
    return Lot(
        id=f"lot-{number:06}",
        seller_id=f"seller-{rng.randint(0, 999)}",
        grade=f"steel.{grade}",
        kg_available=round(min(max(rng.lognormvariate(3.2, 0.6), 3), 200) * 1000),
        ask_net_fen_per_t=net_fen(ask, rng.choice((0, 100, 300, 300, 1300))),
        available_from=since,
        available_until=since + timedelta(days=rng.randint(3, 14)),
        position=position,
        min_take_kg=rng.choice((0, 1000, 5000, 5000)),
        divisible=rng.random() >= indivisible,
        quality={"impurity_pct": round(rng.uniform(0.2, 4), 2), "moisture_pct": round(rng.uniform(0, 3), 2)}
        | ({"thickness_mm": round(rng.uniform(2, 12), 1)} if rng.random() < 0.7 else {}),
        compliance=(Validity(NOW - timedelta(days=30), NOW + timedelta(days=365)),) if rng.random() < 0.6 else (),
    )


def _demand(rng: random.Random, number: int, position: Position, each_kg: float) -> Demand:
    names = rng.sample(list(LEVEL_FEN), rng.randint(1, 3))
    since = NOW + timedelta(hours=rng.randint(-72, 48))
    limits = rng.random()
    return Demand(
        id=f"demand-{number:06}",
        buyer_id=f"buyer-{number % 150}",
        grades=tuple(f"steel.{name}" for name in names),
        kg_available=max(round(each_kg * rng.uniform(0.2, 1.8)), 1000),
        bid_net_fen_per_t=net_fen(
            round(min(LEVEL_FEN[name] for name in names) * rng.uniform(1.02, 1.16)), rng.choice((0, 300, 1300)) // 2
        ),
        deliver_from=since,
        deliver_until=since + timedelta(days=rng.randint(5, 20)),
        position=position,
        min_take_kg=rng.choice((0, 2000, 5000)),
        quality_limits={"impurity_pct": {"max": round(rng.uniform(1.5, 4), 1)}} if limits < 0.5 else {},
        blend_limits={"moisture_pct": {"max": 1.5}} if limits < 0.2 else {},
        compliant_sellers_only=rng.random() < 0.15,
    )
