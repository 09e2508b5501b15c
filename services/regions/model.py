"""What the room keeps, as plain dataclasses, and the rules that change them. Masses are kilograms, money fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from shared.events import Event
from shared.events.regions import TargetChanged
from shared.units import div_half_up

Account = Literal[
    "published",
    "on_offer",
    "reserved",
    "in_transit",
    "settled",
    "deducted",
    "weighing_difference",
    "withdrawn",
    "expired",
]
ACCOUNTS: tuple[Account, ...] = (
    "on_offer",
    "reserved",
    "in_transit",
    "settled",
    "deducted",
    "weighing_difference",
    "withdrawn",
    "expired",
)
"""Where a kilogram of a lot can be. `published` is the source they come from: it stands at minus what was published."""

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
Kind = Literal["lot", "demand"]
ORIGIN_ONLY: frozenset[Measure] = frozenset({"listed", "withdrawn"})
"""What concerns a lot that has no buyer yet, and so no destination."""

Entries = dict[Account, int]


@dataclass
class Posting:
    """One balanced set of entries: what one event did to one lot. `id` is the event's CloudEvents id, `at` the event's."""

    id: str
    version: int
    lot_id: str
    type: str
    at: datetime
    entries: Entries


@dataclass
class LotAccounts:
    """The accounts of the lot `id`: the sums of its postings, in whatever order they came. Where it was published (`region`,
    `grade`) is its place in the ledger for good; None until that event has come."""

    id: str
    version: int = 0
    region: str | None = None
    grade: str | None = None
    balance: Entries = field(default_factory=dict)

    def apply(self, entries: Mapping[Account, int]) -> None:
        """Add a posting's entries."""
        for account, kg in entries.items():
            self.balance[account] = self.balance.get(account, 0) + kg
        self.version += 1

    def settle_at(self, region: str, grade: str) -> None:
        """Its publication has come."""
        self.region, self.grade = region, grade
        self.version += 1


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
    waiting: bool = False

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
    """The volumes of one side, region and grade in one hour (UTC)."""

    id: str
    version: int
    side: Side
    region: str
    grade: str
    hour: datetime
    kg: dict[Measure, int] = field(default_factory=dict)

    def add(self, kg: Mapping[Measure, int]) -> None:
        """Count more; nothing is ever subtracted."""
        for measure, more in kg.items():
            self.kg[measure] = self.kg.get(measure, 0) + more
        self.version += 1


def hour_of(at: datetime) -> datetime:
    """The hour (UTC) in which `at` lies."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def cell_id(side: Side, region: str, grade: str, hour: datetime) -> str:
    return f"{side}/{region}/{grade}/{hour:%Y-%m-%dT%H}Z"


@dataclass
class KnownListing:
    """A lot's or demand's state as last heard; `version` is the aggregate's own."""

    id: str
    version: int
    kind: Kind
    status: str
    available_kg: int


@dataclass
class KnownTrade:
    """A trade as last heard; no party is named. `agreed_at` is None until that event has come."""

    id: str
    version: int
    status: str
    grade: str
    kg: int
    price_fen_per_t: int
    from_region: str
    to_region: str
    agreed_at: datetime | None = None


@dataclass
class KnownClearing:
    """A clearing, for the market's picture."""

    id: str
    version: int
    at: datetime
    material: str
    proposals: int
    matched_kg: int
    surplus_fen: int
    objective_fen: int
    bound_fen: int
    duration_ms: int


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
    (None before it begins); missing; needed a day from now on (None where no day is left)."""

    reached_kg: int
    due_kg: int
    at_this_rate_kg: int | None
    missing_kg: int
    needed_kg_per_day: int | None

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
        )


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
