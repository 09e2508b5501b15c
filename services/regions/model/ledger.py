"""The accounts of lots and the postings that move their kilograms."""

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
    `grade`, by `seller_id`) is its place in the ledger for good; None until that event has come."""

    id: str
    version: int = 0
    region: str | None = None
    grade: str | None = None
    seller_id: str | None = None
    balance: Entries = field(default_factory=dict)

    def apply(self, entries: Mapping[Account, int]) -> None:
        """Add a posting's entries."""
        for account, kg in entries.items():
            self.balance[account] = self.balance.get(account, 0) + kg
        self.version += 1

    def settle_at(self, region: str, grade: str, seller_id: str) -> None:
        """Its publication has come."""
        self.region, self.grade, self.seller_id = region, grade, seller_id
        self.version += 1
