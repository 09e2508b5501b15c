"""Topic `huanliu.regions`."""

from __future__ import annotations

from typing import Literal

from shared.events.base import Event, Moment


class VolumePosted(Event, type="volume.posted"):
    """What one event added to the volumes of `region` (origin) and `to_region` (destination, where there is one). `id` is the
    CloudEvents id of that event and `cause` its type; `at` is the time it counts by. Nothing is subtracted
    later but by a ticket that is put right (`revision` is `corrected`, with its `reason`): its kilograms are differences, and
    where the load belongs to another hour a second event, whose id ends in `-before`, takes off what stood there. `late` is
    what was reported after its day."""

    lot_id: str
    cause: str
    grade: str
    region: str
    to_region: str | None = None
    listed_kg: int = 0
    agreed_kg: int = 0
    loaded_kg: int = 0
    received_kg: int = 0
    refused_kg: int = 0
    deducted_kg: int = 0
    withdrawn_kg: int = 0
    cancelled_kg: int = 0
    used_kg: int = 0
    mode: str = "none"
    revision: Literal["late", "corrected"] | None = None
    reason: str | None = None


class ReportMade(Event, type="report.made"):
    """The monthly return of `region`, of `month` (`2026-10`), is there to be read by the organisation that asked for it and by
    `readers`; `id` is the report's."""

    organisation_id: str
    readers: tuple[str, ...] = ()
    region: str
    name_zh: str
    name_en: str
    month: str


class TargetChanged(Event, type="target.changed"):
    """A target as it is now; `id` is the target's. `kg` of `measure` on `side` of `region`, of one family or grade or of all,
    from `start` (inclusive) to `end`."""

    region: str
    material: str | None = None
    side: Literal["origin", "destination"]
    measure: str
    kg: int
    start: Moment
    end: Moment
    status: Literal["standing", "withdrawn"]


class AllowanceRuleChanged(Event, type="allowance_rule.changed"):
    """以渣定产: in `region`, from `start` (inclusive) to `end`, a producer's new output of `material` (a grade) follows its
    verified use. In each `period` (of Asia/Shanghai) it may list `initial_kg` + `ratio_bp` / 10,000 × its verified use. `id` is
    the rule's."""

    region: str
    material: str
    ratio_bp: int
    initial_kg: int
    period: Literal["month", "year"]
    start: Moment
    end: Moment | None = None
    source: str
    status: Literal["standing", "withdrawn"]


class AllowanceChanged(Event, type="allowance.changed"):
    """What a rule allows one producer in one period; `id` is `<rule>:<organisation>:<period>`, the period `2026` or `2026-11`,
    which lies between `start` (inclusive) and `end`. `used_kg` of new output were listed in it and not taken back,
    `promised_kg` of them are reserved or sold. `left_kg` may still be listed, `sellable_kg` = allowed − promised may still be
    promised; neither is below 0. A `withdrawn` one limits nothing any more."""

    rule_id: str
    organisation_id: str
    region: str
    material: str
    period: str
    start: Moment
    end: Moment
    verified_kg: int
    allowed_kg: int
    used_kg: int
    promised_kg: int
    left_kg: int
    sellable_kg: int
    status: Literal["standing", "withdrawn"]


class _Alarm(Event):
    """`id` is the alarm's. `audience`: the organisations that it concerns. `subject_id`: what of the rule it is about, where
    the rule is about several: a site, a producer, a grade. `zh` and `en` say it with its figures, whose `unit` is one of kg,
    bp, hours, fen_per_t. What is `urgent` waits for no morning."""

    rule_id: str
    kind: str
    name: str
    region: str
    subject_id: str
    audience: tuple[str, ...]
    value: int
    limit: int
    unit: str
    zh: str
    en: str
    status: Literal["raised", "cleared"]
    severity: Literal["normal", "urgent"] = "normal"


class AlarmRaised(_Alarm, type="alarm.raised"):
    """What the rule watches went beyond its limit; told once, until it is cleared."""


class AlarmCleared(_Alarm, type="alarm.cleared"):
    """It is back, by more than the rule's margin; or the rule was withdrawn."""


class AlarmAcknowledged(_Alarm, type="alarm.acknowledged"):
    """Somebody has taken it on, with a note."""

    organisation_id: str
    user_id: str
    note: str


class AlarmEscalated(_Alarm, type="alarm.escalated"):
    """Nobody took it on in time; told once. The audience has the operators as well."""


class AlarmRuleChanged(Event, type="alarm_rule.changed"):
    """A rule of alarms as it is now; `id` is the rule's."""

    organisation_id: str
    kind: str
    name: str
    region: str
    status: Literal["standing", "paused", "withdrawn"]
