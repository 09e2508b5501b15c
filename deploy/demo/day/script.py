"""What a day offers: lots over every family, and demand to suit them nearby. Pure; the same for the same seed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from deploy.demo import goods
from deploy.demo import market as demo_market
from deploy.demo.market import CONTRACT_GRADES, MILL_MIXES, Market, Offer
from deploy.demo.places import Organisation
from shared import catalogue
from shared.geo import great_circle_m

FAMILY_WEIGHT = {"steel": 46, "paper": 15, "plastic": 13, "nonferrous": 9, "solid_waste": 12}
OTHER_FAMILY_WEIGHT = 0.5
ONE_LOAD_T = {"steel": (6, 30), "paper": (5, 28), "plastic": (4, 24), "nonferrous": (2, 20), "solid_waste": (15, 30)}
SEVERAL_LOADS_T = {"steel": (34, 120), "paper": (34, 70), "plastic": (33, 64), "nonferrous": (33, 50)}
SEVERAL_LOADS_SHARE = 0.25
HOPEFUL_SHARE = 0.03
SPARE = 1.3
"""Demand against the lots it is meant for: room for what comes back from rejections and cancellations."""
NEAREST_BUYERS = 2


@dataclass(frozen=True, slots=True)
class Script:
    """`demands_before[i]` are the demands to be posted before lot `i`."""

    lots: tuple[Offer, ...]
    demands_before: dict[int, list[Offer]]

    @property
    def demands(self) -> int:
        """How many demands there are."""
        return sum(len(offers) for offers in self.demands_before.values())


def write(lots: int, seed: int, now: datetime, market: Market) -> Script:
    """A day of `lots` lots by the members of `market`, all available at `now`."""
    rng = Random(f"day-{seed}")
    grades = list(_grades(rng, lots))
    offered: list[Offer] = []
    needs: dict[tuple[str, tuple[str, ...]], float] = defaultdict(float)
    first: dict[tuple[str, tuple[str, ...]], int] = {}
    for number, grade in enumerate(grades):
        seller = rng.choice(_sellers(market, grade))
        body = _lot(rng, grade, number, now)
        offered.append(Offer(f"lot-{number}", seller.key, body))
        buyer = rng.choice(_nearest_buyers(market, seller, grade))
        need = (buyer.key, asked_together(grade))
        needs[need] += body["quantity_t"]
        first.setdefault(need, number)
    before: dict[int, list[Offer]] = defaultdict(list)
    for number, (need, tonnes) in enumerate(needs.items()):
        buyer_key, asked = need
        body = goods.demand_body(rng, list(asked), math.ceil(tonnes * SPARE) + 5, now, bid_factor=rng.uniform(1.02, 1.05))
        before[first[need]].append(Offer(f"demand-{number}", buyer_key, body))
    return Script(tuple(offered), dict(before))


def asked_together(grade: str) -> tuple[str, ...]:
    """The grades that a day's demand for `grade` asks for."""
    return next((grades for grades, _ in MILL_MIXES if grade in grades), (grade,))


def _grades(rng: Random, count: int) -> Iterator[str]:
    """One grade of each family first, then by weight."""
    by_family: dict[str, list[str]] = defaultdict(list)
    for grade in catalogue.grades():
        by_family[grade.family].append(grade.code)
    families = list(by_family)
    weights = [FAMILY_WEIGHT.get(family, OTHER_FAMILY_WEIGHT) for family in families]
    drawn = [*families, *rng.choices(families, weights, k=max(0, count - len(families)))][:count]
    rng.shuffle(drawn)
    for family in drawn:
        known = [code for code in by_family[family] if code in CONTRACT_GRADES]
        yield rng.choice(known or by_family[family])


def _sellers(market: Market, grade: str) -> list[Organisation]:
    return market.sellers(catalogue.family_of(grade))


def _nearest_buyers(market: Market, seller: Organisation, grade: str) -> list[Organisation]:
    if seller.site is None:
        raise LookupError(f"{seller.key} has no site")
    here = seller.site.position
    buyers = [buyer for buyer in market.buyers(seller.family) if buyer.site]
    if grade == "steel.stainless":
        buyers = [buyer for buyer in buyers if demo_market.mill_grades(0, buyer) == ["steel.stainless"]]

    def metres(buyer: Organisation) -> float:
        return great_circle_m(here.lat, here.lon, buyer.site.position.lat, buyer.site.position.lon) if buyer.site else 0.0

    return sorted(buyers, key=metres)[:NEAREST_BUYERS]


def _lot(rng: Random, grade: str, number: int, now: datetime) -> dict[str, Any]:
    family = catalogue.family_of(grade)
    table = SEVERAL_LOADS_T if rng.random() < SEVERAL_LOADS_SHARE else ONE_LOAD_T
    least, most = table.get(family, (5, 30) if table is ONE_LOAD_T else (34, 90))
    tonnes = rng.randint(4 * least, 4 * most) / 4
    hopeful = rng.random() < HOPEFUL_SHARE
    return goods.lot_body(rng, grade, now, indivisible=number % 3 == 0, tonnes=tonnes, hopeful=hopeful)
