"""Alarms and the rules that raise them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from services.regions.model import ORIGIN_ONLY, Measure, Side
from services.regions.model.alarms import FIELDS, SPECIFIC, Alarm, AlarmRule, AlarmTerms, Kind, RuleStatus, Severity
from services.regions.schemas.queries import Material, RegionCode
from shared import catalogue
from shared.http import ListQuery, Shape
from shared.http.shapes import Time
from shared.problem import InputIsInvalid
from shared.units import (
    CnyOut,
    CnyPerTonne,
    PctOut,
    SharePct,
    TonnesOut,
    TotalTonnes,
    TotalTonnesOrNone,
    fen_to_cny,
    kg_to_t,
)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
WindowHours = Annotated[int, Field(ge=1, le=744)]
SilentHours = Annotated[int, Field(ge=1, le=2160)]
Minutes = Annotated[int, Field(ge=1, le=43_200)]
INSIDE: Mapping[str, str] = {
    "above_kg": "above_t",
    "below_kg": "below_t",
    "least_kg": "least_t",
    "rise_bp": "rise_pct",
    "fall_bp": "fall_pct",
    "share_bp": "share_pct",
    "low_fen": "low_cny_per_t",
    "high_fen": "high_cny_per_t",
    "margin_bp": "margin_pct",
}
"""How fields are called inside, and outside."""
OUTSIDE = {outside: inside for inside, outside in INSIDE.items()}


class _Figures(Shape):
    """What the kinds of rules go by; which of them a kind needs is said in `AlarmRuleIn`."""

    measure: Measure | None = None
    window_h: WindowHours | None = None
    above_t: TotalTonnes | None = None
    below_t: TotalTonnes | None = None
    rise_pct: SharePct | None = None
    fall_pct: SharePct | None = None
    least_t: TotalTonnesOrNone | None = None
    silent_h: SilentHours | None = None
    share_pct: SharePct | None = None
    low_cny_per_t: CnyPerTonne | None = None
    high_cny_per_t: CnyPerTonne | None = None
    margin_pct: SharePct | None = None
    escalate_after_min: Minutes | None = None
    severity: Severity | None = None

    def given(self) -> dict[str, Any]:
        """What was named, as it is called inside."""
        return {OUTSIDE.get(name, name): getattr(self, name) for name in self.model_fields_set}


class AlarmRuleIn(_Figures):
    """What to watch in a region. By `kind`: `threshold` needs `measure` and `above_t` or `below_t` (in the last `window_h`
    hours, 24); `change` needs `measure` and `rise_pct` or `fall_pct`, today so far against the same hours of the same
    weekday before where that was at least `least_t` (10); `silence` needs `site_id` (a park: each site in it) and
    `silent_h`; `stock` what lies at a site (a park, or the whole region) above `share_pct` (100) of its permit; `price`
    needs a grade as `material` and `low_cny_per_t` or `high_cny_per_t`; `allowance` when `share_pct` (90) of a producer's
    is used. An alarm is cleared once its figure is back by `margin_pct` (5), and goes to the operators when nobody has
    taken it on in `escalate_after_min` (60; null: never). Messages of an `urgent` one are sent in quiet hours too."""

    kind: Kind
    name: Name
    region: RegionCode
    material: Material | None = None
    site_id: str | None = None
    side: Side | None = None

    @model_validator(mode="after")
    def _make_sense(self) -> AlarmRuleIn:
        faults = faults_of_terms(self.terms(), self.model_fields_set)
        if faults:
            raise InputIsInvalid(faults)
        return self

    def terms(self) -> AlarmTerms:
        given = self.given()
        if given.get("side") is None:
            given.pop("side", None)
        for name in ("margin_bp", "severity"):
            if given.get(name) is None:
                given.pop(name, None)
        return AlarmTerms(**given)


class AlarmRulePatch(_Figures):
    """What is left out stays, null takes it away. `status`: `paused`, `standing` again, or `withdrawn` for good."""

    name: Name | None = None
    status: RuleStatus | None = None

    def revise(self, rule: AlarmRule) -> tuple[AlarmTerms, RuleStatus]:
        """Raises InputIsInvalid."""
        changes = self.given()
        status = changes.pop("status", None) or rule.status
        for kept in ("name", "margin_bp", "severity"):
            if changes.get(kept, "") is None:
                changes.pop(kept)
        terms = replace(rule.terms, **changes)
        faults = faults_of_terms(terms, self.model_fields_set)
        if faults:
            raise InputIsInvalid(faults)
        return terms, status


def faults_of_terms(terms: AlarmTerms, named: set[str]) -> list[tuple[str, str, str]]:
    """What a rule of its kind lacks, and what it can't have. `named`: the fields that the caller gave, as called outside."""
    needs = FIELDS[terms.kind]
    faults = [
        (f"/{INSIDE.get(one, one)}", f"{terms.kind} 规则必填", f"A rule of kind {terms.kind} needs this")
        for one in needs.must
        if getattr(terms, one) is None
    ]
    if needs.one_of and all(getattr(terms, one) is None for one in needs.one_of):
        names = [INSIDE.get(one, one) for one in needs.one_of]
        either = " / ".join(names)
        faults.append((f"/{names[0]}", f"{either} 至少填一项", f"Give at least one of {either}"))
    for one in sorted(SPECIFIC - needs.known):
        name = INSIDE.get(one, one)
        if name in named and getattr(terms, one) is not None:
            faults.append((f"/{name}", f"{terms.kind} 规则没有此项", f"A rule of kind {terms.kind} has no such field"))
    return [*faults, *_contradictions(terms)]


def _contradictions(terms: AlarmTerms) -> list[tuple[str, str, str]]:
    faults = []
    for low, high in (("below_kg", "above_kg"), ("low_fen", "high_fen")):
        least, most = getattr(terms, low), getattr(terms, high)
        if least is not None and most is not None and least >= most:
            faults.append((f"/{INSIDE[low]}", f"应小于 {INSIDE[high]}", f"It must be less than {INSIDE[high]}"))
    if terms.side == "destination" and terms.measure in ORIGIN_ONLY:
        faults.append(("/side", "这个口径只按产地统计", "This measure is counted by origin alone"))
    if terms.kind == "price" and terms.material is not None and catalogue.grade(terms.material) is None:
        faults.append(("/material", "请填写具体品种，例如 steel.hms1", "Name a grade, for example steel.hms1"))
    return faults


class AlarmRuleOut(Shape):
    """Fields that its kind does not have read null."""

    id: str
    version: int
    status: RuleStatus
    organisation_id: str
    kind: Kind
    name: str
    region: str
    material: str | None
    site_id: str | None
    side: Side
    measure: Measure | None
    window_h: int | None
    above_t: TonnesOut | None
    below_t: TonnesOut | None
    rise_pct: PctOut | None
    fall_pct: PctOut | None
    least_t: TonnesOut | None
    silent_h: int | None
    share_pct: PctOut | None
    low_cny_per_t: CnyOut | None
    high_cny_per_t: CnyOut | None
    margin_pct: PctOut
    escalate_after_min: int | None
    severity: Severity
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, rule: AlarmRule) -> AlarmRuleOut:
        facts: dict[str, Any] = {}
        for name in cls.model_fields:
            inside = OUTSIDE.get(name, name)
            facts[name] = getattr(rule.terms if hasattr(rule.terms, inside) else rule, inside)
        return cls(**facts)


class AlarmRulesQuery(ListQuery):
    kind: Kind | None = None
    region: RegionCode | None = None
    status: RuleStatus | None = None

    def where(self) -> dict[str, str]:
        names = {"kind": "terms.kind", "region": "terms.region", "status": "status"}
        return {stored: value for name, stored in names.items() if (value := getattr(self, name)) is not None}


class AlarmsQuery(ListQuery):
    rule_id: str | None = None
    kind: Kind | None = None
    region: RegionCode | None = None
    status: Literal["raised", "cleared"] | None = None
    acknowledged: bool | None = None

    def where(self) -> dict[str, object]:
        names = ("rule_id", "kind", "region", "status")
        found: dict[str, object] = {name: value for name in names if (value := getattr(self, name)) is not None}
        if self.acknowledged is not None:
            found["acknowledged_at"] = {"$ne": None} if self.acknowledged else None
        return found


class AcknowledgeIn(Shape):
    """What is done about it."""

    note: Note


class AlarmOut(Shape):
    """`value` and `limit` are in `unit` (t, pct, hours, cny_per_t), as they stood when it was raised; `text_zh` and `text_en`
    say it. `cleared_because`: `back` within the limit, `over` (what it was about is gone), or `rule` (its rule was)."""

    id: str
    version: int
    rule_id: str
    kind: Kind
    name: str
    region: str
    subject_id: str
    value: float
    limit: float
    unit: Literal["t", "pct", "hours", "cny_per_t"]
    text_zh: str
    text_en: str
    status: Literal["raised", "cleared"]
    severity: Severity
    raised_at: Time
    cleared_at: Time | None
    cleared_because: Literal["back", "over", "rule"] | None
    acknowledged_at: Time | None
    acknowledged_by: str | None
    note: str | None
    escalate_at: Time | None
    escalated_at: Time | None
    updated_at: Time

    @classmethod
    def of(cls, alarm: Alarm) -> AlarmOut:
        unit, shown = SHOWN[alarm.unit]
        said = {"value": shown(alarm.value), "limit": shown(alarm.limit), "unit": unit}
        same = {name: getattr(alarm, name) for name in cls.model_fields if name not in {*said, "text_zh", "text_en"}}
        return cls(**same, **said, text_zh=alarm.zh, text_en=alarm.en)


SHOWN: Mapping[str, tuple[str, Any]] = {
    "kg": ("t", kg_to_t),
    "bp": ("pct", lambda bp: bp / 100),
    "hours": ("hours", float),
    "fen_per_t": ("cny_per_t", fen_to_cny),
}
