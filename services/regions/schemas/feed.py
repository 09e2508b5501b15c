"""Flat rows for spreadsheets, and OpenMetrics for monitors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from services.regions.ledger import Granularity
from services.regions.model import Measure, Side
from services.regions.schemas.queries import SpanQuery
from services.regions.views import Asked, FeedRow
from shared.http import PageOut, Shape
from shared.units import TonnesOut

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class FeedQuery(SpanQuery):
    """Without `from` everything there is. `format` for programs that can't send Accept."""

    granularity: Granularity = "month"
    format: Annotated[Literal["csv", "json"] | None, Field(description="Instead of Accept.")] = None

    def asked(self) -> Asked:
        return Asked(self.material, self._span, granularity=self.granularity, zone=self.tz)


class FeedRowOut(Shape):
    """One measure of one material on one side (`origin`: what arose here; `destination`: what came here) in one period, in net
    tonnes. Rows of different measures are not to be added. `own_tonnes` and `withheld` are as in volumes."""

    region: str
    region_zh: str
    region_en: str
    period: str
    side: Side
    material: str
    material_zh: str
    material_en: str
    measure: Measure
    tonnes: TonnesOut
    own_tonnes: TonnesOut | None
    withheld: bool

    @classmethod
    def of(cls, row: FeedRow) -> FeedRowOut:
        return cls(
            region=row.region,
            region_zh=row.place.zh,
            region_en=row.place.en,
            period=row.period,
            side=row.side,
            material=row.material,
            material_zh=row.name.zh,
            material_en=row.name.en,
            measure=row.measure,
            tonnes=row.kg,
            own_tonnes=row.own_kg,
            withheld=row.withheld,
        )


class FeedOut(PageOut[FeedRowOut]):
    """`withheld`: there may be more than these rows show."""

    withheld: bool


def openmetrics_of(code: str, rows: Iterable[FeedRow], balance: Sequence[tuple[str, dict[str, int]]], withheld: bool) -> bytes:
    """The main totals of a region as OpenMetrics 1.0. They are gauges: a ticket that is put right can lower one."""
    totals: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for row in rows:
        totals[row.side, row.measure, row.material.split(".")[0]] += row.kg
    accounts: defaultdict[tuple[str, str], int] = defaultdict(int)
    for grade, kg in balance:
        for account, more in kg.items():
            accounts[account, grade.split(".")[0]] += more
    lines = [
        *_head("huanliu_region_mass_tonnes", "tonnes", "Volumes of the region so far, by side, measure and family."),
        *(
            f'huanliu_region_mass_tonnes{{region="{code}",side="{side}",measure="{measure}",family="{family}"}} {_t(kg)}'
            for (side, measure, family), kg in sorted(totals.items())
        ),
        *_head(
            "huanliu_region_balance_tonnes", "tonnes", "The mass ledger of lots published in the region, by account and family."
        ),
        *(
            f'huanliu_region_balance_tonnes{{region="{code}",account="{account}",family="{family}"}} {_t(kg)}'
            for (account, family), kg in sorted(accounts.items())
        ),
        *_head("huanliu_region_withheld", "", "1: there may be more than the reader is shown."),
        f'huanliu_region_withheld{{region="{code}"}} {int(withheld)}',
        "# EOF",
    ]
    return ("\n".join(lines) + "\n").encode()


def _head(name: str, unit: str, text: str) -> list[str]:
    return [f"# TYPE {name} gauge", *([f"# UNIT {name} {unit}"] if unit else []), f"# HELP {name} {text}"]


def _t(kg: int) -> str:
    """Tonnes, exact."""
    sign, kg = ("-", -kg) if kg < 0 else ("", kg)
    return f"{sign}{kg // 1000}.{kg % 1000:03d}"
