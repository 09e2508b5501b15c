"""Routes of matching: `/v1/clearings`, `/v1/prices`, `/v1/proposals`, `/v1/tenders`, `/v1/agreements`."""

from __future__ import annotations

from services.matching import views
from services.matching.schemas import (
    AcceptIn,
    AgreementIn,
    AgreementOut,
    AgreementQuery,
    BidIn,
    BidOut,
    CallOffIn,
    CallOffOut,
    CallOffQuery,
    ClearingIn,
    ClearingOut,
    ClearingQuery,
    CounterIn,
    CurvesOut,
    EndIn,
    ExplanationOut,
    PriceOut,
    PriceQuery,
    ProposalExplanationOut,
    ProposalOut,
    ProposalQuery,
    RejectIn,
    TenderIn,
    TenderOut,
    TenderQuery,
)
from services.matching.service import agreements, clear, decide, explain, tenders
from services.matching.service.market import carbon_fen_per_t_co2e
from shared.auth import Caller, authorise
from shared.http import Answer, PageOut, Routes, created, page_of
from shared.mongo import Unit

routes = Routes("matching")


@routes.get("/v1/clearings", "clearings.list", PageOut[ClearingOut])
def list_clearings(unit: Unit, query: ClearingQuery) -> PageOut[ClearingOut]:
    """Clearings, newest first, each with its proven gap."""
    return page_of(views.clearings(unit, query.material, query.status, query.cursor, query.limit), ClearingOut.of)


@routes.post("/v1/clearings", "clearings.run", ClearingOut, status=202)
def run_clearing(unit: Unit, body: ClearingIn) -> Answer:
    """Clear a material now; the answer's Location shows when it is done."""
    record = clear.request(unit, body.material)
    return created(f"/v1/clearings/{record.id}", ClearingOut.of(record), status=202)


@routes.get("/v1/clearings/<identifier>", "clearings.read", ClearingOut)
def read_clearing(unit: Unit, caller: Caller, identifier: str) -> ClearingOut:
    """One clearing."""
    authorise(caller, "clearings.read", {"visible"})
    return ClearingOut.of(views.clearing(unit, identifier))


@routes.get("/v1/clearings/<identifier>/curves", "clearings.curves", CurvesOut)
def read_curves(unit: Unit, caller: Caller, identifier: str) -> CurvesOut:
    """Supply and demand as a clearing read them, and what it matched of them; as long as its input is kept."""
    authorise(caller, "clearings.curves", set())
    return CurvesOut.of(views.curves(unit, identifier))


@routes.get("/v1/prices", "prices.read", PageOut[PriceOut])
def list_prices(unit: Unit, query: PriceQuery) -> PageOut[PriceOut]:
    """The price index by grade, region (cities and provinces; a county gives its city's) and day, newest first."""
    return page_of(views.prices(unit, query.filters(), query.latest, query.cursor, query.limit), PriceOut.of)


@routes.get("/v1/proposals", "proposals.list", PageOut[ProposalOut])
def list_proposals(unit: Unit, caller: Caller, query: ProposalQuery) -> PageOut[ProposalOut]:
    """The caller's proposals, newest first."""
    return page_of(views.proposals(unit, caller, query.filters(), query.cursor, query.limit), ProposalOut.of)


@routes.get("/v1/proposals/<identifier>", "proposals.read", ProposalOut)
def read_proposal(unit: Unit, caller: Caller, identifier: str) -> ProposalOut:
    """One proposal."""
    return ProposalOut.of(decide.readable(unit, caller, identifier))


@routes.get("/v1/proposals/<identifier>/explanation", "proposals.read", ProposalExplanationOut)
def explain_proposal(unit: Unit, caller: Caller, identifier: str) -> ProposalExplanationOut:
    """Why these two: the sum line by line, and what came second."""
    proposal = decide.readable(unit, caller, identifier)
    return ProposalExplanationOut.of(proposal, carbon_fen_per_t_co2e(unit.settings))


@routes.post("/v1/proposals/<identifier>/accept", "proposals.accept", ProposalOut)
def accept_proposal(unit: Unit, caller: Caller, identifier: str, body: AcceptIn) -> ProposalOut:
    """Accept for the caller's side; with both sides it is agreed."""
    return ProposalOut.of(decide.accept(unit, caller, identifier))


@routes.post("/v1/proposals/<identifier>/reject", "proposals.reject", ProposalOut)
def reject_proposal(unit: Unit, caller: Caller, identifier: str, body: RejectIn) -> ProposalOut:
    """Reject; the tonnes go back, and the pair is not proposed again until a side's terms change."""
    return ProposalOut.of(decide.reject(unit, caller, identifier, body.reason))


@routes.post("/v1/proposals/<identifier>/counter", "proposals.counter", ProposalOut)
def counter_proposal(unit: Unit, caller: Caller, identifier: str, body: CounterIn) -> ProposalOut:
    """Offer another price or quantity: this proposal ends as `countered` and names the new one, which the other side decides on
    before its own expiry. The tonnes stay reserved in between."""
    return ProposalOut.of(decide.counter(unit, caller, identifier, body.quantity_t, body.price_cny_per_t))


@routes.post("/v1/tenders", "tenders.create", TenderOut, status=201)
def create_tender(unit: Unit, caller: Caller, body: TenderIn) -> Answer:
    """Take sealed bids for an own open lot; until the tender has ended no clearing touches it."""
    tender = tenders.open_tender(unit, caller, body.to_draft())
    return created(f"/v1/tenders/{tender.id}", TenderOut.of(tender, caller))


@routes.get("/v1/tenders", "tenders.list", PageOut[TenderOut])
def list_tenders(unit: Unit, caller: Caller, query: TenderQuery) -> PageOut[TenderOut]:
    """Open tenders and the caller's own, newest first."""
    page = views.tenders(unit, caller, query.filters(), query.mine, query.cursor, query.limit)
    return page_of(page, lambda tender: TenderOut.of(tender, caller))


@routes.get("/v1/tenders/<identifier>", "tenders.read", TenderOut)
def read_tender(unit: Unit, caller: Caller, identifier: str) -> TenderOut:
    """One tender, as the caller may see it."""
    return TenderOut.of(tenders.readable(unit, caller, identifier), caller)


@routes.post("/v1/tenders/<identifier>/cancel", "tenders.cancel", TenderOut)
def cancel_tender(unit: Unit, caller: Caller, identifier: str, body: AcceptIn) -> TenderOut:
    """End it while nobody bids."""
    return TenderOut.of(tenders.cancel(unit, caller, identifier), caller)


@routes.put("/v1/tenders/<identifier>/bids/<demand_id>", "tenders.bid", BidOut)
def put_bid(unit: Unit, caller: Caller, identifier: str, demand_id: str, body: BidIn) -> BidOut:
    """Bid with an own open demand, or change its bid, until the close."""
    return BidOut.of(*tenders.bid(unit, caller, identifier, demand_id, body.price_cny_per_t, body.deposit_reference))


@routes.delete("/v1/tenders/<identifier>/bids/<demand_id>", "tenders.bid")
def delete_bid(unit: Unit, caller: Caller, identifier: str, demand_id: str) -> Answer:
    """Withdraw a bid, until the close."""
    tenders.withdraw_bid(unit, caller, identifier, demand_id)
    return Answer(None, 204)


@routes.post("/v1/agreements", "agreements.create", AgreementOut, status=201)
def create_agreement(unit: Unit, caller: Caller, body: AgreementIn) -> Answer:
    """Propose monthly tonnes at an index formula to an organisation of the other side."""
    agreement = agreements.propose(unit, caller, body.counterparty_id, body.to_terms())
    return created(f"/v1/agreements/{agreement.id}", AgreementOut.of(agreement))


@routes.get("/v1/agreements", "agreements.list", PageOut[AgreementOut])
def list_agreements(unit: Unit, caller: Caller, query: AgreementQuery) -> PageOut[AgreementOut]:
    """The caller's agreements, newest first."""
    return page_of(views.agreements(unit, caller, query.filters(), query.cursor, query.limit), AgreementOut.of)


@routes.get("/v1/agreements/<identifier>", "agreements.read", AgreementOut)
def read_agreement(unit: Unit, caller: Caller, identifier: str) -> AgreementOut:
    """One agreement, and what each month has taken."""
    return AgreementOut.of(agreements.readable(unit, caller, identifier))


@routes.post("/v1/agreements/<identifier>/accept", "agreements.accept", AgreementOut)
def accept_agreement(unit: Unit, caller: Caller, identifier: str, body: AcceptIn) -> AgreementOut:
    """Accept what the other side proposed: it is in force."""
    return AgreementOut.of(agreements.accept(unit, caller, identifier))


@routes.post("/v1/agreements/<identifier>/decline", "agreements.decline", AgreementOut)
def decline_agreement(unit: Unit, caller: Caller, identifier: str, body: AcceptIn) -> AgreementOut:
    """Decline what the other side proposed, or take back one's own."""
    return AgreementOut.of(agreements.decline(unit, caller, identifier))


@routes.post("/v1/agreements/<identifier>/end", "agreements.end", AgreementOut)
def end_agreement(unit: Unit, caller: Caller, identifier: str, body: EndIn) -> AgreementOut:
    """Give notice; what was called off stays."""
    return AgreementOut.of(agreements.end(unit, caller, identifier, body.last_month))


@routes.post("/v1/agreements/<identifier>/call-offs", "agreements.call_off", CallOffOut, status=201)
def create_call_off(unit: Unit, caller: Caller, identifier: str, body: CallOffIn) -> Answer:
    """Call off so much of a lot for a demand, at the formula's price; both sides are bound once listings has reserved it."""
    called = agreements.call_off(unit, caller, identifier, body.to_draft())
    return created(f"/v1/agreements/{identifier}/call-offs/{called.id}", CallOffOut.of(called))


@routes.get("/v1/agreements/<identifier>/call-offs", "agreements.read", PageOut[CallOffOut])
def list_call_offs(unit: Unit, caller: Caller, identifier: str, query: CallOffQuery) -> PageOut[CallOffOut]:
    """What was called off, newest first."""
    agreement = agreements.readable(unit, caller, identifier)
    return page_of(views.call_offs(unit, agreement, query.filters(), query.cursor, query.limit), CallOffOut.of)


@routes.get("/v1/agreements/<identifier>/call-offs/<call_off_id>", "agreements.read", CallOffOut)
def read_call_off(unit: Unit, caller: Caller, identifier: str, call_off_id: str) -> CallOffOut:
    """One call-off."""
    return CallOffOut.of(agreements.read_call_off(unit, caller, identifier, call_off_id))


@routes.get("/v1/lots/<identifier>/explanation", "explanations.read", ExplanationOut)
def explain_lot(unit: Unit, caller: Caller, identifier: str) -> ExplanationOut:
    """Why a lot has, or has not, a match."""
    return ExplanationOut.of(explain.of_lot(unit, caller, identifier))


@routes.get("/v1/demands/<identifier>/explanation", "explanations.read", ExplanationOut)
def explain_demand(unit: Unit, caller: Caller, identifier: str) -> ExplanationOut:
    """Why a demand has, or has not, a match."""
    return ExplanationOut.of(explain.of_demand(unit, caller, identifier))
