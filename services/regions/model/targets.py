"""What a region is to reach, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.regions.model.volumes import Measure, Side
from shared.events import Event
from shared.events.regions import TargetChanged
from shared.units import div_half_up


@dataclass(frozen=True, kw_only=True)
class TargetTerms:
    """So many kilograms of one measure, on one side of a region, of a family or grade (None: of all), from `start` to `end`.
    `source`: who set it, or where it is written."""

    region: str
    material: str | None
    side: Side
    measure: Measure
    kg: int
    start: datetime
    end: datetime
    source: str


@dataclass
class Target:
    """What a region is to reach. A withdrawn one stays readable."""

    id: str
    version: int
    terms: TargetTerms
    created_at: datetime
    updated_at: datetime
    status: Literal["standing", "withdrawn"] = "standing"

    def change(self, terms: TargetTerms, status: Literal["standing", "withdrawn"], now: datetime) -> list[Event]:
        """Nothing where nothing is new."""
        if (terms, status) == (self.terms, self.status):
            return []
        self.terms, self.status, self.updated_at = terms, status, now
        self.version += 1
        return self.told()

    def told(self) -> list[Event]:
        """The target as an event."""
        terms = self.terms
        changed = TargetChanged(
            id=self.id,
            version=self.version,
            at=self.updated_at,
            region=terms.region,
            material=terms.material,
            side=terms.side,
            measure=terms.measure,
            kg=terms.kg,
            start=terms.start,
            end=terms.end,
            status=self.status,
        )
        return [changed]


@dataclass(frozen=True)
class Progress:
    """How far a target is at a moment, in kilograms: reached; due by then at an even pace; where it ends at the rate so far
    (None before it begins); missing; needed a day from now on (None where no day is left); when it is reached at the rate so
    far (None where nothing is, or not within a hundred years)."""

    reached_kg: int
    due_kg: int
    at_this_rate_kg: int | None
    missing_kg: int
    needed_kg_per_day: int | None
    reached_at: datetime | None = None

    @classmethod
    def of(cls, terms: TargetTerms, reached_kg: int, now: datetime) -> Progress:
        whole = terms.end - terms.start
        gone = min(max(now - terms.start, timedelta()), whole)
        left, missing = whole - gone, max(0, terms.kg - reached_kg)
        return cls(
            reached_kg,
            div_half_up(terms.kg * _ms(gone), _ms(whole)),
            div_half_up(reached_kg * _ms(whole), _ms(gone)) if gone else None,
            missing,
            div_half_up(missing * _ms(timedelta(days=1)), _ms(left)) if left else None,
            _reached_at(terms, reached_kg, gone),
        )


def _reached_at(terms: TargetTerms, reached_kg: int, gone: timedelta) -> datetime | None:
    if not gone or not reached_kg:
        return None
    needed_ms = div_half_up(terms.kg * _ms(gone), reached_kg)
    return terms.start + timedelta(milliseconds=needed_ms) if needed_ms < _ms(FORESEEN) else None


FORESEEN = timedelta(days=36525)


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
