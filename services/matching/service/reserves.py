"""Room that is kept: demands that accept by themselves sell to what gains more than the lots still to come will offer.

Who decides on each proposal is asked about each. Who leaves the decision to the market gets the lots that are best for it over
the day, not the first ones: its room has a reserve price (`clearing.foresight`), which arrivals and batches both keep to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.matching.clearing import DAY, Arrival, Market
from services.matching.model import Material, Reserves
from services.matching.service.market import Sides, as_listed
from services.matching.store import RESERVES, lots_since
from shared.mongo import Unit

REPRICE = DAY / 48
"""How long reserve prices stand: more often gains nothing more (`docs/performance.md`)."""


def arrivals_if_due(unit: Unit, sides: Sides) -> list[Arrival] | None:
    """What to price the room from, where it is to be priced anew: after a while, and when a demand came that has no reserve
    price. A day with few lots promises nothing. None: what is stored will do."""
    own = {demand.id for demand in sides.demands.values() if demand.auto_accept}
    stored = RESERVES.find(unit, sides.market.family)
    if not own or (stored is not None and unit.now - stored.at < REPRICE and own <= stored.fen_per_t.keys()):
        return None
    day = lots_since(unit, sides.market.family, unit.now - DAY)
    return as_listed(unit, day) if len(day) >= unit.settings.hold_back_least_lots else []


def kept(sides: Sides, market: Market, prices: Mapping[str, int]) -> Market:
    """The market at these prices, as far as its demands accept by themselves."""
    fen = {one.id: prices.get(one.id, 0) for one in market.demands if sides.demands[one.id].auto_accept}
    return replace(market, reserve_fen_per_t={**market.reserve_fen_per_t, **fen})


def store(unit: Unit, material: Material, sides: Sides, prices: Mapping[str, int]) -> None:
    """They stand for a while; then the family is due, since what is kept must be freed as less is expected."""
    own = {one.id: prices.get(one.id, 0) for one in sides.demands.values() if one.auto_accept}
    RESERVES.save(unit, Reserves(material.id, unit.now, own))
    material.reprice_at = unit.now + REPRICE if any(own.values()) else None
