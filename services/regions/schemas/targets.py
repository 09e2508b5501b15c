"""Targets of regions and of the nation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from services.regions.model import ORIGIN_ONLY, Measure, Progress, Side, Target, TargetTerms
from services.regions.schemas.queries import AnyRegion, Material
from services.regions.views import Outcome
from shared.http import ListQuery, PageOut, Shape
from shared.http.shapes import Time
from shared.problem import InputIsInvalid
from shared.units import TonnesOut, TotalTonnes


class TargetsQuery(ListQuery):
    region: str | None = None
    material: Material | None = None
    measure: Measure | None = None
    status: Literal["standing", "withdrawn"] | None = None

    def where(self) -> dict[str, str]:
        names = {"region": "terms.region", "material": "terms.material", "measure": "terms.measure", "status": "status"}
        return {stored: value for name, stored in names.items() if (value := getattr(self, name)) is not None}


class TargetIn(Shape):
    """`from` inclusive, `to` exclusive. `side`: of what leaves the region, or of what reaches it."""

    region: AnyRegion
    material: Material | None = None
    side: Side = "origin"
    measure: Measure
    target_t: TotalTonnes
    from_: Annotated[Time, Field(alias="from")]
    to: Time
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _make_sense(self) -> TargetIn:
        faults = _target_faults(self.measure, self.side, self.from_, self.to)
        if faults:
            raise InputIsInvalid(faults)
        return self

    def terms(self) -> TargetTerms:
        return TargetTerms(
            region=self.region,
            material=self.material,
            side=self.side,
            measure=self.measure,
            kg=self.target_t,
            start=self.from_,
            end=self.to,
            source=self.source,
        )


class TargetPatch(Shape):
    """What is left out stays. `status` `withdrawn` ends it; it stays readable."""

    target_t: TotalTonnes | None = None
    to: Time | None = None
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)] | None = None
    status: Literal["standing", "withdrawn"] | None = None

    def revise(self, target: Target) -> tuple[TargetTerms, Literal["standing", "withdrawn"]]:
        """Raises InputIsInvalid."""
        terms = target.terms
        terms = replace(terms, kg=self.target_t or terms.kg, end=self.to or terms.end, source=self.source or terms.source)
        faults = _target_faults(terms.measure, terms.side, terms.start, terms.end)
        if faults:
            raise InputIsInvalid(faults)
        return terms, self.status or target.status


def _target_faults(measure: Measure, side: Side, start: datetime, end: datetime) -> list[tuple[str, str, str]]:
    faults = []
    if start >= end:
        faults.append(("/to", "截止应晚于开始", "It must end after it begins"))
    if side == "destination" and measure in ORIGIN_ONLY:
        faults.append(("/side", "这个口径只按产地统计", "This measure is counted by origin alone"))
    return faults


class ProgressOut(Shape):
    """At this moment: reached; due by now at an even pace; where it ends at the rate so far and when the target is
    reached at it; missing; needed a day. `withheld`: it counts only what the reader
    may see, and there may be more."""

    reached_t: TonnesOut
    reached_pct: float
    due_t: TonnesOut
    at_this_rate_t: TonnesOut | None
    missing_t: TonnesOut
    needed_t_per_day: TonnesOut | None
    at_this_rate_on: Time | None
    withheld: bool


class TargetOut(Shape):
    """A target and how far it is; only volumes of its own measure count."""

    id: str
    version: int
    status: Literal["standing", "withdrawn"]
    region: str
    material: str | None
    side: Side
    measure: Measure
    target_t: TonnesOut
    from_: Annotated[Time, Field(serialization_alias="from", validation_alias="from")]
    to: Time
    source: str
    progress: ProgressOut
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, target: Target, at: Progress, withheld: bool) -> TargetOut:
        terms = target.terms
        progress = ProgressOut(
            reached_t=at.reached_kg,
            reached_pct=round(100 * at.reached_kg / terms.kg, 2),
            due_t=at.due_kg,
            at_this_rate_t=at.at_this_rate_kg,
            missing_t=at.missing_kg,
            needed_t_per_day=at.needed_kg_per_day,
            at_this_rate_on=at.reached_at,
            withheld=withheld,
        )
        return cls.model_validate(
            {
                "id": target.id,
                "version": target.version,
                "status": target.status,
                "region": terms.region,
                "material": terms.material,
                "side": terms.side,
                "measure": terms.measure,
                "target_t": terms.kg,
                "from": terms.start,
                "to": terms.end,
                "source": terms.source,
                "progress": progress,
                "created_at": target.created_at,
                "updated_at": target.updated_at,
            }
        )


class OutcomeOut(Shape):
    """`compared`: its measure is the target's, and `reached_pct` says how far it is; else the two only stand side by side."""

    period: str
    measure: str
    name_zh: str
    name_en: str
    value: float
    unit: str
    compared: bool
    reached_pct: float | None
    source: str
    note: str


class NationalTargetOut(Shape):
    """A target of national policy with what was reached, each figure with its measure and source."""

    code: str
    name_zh: str
    name_en: str
    measure: str
    value: float
    unit: str
    year: int
    source: str
    outcomes: list[OutcomeOut]


def national_out(found: Sequence[tuple[Mapping[str, str], Sequence[Outcome]]]) -> PageOut[NationalTargetOut]:
    items = []
    for facts, outcomes in found:
        value = float(facts["value"])
        rows = [
            OutcomeOut(
                **{name: one.facts[name] for name in ("period", "measure", "name_zh", "name_en", "unit", "source", "note")},
                value=float(one.facts["value"]),
                compared=one.same_measure,
                reached_pct=round(100 * float(one.facts["value"]) / value, 2) if one.same_measure else None,
            )
            for one in outcomes
        ]
        texts = {name: facts[name] for name in ("code", "name_zh", "name_en", "measure", "unit", "source")}
        items.append(NationalTargetOut(**texts, value=value, year=int(facts["year"]), outcomes=rows))
    return PageOut[NationalTargetOut](items=items)
