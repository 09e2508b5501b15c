"""Events into postings, accounts, facts and cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from services.regions.ledger import MEASURED, POSTED, facts_of, lot_of, places_of, posting_of
from services.regions.model import (
    RETENTION,
    Cell,
    Fact,
    KnownListing,
    KnownTrade,
    LotAccounts,
    Period,
    Posting,
    RegionAccounts,
    Side,
    cell_id,
)
from services.regions.service.market import hear_balance, hear_listing
from services.regions.store import (
    CELLS,
    FACTS,
    LOT_ACCOUNTS,
    POSTINGS,
    REGION_ACCOUNTS,
    RETENTIONS,
    TRADES,
    postings_of,
    retention_of,
    waiting_facts,
)
from services.regions.store.state import mark_form
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
from shared.events.logistics import ShipmentCorrected, ShipmentLoaded, ShipmentReceived, ShipmentRefused
from shared.events.regions import VolumePosted
from shared.events.trading import TradeAgreed, TradeCancelled, TradeSettled
from shared.geo import lineage
from shared.mongo import Cause, Unit

LotEvent = LotPublished | LotChanged | LotWithdrawn | LotExpired | LotClosed


QuantityEvent = QuantityReserved | QuantityRefused | QuantityReleased | QuantityConsumed


ShipmentEvent = ShipmentLoaded | ShipmentReceived | ShipmentRefused | ShipmentCorrected


TradeEvent = TradeAgreed | TradeCancelled | TradeSettled


def on_lot(unit: Unit, event: LotEvent) -> None:
    """A lot's own event: its ledger, its volumes, its state."""
    hear_listing(unit, KnownListing(event.id, event.version, "lot", event.status, event.available_kg))
    if isinstance(event, LotPublished):
        _count_waiting(unit, *_learn(unit, [event]))
    _count(unit, event)


def on_quantity(unit: Unit, event: QuantityEvent) -> None:
    """A reservation or its end: the ledger, and both sides' new quantities."""
    if event.lot is not None:
        hear_balance(unit, event.lot, "lot")
    if event.demand is not None:
        hear_balance(unit, event.demand, "demand")
    _count(unit, event)


def on_shipment(unit: Unit, event: ShipmentEvent) -> None:
    """A load is on the road, taken in or refused, or its ticket is put right."""
    _count(unit, event)


def on_trade(unit: Unit, event: TradeEvent) -> None:
    """A trade is agreed, cancelled or settled."""
    known = TRADES.find(unit, event.id) or _new_trade(event)
    if isinstance(event, TradeAgreed):
        known.agreed_at = event.at
    if event.version > known.version:
        known.version, known.status = event.version, event.status
    TRADES.save(unit, known)
    _count(unit, event)


def _new_trade(event: TradeEvent) -> KnownTrade:
    terms = event.terms
    places = terms.origin.region, terms.destination.region
    return KnownTrade(event.id, 0, event.status, terms.grade, terms.kg, terms.price_fen_per_t, *places)


def _count(unit: Unit, event: Event) -> None:
    """Post `event` in the mass ledger and in the volumes."""
    cause = cause_of(unit)
    posting = posting_of(event, cause.id, cause.at)
    if posting is not None:
        accounts = _accounts(unit, posting.lot_id)
        accounts.apply(posting.entries)
        LOT_ACCOUNTS.save(unit, accounts)
        if accounts.region is not None:
            _enter(unit, posting, accounts)
        POSTINGS.add(unit, posting)
    for fact in facts_of(event, cause.id, cause.at):
        if fact.region is None:
            _locate(fact, _accounts(unit, fact.lot_id))
        fact.waiting = fact.region is None
        FACTS.add(unit, fact)
        if not fact.waiting:
            _publish(unit, fact)


def _locate(fact: Fact, accounts: LotAccounts) -> None:
    fact.region, fact.grade = accounts.region, accounts.grade
    fact.seller_id, fact.site_id = accounts.seller_id, accounts.site_id


def _enter(unit: Unit, posting: Posting, lot: LotAccounts) -> None:
    """Post it in the accounts of every place in which its lot was published."""
    assert lot.region is not None and lot.grade is not None and lot.site_id is not None
    posting.region, posting.grade = lot.region, lot.grade
    posting.seller_id, posting.site_id = lot.seller_id, lot.site_id
    for place in (*places_of(lot.region), lot.site_id):
        identifier = f"{place}/{lot.grade}"
        accounts = REGION_ACCOUNTS.find(unit, identifier) or RegionAccounts(identifier, 0, place, lot.grade)
        accounts.apply(posting.entries)
        REGION_ACCOUNTS.save(unit, accounts)


def _learn(unit: Unit, events: Iterable[LotPublished]) -> tuple[list[Posting], list[Fact]]:
    """The places of these lots in the ledger are known now; returns what waited for that."""
    waited = []
    for event in events:
        accounts = _accounts(unit, event.id)
        if accounts.region is None:
            if accounts.version:
                waited.append(event.id)
            accounts.settle_at(event.region, event.grade, event.seller_id, event.site_id)
            LOT_ACCOUNTS.save(unit, accounts)
    if not waited:
        return [], []
    postings, facts = postings_of(unit, waited), waiting_facts(unit, waited)
    for fact in facts:
        _locate(fact, _accounts(unit, fact.lot_id))
    return postings, facts


def _count_waiting(unit: Unit, postings: Iterable[Posting], facts: Iterable[Fact]) -> None:
    for posting in postings:
        _enter(unit, posting, _accounts(unit, posting.lot_id))
        POSTINGS.save(unit, posting)
    for fact in facts:
        fact.waiting = False
        FACTS.save(unit, fact)
        _publish(unit, fact)


def _publish(unit: Unit, fact: Fact) -> None:
    """Add a fact to its cells and say so."""
    assert fact.region is not None and fact.grade is not None  # a fact without them waits
    kept = retention_of(unit).cells_of(fact.at)
    for side, region, site, kg in fact.sides():
        for place, period in _cells_of(region, site):
            if period in kept:
                _cell(unit, side, place, *kept[period]).add(fact.grade, fact.mode, kg)
    unit.emit(_told(fact))


@lru_cache(8192)
def _cells_of(region: str, site: str | None) -> tuple[tuple[str, Period], ...]:
    """The places and periods in which something there counts: hours of all but areas of policy, which sum their members'."""
    here = (site,) if site else ()
    hours: list[tuple[str, Period]] = [(place, "hour") for place in (*lineage(region), *here)]
    return (*hours, *((place, "day") for place in (*places_of(region), *here)))


def foresee(unit: Unit, batch: Sequence[tuple[Cause, Event]]) -> None:
    """Before a batch: learn of the lots that are new in it, whatever comes before them, so that nothing waits for the rest
    of it; and read at once the cells and the regions' accounts that it will touch."""
    mark_form(unit)
    unit.read_ahead((RETENTIONS,), {RETENTION})
    postings, waiting = _learn(unit, [event for _, event in batch if isinstance(event, LotPublished)])
    lots, facts = {posting.lot_id for posting in postings}, [*waiting]
    for cause, event in batch:
        if type(event) in POSTED:
            lots.add(lot_of(event))
        if type(event) in COUNTED:
            for fact in facts_of(event, cause.id, cause.at):
                if fact.region is None:
                    _locate(fact, _accounts(unit, fact.lot_id))
                facts.append(fact)
    unit.read_ahead((CELLS,), _cells_touched(unit, facts))
    unit.read_ahead((REGION_ACCOUNTS,), _accounts_touched(unit, lots))
    _count_waiting(unit, postings, waiting)


def _cells_touched(unit: Unit, facts: Iterable[Fact]) -> set[str]:
    retention, found = retention_of(unit), set()
    for fact in facts:
        kept = retention.cells_of(fact.at)
        for side, region, site, _ in fact.sides():
            found |= {cell_id(side, place, *kept[period]) for place, period in _cells_of(region, site) if period in kept}
    return found


def _accounts_touched(unit: Unit, lots: Iterable[str]) -> set[str]:
    found = set()
    for lot in (_accounts(unit, one) for one in lots):
        if lot.region is not None and lot.site_id is not None:
            found |= {f"{place}/{lot.grade}" for place in (*places_of(lot.region), lot.site_id)}
    return found


COUNTED = frozenset({*POSTED, *MEASURED, ShipmentCorrected})


def _cell(unit: Unit, side: Side, place: str, period: Period, start: datetime) -> Cell:
    identifier = cell_id(side, place, period, start)
    cell = CELLS.find(unit, identifier) or Cell(identifier, 0, side, place, period, start)
    CELLS.save(unit, cell)
    return cell


def _told(fact: Fact) -> VolumePosted:
    measures = {f"{measure}_kg": kg for measure, kg in fact.kg.items()}
    return VolumePosted(
        id=fact.id,
        version=fact.version,
        at=fact.at,
        lot_id=fact.lot_id,
        cause=fact.type,
        grade=fact.grade,
        region=fact.region,
        to_region=fact.to_region,
        mode=fact.mode,
        revision=fact.revision,
        reason=fact.reason,
        **measures,
    )


def _accounts(unit: Unit, lot_id: str) -> LotAccounts:
    return LOT_ACCOUNTS.find(unit, lot_id) or LotAccounts(lot_id)


def cause_of(unit: Unit) -> Cause:
    """The event at hand: its id names its posting and its facts, its time is when it was recorded."""
    if unit.cause is None:
        raise ValueError("the ledger posts events alone")
    return unit.cause
