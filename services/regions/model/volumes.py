"""What events add to the volumes of regions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Measure = Literal["listed", "agreed", "loaded", "received", "refused", "deducted", "withdrawn", "cancelled"]


MEASURES: tuple[Measure, ...] = (
    "listed",
    "agreed",
    "loaded",
    "received",
    "refused",
    "deducted",
    "withdrawn",
    "cancelled",
)


Side = Literal["origin", "destination"]


ORIGIN_ONLY: frozenset[Measure] = frozenset({"listed", "withdrawn"})
"""What concerns a lot that has no buyer yet, and so no destination."""


FIRMS_KEPT = 3
"""So many are needed to tell whether a figure could reveal one firm."""


@dataclass
class Fact:
    """What one event adds to the volumes. A fact about a lot that was not published yet, as far as this room has heard, waits
    with no region; it is counted when that event comes."""

    id: str
    version: int
    lot_id: str
    type: str
    at: datetime
    kg: dict[Measure, int]
    region: str | None = None
    to_region: str | None = None
    grade: str | None = None
    seller_id: str | None = None
    buyer_id: str | None = None
    waiting: bool = False

    def firm(self, side: Side) -> str | None:
        """Whose kilograms they are: the seller's where they come from, the buyer's where they go."""
        return self.seller_id if side == "origin" else self.buyer_id

    def cells(self) -> list[tuple[Side, str, dict[Measure, int]]]:
        """What it adds to, on which side, in which region."""
        found: list[tuple[Side, str, dict[Measure, int]]] = []
        if self.region is not None:
            found.append(("origin", self.region, dict(self.kg)))
        there = {measure: kg for measure, kg in self.kg.items() if measure not in ORIGIN_ONLY}
        if self.to_region is not None and there:
            found.append(("destination", self.to_region, there))
        return found


@dataclass
class Cell:
    """The volumes of one side, region and grade in one hour (UTC). `firms` are those behind a measure: sellers where it comes
    from, buyers where it goes; at most `FIRMS_KEPT`, the first by id, so that the order of events is all the same."""

    id: str
    version: int
    side: Side
    region: str
    grade: str
    hour: datetime
    kg: dict[Measure, int] = field(default_factory=dict)
    firms: dict[Measure, list[str]] = field(default_factory=dict)

    def add(self, kg: Mapping[Measure, int], firm: str | None) -> None:
        """Count more, of that firm; nothing is ever subtracted."""
        for measure, more in kg.items():
            self.kg[measure] = self.kg.get(measure, 0) + more
            if firm is not None:
                self.firms[measure] = fewest((*self.firms.get(measure, ()), firm))
        self.version += 1


def fewest(firms: Iterable[str]) -> list[str]:
    """The firms that a cell keeps of these."""
    return sorted(set(firms))[:FIRMS_KEPT]


def hour_of(at: datetime) -> datetime:
    """The hour (UTC) in which `at` lies."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def cell_id(side: Side, region: str, grade: str, hour: datetime) -> str:
    return f"{side}/{region}/{grade}/{hour:%Y-%m-%dT%H}Z"
