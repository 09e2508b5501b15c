"""The room's use cases. All but the targets come from events, in any order between topics: postings and facts commute, states
apply only with a higher version, and what needs a lot's publication waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from services.regions.ledger import fact_of, posting_of
from services.regions.model import (
    Cell,
    Fact,
    Kind,
    KnownClearing,
    KnownListing,
    KnownTrade,
    LotAccounts,
    Target,
    TargetTerms,
    cell_id,
    hour_of,
)
from services.regions.store import (
    CELLS,
    CLEARINGS,
    FACTS,
    LISTINGS,
    LOT_ACCOUNTS,
    POSTINGS,
    TARGETS,
    TRADES,
    waiting_facts,
)
from shared.auth import Caller, authorise
from shared.events import Event
from shared.events.listings import (
    Balance,
    DemandChanged,
    DemandClosed,
    DemandExpired,
    DemandPosted,
    LotChanged,
    LotClosed,
    LotExpired,
    LotPublished,
    LotWithdrawn,
    QuantityConsumed,
    QuantityRefused,
    QuantityReleased,
    QuantityReserved,
)
from shared.events.logistics import ShipmentLoaded, ShipmentReceived, ShipmentRefused
from shared.events.matching import ClearingCompleted
from shared.events.regions import VolumePosted
from shared.events.trading import TradeAgreed, TradeCancelled, TradeSettled
from shared.ids import new_id
from shared.mongo import Unit

LotEvent = LotPublished | LotChanged | LotWithdrawn | LotExpired | LotClosed
DemandEvent = DemandPosted | DemandChanged | DemandClosed | DemandExpired
QuantityEvent = QuantityReserved | QuantityRefused | QuantityReleased | QuantityConsumed
ShipmentEvent = ShipmentLoaded | ShipmentReceived | ShipmentRefused
Status = Literal["standing", "withdrawn"]
TradeEvent = TradeAgreed | TradeCancelled | TradeSettled


def on_lot(unit: Unit, event: LotEvent) -> None:
    """A lot's own event: its ledger, its volumes, its state."""
    _hear_listing(unit, KnownListing(event.id, event.version, "lot", event.status, event.available_kg))
    if isinstance(event, LotPublished):
        _settle_lot(unit, event)
    _count(unit, event)


def on_demand(unit: Unit, event: DemandEvent) -> None:
    """A demand's state, for the market's picture."""
    _hear_listing(unit, KnownListing(event.id, event.version, "demand", event.status, event.available_kg))


def on_quantity(unit: Unit, event: QuantityEvent) -> None:
    """A reservation or its end: the ledger, and both sides' new quantities."""
    if event.lot is not None:
        _hear_balance(unit, event.lot, "lot")
    if event.demand is not None:
        _hear_balance(unit, event.demand, "demand")
    _count(unit, event)


def on_shipment(unit: Unit, event: ShipmentEvent) -> None:
    """A load is on the road, taken in or refused."""
    _count(unit, event)


def on_trade(unit: Unit, event: TradeEvent) -> None:
    """A trade is agreed, cancelled or settled."""
    known = TRADES.find(unit, event.id)
    if known is None:
        terms = event.terms
        places = terms.origin.region, terms.destination.region
        known = KnownTrade(event.id, 0, event.status, terms.grade, terms.kg, terms.price_fen_per_t, *places)
    if isinstance(event, TradeAgreed):
        known.agreed_at = event.at
    if event.version > known.version:
        known.version, known.status = event.version, event.status
    TRADES.save(unit, known)
    _count(unit, event)


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


def _hear_balance(unit: Unit, balance: Balance, kind: Kind) -> None:
    _hear_listing(unit, KnownListing(balance.id, balance.version, kind, balance.status, balance.available_kg))


def _hear_listing(unit: Unit, heard: KnownListing) -> None:
    known = LISTINGS.find(unit, heard.id)
    if known is None or known.version < heard.version:
        LISTINGS.save(unit, heard)


def _count(unit: Unit, event: Event) -> None:
    """Post `event` in the mass ledger and in the volumes."""
    identifier = event_id(unit)
    posting = posting_of(event, identifier)
    if posting is not None:
        POSTINGS.add(unit, posting)
        accounts = _accounts(unit, posting.lot_id)
        accounts.apply(posting.entries)
        LOT_ACCOUNTS.save(unit, accounts)
    fact = fact_of(event, identifier)
    if fact is None:
        return
    if fact.region is None:
        accounts = _accounts(unit, fact.lot_id)
        fact.region, fact.grade = accounts.region, accounts.grade
    fact.waiting = fact.region is None
    FACTS.add(unit, fact)
    if not fact.waiting:
        _publish(unit, fact)


def _settle_lot(unit: Unit, event: LotPublished) -> None:
    """Its place in the ledger is known now: count what waited for it."""
    accounts = _accounts(unit, event.id)
    accounts.settle_at(event.region, event.grade)
    LOT_ACCOUNTS.save(unit, accounts)
    for fact in waiting_facts(unit, event.id):
        fact.region, fact.grade, fact.waiting = event.region, event.grade, False
        fact.version += 1
        FACTS.save(unit, fact)
        _publish(unit, fact)


def _publish(unit: Unit, fact: Fact) -> None:
    """Add a fact to its cells and say so."""
    assert fact.region is not None and fact.grade is not None  # a fact without them waits
    hour = hour_of(fact.at)
    for side, region, kg in fact.cells():
        identifier = cell_id(side, region, fact.grade, hour)
        cell = CELLS.find(unit, identifier) or Cell(identifier, 0, side, region, fact.grade, hour)
        cell.add(kg)
        CELLS.save(unit, cell)
    measures = {f"{measure}_kg": kg for measure, kg in fact.kg.items()}
    unit.emit(
        VolumePosted(
            id=fact.id,
            version=fact.version,
            at=fact.at,
            lot_id=fact.lot_id,
            cause=fact.type,
            grade=fact.grade,
            region=fact.region,
            to_region=fact.to_region,
            **measures,
        )
    )


def _accounts(unit: Unit, lot_id: str) -> LotAccounts:
    return LOT_ACCOUNTS.find(unit, lot_id) or LotAccounts(lot_id)


def create_target(unit: Unit, caller: Caller, terms: TargetTerms) -> Target:
    """What a region is to reach."""
    authorise(caller, "targets.create")
    target = Target(new_id(), 1, terms, unit.now, unit.now)
    TARGETS.add(unit, target)
    unit.emit(*target.told())
    return target


def change_target(
    unit: Unit,
    caller: Caller,
    target_id: str,
    check: Callable[[int], None],
    revise: Callable[[Target], tuple[TargetTerms, Status]],
) -> Target:
    """Raises NotFound, VersionIsStale, InputIsInvalid."""
    target = TARGETS.get(unit, target_id)
    authorise(caller, "targets.change", {"visible"})
    check(target.version)
    told = target.change(*revise(target), unit.now)
    if told:
        TARGETS.save(unit, target)
        unit.emit(*told)
    return target


def event_id(unit: Unit) -> str:
    """The CloudEvents id of the event at hand: the id of its posting and fact."""
    if unit.cause is None:
        raise ValueError("the ledger posts events alone")
    return unit.cause.id
