"""What everybody may see: sums of whole days in which at least three firms stand on each side, published once for good."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.regions.model.volumes import Measure

LEAST_FIRMS = 3
"""Of fewer a figure would tell one firm what another did."""
SHOWN_TO_ALL: tuple[Measure, ...] = (
    "listed",
    "agreed",
    "loaded",
    "received",
    "refused",
    "deducted",
    "withdrawn",
    "cancelled",
)
"""Others are sums or differences of these, of which each would be harmless and the two together not."""


Level = Literal["city", "province"]


@dataclass(frozen=True, slots=True)
class Grain:
    """What one seller and one buyer (None: there is none yet) did in a day of one grade, from one county to another; `recorded`
    and `day` are the days in China when it was told and to which it belongs, by their beginnings."""

    recorded: datetime
    day: datetime
    grade: str
    region: str
    to_region: str | None
    seller_id: str | None
    buyer_id: str | None
    kg: dict[Measure, int]


@dataclass
class Published:
    """Kilograms of a grade from one place to another (None: of lots that have no buyer yet), that belong to `day` and were told
    on the day `recorded`. Places are cities; what is too little to be shown by cities is summed by provinces (`level`). Of the
    measures in `withheld` there is something more that is not shown. `id` is made of all of them."""

    id: str
    version: int
    level: Level
    recorded: datetime
    day: datetime
    grade: str
    from_place: str
    to_place: str | None
    kg: dict[Measure, int] = field(default_factory=dict)
    withheld: list[Measure] = field(default_factory=list)


@dataclass
class PublishedDay:
    """The day `id` (`2026-11-24`) is published: of so many facts, told in it. What comes later is not shown to all."""

    id: str
    version: int
    recorded: datetime
    facts: int
    published_at: datetime
