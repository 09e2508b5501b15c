"""Listings, trades and clearings as last heard, for the picture of the market."""

from __future__ import annotations

from services.regions.model import (
    Kind,
    KnownClearing,
    KnownListing,
)
from services.regions.store import (
    CLEARINGS,
    LISTINGS,
)
from shared.events.listings import (
    Balance,
    DemandChanged,
    DemandClosed,
    DemandExpired,
    DemandPosted,
)
from shared.events.matching import ClearingCompleted
from shared.mongo import Unit

DemandEvent = DemandPosted | DemandChanged | DemandClosed | DemandExpired


def on_demand(unit: Unit, event: DemandEvent) -> None:
    """A demand's state, for the market's picture."""
    hear_listing(unit, KnownListing(event.id, event.version, "demand", event.status, event.available_kg))


def on_clearing(unit: Unit, event: ClearingCompleted) -> None:
    """Keep it for the market's picture."""
    known = KnownClearing(
        event.id,
        event.version,
        event.at,
        event.material,
        event.proposals,
        event.matched_kg,
        event.surplus_fen,
        event.objective_fen,
        event.bound_fen,
        event.duration_ms,
    )
    CLEARINGS.save(unit, known)


def hear_balance(unit: Unit, balance: Balance, kind: Kind) -> None:
    hear_listing(unit, KnownListing(balance.id, balance.version, kind, balance.status, balance.available_kg))


def hear_listing(unit: Unit, heard: KnownListing) -> None:
    known = LISTINGS.find(unit, heard.id)
    if known is None or known.version < heard.version:
        LISTINGS.save(unit, heard)
