"""The accounts of lots and regions, and the postings that move their kilograms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

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


Entries = dict[Account, int]


@dataclass
class Posting:
    """One balanced set of entries: what one event did to one lot. `id` is the event's CloudEvents id, `at` when it happened,
    `recorded_at` when it was told; `subject_id` is the lot, reservation or load whose event it is. Region, grade and site are
    the lot's, None until its publication has come."""

    id: str
    version: int
    lot_id: str
    type: str
    at: datetime
    recorded_at: datetime
    entries: Entries
    subject_id: str
    ticket: str | None = None
    reason: str | None = None
    region: str | None = None
    grade: str | None = None
    site_id: str | None = None
    seller_id: str | None = None


@dataclass
class LotAccounts:
    """The accounts of the lot `id`: the sums of its postings, in whatever order they came. Where it was published (`region`,
    `grade`, by `seller_id`, from `site_id`) is its place in the ledger for good; None until that event has come."""

    id: str
    version: int = 0
    region: str | None = None
    grade: str | None = None
    seller_id: str | None = None
    site_id: str | None = None
    balance: Entries = field(default_factory=dict)

    def apply(self, entries: Mapping[Account, int]) -> None:
        """Add a posting's entries."""
        post(self.balance, entries)
        self.version += 1

    def settle_at(self, region: str, grade: str, seller_id: str, site_id: str) -> None:
        """Its publication has come."""
        self.region, self.grade, self.seller_id, self.site_id = region, grade, seller_id, site_id
        self.version += 1


@dataclass
class RegionAccounts:
    """The accounts of all lots of a grade published in a place: a region, a policy area, a site. `id` is `<place>/<grade>`."""

    id: str
    version: int
    place: str
    grade: str
    balance: Entries = field(default_factory=dict)

    def apply(self, entries: Mapping[Account, int]) -> None:
        """Add a posting's entries."""
        post(self.balance, entries)
        self.version += 1


def post(balance: Entries, entries: Mapping[Account, int], sign: int = 1) -> None:
    """Add entries to a balance, or take them off."""
    for account, kg in entries.items():
        balance[account] = balance.get(account, 0) + sign * kg
