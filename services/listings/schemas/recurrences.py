"""Shapes of recurrences."""

from __future__ import annotations

from typing import Literal

from services.listings.model import Recurrence
from services.listings.model.recurrence import Every, Reason
from services.listings.schemas.fields import Moment
from services.listings.schemas.typed import Quantity
from shared.http import Shape
from shared.http.shapes import Time
from shared.problem import Language
from shared.units import Tonnes, TonnesOut

REASONS: dict[Reason, tuple[str, str]] = {
    "organisation-suspended": ("单位已被暂停", "The organisation is suspended"),
    "organisation-not-verified": ("单位尚未通过审核", "The organisation is not verified"),
    "site-gone": ("场站不再属于本单位", "The site is no longer the organisation's"),
    "grade-gone": ("目录中已无此品种", "The catalogue has this grade no longer"),
    "allowance-passed": ("超出以渣定产核定量", "It would pass the allowance of new output"),
    "over": ("已到设定的结束时间", "The time that was set for it is over"),
}


class RecurrenceIn(Shape):
    """So much again every day, week or month, up to and with `until`. `load_t` is what a 车 takes."""

    every: Every
    load_t: Tonnes | None = None
    quantity_t: Quantity
    until: Moment | None = None


class RecurrenceOut(Shape):
    """A recurrence: its next period begins at `next_at`, null where none comes any more; `reason` says why."""

    id: str
    every: Every
    quantity_t: TonnesOut
    until: Time | None
    status: Literal["running", "stopped", "ended"]
    reason: str | None
    reason_text: str | None
    next_at: Time | None
    made: int
    last_id: str | None
    created_at: Time
    updated_at: Time
    version: int

    @classmethod
    def of(cls, recurrence: Recurrence, language: Language) -> RecurrenceOut:
        if recurrence.status == "removed":
            raise ValueError(f"the recurrence of {recurrence.id} was removed")
        texts = REASONS[recurrence.reason] if recurrence.reason else None
        return cls(
            id=recurrence.id,
            every=recurrence.every,
            quantity_t=recurrence.quantity_kg,
            until=recurrence.until,
            status=recurrence.status,
            reason=recurrence.reason,
            reason_text=texts and texts[0 if language == "zh-CN" else 1],
            next_at=recurrence.next_at,
            made=recurrence.made,
            last_id=recurrence.last_id,
            created_at=recurrence.created_at,
            updated_at=recurrence.updated_at,
            version=recurrence.version,
        )
