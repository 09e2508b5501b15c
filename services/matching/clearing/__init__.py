"""Clearing: which lot goes to which demand, at what price, with proof of how good the answer is. Data in, data out."""

from __future__ import annotations

from services.matching.clearing.candidates import Rule, broken_rules
from services.matching.clearing.curves import Curves, Step, curves
from services.matching.clearing.deal import Deal, deal, least_kg
from services.matching.clearing.foresight import DAY, Arrival, reserve_prices
from services.matching.clearing.market import (
    MAX_FEN_PER_T,
    BadListing,
    BadMarket,
    Demand,
    DuplicateListing,
    Lot,
    Market,
    Preferences,
    Taken,
    Validity,
)
from services.matching.clearing.solve import Clearing, Match, clear
from services.matching.clearing.stored import decoded, digest, packed, unpacked
from services.matching.clearing.what_if import Change, change_of
from services.matching.clearing.wording import RULES

__all__ = [
    "DAY",
    "MAX_FEN_PER_T",
    "RULES",
    "Arrival",
    "BadListing",
    "BadMarket",
    "Change",
    "Clearing",
    "Curves",
    "Deal",
    "Demand",
    "DuplicateListing",
    "Lot",
    "Market",
    "Match",
    "Preferences",
    "Rule",
    "Step",
    "Taken",
    "Validity",
    "broken_rules",
    "change_of",
    "clear",
    "curves",
    "deal",
    "decoded",
    "digest",
    "least_kg",
    "packed",
    "reserve_prices",
    "unpacked",
]
