"""Keeping the book: what listings, accounts, trading and logistics say, and what follows for open proposals."""

from __future__ import annotations

from datetime import timedelta

from services.matching.model import Block, BookDemand, BookLot, Proposal, RefusedPair, pair_id
from services.matching.model.book import DemandEvent, LotEvent
from services.matching.service import agreements, tenders
from services.matching.service.turns import interrupt, touch
from services.matching.store import (
    BLOCKS,
    BOOK_DEMANDS,
    BOOK_LOTS,
    PROPOSALS,
    REFUSED_PAIRS,
    families_of,
    undecided,
)
from shared import parties
from shared.catalogue import family_of
from shared.events.accounts import ComplianceChanged, SiteChanged
from shared.events.listings import (
    Balance,
    CounterpartyChanged,
    QuantityConsumed,
    QuantityRefused,
    QuantityReleased,
    QuantityReserved,
)
from shared.events.logistics import ShipmentReturned
from shared.events.trading import TradeCancelled
from shared.mongo import Unit


def hear_lot(unit: Unit, event: LotEvent) -> None:
    """A lot as it is now; its proposals go with it."""
    lot = BOOK_LOTS.find(unit, event.id) or BookLot(event.id)
    newer = lot.hear(event)
    BOOK_LOTS.save(unit, lot)
    if newer:
        tenders.follow_lot(unit, lot)
    if newer and lot.open:
        touch(unit, lot.family, lot)
    elif newer:
        _withdraw(unit, "terms.lot_id", lot.id, f"lot-{event.closed_reason or 'closed'}")


def hear_demand(unit: Unit, event: DemandEvent) -> None:
    """A demand as it is now; its proposals go with it."""
    demand = BOOK_DEMANDS.find(unit, event.id) or BookDemand(event.id)
    newer = demand.hear(event)
    BOOK_DEMANDS.save(unit, demand)
    if newer and demand.open:
        touch(unit, demand.family, demand)
    elif newer:
        _withdraw(unit, "terms.demand_id", demand.id, f"demand-{event.closed_reason or 'closed'}")


def _withdraw(unit: Unit, field: str, identifier: str, reason: str) -> None:
    for proposal in undecided(unit, field, identifier):
        unit.emit(*proposal.withdraw(reason, unit.now))
        PROPOSALS.save(unit, proposal)


def _weigh(unit: Unit, lot: Balance | None, demand: Balance | None) -> None:
    if lot is not None:
        entry = BOOK_LOTS.find(unit, lot.id) or BookLot(lot.id)
        if entry.weigh(lot) and entry.heard:
            touch(unit, entry.family)
        BOOK_LOTS.save(unit, entry)
    if demand is not None:
        other = BOOK_DEMANDS.find(unit, demand.id) or BookDemand(demand.id)
        if other.weigh(demand) and other.heard:
            touch(unit, other.family)
        BOOK_DEMANDS.save(unit, other)


def hear_reserved(unit: Unit, event: QuantityReserved) -> None:
    """The proposal becomes visible. Where the lot or demand closed meanwhile, it is withdrawn at once."""
    _weigh(unit, event.lot, event.demand)
    proposal = PROPOSALS.get(unit, event.id)
    unit.emit(*proposal.reserved(event.at, timedelta(seconds=unit.settings.proposal_ttl_s), unit.now))
    for entry, what in ((BOOK_LOTS.find(unit, event.lot_id), "lot"), (BOOK_DEMANDS.find(unit, event.demand_id), "demand")):
        if entry is not None and entry.heard and not entry.open:
            unit.emit(*proposal.withdraw(f"{what}-closed", unit.now))
    PROPOSALS.save(unit, proposal)
    tenders.follow_reserved(unit, proposal)
    agreements.follow_reserved(unit, proposal)


def hear_refused(unit: Unit, event: QuantityRefused) -> None:
    """The book was stale: it is corrected, and the next best is proposed."""
    _weigh(unit, event.lot, event.demand)
    proposal = PROPOSALS.get(unit, event.id)
    proposal.refused(event.reason, unit.now)
    PROPOSALS.save(unit, proposal)
    if proposal.replaces is not None:
        countered = PROPOSALS.get(unit, proposal.replaces)
        countered.counter_failed(event.reason, unit.now)
        PROPOSALS.save(unit, countered)
    tenders.follow_refused(unit, proposal, event.reason)
    agreements.follow_refused(unit, proposal, event.reason)
    touch(unit, proposal.family, BOOK_LOTS.find(unit, event.lot_id))


def hear_quantities(unit: Unit, event: QuantityReleased | QuantityConsumed) -> None:
    """Tonnes came back or are used up."""
    _weigh(unit, event.lot, event.demand)


def refuse_pair(unit: Unit, proposal: Proposal) -> None:
    """Do not propose this pair again until a side's terms change."""
    terms = proposal.terms
    REFUSED_PAIRS.save(
        unit,
        RefusedPair(
            pair_id(terms.lot_id, terms.demand_id),
            terms.lot_id,
            terms.demand_id,
            proposal.lot_terms_version,
            proposal.demand_terms_version,
        ),
    )


def hear_trade_cancelled(unit: Unit, event: TradeCancelled) -> None:
    """The parties do not want each other, for now."""
    proposal = PROPOSALS.get(unit, event.proposal_id)
    refuse_pair(unit, proposal)
    proposal.undone = True
    PROPOSALS.save(unit, proposal)
    agreements.follow_cancelled(unit, proposal)


def hear_returned(unit: Unit, event: ShipmentReturned) -> None:
    """The buyer refused a load: the same pair is not tried again."""
    proposal = PROPOSALS.get(unit, event.proposal_id)
    refuse_pair(unit, proposal)
    agreements.follow_returned(unit, proposal, event.planned_kg)


def hear_counterparty(unit: Unit, event: CounterpartyChanged) -> None:
    """Who trades with whom. A clearing in progress that has read it otherwise writes nothing; proposals that stand are left to
    their parties, for one that vanished now would tell who was blocked."""
    known = BLOCKS.find(unit, event.id)
    if known is not None and known.version >= event.version:
        return
    block = Block(event.id, event.version, event.organisation_id, event.counterparty_id, event.standing == "blocked")
    BLOCKS.save(unit, block)
    if block.blocked != (known is not None and known.blocked):
        for family in sorted(families_of(unit, (event.organisation_id, event.counterparty_id))):
            interrupt(unit, family)
            touch(unit, family)


def hear_site(unit: Unit, event: SiteChanged) -> None:
    """A site as it is now, with its compliance."""
    parties.hear_site(unit, event)
    recheck_compliance(unit, event.id)


def hear_compliance(unit: Unit, event: ComplianceChanged) -> None:
    """A site's compliance as it is now."""
    parties.hear_compliance(unit, event)
    recheck_compliance(unit, event.id)


def recheck_compliance(unit: Unit, site_id: str) -> None:
    """A revocation withdraws the open proposals that rest on it; a new entry may make new matches."""
    site = parties.site(unit, site_id)
    for lot in BOOK_LOTS.select(unit, {"site_id": site_id, "open": True}):
        touch(unit, lot.family)
        for proposal in undecided(unit, "terms.lot_id", lot.id):
            demand = BOOK_DEMANDS.find(unit, proposal.terms.demand_id)
            needed = demand is not None and demand.compliant_sellers_only
            if needed and not site.compliant(family_of(proposal.terms.grade), unit.now):
                unit.emit(*proposal.withdraw("compliance-gone", unit.now))
                PROPOSALS.save(unit, proposal)
