"""Putting right what was reported of a load that was received: its ticket, its inspection, its time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class Weighing:
    """What a received load is reckoned by."""

    received_at: datetime
    gross_kg: int
    tare_kg: int
    ticket: str
    moisture_pct: float | None
    impurity_pct: float | None

    @property
    def net_kg(self) -> int:
        return self.gross_kg - self.tare_kg

    @property
    def found(self) -> dict[str, float | None]:
        """What the inspection measured."""
        return {"moisture_pct": self.moisture_pct, "impurity_pct": self.impurity_pct}


@dataclass(frozen=True)
class Changes:
    """What the buyer puts right, for `reason`; what is None stands."""

    reason: str
    received_at: datetime | None = None
    gross_kg: int | None = None
    tare_kg: int | None = None
    ticket: str | None = None
    moisture_pct: float | None = None
    impurity_pct: float | None = None

    def of(self, before: Weighing) -> Weighing:
        """What stands after it."""
        names = ("received_at", "gross_kg", "tare_kg", "ticket", "moisture_pct", "impurity_pct")
        return replace(before, **{name: getattr(self, name) for name in names if getattr(self, name) is not None})


@dataclass(frozen=True)
class Correction:
    """A correction as kept: why, who, when, and what stands since."""

    reason: str
    by: str
    recorded_at: datetime
    stands: Weighing
    net_kg: int
    settled_kg: int
