"""The use cases of listings: what people do with lots and demands, and what proposals, trades and loads do to them."""

from __future__ import annotations

from collections.abc import Callable

from services.listings.model import (
    Demand,
    DemandDraft,
    Lot,
    LotDraft,
    Place,
    Reservation,
    agree,
    consume,
    release,
    reserve,
    tombstone,
)
from services.listings.model.reservation import Cause
from services.listings.store import DEMANDS, LOTS, RESERVATIONS, due_demands, due_lots
from shared import parties
from shared.auth import Caller, authorise
from shared.events.logistics import ShipmentReceived, ShipmentReturned
from shared.events.matching import (
    ProposalCountered,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
)
from shared.events.trading import TradeAgreed, TradeCancelled
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.problem import InputIsInvalid, OrganisationIsSuspended

Check = Callable[[int], None]
"""The If-Match of a change: raises VersionIsStale for another version."""
EXPIRED_AT_ONCE = 50
ENDINGS: dict[type, Cause] = {
    ProposalRejected: "rejected",
    ProposalCountered: "countered",
    ProposalExpired: "expired",
    ProposalWithdrawn: "withdrawn",
}


def create_lot(unit: Unit, caller: Caller, draft: LotDraft, publish: bool) -> Lot:
    """A draft, or an open lot at once. Raises InputIsInvalid, NotHeardYet, OrganisationIsNotVerified."""
    _must_not_be_suspended(unit, caller)
    if publish:
        parties.must_be_verified(unit, caller)
    lot = Lot.new(new_id(), caller.organisation_id, draft, _own_place(unit, caller, draft.site_id), unit.now)
    if publish:
        unit.emit(*lot.publish(unit.now))
    LOTS.add(unit, lot)
    return lot


def change_lot(unit: Unit, caller: Caller, lot_id: str, check: Check, revise: Callable[[LotDraft], LotDraft]) -> Lot:
    """Apply `revise` to what its seller decides. Raises VersionIsStale, WrongState, InputIsInvalid."""
    lot = _lot(unit, caller, lot_id, "lots.change")
    check(lot.version)
    draft = revise(lot.draft())
    before = lot.version
    place = lot.place if draft.site_id == lot.site_id else _own_place(unit, caller, draft.site_id)
    unit.emit(*lot.change(draft, place, unit.now))
    if lot.version != before:
        LOTS.save(unit, lot)
    return lot


def publish_lot(unit: Unit, caller: Caller, lot_id: str) -> Lot:
    """Raises OrganisationIsNotVerified, WrongState, InputIsInvalid."""
    lot = _lot(unit, caller, lot_id, "lots.publish")
    parties.must_be_verified(unit, caller)
    _own_place(unit, caller, lot.site_id)
    unit.emit(*lot.publish(unit.now))
    LOTS.save(unit, lot)
    return lot


def withdraw_lot(unit: Unit, caller: Caller, lot_id: str) -> Lot:
    """What is available goes off the market; what is reserved waits for its outcome. Raises WrongState."""
    lot = _lot(unit, caller, lot_id, "lots.withdraw")
    unit.emit(*lot.withdraw(unit.now))
    LOTS.save(unit, lot)
    return lot


def create_demand(unit: Unit, caller: Caller, draft: DemandDraft, publish: bool) -> Demand:
    """A draft, or an open demand at once. Raises InputIsInvalid, NotHeardYet, OrganisationIsNotVerified."""
    _must_not_be_suspended(unit, caller)
    if publish:
        parties.must_be_verified(unit, caller)
    demand = Demand.new(new_id(), caller.organisation_id, draft, _own_place(unit, caller, draft.site_id), unit.now)
    if publish:
        unit.emit(*demand.publish(unit.now))
    DEMANDS.add(unit, demand)
    return demand


def change_demand(
    unit: Unit, caller: Caller, demand_id: str, check: Check, revise: Callable[[DemandDraft], DemandDraft]
) -> Demand:
    """Apply `revise` to what its buyer decides. Raises VersionIsStale, WrongState, InputIsInvalid."""
    demand = _demand(unit, caller, demand_id, "demands.change")
    check(demand.version)
    draft = revise(demand.draft())
    before = demand.version
    place = demand.place if draft.site_id == demand.site_id else _own_place(unit, caller, draft.site_id)
    unit.emit(*demand.change(draft, place, unit.now))
    if demand.version != before:
        DEMANDS.save(unit, demand)
    return demand


def publish_demand(unit: Unit, caller: Caller, demand_id: str) -> Demand:
    """Raises OrganisationIsNotVerified, WrongState, InputIsInvalid."""
    demand = _demand(unit, caller, demand_id, "demands.publish")
    parties.must_be_verified(unit, caller)
    _own_place(unit, caller, demand.site_id)
    unit.emit(*demand.publish(unit.now))
    DEMANDS.save(unit, demand)
    return demand


def close_demand(unit: Unit, caller: Caller, demand_id: str) -> Demand:
    """What is not yet bought or promised is asked for no longer. Raises WrongState."""
    demand = _demand(unit, caller, demand_id, "demands.close")
    unit.emit(*demand.close(unit.now))
    DEMANDS.save(unit, demand)
    return demand


def _lot(unit: Unit, caller: Caller, lot_id: str, action: str) -> Lot:
    lot = LOTS.get(unit, lot_id)
    authorise(caller, action, lot.relations(caller.organisation_id))
    _must_not_be_suspended(unit, caller)
    return lot


def _demand(unit: Unit, caller: Caller, demand_id: str, action: str) -> Demand:
    demand = DEMANDS.get(unit, demand_id)
    authorise(caller, action, demand.relations(caller.organisation_id))
    _must_not_be_suspended(unit, caller)
    return demand


def _must_not_be_suspended(unit: Unit, caller: Caller) -> None:
    """Drafts need no verification, but whose suspension was read may do nothing (`protocol.md` 10)."""
    if _suspended(unit, caller.organisation_id):
        raise OrganisationIsSuspended(
            zh="单位已被暂停, 请联系平台运营方", en="Your organisation is suspended; ask the marketplace operator"
        )


def _suspended(unit: Unit, organisation_id: str) -> bool:
    known = parties.PARTIES.find(unit, organisation_id)
    return known is not None and known.status == "suspended"


def _own_place(unit: Unit, caller: Caller, site_id: str) -> Place:
    """Raises NotHeardYet; InputIsInvalid for another organisation's site."""
    site = parties.site(unit, site_id)
    if site.organisation_id != caller.organisation_id:
        raise InputIsInvalid([("/site_id", "场站不属于本单位", "This is not a site of your organisation")])
    return Place(site.id, site.region, site.position)


def on_proposal_made(unit: Unit, event: ProposalMade) -> None:
    """Reserve the tonnes on both sides in this transaction, or refuse with the reason."""
    known = RESERVATIONS.find(unit, event.id)
    if known is not None and known.state != "ended":
        return
    terms = event.terms
    barred = "ended" if known is not None else _barred(unit, terms.seller_id, terms.buyer_id)
    lot, demand = LOTS.find(unit, terms.lot_id), DEMANDS.find(unit, terms.demand_id)
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
    if _suspended(unit, seller_id):
        return "seller-suspended"
    return "buyer-suspended" if _suspended(unit, buyer_id) else None


def on_proposal_ended(unit: Unit, event: ProposalRejected | ProposalCountered | ProposalExpired | ProposalWithdrawn) -> None:
    """Give back what it reserved; where it has not come yet, forbid reserving it."""
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


def expire_due(database: Database) -> int:
    """Close every lot and demand whose window is over, some at a time, each batch a transaction. Returns how many."""
    total = 0
    while True:
        done = database.write(_expire_some)
        total += done
        if done < EXPIRED_AT_ONCE:
            return total


def _expire_some(unit: Unit) -> int:
    lots = due_lots(unit, unit.now, EXPIRED_AT_ONCE)
    for lot in lots:
        unit.emit(*lot.expire(unit.now))
        LOTS.save(unit, lot)
    demands = due_demands(unit, unit.now, EXPIRED_AT_ONCE - len(lots)) if len(lots) < EXPIRED_AT_ONCE else []
    for demand in demands:
        unit.emit(*demand.expire(unit.now))
        DEMANDS.save(unit, demand)
    return len(lots) + len(demands)
