"""Clearing a material: read the book in one transaction, solve outside any, write the proposals in another.

A lease per material with a fence, checked in the writing transaction, keeps two workers from proposing the same tonnes
(`protocol.md` 8). What changed in between costs at most a refused reservation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import structlog

from services.matching import clearing
from services.matching.clearing import Arrival, BadListing, Market, Match
from services.matching.model import ClearingEvidence, ClearingRecord, Material, Proposal, RunnerUp
from services.matching.service import prices, reserves
from services.matching.service.market import Sides, read_sides
from services.matching.store import (
    CLEARINGS,
    EVIDENCE,
    MATERIALS,
    PROPOSALS,
    requested,
    unanswered,
)
from shared.catalogue import families
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.problem import InputIsInvalid

LEASE = timedelta(seconds=60)
SILENCE = timedelta(seconds=10)
"""A material waits while listings has not answered an older proposal of it: Kafka may be down (`protocol.md` 3)."""
MODES = ("road",)
log = structlog.get_logger("clearing")


@dataclass(frozen=True)
class Book:
    """What one clearing read. `changes` is how far it read; `batch`: the whole family. `came`: what to price room from
    in `sides`; None where its prices stand."""

    now: datetime
    fence: int
    changes: int
    batch: bool
    sides: Sides
    market: Market
    came: list[Arrival] | None


Narrow = Callable[[Unit, Material, Sides], Market]
"""Makes of a family the market of an online clearing."""


class LeaseIsLost(Exception):
    """Another worker cleared the material meanwhile; nothing was written."""


def request(unit: Unit, material: str) -> ClearingRecord:
    """An operator wants a clearing now; the worker runs it. Raises InputIsInvalid for an unknown family."""
    if material not in {family.code for family in families()}:
        raise InputIsInvalid([("/material", "未知的品类", "No such material family; see /v1/materials")])
    record = ClearingRecord(new_id(), 1, material, "requested", unit.now)
    CLEARINGS.add(unit, record)
    return record


def run_requested(database: Database, worker: str) -> None:
    """The quick timer: clearings that operators asked for."""
    for record in requested(database.read()):
        run(database, record.material, worker, record)


def run_due(database: Database, worker: str) -> None:
    """The timer: every material in which something changed, each at its own interval, so that none waits for its turn."""
    interval = timedelta(seconds=database.settings.clearing_interval_s)
    for material in MATERIALS.select(database.read(), {}):
        if material.due(database.clock(), interval):
            run(database, material.id, worker)


def run(
    database: Database, family: str, worker: str, record: ClearingRecord | None = None, narrow: Narrow | None = None
) -> ClearingRecord | None:
    """Clear one family, or what `narrow` makes of it. None where another worker holds it, listings owes an answer, or there is
    nobody to trade with online."""
    book = database.write(lambda unit: read_book(unit, family, worker, narrow))
    if book is None:
        return None
    begun = time.perf_counter()
    result, new_reserves = _solve(book)
    took = round((time.perf_counter() - begun) * 1000)
    record = record or ClearingRecord(new_id(), 1, family, "requested", book.now, kind="batch" if book.batch else "online")
    record.lots, record.demands, record.pairs = result.lots, result.demands, result.pairs
    record.matched_kg, record.surplus_fen = result.matched_kg, result.surplus_fen
    record.objective_fen, record.bound_fen, record.gap_pct = result.objective_fen, result.bound_fen, result.gap_pct
    record.solver, record.input_digest, record.duration_ms = result.solver, result.input_digest, took
    record.work, record.work_limit_met, record.proposals = result.work, result.work_limit_met, len(result.matches)
    try:
        database.write(lambda unit: write_proposals(unit, book, record, result, new_reserves))
    except LeaseIsLost:
        log.warning("clearing dropped: another worker has the material", material=family)
        return None
    return record


def _solve(book: Book) -> tuple[clearing.Clearing, dict[str, int] | None]:
    """The clearing, and the reserve prices it kept to where they are new. A listing that no clearing can use is left out and
    logged, so that it stops nobody else's."""
    whole, market, came, prices = book.sides.market, book.market, book.came, None
    while True:
        try:
            if came is not None:
                prices = clearing.reserve_prices(whole, came)
                market = reserves.kept(book.sides, market, prices)
            return clearing.clear(market), prices
        except BadListing as fault:
            log.error("left out of the clearing", listing=fault.listing_id, fault=str(fault))
            whole, market = _without(whole, fault.listing_id), _without(market, fault.listing_id)
            came = came and [one for one in came if one.lot.id != fault.listing_id]


def _without(market: Market, listing_id: str) -> Market:
    lots = [lot for lot in market.lots if lot.id != listing_id]
    return replace(market, lots=lots, demands=[demand for demand in market.demands if demand.id != listing_id])


def read_book(unit: Unit, family: str, worker: str, narrow: Narrow | None = None) -> Book | None:
    """Take the lease and read the family. None where another worker has it, listings owes an answer for too long, or a side of
    the narrowed market is empty."""
    material = MATERIALS.find(unit, family) or Material(family)
    if any(proposal.created_at < unit.now - SILENCE for proposal in unanswered(unit, family)):
        return None
    if not material.take(worker, unit.now, LEASE):
        return None
    MATERIALS.save(unit, material)
    sides = read_sides(unit, family)
    market = narrow(unit, material, sides) if narrow else sides.market
    if narrow and not (market.lots and market.demands):
        material.seen(material.arrived)
        MATERIALS.save(unit, material)
        return None
    came = reserves.arrivals_if_due(unit, sides)
    return Book(unit.now, material.fence, material.changes, narrow is None, sides, market, came)


def write_proposals(
    unit: Unit, book: Book, record: ClearingRecord, result: clearing.Clearing, new_reserves: dict[str, int] | None
) -> None:
    """Write the clearing and its proposals, in the matches' order, and what they say of prices. Raises LeaseIsLost."""
    material = MATERIALS.get(unit, record.material)
    if material.fence != book.fence:
        raise LeaseIsLost
    material.seen({*book.sides.lots, *book.sides.demands})
    if new_reserves is not None:
        reserves.store(unit, material, book.sides, new_reserves)
    if book.batch:
        material.cleared, material.cleared_at, material.last_id = book.changes, book.now, record.id
        prices.observe(unit, book.sides.lots, result.lot_prices)
    MATERIALS.save(unit, material)
    proposals = [_proposal(book, record, match, unit.now) for match in result.matches]
    PROPOSALS.add(unit, *proposals)
    for proposal in proposals:
        unit.emit(*proposal.made())
    unit.emit(*record.completed(unit.now))
    CLEARINGS.save(unit, record)
    EVIDENCE.add(unit, ClearingEvidence(record.id, 1, unit.now, *clearing.packed(result.input, result.proof)))


def _proposal(book: Book, record: ClearingRecord, match: Match, now: datetime) -> Proposal:
    return Proposal.between(
        new_id(),
        book.sides.lots[match.lot_id],
        book.sides.demands[match.demand_id],
        match.kg,
        match.price_fen_per_t,
        match.option,
        "clearing",
        now,
        clearing_id=record.id,
        runners_up=[RunnerUp(**asdict(one)) for one in match.runners_up],
    )


__all__ = ["LeaseIsLost", "request", "run", "run_due", "run_requested"]
