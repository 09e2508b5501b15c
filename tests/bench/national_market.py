"""A synthetic national day for the clearing bench: real mills and cities, twelve materials, everything from a seed.

Buyers of steel stand where the plants of `steel_plants.csv` are, the others in cities; sellers around cities, the weightier
the more. A demand asks for the grades of its material. Asks lie within 40 CNY of the material's level, bids 100 to 500 CNY
above it, so that freight decides who can trade. The variants differ in what lots and demands insist on, and in nothing else.
`day_after` is the market of the next day: the same buyers with other room, new lots, prices and places drifted.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

from deploy.demo.places import cities, steel_mills
from services.matching.clearing import Demand, Lot, Market
from shared.geo import Position

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
MATERIALS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("steel.hms1", "steel.hms2"), 250_000),
    (("steel.medium",), 236_000),
    (("steel.small", "steel.light"), 200_000),
    (("steel.shredded", "steel.bundle"), 262_000),
    (("steel.turnings",), 190_000),
    (("paper.occ_a", "paper.occ_b"), 160_000),
    (("paper.news", "paper.office"), 210_000),
    (("paper.mixed",), 110_000),
    (("plastic.pet_bottle", "plastic.pet_flake"), 420_000),
    (("plastic.ldpe_film", "plastic.pp"), 480_000),
    (("nonferrous.aluminium",), 1_500_000),
    (("solid_waste.steel_slag", "solid_waste.fly_ash"), 29_000),
)
"""Grades that clear together, and their level in fen per tonne."""
Variant = Literal["divisible", "minimum takes", "indivisible", "blends"]


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a day is from the one before. Bids and asks are `price` times as high; σ of the logarithm by which a material's
    share of the lots (`shares`), a city's weight for a material (`places`) and a demand's tonnes (`capacity`) move; the number
    of lots moves by up to `volume` either way, all values alike."""

    price: float = 1.02
    shares: float = 0.2
    places: float = 0.4
    capacity: float = 0.2
    volume: float = 0.1

    def doubled(self) -> Drift:
        """Twice as far."""
        return Drift(2 * self.price - 1, 2 * self.shares, 2 * self.places, 2 * self.capacity, 2 * self.volume)


def national(seed: int, variant: Variant, cover: float = 1.0, lots: int = 44_000, demands: int = 1_500) -> list[Market]:
    """One market a material; `cover` is demand over supply in tonnes."""
    share = len(MATERIALS)
    return [_market(seed * 100 + number, number, variant, cover, lots // share, demands // share) for number in range(share)]


def day_after(seed: int, days: Sequence[Market], drift: Drift) -> list[Market]:
    """The divisible market after each of `days`, the materials of one `national` day. Lots are numbered on from the old."""
    rng = random.Random(f"day-after-{seed}")
    lots = sum(len(day.lots) for day in days) * rng.uniform(1 - drift.volume, 1 + drift.volume)
    shares = [len(day.lots) * rng.lognormvariate(0, drift.shares) for day in days]
    counts = [round(lots * share / sum(shares)) for share in shares]
    return [_drifted(rng, number, day, count, drift) for number, (day, count) in enumerate(zip(days, counts, strict=True))]


def _drifted(rng: random.Random, number: int, day: Market, count: int, drift: Drift) -> Market:
    grades, level = MATERIALS[number]
    weights = [city.weight * rng.lognormvariate(0, drift.places) for city in cities()]
    towns = rng.choices([city.position for city in cities()], weights, k=count)
    lots = [_lot(rng, len(day.lots) + k, grades, level, town, "divisible") for k, town in enumerate(towns)]
    rooms = [max(1_000, round(demand.kg_available * rng.lognormvariate(0, drift.capacity))) for demand in day.demands]
    demands = [
        replace(demand, kg_available=kg, bid_net_fen_per_t=round(demand.bid_net_fen_per_t * drift.price))
        for demand, kg in zip(day.demands, rooms, strict=True)
    ]
    lots = [replace(lot, ask_net_fen_per_t=round(lot.ask_net_fen_per_t * drift.price)) for lot in lots]
    return replace(day, lots=lots, demands=demands)


@cache
def _places(number: int, count: int, seed: int) -> tuple[tuple[Position, ...], tuple[float, ...], tuple[Position, ...]]:
    """Cities of sellers with their weights, and the places of buyers."""
    rng = random.Random(f"places-{seed}")
    found = cities()
    if MATERIALS[number][0][0].startswith("steel"):
        buyers = [mill.site.position for mill in steel_mills() if mill.site is not None]
    else:
        buyers = [city.position for city in found]
    return tuple(c.position for c in found), tuple(c.weight for c in found), tuple(rng.choices(buyers, k=count))


def _market(seed: int, number: int, variant: Variant, cover: float, lots: int, demands: int) -> Market:
    rng = random.Random(seed)
    grades, level = MATERIALS[number]
    towns, weights, buyers = _places(number, demands, seed)
    offered = [_lot(rng, k, grades, level, town, variant) for k, town in enumerate(rng.choices(towns, weights, k=lots))]
    sizes = [rng.lognormvariate(0, 0.8) for _ in buyers]
    each_kg = cover * sum(lot.kg_available for lot in offered) / sum(sizes)
    asked = [
        _demand(rng, k, grades, level, place, max(10_000, round(size * each_kg)), variant)
        for k, (place, size) in enumerate(zip(buyers, sizes, strict=True))
    ]
    return Market(grades[0].split(".")[0], NOW, offered, asked)


def _lot(rng: random.Random, number: int, grades: tuple[str, ...], level: int, town: Position, variant: Variant) -> Lot:
    lot = Lot(
        id=f"lot-{number:06}",
        seller_id=f"seller-{number % 5000}",
        grade=rng.choice(grades),
        kg_available=round(min(max(rng.lognormvariate(3.2, 0.6), 3), 200) * 1000),
        ask_net_fen_per_t=level + rng.randint(-4_000, 4_000),
        available_from=NOW,
        available_until=NOW + timedelta(days=rng.randint(3, 14)),
        position=Position(town.lat + rng.uniform(-0.4, 0.4), town.lon + rng.uniform(-0.4, 0.4)),
        quality={"impurity_pct": round(rng.uniform(0.2, 4), 2), "moisture_pct": round(rng.uniform(0, 3), 2)},
    )
    if variant == "minimum takes":
        return replace(lot, min_take_kg=min(5_000, lot.kg_available))
    return replace(lot, divisible=variant == "divisible")


def _demand(
    rng: random.Random, number: int, grades: tuple[str, ...], level: int, place: Position, kg: int, variant: Variant
) -> Demand:
    blended = rng.random() < 0.4
    demand = Demand(
        id=f"demand-{number:06}",
        buyer_id=f"buyer-{number}",
        grades=grades,
        kg_available=kg,
        bid_net_fen_per_t=level + rng.randint(10_000, 50_000),
        deliver_from=NOW - timedelta(days=1),
        deliver_until=NOW + timedelta(days=rng.randint(6, 20)),
        position=place,
    )
    if variant == "minimum takes":
        return replace(demand, min_take_kg=min(10_000, kg))
    if variant == "blends" and blended:
        return replace(demand, blend_limits={"moisture_pct": {"max": 1.4}, "impurity_pct": {"max": 2.0}})
    return demand
