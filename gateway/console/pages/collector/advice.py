"""What a grade is worth at a yard today: the published price where there is one, and what buyers near would leave after
freight. All of it net of VAT, loaded at the yard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.console.client import Ask
from gateway.console.formats import city_of
from gateway.console.visit import Visit
from gateway.remembered import Remembered

NEAR_KM = 500
BIDS = 3
FREIGHT_S = 600
FREIGHTS: Remembered[float] = Remembered()
"""CNY per tonne by yard, region and grade; no site stands in two organisations."""
TRUCK_T = 20
"""What freight is asked for where no quantity is named yet."""


@dataclass(frozen=True)
class Bid:
    """An open demand near, as it looks from the yard; `at_yard` None where no way leads there."""

    demand_id: str
    region: str
    distance_km: float
    gate: float
    freight: float | None

    @property
    def at_yard(self) -> float | None:
        return None if self.freight is None else round(self.gate - self.freight, 2)


@dataclass(frozen=True)
class Advice:
    """`index` is the published price (`PriceOut`); `is_partial`: something could not be read."""

    grade: str
    index: Mapping[str, Any] | None
    bids: Sequence[Bid] = field(default_factory=list)
    wanted: int = 0
    is_partial: bool = False

    @property
    def low(self) -> float | None:
        if self.index:
            return float(self.index["low_cny_per_t"])
        return min(self.worth, default=None)

    @property
    def high(self) -> float | None:
        if self.index:
            return float(self.index["high_cny_per_t"])
        return max(self.worth, default=None)

    @property
    def worth(self) -> list[float]:
        return [one.at_yard for one in self.bids if one.at_yard is not None and one.at_yard > 0]

    @property
    def suggested(self) -> float | None:
        """What to ask: the published median, else the least that one of the best buyers would leave, at which it sells; half of
        what a buyer can give beyond it comes on top."""
        return float(self.index["price_cny_per_t"]) if self.index else self.low


def advise(visit: Visit, grades: Sequence[str], site: Mapping[str, Any] | None) -> dict[str, Advice]:
    """Of each grade at this yard; without a yard, of the whole market."""
    asks = [ask for grade in grades for ask in _asks(grade, site)]
    replies = visit.api.all(*asks)
    found: dict[str, Advice] = {}
    for at, grade in enumerate(grades):
        prices, demands = replies[2 * at], replies[2 * at + 1]
        if demands is None:
            continue
        items = demands.items if demands.is_ok else []
        freights = _freights(visit, grade, site, items)
        bids = [_bid(one, freight) for one, freight in zip(items, freights, strict=True)]
        wanted = demands.body["total"] if demands.is_ok else 0
        index = prices.items[0] if prices is not None and prices.is_ok and prices.items else None
        is_partial = not demands.is_ok or (prices is not None and not prices.is_ok)
        found[grade] = Advice(grade, index, bids, wanted, is_partial)
    return found


def _asks(grade: str, site: Mapping[str, Any] | None) -> tuple[Ask | None, Ask]:
    """Prices are a city's: another one's say little of what scrap is worth at this yard."""
    where: dict[str, Any] = {"grade": grade, "sort": "price", "limit": BIDS}
    if site is None:
        return None, Ask("/v1/search/demands", where)
    where |= {"near": f"{site['position']['lat']},{site['position']['lon']}", "within_km": NEAR_KM}
    return Ask("/v1/prices", {"grade": grade, "region": city_of(site["region"]), "limit": 1}), Ask("/v1/search/demands", where)


def _freights(visit: Visit, grade: str, site: Mapping[str, Any] | None, items: Sequence[Any]) -> list[float | None]:
    """The cheapest way to each; asked for once in a while, since tariffs and distances stand for days."""
    if site is None:
        return [None] * len(items)
    keys = [f"{site['id']} {one['region']} {grade}" for one in items]
    unknown = [(key, one) for key, one in zip(keys, items, strict=True) if FREIGHTS.get(key) is None]
    asks = [
        Ask("/v1/quotes", {"from": site["id"], "to": one["region"], "tonnes": TRUCK_T, "material": grade}) for _, one in unknown
    ]
    for (key, _), reply in zip(unknown, visit.api.all(*asks), strict=True):
        if reply is not None and reply.is_ok and (options := reply.body["options"]):
            FREIGHTS.put(key, min(float(one["freight_cny_per_t"]) for one in options), FREIGHT_S)
    return [FREIGHTS.get(key) for key in keys]


def _bid(one: Mapping[str, Any], freight: float | None) -> Bid:
    return Bid(one["id"], one["region"], float(one["distance_km"] or 0), float(one["bid_net_cny_per_t"]), freight)
