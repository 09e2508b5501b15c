"""以渣定产: what producers of a waste may newly put out follows what of it was verifiably used. Kilograms, exact."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from shared.clock import Calendar, Period, period_at
from shared.events import Event
from shared.events.regions import AllowanceChanged, AllowanceRuleChanged
from shared.geo import contains
from shared.units import div_half_up

Standing = Literal["standing", "withdrawn"]
RATIO_ONE = 10_000


@dataclass(frozen=True, kw_only=True)
class AllowanceTerms:
    """In `region`, of the grade `material`, from `start` to `end` (None: for good): in each period a producer may list
    `initial_kg` + `ratio_bp` / 10,000 × its verified use of new output. `source`: who set it, or where it is written."""

    region: str
    material: str
    ratio_bp: int
    initial_kg: int
    period: Calendar
    start: datetime
    end: datetime | None
    source: str

    def allowed_kg(self, verified_kg: int) -> int:
        """Rounded down: an allowance is never passed by a rounding."""
        return self.initial_kg + verified_kg * self.ratio_bp // RATIO_ONE

    def period_at(self, at: datetime) -> Period | None:
        """The period in which `at` lies; None before the rule begins and after it ends."""
        return period_at(at, self.period, self.start, self.end)


@dataclass
class AllowanceRule:
    """A rule as an operator set it, or as policy has it. A withdrawn one stays readable and limits nothing."""

    id: str
    version: int
    terms: AllowanceTerms
    created_at: datetime
    updated_at: datetime
    status: Standing = "standing"

    def covers(self, region: str, grade: str) -> bool:
        return grade == self.terms.material and contains(self.terms.region, region)

    def change(self, terms: AllowanceTerms, status: Standing, now: datetime) -> list[Event]:
        """Nothing where nothing is new."""
        if (terms, status) == (self.terms, self.status):
            return []
        self.terms, self.status, self.updated_at = terms, status, now
        self.version += 1
        return self.told()

    def told(self) -> list[Event]:
        """The rule as an event."""
        terms = self.terms
        changed = AllowanceRuleChanged(
            id=self.id,
            version=self.version,
            at=self.updated_at,
            region=terms.region,
            material=terms.material,
            ratio_bp=terms.ratio_bp,
            initial_kg=terms.initial_kg,
            period=terms.period,
            start=terms.start,
            end=terms.end,
            source=terms.source,
            status=self.status,
        )
        return [changed]


@dataclass
class RuleBook:
    """The rules that stand, in one document that whoever counts by them writes as well: so no rule is set while a lot is
    counted without it."""

    id: str = "allowances"
    version: int = 1
    rules: list[AllowanceRule] = field(default_factory=list)

    def put(self, rule: AllowanceRule) -> None:
        self.rules = [one for one in self.rules if one.id != rule.id]
        if rule.status == "standing":
            self.rules.append(rule)
        self.version += 1


@dataclass(frozen=True, slots=True)
class Counted:
    """What one lot or load adds to the allowances of its producer: new output listed, and reserved or sold; or use."""

    organisation_id: str
    region: str
    grade: str
    at: datetime
    used_kg: int = 0
    promised_kg: int = 0
    verified_kg: int = 0


@dataclass
class Use:
    """A received load of a bulk solid waste: its net kilograms are verified use, on the day that it was received. The newest
    version counts: a ticket that was put right takes the place of the first."""

    id: str
    version: int
    organisation_id: str
    region: str
    grade: str
    at: datetime
    net_kg: int

    def counted(self) -> Counted:
        return Counted(self.organisation_id, self.region, self.grade, self.at, verified_kg=self.net_kg)


@dataclass
class Allowance:
    """What a rule allows one producer in one period; see `AllowanceChanged`. `told_version`: the last that was told."""

    id: str
    version: int
    rule_id: str
    organisation_id: str
    region: str
    material: str
    period: str
    start: datetime
    end: datetime
    updated_at: datetime
    verified_kg: int = 0
    used_kg: int = 0
    promised_kg: int = 0
    allowed_kg: int = 0
    left_kg: int = 0
    sellable_kg: int = 0
    status: Standing = "standing"

    @classmethod
    def of(cls, rule: AllowanceRule, organisation_id: str, period: Period, now: datetime) -> Allowance:
        terms = rule.terms
        identifier = allowance_id(rule.id, organisation_id, period.name)
        names = (rule.id, organisation_id, terms.region, terms.material, period.name, period.start, period.end)
        return cls(identifier, 0, *names, now)

    def add(self, counted: Counted, times: Literal[1, -1]) -> None:
        """Count it, or take it back."""
        self.verified_kg += times * counted.verified_kg
        self.used_kg += times * counted.used_kg
        self.promised_kg += times * counted.promised_kg

    def reckon(self, rule: AllowanceRule, now: datetime) -> None:
        """What its sums come to under the rule as it is now. A rule that now ends before the period begins limits nothing in
        it."""
        period, self.status = rule.terms.period_at(self.start), rule.status
        if period is None:
            self.status = "withdrawn"
        else:
            self.start, self.end = period.start, period.end
        self.allowed_kg = rule.terms.allowed_kg(self.verified_kg)
        self.left_kg = max(0, self.allowed_kg - self.used_kg)
        self.sellable_kg = max(0, self.allowed_kg - self.promised_kg)
        self.updated_at = now
        self.version += 1

    def told(self) -> Event:
        return AllowanceChanged(
            id=self.id,
            version=self.version,
            at=self.updated_at,
            rule_id=self.rule_id,
            organisation_id=self.organisation_id,
            region=self.region,
            material=self.material,
            period=self.period,
            start=self.start,
            end=self.end,
            verified_kg=self.verified_kg,
            allowed_kg=self.allowed_kg,
            used_kg=self.used_kg,
            promised_kg=self.promised_kg,
            left_kg=self.left_kg,
            sellable_kg=self.sellable_kg,
            status=self.status,
        )

    @property
    def used_bp(self) -> int:
        """How much of it is used; of an allowance of nothing all is, once anything is."""
        if self.allowed_kg <= 0:
            return 0 if self.used_kg == 0 else RATIO_ONE
        return div_half_up(self.used_kg * RATIO_ONE, self.allowed_kg)

    def forecast(self, ratio_bp: int, now: datetime) -> Forecast:
        """At the pace of the period so far: new output against what new use adds."""
        gone_ms = _ms(min(now, self.end)) - _ms(self.start)
        if gone_ms <= 0:
            return Forecast(None, None, None)
        day = 86_400_000
        used, allowed = self.used_kg * day // gone_ms, self.verified_kg * ratio_bp // RATIO_ONE * day // gone_ms
        net = self.used_kg * RATIO_ONE - self.verified_kg * ratio_bp
        if net <= 0 or self.used_kg > self.allowed_kg:
            return Forecast(used, allowed, now if self.used_kg > self.allowed_kg else None)
        ends_ms = _ms(now) + self.left_kg * RATIO_ONE * gone_ms // net
        ends = datetime.fromtimestamp(min(ends_ms, _ms(self.end)) / 1000, UTC)
        return Forecast(used, allowed, ends if ends < self.end else None)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Kilograms a day listed and newly allowed so far; when the allowance is used up at that pace (None: not in its period,
    or nothing has been counted yet)."""

    listed_kg_per_day: int | None
    allowed_kg_per_day: int | None
    ends_at: datetime | None


def allowance_id(rule_id: str, organisation_id: str, period: str) -> str:
    return f"{rule_id}:{organisation_id}:{period}"


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
