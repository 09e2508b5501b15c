"""Selling or asking again: copies by hand, and copies that a recurrence makes, each period once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from services.listings.model import Demand, DemandDraft, Listing, Lot, LotDraft, Place, Recurrence
from services.listings.model.allowance import AllowanceIsPassed
from services.listings.model.recurrence import Every, Obstacle, Side, period_of
from services.listings.service.allowances import must_be_allowed
from services.listings.service.trust import must_not_be_suspended, own_place
from services.listings.store import DEMANDS, LOTS, RECURRENCES, due_recurrences, is_made
from shared import catalogue, parties
from shared.auth import Caller, authorise
from shared.ids import new_id
from shared.mongo import Database, Repository, Unit
from shared.problem import NotFound

MADE_AT_ONCE = 50
SIDES: dict[Side, Repository[Lot] | Repository[Demand]] = {"lot": LOTS, "demand": DEMANDS}


def copy_lot(unit: Unit, caller: Caller, lot_id: str, revise: Callable[[LotDraft], LotDraft]) -> Lot:
    """A draft like one's lot, its window moved to now, with the changes of `revise`; a window that is told only where to begin
    keeps its length. Raises NotFound, NotAllowed, InputIsInvalid."""
    lot = LOTS.get(unit, lot_id)
    authorise(caller, "lots.copy", lot.relations(caller.organisation_id))
    must_not_be_suspended(unit, caller)
    moved = lot.draft().again(unit.now)
    draft = revise(moved)
    begin, end = draft.terms.available_from, draft.terms.available_until
    if begin != moved.terms.available_from and end == moved.terms.available_until:
        draft = replace(draft, terms=replace(draft.terms, available_until=begin + (end - moved.terms.available_from)))
    copy = Lot.new(new_id(), caller.organisation_id, draft, own_place(unit, caller, draft.site_id), unit.now)
    copy.copied_from = lot.id
    LOTS.add(unit, copy)
    return copy


def copy_demand(unit: Unit, caller: Caller, demand_id: str, revise: Callable[[DemandDraft], DemandDraft]) -> Demand:
    """As `copy_lot`."""
    demand = DEMANDS.get(unit, demand_id)
    authorise(caller, "demands.copy", demand.relations(caller.organisation_id))
    must_not_be_suspended(unit, caller)
    moved = demand.draft().again(unit.now)
    draft = revise(moved)
    begin, end = draft.terms.deliver_from, draft.terms.deliver_until
    if begin != moved.terms.deliver_from and end == moved.terms.deliver_until:
        draft = replace(draft, terms=replace(draft.terms, deliver_until=begin + (end - moved.terms.deliver_from)))
    copy = Demand.new(new_id(), caller.organisation_id, draft, own_place(unit, caller, draft.site_id), unit.now)
    copy.copied_from = demand.id
    DEMANDS.add(unit, copy)
    return copy


def set_recurrence(
    unit: Unit, caller: Caller, side: Side, listing_id: str, every: Every, quantity_kg: int, until: datetime | None
) -> Recurrence:
    """Offer or ask for `quantity_kg` again every day, week or month. One that is running is changed, one that was stopped goes
    on. Raises NotFound, NotAllowed, OrganisationIsNotVerified, InputIsInvalid."""
    listing = _own(unit, caller, side, listing_id, "recurrences.set")
    parties.must_be_verified(unit, caller)
    own_place(unit, caller, listing.site_id)
    found = RECURRENCES.find(unit, listing_id)
    recurrence = found or Recurrence(
        id=listing_id,
        side=side,
        organisation_id=listing.owner_id,
        every=every,
        quantity_kg=quantity_kg,
        begin=listing.begin,
        until=until,
        created_at=unit.now,
        updated_at=unit.now,
    )
    recurrence.start(every, quantity_kg, listing.begin, until, unit.now)
    RECURRENCES.save(unit, recurrence)
    return recurrence


def remove_recurrence(unit: Unit, caller: Caller, side: Side, listing_id: str) -> None:
    """Raises NotFound, NotAllowed."""
    _own(unit, caller, side, listing_id, "recurrences.remove")
    recurrence = RECURRENCES.get(unit, listing_id)
    if recurrence.status == "removed":
        raise NotFound
    recurrence.remove(unit.now)
    RECURRENCES.save(unit, recurrence)


def _own(unit: Unit, caller: Caller, side: Side, listing_id: str, action: str) -> Listing:
    listing = SIDES[side].get(unit, listing_id)
    authorise(caller, action, listing.relations(caller.organisation_id))
    must_not_be_suspended(unit, caller)
    return listing


def make_due(database: Database) -> int:
    """Make and publish what is due, each in a transaction of its own. Returns how many periods are over with."""
    total = 0
    while due := due_recurrences(database.read(), database.clock(), MADE_AT_ONCE):
        total += sum(database.write(lambda unit, one=one.id: _make(unit, one)) for one in due)  # type: ignore[misc]
    return total


def _make(unit: Unit, recurrence_id: str) -> int:
    """One period. What another process made, or was made before a crash, is not made again: the recurrence moves on in the same
    transaction, and a period's copy is unique in the database."""
    recurrence = RECURRENCES.get(unit, recurrence_id)
    if not recurrence.is_due(unit.now) or recurrence.next_at is None:
        return 0
    repository = SIDES[recurrence.side]
    listing = repository.get(unit, recurrence.id)
    if (obstacle := _obstacle(unit, listing)) is not None:
        recurrence.stop(obstacle, unit.now)
        RECURRENCES.save(unit, recurrence)
        return 0
    period = period_of(recurrence.next_at)
    window = listing.until - listing.begin
    made_id = None
    if recurrence.next_at + window > unit.now and not is_made(unit, repository, listing.id, period):
        try:
            made_id = _publish(unit, listing, recurrence.next_at, recurrence.quantity_kg, period)
        except AllowanceIsPassed:
            recurrence.stop("allowance-passed", unit.now)
            RECURRENCES.save(unit, recurrence)
            return 0
    recurrence.done(unit.now, made_id)
    RECURRENCES.save(unit, recurrence)
    return 1


def _obstacle(unit: Unit, listing: Lot | Demand) -> Obstacle | None:
    """Why nothing can be made after it any more."""
    owner = parties.PARTIES.find(unit, listing.owner_id)
    if owner is None or owner.status != "verified":
        suspended = owner is not None and owner.status == "suspended"
        return "organisation-suspended" if suspended else "organisation-not-verified"
    site = parties.SITES.find(unit, listing.site_id)
    if site is None or site.organisation_id != listing.owner_id:
        return "site-gone"
    grades = [listing.terms.grade] if isinstance(listing, Lot) else listing.terms.grades
    return "grade-gone" if any(catalogue.grade(one) is None for one in grades) else None


def _publish(unit: Unit, listing: Lot | Demand, begin: datetime, quantity_kg: int, period: str) -> str:
    site = parties.site(unit, listing.site_id)
    place = Place(site.id, site.region, site.position)
    if isinstance(listing, Lot):
        lot_draft = replace(listing.draft().again(begin), quantity_kg=quantity_kg)
        lot = Lot.new(new_id(), listing.seller_id, lot_draft, place, unit.now)
        lot.copied_from, lot.period = listing.id, period
        told = lot.publish(unit.now)
        must_be_allowed(unit, lot)
        unit.emit(*told)
        LOTS.add(unit, lot)
        return lot.id
    draft = replace(listing.draft().again(begin), quantity_kg=quantity_kg)
    demand = Demand.new(new_id(), listing.buyer_id, draft, place, unit.now)
    demand.copied_from, demand.period = listing.id, period
    unit.emit(*demand.publish(unit.now))
    DEMANDS.add(unit, demand)
    return demand.id
