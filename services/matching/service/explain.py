"""Why a lot or a demand has no match: the clearing's own rules, run over the book as it stands.

The same functions decide here and in the clearing, so that an explanation can never differ from what the clearing does.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import structlog

from services.matching.clearing import (
    BadListing,
    Change,
    Demand,
    Lot,
    Market,
    Rule,
    broken_rules,
    change_of,
    least_kg,
)
from services.matching.model import BookDemand, BookLot, Proposal
from services.matching.service.market import Sides, read_sides
from services.matching.store import BOOK_DEMANDS, BOOK_LOTS, PROPOSALS
from shared import geo
from shared.auth import Caller, authorise
from shared.auth.policy import Relation
from shared.mongo import Unit
from shared.problem import NotFound

NEAREST = 5
LOOKED_AT = 500
log = structlog.get_logger("explain")


@dataclass(frozen=True)
class Counterpart:
    """One on the other side: what stands against it (nothing: the clearing may still prefer another), and how far it is."""

    id: str
    distance_m: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Explanation:
    """`proposals` are those that stand; `summary` counts, for each rule, the counterparts it forbids. `change`: the one change
    that would match it, where there is no proposal and such a change was found; `vat_bp` is the listing's. `tender_id`: the
    tender that a lot is under, and then its counterparts bid there."""

    id: str
    open: bool
    available_kg: int
    proposals: tuple[Proposal, ...]
    counterparts: int
    summary: dict[Rule, int]
    nearest: tuple[Counterpart, ...]
    change: Change | None
    vat_bp: int
    tender_id: str | None


def of_lot(unit: Unit, caller: Caller, identifier: str) -> Explanation:
    """Raises NotFound, NotAllowed."""
    entry = BOOK_LOTS.find(unit, identifier)
    _may_read(caller, entry)
    if entry is None:
        raise NotFound
    sides = read_sides(unit, entry.family)
    lot = next((one for one in (*sides.market.lots, *sides.tendered) if one.id == identifier), None)
    pairs = [(lot, demand) for demand in sides.market.demands] if lot else []
    return _explain(unit, entry, "terms.lot_id", sides, lot, pairs)


def of_demand(unit: Unit, caller: Caller, identifier: str) -> Explanation:
    """Raises NotFound, NotAllowed."""
    entry = BOOK_DEMANDS.find(unit, identifier)
    _may_read(caller, entry)
    if entry is None:
        raise NotFound
    sides = read_sides(unit, entry.family)
    demand = next((one for one in sides.market.demands if one.id == identifier), None)
    pairs = [(lot, demand) for lot in (*sides.market.lots, *sides.tendered)] if demand else []
    return _explain(unit, entry, "terms.demand_id", sides, demand, pairs)


def _may_read(caller: Caller, entry: BookLot | BookDemand | None) -> None:
    relations: set[Relation] = set()
    if entry is not None and entry.heard and entry.organisation_id == caller.organisation_id:
        relations.add("own")
    elif entry is not None and entry.open:
        relations.add("visible")
    authorise(caller, "explanations.read", relations)


def _explain(
    unit: Unit,
    entry: BookLot | BookDemand,
    field: str,
    sides: Sides,
    listing: Lot | Demand | None,
    pairs: list[tuple[Lot, Demand]],
) -> Explanation:
    standing = PROPOSALS.select(unit, {field: entry.id, "status": {"$in": ["proposed", "agreed"]}, "undone": False})
    pairs = [pair for pair in pairs if pair[0].kg_available and pair[1].kg_available]
    pairs.sort(key=lambda pair: (_distance_m(*pair), pair[0].id, pair[1].id))
    found, tendered = [], {lot.id for lot in sides.tendered}
    for lot, demand in pairs[:LOOKED_AT]:
        other = demand.id if lot.id == entry.id else lot.id
        rules = [Rule.UNDER_TENDER] if lot.id in tendered else []
        rules += broken_rules(sides.market, lot, demand)
        rules += [] if _is_allowed(sides.market, lot, demand) else [Rule.ALLOWANCE]
        found.append(Counterpart(other, _distance_m(lot, demand), tuple(rules)))
    counts = Counter(rule for one in found for rule in one.rules)
    found.sort(key=lambda one: (len(one.rules), one.distance_m, one.id))
    available = entry.available_kg if entry.open else 0
    change = None if standing or listing is None or entry.id in tendered else _change(sides.market, listing, found)
    return Explanation(
        entry.id,
        entry.open,
        available,
        tuple(standing),
        len(found),
        dict(counts.most_common()),
        tuple(found[:NEAREST]),
        change,
        entry.vat_bp,
        entry.tender_id if isinstance(entry, BookLot) else None,
    )


def _is_allowed(market: Market, lot: Lot, demand: Demand) -> bool:
    """Whether the allowance that a lot is under reaches for the smallest take between the two."""
    least = least_kg(lot, demand)
    return market.allowance_kg.get(lot.under, least) >= least


def _change(market: Market, listing: Lot | Demand, found: list[Counterpart]) -> Change | None:
    try:
        return change_of(market, listing, {one.id: one.rules for one in found})
    except BadListing as fault:
        log.error("no change can be named: a listing of the book can't be cleared", fault=str(fault))
        return None


def _distance_m(lot: Lot, demand: Demand) -> int:
    here, there = lot.position, demand.position
    return round(geo.great_circle_m(here.lat, here.lon, there.lat, there.lon))
