"""Deciding on a proposal: accept, reject, counter, expire. One transaction decides; a second one meets it and is refused."""

from __future__ import annotations

from services.matching.clearing import RULES, Rule
from services.matching.model import Proposal
from services.matching.service import allowances
from services.matching.service.book import refuse_pair
from services.matching.service.rules import side_of, sides_of
from services.matching.store import BOOK_DEMANDS, BOOK_LOTS, PROPOSALS, overdue
from shared import parties
from shared.auth import Caller, authorise
from shared.auth.policy import Relation
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.problem import InputIsInvalid, NotFound

EXPIRED_AT_ONCE = 200


def relations(proposal: Proposal | None, caller: Caller) -> set[Relation]:
    """What the caller's organisation is to the proposal; nothing while nobody sees it."""
    if proposal is None or not proposal.visible:
        return set()
    return sides_of(proposal.terms, caller)


def readable(unit: Unit, caller: Caller, identifier: str, action: str = "proposals.read") -> Proposal:
    """The proposal, where the caller may see it. Raises NotFound, NotAllowed."""
    proposal = PROPOSALS.find(unit, identifier)
    authorise(caller, action, relations(proposal, caller))
    if proposal is None or not proposal.visible:
        raise NotFound
    return proposal


def accept(unit: Unit, caller: Caller, identifier: str) -> Proposal:
    """Raises OrganisationIsNotVerified, WrongState."""
    proposal = readable(unit, caller, identifier, "proposals.accept")
    parties.must_be_verified(unit, caller)
    unit.emit(*proposal.accept(side_of(caller), unit.now))
    PROPOSALS.save(unit, proposal)
    return proposal


def reject(unit: Unit, caller: Caller, identifier: str, reason: str | None) -> Proposal:
    """The pair is not proposed again until a side's terms change. Raises WrongState."""
    proposal = readable(unit, caller, identifier, "proposals.reject")
    unit.emit(*proposal.reject(side_of(caller), reason, unit.now))
    refuse_pair(unit, proposal)
    PROPOSALS.save(unit, proposal)
    return proposal


def counter(unit: Unit, caller: Caller, identifier: str, kg: int | None, price_fen_per_t: int | None) -> Proposal:
    """Offer another quantity or price in its place. The answer is the proposal as it was, ended, naming the new one; that
    one is seen once listings has moved the tonnes. Raises OrganisationIsNotVerified, WrongState, InputIsInvalid."""
    proposal = readable(unit, caller, identifier, "proposals.counter")
    parties.must_be_verified(unit, caller)
    if kg is not None and kg != proposal.terms.kg:
        _must_fit(unit, proposal, kg)
    made, events = proposal.counter(side_of(caller), new_id(), kg, price_fen_per_t, unit.now)
    PROPOSALS.save(unit, proposal)
    PROPOSALS.add(unit, made)
    unit.emit(*events)
    return proposal


def _must_fit(unit: Unit, proposal: Proposal, kg: int) -> None:
    """The quantity rules of a clearing, for this pair alone. Raises InputIsInvalid."""
    lot, demand = BOOK_LOTS.get(unit, proposal.terms.lot_id), BOOK_DEMANDS.get(unit, proposal.terms.demand_id)
    fault = next((fault for side in (lot, demand) if (fault := side.misfit(kg, side.available_kg + proposal.terms.kg))), None)
    if lot.tender_id is not None and kg > proposal.terms.kg:
        fault = "这批货正在招标，数量不能增加", "The lot is under tender: there is no more of it here"
    left_kg = allowances.left_kg(unit, lot)
    if left_kg is not None and kg - proposal.terms.kg > left_kg:
        fault = RULES[Rule.ALLOWANCE]
    if demand.blend_limits:
        fault = "这单需求限定加权平均质量，数量不能改", "This demand limits its blend, so the quantity stays"
    allowances.promise(unit, lot)
    if fault is not None:
        raise InputIsInvalid([("/quantity_t", *fault)])


def expire_due(database: Database) -> int:
    """The timer: proposals whose time is up. Returns how many."""

    def work(unit: Unit) -> int:
        due = overdue(unit, unit.now, EXPIRED_AT_ONCE)
        for proposal in due:
            unit.emit(*proposal.expire(unit.now))
            refuse_pair(unit, proposal)
            PROPOSALS.save(unit, proposal)
        return len(due)

    done = 0
    while (count := database.write(work)) > 0:
        done += count
    return done
