"""What people do with lots and demands, and what the end of their window does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from services.listings.model import Demand, DemandDraft, Lot, LotDraft
from services.listings.model.allowance import used_kg
from services.listings.service.allowances import must_be_allowed
from services.listings.service.trust import must_not_be_suspended, own_place
from services.listings.store import DEMANDS, LOTS, due_demands, due_lots, ending_demands, ending_lots
from shared import parties
from shared.auth import Caller, authorise
from shared.ids import new_id
from shared.mongo import Database, Unit

Check = Callable[[int], None]
"""The If-Match of a change: raises VersionIsStale for another version."""
EXPIRED_AT_ONCE = 50


def create_lot(unit: Unit, caller: Caller, draft: LotDraft, publish: bool) -> Lot:
    """A draft, or an open lot at once. Raises InputIsInvalid, NotHeardYet, OrganisationIsNotVerified,
    AllowanceIsPassed."""
    must_not_be_suspended(unit, caller)
    if publish:
        parties.must_be_verified(unit, caller)
    lot = Lot.new(new_id(), caller.organisation_id, draft, own_place(unit, caller, draft.site_id), unit.now)
    if publish:
        unit.emit(*lot.publish(unit.now))
        must_be_allowed(unit, lot)
    LOTS.add(unit, lot)
    return lot


def change_lot(unit: Unit, caller: Caller, lot_id: str, check: Check, revise: Callable[[LotDraft], LotDraft]) -> Lot:
    """Apply `revise` to what its seller decides. Raises VersionIsStale, WrongState, InputIsInvalid,
    AllowanceIsPassed."""
    lot = _lot(unit, caller, lot_id, "lots.change")
    check(lot.version)
    draft = revise(lot.draft())
    before, used = lot.version, used_kg(lot)
    place = lot.place if draft.site_id == lot.site_id else own_place(unit, caller, draft.site_id)
    unit.emit(*lot.change(draft, place, unit.now))
    must_be_allowed(unit, lot, used)
    if lot.version != before:
        LOTS.save(unit, lot)
    return lot


def publish_lot(unit: Unit, caller: Caller, lot_id: str) -> Lot:
    """Raises OrganisationIsNotVerified, WrongState, InputIsInvalid, AllowanceIsPassed."""
    lot = _lot(unit, caller, lot_id, "lots.publish")
    parties.must_be_verified(unit, caller)
    own_place(unit, caller, lot.site_id)
    unit.emit(*lot.publish(unit.now))
    must_be_allowed(unit, lot)
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
    must_not_be_suspended(unit, caller)
    if publish:
        parties.must_be_verified(unit, caller)
    demand = Demand.new(new_id(), caller.organisation_id, draft, own_place(unit, caller, draft.site_id), unit.now)
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
    place = demand.place if draft.site_id == demand.site_id else own_place(unit, caller, draft.site_id)
    unit.emit(*demand.change(draft, place, unit.now))
    if demand.version != before:
        DEMANDS.save(unit, demand)
    return demand


def publish_demand(unit: Unit, caller: Caller, demand_id: str) -> Demand:
    """Raises OrganisationIsNotVerified, WrongState, InputIsInvalid."""
    demand = _demand(unit, caller, demand_id, "demands.publish")
    parties.must_be_verified(unit, caller)
    own_place(unit, caller, demand.site_id)
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
    must_not_be_suspended(unit, caller)
    return lot


def _demand(unit: Unit, caller: Caller, demand_id: str, action: str) -> Demand:
    demand = DEMANDS.get(unit, demand_id)
    authorise(caller, action, demand.relations(caller.organisation_id))
    must_not_be_suspended(unit, caller)
    return demand


def expire_due(database: Database) -> int:
    """Close every lot and demand whose window is over, some at a time, each batch a transaction. Returns how many."""
    total = 0
    while True:
        done = database.write(_expire_some)
        total += done
        if done < EXPIRED_AT_ONCE:
            return total


def warn_due(database: Database) -> int:
    """Tell of every lot and demand whose window ends soon, some at a time, each batch a transaction. Returns how many were
    looked at."""
    total = 0
    while True:
        done = database.write(_warn_some)
        total += done
        if done < EXPIRED_AT_ONCE:
            return total


def _warn_some(unit: Unit) -> int:
    before = timedelta(hours=unit.settings.expiry_warning_h)
    lots = ending_lots(unit, unit.now, before, EXPIRED_AT_ONCE)
    for lot in lots:
        unit.emit(*lot.warn(before))
        LOTS.save(unit, lot)
    rest = EXPIRED_AT_ONCE - len(lots)
    demands = ending_demands(unit, unit.now, before, rest) if rest else []
    for demand in demands:
        unit.emit(*demand.warn(before))
        DEMANDS.save(unit, demand)
    return len(lots) + len(demands)


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
