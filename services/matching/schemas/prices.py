"""Shapes of the price index."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from services.matching.model import Price
from shared.http import ListQuery, Shape
from shared.http.filters import Material, Materials, Regions
from shared.units import CnyOut

SEVERAL = "One or several, parted by commas."


class PriceQuery(ListQuery):
    material: Material | None = None
    grade: Annotated[Materials | None, Field(description=SEVERAL)] = None
    region: Annotated[Regions | None, Field(description=SEVERAL)] = None
    from_: Annotated[date | None, Field(alias="from", description="2026-11-24; a day of Asia/Shanghai, inclusive.")] = None
    to: Annotated[date | None, Field(description="Exclusive.")] = None
    latest: Annotated[bool, Field(description="Of each grade in each region only the newest.")] = False

    def filters(self) -> dict[str, str | None]:
        days = {name: None if day is None else day.isoformat() for name, day in (("from_", self.from_), ("to", self.to))}
        return {"material": self.material, "grade": self.grade, "region": self.region, **days}


class PriceOut(Shape):
    """The median of the clearing's node prices, one vote a firm, with the quartiles. Net of VAT, loaded at the seller's. Under
    five firms in its day the last price is `carried`, from `priced_on`; `firms` had a part in it."""

    grade: str
    region: str
    date: str
    price_cny_per_t: CnyOut
    low_cny_per_t: CnyOut
    high_cny_per_t: CnyOut
    firms: int
    carried: bool
    priced_on: str
    basis: Literal["net-of-vat-loaded-at-seller"] = "net-of-vat-loaded-at-seller"

    @classmethod
    def of(cls, price: Price) -> PriceOut:
        assert price.median_fen_per_t is not None and price.low_fen_per_t is not None
        assert price.high_fen_per_t is not None and price.priced_day is not None
        return cls(
            grade=price.grade,
            region=price.region,
            date=price.day,
            price_cny_per_t=price.median_fen_per_t,
            low_cny_per_t=price.low_fen_per_t,
            high_cny_per_t=price.high_fen_per_t,
            firms=price.priced_firms,
            carried=price.carried,
            priced_on=price.priced_day,
        )
