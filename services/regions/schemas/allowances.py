"""Allowances of producers and the rules they follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from services.regions.model.allowances import AllowanceRule, AllowanceTerms, Standing
from services.regions.model.watched import WASTE
from services.regions.schemas.queries import RegionCode
from services.regions.views.allowances import AllowanceSeen
from shared.http import ListQuery, Shape
from shared.http.filters import Grade
from shared.http.shapes import Time
from shared.problem import Fault, InputIsInvalid
from shared.units import PctOut, SharePct, TonnesOut, TotalTonnesOrNone

Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


def _waste(grade: str) -> str:
    if not grade.startswith(WASTE):
        raise Fault("以渣定产只适用于大宗工业固废品种", "Allowances are for grades of bulk solid waste (solid_waste.…)")
    return grade


Waste = Annotated[Grade, AfterValidator(_waste)]


class AllowanceRulesQuery(ListQuery):
    region: RegionCode | None = None
    material: Grade | None = None
    status: Standing | None = None

    def where(self) -> dict[str, str]:
        names = {"region": "terms.region", "material": "terms.material", "status": "status"}
        return {stored: value for name, stored in names.items() if (value := getattr(self, name)) is not None}


class AllowanceRuleIn(Shape):
    """In the region, from `from` (inclusive) to `to` (absent: for good), a producer may in each period list `initial_t` +
    `ratio_pct` of its verified use as new output of the material."""

    region: RegionCode
    material: Waste
    ratio_pct: SharePct
    initial_t: TotalTonnesOrNone = 0
    period: Literal["month", "year"] = "year"
    from_: Annotated[Time, Field(alias="from")]
    to: Time | None = None
    source: Source

    @model_validator(mode="after")
    def _make_sense(self) -> AllowanceRuleIn:
        _must_be_in_order(self.from_, self.to)
        return self

    def terms(self) -> AllowanceTerms:
        return AllowanceTerms(
            region=self.region,
            material=self.material,
            ratio_bp=self.ratio_pct,
            initial_kg=self.initial_t,
            period=self.period,
            start=self.from_,
            end=self.to,
            source=self.source,
        )


class AllowanceRulePatch(Shape):
    """What is left out stays; `to` null: for good. `status` `withdrawn` ends it; it stays readable."""

    ratio_pct: SharePct | None = None
    initial_t: TotalTonnesOrNone | None = None
    to: Time | None = None
    source: Source | None = None
    status: Standing | None = None

    def revise(self, rule: AllowanceRule) -> tuple[AllowanceTerms, Standing]:
        """Raises InputIsInvalid."""
        given: dict[str, Any] = {"ratio_bp": self.ratio_pct, "initial_kg": self.initial_t, "source": self.source}
        changes = {name: value for name, value in given.items() if value is not None}
        if "to" in self.model_fields_set:
            changes["end"] = self.to
        terms = replace(rule.terms, **changes)
        _must_be_in_order(terms.start, terms.end)
        return terms, self.status or rule.status


def _must_be_in_order(start: datetime, end: datetime | None) -> None:
    if end is not None and end <= start:
        raise InputIsInvalid([("/to", "截止应晚于开始", "It must end after it begins")])


class AllowanceRuleOut(Shape):
    id: str
    version: int
    status: Standing
    region: str
    material: str
    ratio_pct: PctOut
    initial_t: TonnesOut
    period: Literal["month", "year"]
    from_: Annotated[Time, Field(serialization_alias="from", validation_alias="from")]
    to: Time | None
    source: str
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, rule: AllowanceRule) -> AllowanceRuleOut:
        terms = rule.terms
        return cls.model_validate(
            {
                "id": rule.id,
                "version": rule.version,
                "status": rule.status,
                "region": terms.region,
                "material": terms.material,
                "ratio_pct": terms.ratio_bp,
                "initial_t": terms.initial_kg,
                "period": terms.period,
                "from": terms.start,
                "to": terms.end,
                "source": terms.source,
                "created_at": rule.created_at,
                "updated_at": rule.updated_at,
            }
        )


class AllowancesQuery(ListQuery):
    organisation_id: str | None = None
    material: Grade | None = None
    rule_id: str | None = None
    period: Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2})?$")] | None = None
    status: Standing | None = None

    def where(self) -> dict[str, str]:
        names = ("organisation_id", "material", "rule_id", "period", "status")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class ForecastOut(Shape):
    """At the pace of the period so far: what is listed and newly allowed a day; when the allowance is used up (null: not in
    this period)."""

    listed_t_per_day: TonnesOut | None
    allowed_t_per_day: TonnesOut | None
    ends_at: Time | None


class AllowanceOut(Shape):
    """What a rule allows one producer in one period. `used_t` of new output were listed and not taken back, `promised_t` of
    them are reserved or sold; `left_t` may still be listed, `sellable_t` still be promised."""

    id: str
    version: int
    rule_id: str
    organisation_id: str
    organisation: str | None
    region: str
    material: str
    period: str
    from_: Annotated[Time, Field(serialization_alias="from", validation_alias="from")]
    to: Time
    ratio_pct: PctOut
    initial_t: TonnesOut
    verified_t: TonnesOut
    allowed_t: TonnesOut
    used_t: TonnesOut
    promised_t: TonnesOut
    left_t: TonnesOut
    sellable_t: TonnesOut
    used_pct: PctOut
    forecast: ForecastOut
    status: Standing
    updated_at: Time

    @classmethod
    def of(cls, seen: AllowanceSeen) -> AllowanceOut:
        one, terms, forecast = seen.allowance, seen.terms, seen.forecast
        masses = ("verified", "allowed", "used", "promised", "left", "sellable")
        same = ("id", "version", "rule_id", "organisation_id", "region", "material", "period", "status", "updated_at")
        return cls.model_validate(
            {name: getattr(one, name) for name in same}
            | {f"{name}_t": getattr(one, f"{name}_kg") for name in masses}
            | {
                "organisation": seen.organisation,
                "from": one.start,
                "to": one.end,
                "ratio_pct": terms.ratio_bp,
                "initial_t": terms.initial_kg,
                "used_pct": one.used_bp,
                "forecast": ForecastOut(
                    listed_t_per_day=forecast.listed_kg_per_day,
                    allowed_t_per_day=forecast.allowed_kg_per_day,
                    ends_at=forecast.ends_at,
                ),
            }
        )
