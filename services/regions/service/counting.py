"""Events into postings, accounts, facts and cells."""

from __future__ import annotations

from services.regions.ledger import fact_of, posting_of
from services.regions.model import (
    Cell,
    Fact,
    KnownListing,
    KnownTrade,
    LotAccounts,
    cell_id,
    hour_of,
)
from services.regions.service.market import hear_balance, hear_listing
from services.regions.service.outcomes import hear_delivery, hear_haul
from services.regions.store import (
    CELLS,
    FACTS,
    LOT_ACCOUNTS,
    POSTINGS,
    TRADES,
    waiting_facts,
)
from shared.events import Event
from shared.events.listings import (
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
from shared.events.regions import VolumePosted
from shared.events.trading import TradeAgreed, TradeCancelled, TradeSettled
from shared.mongo import Unit

LotEvent = LotPublished | LotChanged | LotWithdrawn | LotExpired | LotClosed


QuantityEvent = QuantityReserved | QuantityRefused | QuantityReleased | QuantityConsumed


ShipmentEvent = ShipmentLoaded | ShipmentReceived | ShipmentRefused


TradeEvent = TradeAgreed | TradeCancelled | TradeSettled


def on_lot(unit: Unit, event: LotEvent) -> None:
    """A lot's own event: its ledger, its volumes, its state."""
    hear_listing(unit, KnownListing(event.id, event.version, "lot", event.status, event.available_kg))
    if isinstance(event, LotPublished):
        _settle_lot(unit, event)
    _count(unit, event)


def on_quantity(unit: Unit, event: QuantityEvent) -> None:
    """A reservation or its end: the ledger, and both sides' new quantities."""
    if event.lot is not None:
        hear_balance(unit, event.lot, "lot")
    if event.demand is not None:
        hear_balance(unit, event.demand, "demand")
    _count(unit, event)


def on_shipment(unit: Unit, event: ShipmentEvent) -> None:
    """A load is on the road, taken in or refused."""
    if isinstance(event, ShipmentReceived):
        hear_delivery(unit, event)
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
    hear_haul(unit, known, event.terms)
    TRADES.save(unit, known)
    _count(unit, event)


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
        fact.region, fact.grade, fact.seller_id = accounts.region, accounts.grade, accounts.seller_id
    fact.waiting = fact.region is None
    FACTS.add(unit, fact)
    if not fact.waiting:
        _publish(unit, fact)


def _settle_lot(unit: Unit, event: LotPublished) -> None:
    """Its place in the ledger is known now: count what waited for it."""
    accounts = _accounts(unit, event.id)
    accounts.settle_at(event.region, event.grade, event.seller_id)
    LOT_ACCOUNTS.save(unit, accounts)
    for fact in waiting_facts(unit, event.id):
        fact.region, fact.grade, fact.seller_id, fact.waiting = event.region, event.grade, event.seller_id, False
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
        cell.add(kg, fact.firm(side))
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


def event_id(unit: Unit) -> str:
    """The CloudEvents id of the event at hand: the id of its posting and fact."""
    if unit.cause is None:
        raise ValueError("the ledger posts events alone")
    return unit.cause.id
