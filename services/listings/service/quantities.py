"""What proposals, trades and loads do to the quantities of lots and demands."""

from __future__ import annotations

from services.listings.model import Demand, Lot, Reservation, agree, consume, release, reserve, tombstone
from services.listings.model.reservation import Cause
from services.listings.service.allowances import is_promised_out
from services.listings.service.trust import is_suspended
from services.listings.store import DEMANDS, LOTS, RESERVATIONS
from shared.events.logistics import ShipmentReceived, ShipmentReturned
from shared.events.matching import (
    ProposalCountered,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
)
from shared.events.trading import TradeAgreed, TradeCancelled
from shared.mongo import Unit

ENDINGS: dict[type, Cause] = {
    ProposalRejected: "rejected",
    ProposalCountered: "countered",
    ProposalExpired: "expired",
    ProposalWithdrawn: "withdrawn",
}


def on_proposal_made(unit: Unit, event: ProposalMade) -> None:
    """Reserve the tonnes on both sides in this transaction, or refuse with the reason. Those of a proposal that it replaces are
    given back first, whatever becomes of it."""
    known = RESERVATIONS.find(unit, event.id)
    if known is not None and known.state != "ended":
        return
    if event.replaces is not None:
        countered = RESERVATIONS.get(unit, event.replaces)
        if countered.state == "reserved":
            _release(unit, countered, countered.remaining_kg, "countered")
    terms = event.terms
    barred = "ended" if known is not None else _barred(unit, terms.seller_id, terms.buyer_id)
    lot, demand = LOTS.find(unit, terms.lot_id), DEMANDS.find(unit, terms.demand_id)
    if barred is None and is_promised_out(unit, lot, terms.kg):
        barred = "allowance-passed"
    versions = (event.lot_terms_version, event.demand_terms_version)
    reservation, events = reserve(event.id, terms, versions, lot, demand, barred, unit.now)
    if known is not None:
        reservation.version = known.version + 1
    RESERVATIONS.save(unit, reservation)
    if reservation.state == "reserved" and lot is not None and demand is not None:
        LOTS.save(unit, lot)
        DEMANDS.save(unit, demand)
    unit.emit(*events)


def _barred(unit: Unit, seller_id: str, buyer_id: str) -> str | None:
    if is_suspended(unit, seller_id):
        return "seller-suspended"
    return "buyer-suspended" if is_suspended(unit, buyer_id) else None


def on_proposal_ended(unit: Unit, event: ProposalRejected | ProposalCountered | ProposalExpired | ProposalWithdrawn) -> None:
    """Give back what it reserved; where it has not come yet, forbid reserving it. A counter-offer takes over its tonnes
    itself, so that nobody gets them in between."""
    if isinstance(event, ProposalCountered) and event.next_id is not None:
        return
    reservation = RESERVATIONS.find(unit, event.id)
    if reservation is None:
        RESERVATIONS.save(unit, tombstone(event.id, event.terms, unit.now))
    elif reservation.state == "reserved":
        _release(unit, reservation, reservation.remaining_kg, ENDINGS[type(event)])


def on_trade_agreed(unit: Unit, event: TradeAgreed) -> None:
    """Its parties may now see each other's place."""
    reservation = RESERVATIONS.find(unit, event.proposal_id)
    if reservation is not None and not reservation.agreed:
        agree(reservation, unit.now)
        RESERVATIONS.save(unit, reservation)


def on_trade_cancelled(unit: Unit, event: TradeCancelled) -> None:
    """Give back what will not be delivered; returned loads have given back their own."""
    if event.released_kg:
        _release(unit, RESERVATIONS.get(unit, event.proposal_id), event.released_kg, "cancelled")


def on_shipment_received(unit: Unit, event: ShipmentReceived) -> None:
    """Consume what the load used; its shortfall goes back."""
    reservation = RESERVATIONS.get(unit, event.proposal_id)
    lot, demand = LOTS.get(unit, reservation.lot_id), DEMANDS.get(unit, reservation.demand_id)
    unit.emit(*consume(reservation, lot, demand, event.consumed_kg, event.shortfall_kg, unit.now, event.id))
    _save(unit, reservation, lot, demand)


def on_shipment_returned(unit: Unit, event: ShipmentReturned) -> None:
    """A refused load is back: its tonnes are on offer again, or unsold."""
    _release(unit, RESERVATIONS.get(unit, event.proposal_id), event.planned_kg, "returned", event.id)


def _release(unit: Unit, reservation: Reservation, kg: int, cause: Cause, shipment_id: str | None = None) -> None:
    lot, demand = LOTS.get(unit, reservation.lot_id), DEMANDS.get(unit, reservation.demand_id)
    unit.emit(*release(reservation, lot, demand, kg, cause, unit.now, shipment_id))
    _save(unit, reservation, lot, demand)


def _save(unit: Unit, reservation: Reservation, lot: Lot, demand: Demand) -> None:
    RESERVATIONS.save(unit, reservation)
    LOTS.save(unit, lot)
    DEMANDS.save(unit, demand)
