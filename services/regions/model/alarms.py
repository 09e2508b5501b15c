"""Alarms: rules as data, what they find, and the alarms that are raised once and cleared once for it.

An alarm is raised where a figure goes beyond its limit, and cleared where it is back by the rule's margin: in between nothing
changes, so a figure that wavers about its limit does not flap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.regions.model.volumes import Measure, Side
from shared.events import Event
from shared.events.regions import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmEscalated,
    AlarmRaised,
    AlarmRuleChanged,
)
from shared.ids import new_id
from shared.problem import WrongState

Kind = Literal["threshold", "change", "silence", "stock", "price", "allowance"]
RuleStatus = Literal["standing", "paused", "withdrawn"]
Severity = Literal["normal", "urgent"]
Unit = Literal["kg", "bp", "hours", "fen_per_t"]
ONE_BP = 10_000


@dataclass(frozen=True, kw_only=True)
class AlarmTerms:
    """What a rule watches. Which fields a kind needs is in `FIELDS`; the others are None.

    threshold: the kilograms of `measure` on `side` in the last `window_h` hours, above `above_kg` or below `below_kg`.
    change: today's kilograms so far against those of the same hours of the same weekday before, up by `rise_bp` or down by
    `fall_bp`, where then there were at least `least_kg`; both of the region, or of a site or park in it. silence: nothing
    for `silent_h` hours at a site, or at each site of a park. stock: what lies at a site above `share_bp` of its permit, at
    each site of a park or of the region. price: of a grade in the region, below `low_fen` or above `high_fen` per tonne.
    allowance: `share_bp` of a producer's is used.
    """

    kind: Kind
    name: str
    region: str
    material: str | None = None
    site_id: str | None = None
    side: Side = "origin"
    measure: Measure | None = None
    window_h: int | None = None
    above_kg: int | None = None
    below_kg: int | None = None
    rise_bp: int | None = None
    fall_bp: int | None = None
    least_kg: int | None = None
    silent_h: int | None = None
    share_bp: int | None = None
    low_fen: int | None = None
    high_fen: int | None = None
    margin_bp: int = 500
    escalate_after_min: int | None = 60
    severity: Severity = "normal"


@dataclass(frozen=True, slots=True)
class Needs:
    """Of one kind: fields that must be given, of which at least one must be, and that may be."""

    must: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    may: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        return frozenset((*self.must, *self.one_of, *self.may))


FIELDS: Mapping[Kind, Needs] = {
    "threshold": Needs(("measure",), ("above_kg", "below_kg"), ("material", "site_id", "side", "window_h")),
    "change": Needs(("measure",), ("rise_bp", "fall_bp"), ("material", "site_id", "side", "least_kg")),
    "silence": Needs(("site_id", "silent_h")),
    "stock": Needs(may=("site_id", "share_bp")),
    "price": Needs(("material",), ("low_fen", "high_fen")),
    "allowance": Needs(may=("material", "share_bp")),
}
SPECIFIC = frozenset().union(*(one.known for one in FIELDS.values()))


@dataclass
class AlarmRule:
    """A rule and whose it is. One that is paused or withdrawn watches nothing, and what it raised is cleared."""

    id: str
    version: int
    organisation_id: str
    user_id: str
    terms: AlarmTerms
    created_at: datetime
    updated_at: datetime
    status: RuleStatus = "standing"

    def change(self, terms: AlarmTerms, status: RuleStatus, now: datetime) -> list[Event]:
        """Nothing where nothing is new. Raises WrongState for one that is withdrawn."""
        if (terms, status) == (self.terms, self.status):
            return []
        if self.status == "withdrawn":
            raise WrongState(zh="该规则已撤销，请新建", en="This rule is withdrawn; make a new one")
        self.terms, self.status, self.updated_at = terms, status, now
        self.version += 1
        return self.told()

    def told(self) -> list[Event]:
        """The rule as an event."""
        changed = AlarmRuleChanged(
            id=self.id,
            version=self.version,
            at=self.updated_at,
            organisation_id=self.organisation_id,
            kind=self.terms.kind,
            name=self.terms.name,
            region=self.terms.region,
            status=self.status,
        )
        return [changed]


@dataclass(frozen=True, slots=True)
class Finding:
    """How a subject stands to its limit: `beyond` it raises, `back` it clears, neither keeps what is. `zh` and `en` say it with
    its figures. `concerned`: whose site or output it is."""

    subject_id: str
    value: int
    limit: int
    unit: Unit
    beyond: bool
    back: bool
    zh: str
    en: str
    concerned: str | None = None


def above(value: int, limit: int, margin_bp: int) -> tuple[bool, bool]:
    """Whether it is beyond an upper limit, and whether it is back below it by the margin."""
    return value > limit, value * ONE_BP <= limit * (ONE_BP - margin_bp)


def below(value: int, limit: int, margin_bp: int) -> tuple[bool, bool]:
    """As `above`, of a lower limit."""
    return value < limit, value * ONE_BP >= limit * (ONE_BP + margin_bp)


@dataclass
class Watch:
    """A rule's turn: who raises or clears by it writes this as well, so that two at once raise one alarm."""

    id: str
    version: int = 1
    turns: int = 0

    def turn(self) -> None:
        self.turns += 1
        self.version += 1


@dataclass
class Alarm:
    """What a rule found, until it was over. `audience`: the organisations that may see it; `deciding` those of them that may
    take it on."""

    id: str
    version: int
    rule_id: str
    kind: Kind
    name: str
    region: str
    subject_id: str
    organisation_id: str
    audience: list[str]
    deciding: list[str]
    value: int
    limit: int
    unit: Unit
    zh: str
    en: str
    raised_at: datetime
    updated_at: datetime
    escalate_at: datetime | None = None
    status: Literal["raised", "cleared"] = "raised"
    cleared_at: datetime | None = None
    cleared_because: Literal["back", "over", "rule"] | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    escalated_at: datetime | None = None
    severity: Severity = "normal"

    @classmethod
    def of(cls, rule: AlarmRule, found: Finding, deciding: Iterable[str], now: datetime) -> Alarm:
        terms = rule.terms
        deciders = list(dict.fromkeys((rule.organisation_id, *deciding)))
        concerned = [found.concerned] if found.concerned is not None and found.concerned not in deciders else []
        after = terms.escalate_after_min
        return cls(
            id=new_id(),
            version=1,
            rule_id=rule.id,
            kind=terms.kind,
            name=terms.name,
            region=terms.region,
            subject_id=found.subject_id,
            organisation_id=rule.organisation_id,
            audience=[*deciders, *concerned],
            deciding=deciders,
            value=found.value,
            limit=found.limit,
            unit=found.unit,
            zh=found.zh,
            en=found.en,
            raised_at=now,
            updated_at=now,
            escalate_at=None if after is None else now + timedelta(minutes=after),
            severity=terms.severity,
        )

    def relations(self, organisation_id: str) -> set[Literal["own", "visible"]]:
        """What an organisation is to it: `own` where it may take it on."""
        if organisation_id in self.deciding:
            return {"own"}
        return {"visible"} if organisation_id in self.audience else set()

    def raised(self) -> Event:
        return AlarmRaised(**self._facts())

    def clear(self, because: Literal["back", "over", "rule"], now: datetime) -> Event:
        """It is over; whatever it waited for is over too."""
        self.status, self.cleared_at, self.cleared_because, self.escalate_at = "cleared", now, because, None
        self._touch(now)
        return AlarmCleared(**self._facts())

    def acknowledge(self, organisation_id: str, user_id: str, note: str, now: datetime) -> list[Event]:
        """Somebody takes it on; the same again changes nothing. Raises WrongState where somebody has, or it is over."""
        if self.acknowledged_by == user_id and self.note == note:
            return []
        if self.acknowledged_at is not None:
            raise WrongState(zh="该预警已有人处理", en="Somebody has taken this alarm on already")
        if self.status == "cleared":
            raise WrongState(zh="该预警已解除", en="This alarm is cleared already")
        self.acknowledged_at, self.acknowledged_by, self.note, self.escalate_at = now, user_id, note, None
        self._touch(now)
        return [AlarmAcknowledged(**self._facts(), organisation_id=organisation_id, user_id=user_id, note=note)]

    def escalate(self, operators: Sequence[str], now: datetime) -> list[Event]:
        """Nobody took it on in time; once."""
        if self.status != "raised" or self.escalate_at is None or now < self.escalate_at:
            return []
        self.escalated_at, self.escalate_at = now, None
        more = [one for one in operators if one not in self.deciding]
        self.deciding += more
        self.audience += [one for one in more if one not in self.audience]
        self._touch(now)
        return [AlarmEscalated(**self._facts())]

    def _touch(self, now: datetime) -> None:
        self.updated_at = now
        self.version += 1

    def _facts(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "version": self.version,
            "at": self.updated_at,
            "rule_id": self.rule_id,
            "kind": self.kind,
            "name": self.name,
            "region": self.region,
            "subject_id": self.subject_id,
            "audience": tuple(self.audience),
            "value": self.value,
            "limit": self.limit,
            "unit": self.unit,
            "zh": self.zh,
            "en": self.en,
            "status": self.status,
            "severity": self.severity,
        }


@dataclass(frozen=True)
class Changes:
    """What follows from findings: findings to raise an alarm for, and alarms to clear with the reason."""

    beyond: list[Finding] = field(default_factory=list)
    over: list[tuple[Alarm, Literal["back", "over", "rule"]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.beyond or self.over)


def settle(rule: AlarmRule, findings: Sequence[Finding], open_alarms: Sequence[Alarm]) -> Changes:
    """Each subject has at most one open alarm of a rule. What is not found any more (a period is over, a site has moved away)
    is over."""
    watching = rule.status == "standing"
    by_subject = {one.subject_id: one for one in findings} if watching else {}
    standing = {one.subject_id: one for one in open_alarms}
    changes = Changes()
    for subject, found in by_subject.items():
        if found.beyond and subject not in standing:
            changes.beyond.append(found)
    for subject, alarm in standing.items():
        if subject not in by_subject:
            changes.over.append((alarm, "over" if watching else "rule"))
        elif by_subject[subject].back:
            changes.over.append((alarm, "back"))
    return changes


def merged(terms: AlarmTerms, changes: Mapping[str, Any]) -> AlarmTerms:
    """The terms with what was changed."""
    return replace(terms, **changes)
