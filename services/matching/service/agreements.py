"""Framework agreements: proposing one, the other side's word, notice; calling off, and what each month has had delivered.

A call-off is a proposal between the parties' own lot and demand, at the formula's price, which both have accepted beforehand.
What lot and demand ask and bid of strangers does not count; every other rule of a clearing does, and listings reserves it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from services.matching.clearing import Deal, Rule, deal
from services.matching.model import (
    Agreement,
    AgreementTerms,
    BookDemand,
    BookLot,
    CallOff,
    Proposal,
    later,
    month_of,
    priced_region,
)
from services.matching.service import allowances
from services.matching.service.market import read_pair
from services.matching.service.rules import must_break_none, side_of, sides_of
from services.matching.store import AGREEMENTS, BOOK_DEMANDS, BOOK_LOTS, CALL_OFFS, PROPOSALS, last_price
from shared import parties
from shared.auth import Caller, authorise
from shared.catalogue.freight import FreightOption
from shared.events.logistics import ShipmentCorrected, ShipmentReceived
from shared.ids import new_id
from shared.mongo import Unit
from shared.problem import InputIsInvalid, NotFound, NotHeardYet, WrongState
from shared.units import MAX_CNY

MOST_MONTHS = 36


@dataclass(frozen=True)
class CallOffDraft:
    lot_id: str
    demand_id: str
    kg: int


def readable(unit: Unit, caller: Caller, identifier: str, action: str = "agreements.read") -> Agreement:
    """The agreement, where the caller may see it: its parties do, and the operator. Raises NotFound, NotAllowed."""
    agreement = AGREEMENTS.find(unit, identifier)
    authorise(caller, action, sides_of(agreement, caller) if agreement else set())
    if agreement is None:
        raise NotFound
    return agreement


def propose(unit: Unit, caller: Caller, counterparty_id: str, terms: AgreementTerms) -> Agreement:
    """One side proposes it to the other. Raises OrganisationIsNotVerified, NotHeardYet, InputIsInvalid."""
    parties.must_be_verified(unit, caller)
    other, side = parties.party(unit, counterparty_id), side_of(caller)
    faults = _faults(terms, month_of(unit.now))
    if (other.role, other.status) != ("buyer" if side == "seller" else "collector", "verified"):
        faults.append(
            ("/counterparty_id", "对方应为已审核的买方或卖方单位", "This is no verified organisation of the other side")
        )
    if faults:
        raise InputIsInvalid(faults)
    agreement = Agreement(
        id=new_id(),
        version=1,
        seller_id=caller.organisation_id if side == "seller" else other.id,
        buyer_id=other.id if side == "seller" else caller.organisation_id,
        proposed_by=caller.organisation_id,
        **asdict(replace(terms, region=priced_region(terms.region))),
        created_at=unit.now,
        updated_at=unit.now,
    )
    AGREEMENTS.add(unit, agreement)
    unit.emit(*agreement.made())
    return agreement


def _faults(terms: AgreementTerms, month: str) -> list[tuple[str, str, str]]:
    faults: list[tuple[str, str, str]] = []
    if terms.first_month < month:
        faults.append(("/first_month", "起始月已过", "That month is over"))
    if not terms.first_month <= terms.last_month < later(terms.first_month, MOST_MONTHS):
        faults.append(("/last_month", f"应在起始月起 {MOST_MONTHS} 个月内", f"Within {MOST_MONTHS} months from the first"))
    floor, ceiling = terms.floor_fen_per_t, terms.ceiling_fen_per_t
    if floor is not None and ceiling is not None and floor > ceiling:
        faults.append(("/ceiling_cny_per_t", "封顶价低于保底价", "The ceiling is below the floor"))
    return faults


def accept(unit: Unit, caller: Caller, identifier: str) -> Agreement:
    """Raises OrganisationIsNotVerified, WrongState."""
    agreement = readable(unit, caller, identifier, "agreements.accept")
    parties.must_be_verified(unit, caller)
    unit.emit(*agreement.accept(caller.organisation_id, unit.now))
    AGREEMENTS.save(unit, agreement)
    return agreement


def decline(unit: Unit, caller: Caller, identifier: str) -> Agreement:
    """Decline the other's, or take back one's own. Raises WrongState."""
    agreement = readable(unit, caller, identifier, "agreements.decline")
    unit.emit(*agreement.decline(caller.organisation_id, unit.now))
    AGREEMENTS.save(unit, agreement)
    return agreement


def end(unit: Unit, caller: Caller, identifier: str, last_month: str | None) -> Agreement:
    """Give notice. Raises WrongState, InputIsInvalid."""
    agreement = readable(unit, caller, identifier, "agreements.end")
    unit.emit(*agreement.end(caller.organisation_id, last_month, unit.now))
    AGREEMENTS.save(unit, agreement)
    return agreement


def read_call_off(unit: Unit, caller: Caller, identifier: str, call_off_id: str) -> CallOff:
    """Raises NotFound."""
    agreement = readable(unit, caller, identifier)
    found = CALL_OFFS.get(unit, call_off_id)
    if found.agreement_id != agreement.id:
        raise NotFound
    return found


def call_off(unit: Unit, caller: Caller, identifier: str, draft: CallOffDraft) -> CallOff:
    """Take so much of a lot to a demand, out of this month. Two at once meet in the agreement, and the second sees the first.

    Raises OrganisationIsNotVerified, NotHeardYet, InputIsInvalid, WrongState with the rules it breaks or what the month has."""
    agreement = readable(unit, caller, identifier, "agreements.call_off")
    parties.must_be_verified(unit, caller)
    agreement.must_leave(draft.kg, unit.now)
    lot, demand = _pair(unit, agreement, draft)
    index = last_price(unit, agreement.grade, agreement.region)
    price, side = agreement.price_fen_per_t(index), side_of(caller)
    way = _way(unit, lot, demand, draft.kg, price)
    made = Proposal.between(new_id(), lot, demand, draft.kg, price, way, side, unit.now, agreement_id=agreement.id)
    called = agreement.call_off(made, side, index, unit.now)
    allowances.promise(unit, lot)
    PROPOSALS.add(unit, made)
    CALL_OFFS.add(unit, called)
    AGREEMENTS.save(unit, agreement)
    unit.emit(*made.made())
    return called


def _pair(unit: Unit, agreement: Agreement, draft: CallOffDraft) -> tuple[BookLot, BookDemand]:
    """The parties' own open lot of the grade, and open demand."""
    lot, demand = BOOK_LOTS.find(unit, draft.lot_id), BOOK_DEMANDS.find(unit, draft.demand_id)
    if lot is None or not lot.heard:
        raise NotHeardYet("lot", draft.lot_id)
    if demand is None or not demand.heard:
        raise NotHeardYet("demand", draft.demand_id)
    faults = []
    if (lot.organisation_id, lot.grade) != (agreement.seller_id, agreement.grade):
        faults.append(("/lot_id", "应为长协卖方的同品种货源", "This is no lot of the agreement's seller and grade"))
    if demand.organisation_id != agreement.buyer_id:
        faults.append(("/demand_id", "应为长协买方的采购需求", "This is no demand of the agreement's buyer"))
    if faults:
        raise InputIsInvalid(faults)
    if not lot.open or not demand.open:
        raise WrongState(zh="货源或采购需求不在挂牌中", en="The lot or the demand is not open")
    return lot, demand


def _way(unit: Unit, lot: BookLot, demand: BookDemand, kg: int, price_fen_per_t: int) -> FreightOption:
    """How it travels. The formula's price takes the place of ask and bid, so that no gain is asked for."""
    if lot.tender_id is not None:
        return must_break_none(Deal((Rule.UNDER_TENDER,), None))
    market = read_pair(unit, lot, demand)
    sold = replace(market.lots[0], ask_net_fen_per_t=price_fen_per_t)
    bought = replace(market.demands[0], bid_net_fen_per_t=MAX_CNY * 100)
    return must_break_none(deal(market, sold, bought, kg))


def follow_reserved(unit: Unit, proposal: Proposal) -> None:
    """Listings reserved it."""
    _follow(unit, proposal, CallOff.reserved)


def follow_refused(unit: Unit, proposal: Proposal, reason: str) -> None:
    """Listings could not reserve it; the month has its kilograms back."""
    _follow(unit, proposal, lambda called: called.refused(reason))


def follow_cancelled(unit: Unit, proposal: Proposal) -> None:
    """Its trade was cancelled."""
    _follow(unit, proposal, CallOff.cancelled)


def follow_returned(unit: Unit, proposal: Proposal, planned_kg: int) -> None:
    """A load that the buyer refused is back."""
    _follow(unit, proposal, lambda called: called.returned(planned_kg))


def hear_corrected(unit: Unit, event: ShipmentCorrected) -> None:
    """Its ticket was put right: the month has taken so much more or less."""
    more_kg = event.net_kg - event.previous_net_kg
    if more_kg:
        _follow(unit, PROPOSALS.get(unit, event.proposal_id), lambda called: called.corrected(more_kg))


def hear_received(unit: Unit, event: ShipmentReceived) -> None:
    """A load is taken in: what a month has taken is what was weighed."""
    _follow(unit, PROPOSALS.get(unit, event.proposal_id), lambda called: called.received(event.planned_kg, event.net_kg))


def _follow(unit: Unit, proposal: Proposal, change: Callable[[CallOff], None]) -> None:
    """Change the call-off behind a proposal, if there is one, and what its month counts."""
    if proposal.agreement_id is None:
        return
    called, agreement = CALL_OFFS.get(unit, proposal.id), AGREEMENTS.get(unit, proposal.agreement_id)
    before = called.called_kg, called.delivered_kg
    change(called)
    called.version, called.updated_at = called.version + 1, unit.now
    agreement.count(called.month, called.called_kg - before[0], called.delivered_kg - before[1], unit.now)
    CALL_OFFS.save(unit, called)
    AGREEMENTS.save(unit, agreement)
