"""The demo market as data: organisations, lots and demands, the same for the same seed and time. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from deploy.demo import goods, places
from deploy.demo.places import Organisation
from shared import catalogue

SEED = 20220127
"""The date of the eight ministries' plan; the demo is the same wherever it is loaded."""
CONTRACT_GRADES: tuple[str, ...] = (
    *(f"steel.{g}" for g in ("hms1", "hms2", "medium", "small", "light", "shredded", "bundle", "turnings")),
    *("steel.cast_iron", "steel.stainless"),
    *(f"paper.{g}" for g in ("occ_a", "occ_b", "news", "office", "mixed")),
    *(f"plastic.{g}" for g in ("pet_bottle", "pet_flake", "hdpe", "ldpe_film", "pp")),
    *("nonferrous.copper", "nonferrous.aluminium"),
    *(f"solid_waste.{g}" for g in ("fly_ash", "gangue", "steel_slag", "phosphogypsum", "red_mud")),
)
LOTS_PER_GRADE = 13
LOTS_PER_OTHER_GRADE = 1
MARKET_SHARE = 0.01
"""Of a plant's need over ten days, what it buys here: assumed."""
MILL_MIXES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("steel.hms1", "steel.hms2"), 7),
    (("steel.shredded", "steel.bundle"), 4),
    (("steel.light", "steel.turnings"), 4),
    (("steel.medium",), 3),
    (("steel.small",), 3),
    (("steel.cast_iron",), 3),
)
"""What mills ask for, with how many in a row of 24 do."""
PHOSPHOGYPSUM = "solid_waste.phosphogypsum"
ALLOWED_T = 2000
"""What the demo's own rule allows its producer of phosphogypsum in a year beside what is used: assumed, and little."""
DRAFT = (400, "new", False)
PROCESSOR_T = {"paper": 250, "plastic": 160, "nonferrous": 80, "solid_waste": 4000}


@dataclass(frozen=True, slots=True)
class Offer:
    """A lot or a demand of `organisation` (its key), as the contract's body without `site_id`."""

    key: str
    organisation: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Market:
    """All of the demo but the personas' accounts, which `places.personas()` names."""

    organisations: tuple[Organisation, ...]
    lots: tuple[Offer, ...]
    demands: tuple[Offer, ...]

    def sellers(self, family: str) -> list[Organisation]:
        """Those who sell the family, the personas apart."""
        return [o for o in self.organisations if o.role == "collector" and o.family == family]

    def buyers(self, family: str) -> list[Organisation]:
        """Those who buy the family, the personas apart."""
        return [o for o in self.organisations if o.role == "buyer" and o.family == family]


def organisations(seed: int = SEED) -> tuple[Organisation, ...]:
    """Steel plants, yards and processors; the personas come apart."""
    rng = Random(seed)
    return (*places.steel_mills(), *places.scrap_yards(rng), *places.clusters(rng), *places.phosphate_works())


def build(now: datetime, seed: int = SEED) -> Market:
    """The market as it is first loaded at `now` (aware UTC)."""
    members = organisations(seed)
    bare = Market(members, (), ())
    rng = Random(f"{seed}-offers")
    demands = (*_mill_demands(rng, bare, now), *_processor_demands(rng, bare, now), *_persona_demands(rng, now))
    lots = (*_lots(rng, bare, now), *_persona_lots(rng, now))
    apart = Random(f"{seed}-allowance")
    demands = (*demands, Offer("demand-plaster", places.PLASTER, goods.demand_body(apart, [PHOSPHOGYPSUM], 900, now)))
    lots = (*lots, *_allowed_lots(apart, now))
    return Market(members, lots, demands)


def mill_grades(number: int, mill: Organisation) -> list[str]:
    """The grades the mill with this number asks for."""
    if "不锈" in mill.name:
        return ["steel.stainless"]
    turn = number % sum(weight for _, weight in MILL_MIXES)
    for grades, weight in MILL_MIXES:
        if turn < weight:
            return list(grades)
        turn -= weight
    raise AssertionError("the mixes' weights do not add up")


def _mill_demands(rng: Random, market: Market, now: datetime) -> Iterator[Offer]:
    for number, mill in enumerate(market.buyers("steel")):
        tonnes = max(20, round(mill.steel_need_t * MARKET_SHARE * 10 / 365))
        body = goods.demand_body(rng, mill_grades(number, mill), tonnes, now)
        yield Offer(f"demand-{mill.key}", mill.key, body)


def processor_grades(number: int, family: str) -> list[str]:
    """What the processor with this number in its family asks for: the contract's grades; the first one all of them."""
    known = [grade.code for grade in catalogue.grades() if grade.family == family]
    return known if number == 0 else [code for code in known if code in CONTRACT_GRADES]


def _processor_demands(rng: Random, market: Market, now: datetime) -> Iterator[Offer]:
    for kin in catalogue.families():
        for number, works in enumerate(market.buyers(kin.code) if kin.code != "steel" else []):
            for grade in processor_grades(number, kin.code):
                body = goods.demand_body(rng, [grade], PROCESSOR_T.get(kin.code, 60), now)
                yield Offer(f"demand-{works.key}-{grade}", works.key, body)


def _lots(rng: Random, market: Market, now: datetime) -> Iterator[Offer]:
    count = 0
    for grade in goods.priced_grades():
        wanted = LOTS_PER_GRADE if grade in CONTRACT_GRADES else LOTS_PER_OTHER_GRADE
        for number in range(wanted):
            yield lot(rng, market, grade, f"lot-{grade}-{number}", now, indivisible=count % 3 == 2)
            count += 1


def lot(rng: Random, market: Market, grade: str, key: str, now: datetime, *, indivisible: bool) -> Offer:
    """One more lot of `grade` by a seller drawn from those of its family."""
    family = catalogue.family_of(grade)
    sellers = market.sellers(family)
    if grade not in CONTRACT_GRADES:
        sellers = sellers[:1]
    seller = rng.choice(sellers)
    hopeful = rng.random() < goods.HOPEFUL_SHARE
    return Offer(key, seller.key, goods.lot_body(rng, grade, now, indivisible=indivisible, hopeful=hopeful))


def _persona_lots(rng: Random, now: datetime) -> Iterator[Offer]:
    wares = [("steel.hms1", 30.5), ("steel.hms2", 64), ("steel.medium", 18), ("steel.light", 24), ("paper.occ_a", 12)]
    for number, (grade, tonnes) in enumerate([*wares, ("nonferrous.copper", 2.5)]):
        body = goods.lot_body(rng, grade, now, indivisible=number % 3 == 2, tonnes=tonnes)
        yield Offer(f"lot-collector-{number}", "collector", body | {"auto_accept": number in (1, 3)})


def _allowed_lots(rng: Random, now: datetime) -> Iterator[Offer]:
    """New output that leaves little of the demo's allowance, some from stock, which is not limited, and a draft of more than is
    left: publishing it is refused with the reason."""
    for number, (tonnes, stock, publish) in enumerate(((900, "new", True), (950, "new", True), (600, "stock", True), DRAFT)):
        body = goods.lot_body(rng, PHOSPHOGYPSUM, now, indivisible=False, tonnes=tonnes)
        yield Offer(f"lot-phosphate-{number}", places.PHOSPHATE, body | {"stock": stock, "publish": publish})


def _persona_demands(rng: Random, now: datetime) -> Iterator[Offer]:
    for number, grades in enumerate((["steel.hms1", "steel.hms2"], ["steel.medium"], ["steel.light"])):
        body = goods.demand_body(rng, grades, 400, now, bid_factor=1.05)
        yield Offer(f"demand-buyer-{number}", "buyer", body | {"auto_accept": number == 2})
