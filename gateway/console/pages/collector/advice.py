"""What a grade is worth at a yard today: the published price of the nearest level that has one, its city or else its
province, and what buyers near would leave after freight. All of it net of VAT, loaded at the yard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gateway.console.client import Ask, Reply
from gateway.console.formats import city_of, shanghai_today
from gateway.console.visit import Visit, is_passing
from gateway.remembered import Remembered
from shared import geo

NEAR_KM = 500
BIDS = 3
FREIGHT_S = 600
FREIGHTS: Remembered[float] = Remembered()
"""CNY per tonne by yard, region and grade; no site stands in two organisations."""
TRUCK_T = 20
"""What freight is asked for where no quantity is named yet."""
DAYS = 30
"""An older price is none."""
MOST = 200
"""The longest page of a list that the API gives: a grade's days in city and province are a third of it."""
Site = Mapping[str, Any]


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
class Series:
    """Published prices (`PriceOut`), the oldest first; `region` is whose they are."""

    is_ok: bool
    region: str
    rows: Sequence[Mapping[str, Any]]
    is_wider: bool = False
    """The city has none, so these are its province's."""


@dataclass(frozen=True)
class Advice:
    """`bids_are_read`: what buyers bid could be asked for; `ways_are_read`: and what haulage to them costs."""

    grade: str
    series: Series
    bids: Sequence[Bid] = field(default_factory=list)
    wanted: int = 0
    bids_are_read: bool = True
    ways_are_read: bool = True

    @property
    def is_partial(self) -> bool:
        return not (self.bids_are_read and self.ways_are_read and self.series.is_ok)

    @property
    def index(self) -> Mapping[str, Any] | None:
        """The last published price."""
        return self.series.rows[-1] if self.series.rows else None

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


def advise(visit: Visit, grades: Sequence[str], site: Site | None, region: str, whole: bool = False) -> dict[str, Advice]:
    """Of each grade at this yard; without one, of the whole market and at the prices of `region`. `whole`: with the series of
    all days, of a few grades; else with the last price alone.

    City and province are asked at once: a second round would cost a reader more than the question does."""
    if not grades:
        return {}
    levels = _levels(site["region"] if site else region)
    prices, *replies = visit.api.all(_prices(visit, grades, levels, whole), *(_demands(grade, site) for grade in grades))
    demands = dict(zip(grades, replies, strict=True))
    bids = {grade: reply.items if reply is not None and reply.is_ok else [] for grade, reply in demands.items()}
    ways = _unknown(site, bids)
    quoted = dict(zip(ways, visit.api.all(*ways.values()), strict=True))
    _remember(quoted)
    unread = {way for way, reply in quoted.items() if reply is None or is_passing(reply.status)}
    return {
        grade: Advice(
            grade,
            _series(prices, grade, levels),
            [_bid(one, FREIGHTS.get(_way(site, one, grade)) if site else None) for one in bids[grade]],
            reply.body["total"] if reply is not None and reply.is_ok else 0,
            reply is not None and reply.is_ok,
            site is None or not any(_way(site, one, grade) in unread for one in bids[grade]),
        )
        for grade, reply in demands.items()
    }


def _levels(code: str) -> list[str]:
    """The regions whose price may stand for this one's, the nearest first: its city, its province."""
    return [one for one in dict.fromkeys((city_of(code), code[:2] + "0000")) if one in geo.lineage(code)]


def _prices(visit: Visit, grades: Sequence[str], levels: Sequence[str], whole: bool) -> Ask:
    since = (shanghai_today(visit.now) - timedelta(days=DAYS)).isoformat()
    where = {"grade": ",".join(grades), "region": ",".join(levels), "from": since}
    return Ask("/v1/prices", {**where, "limit": MOST} if whole else {**where, "latest": "true"})


def _series(reply: Reply | None, grade: str, levels: Sequence[str]) -> Series:
    """The nearest level's that has a price; the first's where none has."""
    if reply is None or not reply.is_ok:
        return Series(False, levels[0], [])
    rows = sorted((one for one in reply.items if one["grade"] == grade), key=lambda one: str(one["date"]))
    region = next((level for level in levels if any(one["region"] == level for one in rows)), levels[0])
    return Series(True, region, [one for one in rows if one["region"] == region], region != levels[0])


def _demands(grade: str, site: Site | None) -> Ask:
    where: dict[str, Any] = {"grade": grade, "sort": "price", "limit": BIDS}
    if site is not None:
        where |= {"near": f"{site['position']['lat']},{site['position']['lon']}", "within_km": NEAR_KM}
    return Ask("/v1/search/demands", where)


def _way(site: Site, bid: Mapping[str, Any], grade: str) -> str:
    return f"{site['id']} {bid['region']} {grade}"


def _unknown(site: Site | None, bids: Mapping[str, Sequence[Any]]) -> dict[str, Ask]:
    """Freights to ask for; each once in a while, since tariffs and distances stand for days."""
    if site is None:
        return {}
    return {
        way: Ask("/v1/quotes", {"from": site["id"], "to": one["region"], "tonnes": TRUCK_T, "material": grade})
        for grade, items in bids.items()
        for one in items
        if FREIGHTS.get(way := _way(site, one, grade)) is None
    }


def _remember(found: Mapping[str, Reply | None]) -> None:
    """The cheapest way to each."""
    for way, reply in found.items():
        if reply is not None and reply.is_ok and (options := reply.body["options"]):
            FREIGHTS.put(way, min(float(one["freight_cny_per_t"]) for one in options), FREIGHT_S)


def _bid(one: Mapping[str, Any], freight: float | None) -> Bid:
    return Bid(one["id"], one["region"], float(one["distance_km"] or 0), float(one["bid_net_cny_per_t"]), freight)
