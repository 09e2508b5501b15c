"""What a carrier earned, by day."""

from __future__ import annotations

from datetime import date

from services.logistics.views import Earned
from shared.http import Query, Shape
from shared.units import CnyOut, TonnesOut

DAYS = 30


class EarningsQuery(Query):
    """`since`: the first day, of Asia/Shanghai; by default 29 days ago."""

    since: date | None = None


class EarnedOut(Shape):
    """Of the loads that were received on a day: tonnes as planned, by which freight is paid."""

    day: date
    loads: int
    quantity_t: TonnesOut
    freight_cny: CnyOut

    @classmethod
    def of(cls, earned: Earned) -> EarnedOut:
        return cls(day=earned.day, loads=earned.loads, quantity_t=earned.kg, freight_cny=earned.fen)


class EarningsOut(Shape):
    """Days with a load, the newest first."""

    items: list[EarnedOut]
