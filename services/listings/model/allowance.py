"""以渣定产 as listings has heard of it: a producer's new output of a waste may not pass what the rule of its region allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.listings.model.lot import Lot
from shared import geo
from shared.clock import Calendar, Period, period_at
from shared.problem import Problem
from shared.units import kg_to_t, t_text


@dataclass
class AllowanceRule:
    """A rule as last heard; see `shared.events.regions.AllowanceRuleChanged`."""

    id: str
    version: int
    region: str
    material: str
    initial_kg: int
    period: Calendar
    start: datetime
    end: datetime | None
    status: Literal["standing", "withdrawn"]

    def period_of(self, lot: Lot, now: datetime) -> Period | None:
        """The period in which a lot counts under it, one that is to be published now among them; None where it does not."""
        if lot.terms.grade != self.material or not is_new(lot) or not geo.contains(self.region, lot.region):
            return None
        return period_at(lot.published_at or now, self.period, self.start, self.end)


@dataclass
class Allowance:
    """What a rule allows one producer in one period, as last heard; before that, what the rule allows to begin with."""

    id: str
    version: int
    allowed_kg: int


@dataclass
class AllowanceTurn:
    """Whoever lists or promises more under an allowance writes this: two at once can't both have what is left."""

    id: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Headroom:
    """What is left for a lot under one rule: `allowed_kg` less what the producer's other lots have used of it."""

    rule_id: str
    material: str
    period: str
    allowed_kg: int
    used_kg: int

    @property
    def left_kg(self) -> int:
        return max(0, self.allowed_kg - self.used_kg)


class AllowanceIsPassed(Problem):
    """More new output of a waste than its verified use allows."""

    status, slug = 409, "allowance-passed"
    title = ("超出以渣定产核定量", "New output beyond the producer's allowance")

    def __init__(self, headroom: Headroom, asked_kg: int) -> None:
        left, asked, allowed = (t_text(kg) for kg in (headroom.left_kg, asked_kg, headroom.allowed_kg))
        super().__init__(
            zh=f"以渣定产：{headroom.period} 期核定量 {allowed} 吨，还可挂牌 {left} 吨，本次需要 {asked} 吨；"
            "利用方收货后核定量随之增加，堆存渣（stock）不受限制",
            en=f"For {headroom.period} {allowed} t of new output are allowed, {left} t may still be listed, this needs "
            f"{asked} t; the allowance grows as use is received, and lots from stock are not limited",
            rule_id=headroom.rule_id,
            period=headroom.period,
            allowed_t=kg_to_t(headroom.allowed_kg),
            left_t=kg_to_t(headroom.left_kg),
            needed_t=kg_to_t(asked_kg),
        )


def is_new(lot: Lot) -> bool:
    """Whether it is new output: a lot that does not say counts as new."""
    return lot.terms.stock != "stock"


def used_kg(lot: Lot) -> int:
    """What of it was listed and not taken back."""
    return lot.available_kg + lot.reserved_kg + lot.consumed_kg if lot.published_at is not None and is_new(lot) else 0
