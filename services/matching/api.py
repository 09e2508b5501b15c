"""Routes of matching: `/v1/clearings`, `/v1/proposals`."""

from __future__ import annotations

from services.matching import views
from services.matching.schemas import (
    AcceptIn,
    ClearingIn,
    ClearingOut,
    ClearingQuery,
    CounterIn,
    ExplanationOut,
    PriceOut,
    PriceQuery,
    ProposalExplanationOut,
    ProposalOut,
    ProposalQuery,
    RejectIn,
)
from services.matching.service import clear, decide, explain
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


@routes.get("/v1/prices", "prices.read", PageOut[PriceOut])
def list_prices(unit: Unit, query: PriceQuery) -> PageOut[PriceOut]:
    """The price index by grade, region (cities and provinces; a county gives its city's) and day, newest first."""
    return page_of(views.prices(unit, query.filters(), query.cursor, query.limit), PriceOut.of)


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


@routes.get("/v1/lots/<identifier>/explanation", "explanations.read", ExplanationOut)
def explain_lot(unit: Unit, caller: Caller, identifier: str) -> ExplanationOut:
    """Why a lot has, or has not, a match."""
    return ExplanationOut.of(explain.of_lot(unit, caller, identifier))


@routes.get("/v1/demands/<identifier>/explanation", "explanations.read", ExplanationOut)
def explain_demand(unit: Unit, caller: Caller, identifier: str) -> ExplanationOut:
    """Why a demand has, or has not, a match."""
    return ExplanationOut.of(explain.of_demand(unit, caller, identifier))
