"""What the room keeps, as plain dataclasses, and the rules that change them. Masses are kilograms, money fen."""

from __future__ import annotations

from services.regions.model.ledger import ACCOUNTS, Account, Entries, LotAccounts, Posting
from services.regions.model.market import Kind, KnownClearing, KnownListing, KnownTrade
from services.regions.model.outcomes import Delivery, Factor, Haul, Quality, Received
from services.regions.model.targets import Progress, Target, TargetTerms
from services.regions.model.volumes import FIRMS_KEPT, MEASURES, ORIGIN_ONLY, Cell, Fact, Measure, Side, cell_id, hour_of

__all__ = [
    "ACCOUNTS",
    "FIRMS_KEPT",
    "MEASURES",
    "ORIGIN_ONLY",
    "Account",
    "Cell",
    "Delivery",
    "Entries",
    "Fact",
    "Factor",
    "Haul",
    "Kind",
    "KnownClearing",
    "KnownListing",
    "KnownTrade",
    "LotAccounts",
    "Measure",
    "Posting",
    "Progress",
    "Quality",
    "Received",
    "Side",
    "Target",
    "TargetTerms",
    "cell_id",
    "hour_of",
]
