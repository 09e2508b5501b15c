"""The price index of a grade in a region on one day: the median of what a tonne is worth at the places of its sellers."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from datetime import datetime

from shared import geo
from shared.events import Event
from shared.events.matching import PricePublished

FIRMS = 5
"""A price needs as many independent firms in its day; below that the last one is carried, and says so (Metalshub's rule)."""


@dataclass
class Price:
    """Fen per tonne, net of VAT, loaded at the seller's. `firms`: the last node price of each seller of the day, by
    organisation. `day`: of Asia/Shanghai. `median_fen_per_t` and the quartiles `low_…`, `high_…` are of `priced_day`: an
    earlier one while the day has too few firms; None where there never were enough."""

    id: str
    version: int
    grade: str
    region: str
    day: str
    firms: dict[str, int] = field(default_factory=dict)
    median_fen_per_t: int | None = None
    low_fen_per_t: int | None = None
    high_fen_per_t: int | None = None
    priced_day: str | None = None
    priced_firms: int = 0

    @property
    def carried(self) -> bool:
        """Whether the price is an earlier day's."""
        return self.priced_day is not None and self.priced_day != self.day

    def carry(self, last: Price | None) -> None:
        """Begin with the last price before this day, if there is one."""
        if last is not None and last.median_fen_per_t is not None:
            self.median_fen_per_t, self.priced_day = last.median_fen_per_t, last.priced_day
            self.low_fen_per_t, self.high_fen_per_t = last.low_fen_per_t, last.high_fen_per_t
            self.priced_firms = last.priced_firms

    def observe(self, sellers: dict[str, int], now: datetime) -> list[Event]:
        """Node prices by seller, from one clearing. With enough firms the day has a price of its own, told when it changes."""
        before = (self.median_fen_per_t, self.low_fen_per_t, self.high_fen_per_t, self.priced_day, self.priced_firms)
        self.firms |= sellers
        self.version += 1
        if len(self.firms) < FIRMS:
            return []
        low, median, high = (round(value) for value in statistics.quantiles(self.firms.values(), n=4, method="inclusive"))
        self.median_fen_per_t, self.low_fen_per_t, self.high_fen_per_t = median, low, high
        self.priced_day, self.priced_firms = self.day, len(self.firms)
        if before == (median, low, high, self.day, len(self.firms)):
            return []
        return [
            PricePublished(
                id=self.id,
                version=self.version,
                at=now,
                grade=self.grade,
                region=self.region,
                day=self.day,
                price_fen_per_t=median,
                low_fen_per_t=low,
                high_fen_per_t=high,
                firms=len(self.firms),
            )
        ]


def price_id(day: str, region: str, grade: str) -> str:
    """Newest day first when sorted downwards."""
    return f"{day}:{region}:{grade}"


def is_priced(region: str) -> bool:
    """Cities and provinces have prices; a county has too few firms."""
    return geo.prefix(region) != region


def priced_region(region: str) -> str:
    """The region whose price is a region's: a county's is its city's, or its province's where that stands above it."""
    return region if is_priced(region) else next(iter(geo.ancestors(region)), region)
