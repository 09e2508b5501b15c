"""What the room keeps, as plain dataclasses, and the rules that change them. Masses are kilograms, money fen."""

from __future__ import annotations

from services.regions.model.ledger import ACCOUNTS, Account, Entries, LotAccounts, Posting, RegionAccounts, post
from services.regions.model.market import Kind, KnownClearing, KnownListing, KnownTrade
from services.regions.model.outcomes import Delivery, Factor, Haul, Quality, Received
from services.regions.model.targets import Progress, Target, TargetTerms
from services.regions.model.volumes import (
    FIRMS_KEPT,
    MEASURES,
    NO_MODE,
    ORIGIN_ONLY,
    STARTS,
    Cell,
    Fact,
    Kilograms,
    Measure,
    Period,
    Revision,
    Side,
    Tally,
    cell_id,
    day_of,
    hour_of,
    month_of,
    rows_of,
)

__all__ = [
    "ACCOUNTS",
    "FIRMS_KEPT",
    "MEASURES",
    "NO_MODE",
    "ORIGIN_ONLY",
    "STARTS",
    "Account",
    "Cell",
    "Delivery",
    "Entries",
    "Fact",
    "Factor",
    "Haul",
    "Kilograms",
    "Kind",
    "KnownClearing",
    "KnownListing",
    "KnownTrade",
    "LotAccounts",
    "Measure",
    "Period",
    "Posting",
    "Progress",
    "Quality",
    "Received",
    "RegionAccounts",
    "Revision",
    "Side",
    "Tally",
    "Target",
    "TargetTerms",
    "cell_id",
    "day_of",
    "hour_of",
    "month_of",
    "post",
    "rows_of",
]
