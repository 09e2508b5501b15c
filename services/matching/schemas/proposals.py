"""Shapes of proposals, and what their parties decide."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from services.matching.model import Proposal
from shared.http import ListQuery, Shape
from shared.http.filters import Material, Region
from shared.http.shapes import Time
from shared.units import CnyOut, CnyPerTonne, Tonnes, TonnesOut, VatPctOut, kg_to_t

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class RejectIn(Shape):
    """Why, if the party cares to say."""

    reason: Text | None = None


class AcceptIn(Shape):
    """Nothing is needed."""


class CounterIn(Shape):
    """Another price to the seller, net of VAT, or another quantity, or both."""

    price_cny_per_t: CnyPerTonne | None = None
    quantity_t: Tonnes | None = None


class OfferOut(Shape):
    """One round: what was offered, and by whom."""

    proposal_id: str
    by: Literal["clearing", "seller", "buyer"]
    quantity_t: TonnesOut
    price_cny_per_t: CnyOut
    at: Time


class ProposalQuery(ListQuery):
    lot_id: str | None = None
    demand_id: str | None = None
    clearing_id: str | None = None
    tender_id: str | None = None
    agreement_id: str | None = None
    status: Literal["proposed", "agreed", "rejected", "countered", "expired", "withdrawn"] | None = None
    material: Material | None = None
    mode: str | None = None
    region: Region | None = None
    """At either end."""

    def filters(self) -> dict[str, str | None]:
        return self.model_dump(exclude={"limit", "cursor"})


class ProposalOut(Shape):
    """Prices net of VAT, per tonne; gains in total, by the lot's ask and the demand's bid. Places as regions only: exact
    positions come with the trade. It comes from one of `clearing_id`, `tender_id`, `agreement_id`; the others are null."""

    id: str
    version: int
    status: str
    reason: str | None
    lot_id: str
    demand_id: str
    clearing_id: str | None
    tender_id: str | None
    agreement_id: str | None
    grade: str
    material: str
    quantity_t: TonnesOut
    from_region: str
    to_region: str
    mode: str
    distance_km: float
    hours: float
    freight_cny_per_t: CnyOut
    co2e_kg_per_t: float
    price_cny_per_t: CnyOut
    delivered_cny_per_t: CnyOut
    vat_rate_pct: VatPctOut
    surplus_cny: CnyOut
    seller_gain_cny: CnyOut
    buyer_gain_cny: CnyOut
    seller_accepted_at: Time | None
    buyer_accepted_at: Time | None
    expires_at: Time | None
    created_at: Time
    updated_at: Time
    replaces: str | None
    """The proposal that this one counters."""
    next_id: str | None
    """The counter-offer that took its place."""
    offers: list[OfferOut]
    """Every round up to this one."""

    @classmethod
    def of(cls, proposal: Proposal) -> ProposalOut:
        terms = proposal.terms
        return cls(
            id=proposal.id,
            version=proposal.version,
            status=proposal.status,
            reason=proposal.reason,
            lot_id=terms.lot_id,
            demand_id=terms.demand_id,
            clearing_id=proposal.clearing_id or None,
            tender_id=proposal.tender_id,
            agreement_id=proposal.agreement_id,
            grade=terms.grade,
            material=proposal.family,
            quantity_t=terms.kg,
            from_region=terms.origin.region,
            to_region=terms.destination.region,
            mode=terms.mode,
            distance_km=kg_to_t(terms.distance_m),
            hours=terms.hours,
            freight_cny_per_t=terms.freight_fen_per_t,
            co2e_kg_per_t=kg_to_t(terms.co2e_g_per_t),
            price_cny_per_t=terms.price_fen_per_t,
            delivered_cny_per_t=terms.price_fen_per_t + terms.freight_fen_per_t,
            vat_rate_pct=terms.vat_bp,
            surplus_cny=proposal.surplus_fen,
            seller_gain_cny=proposal.seller_gain_fen,
            buyer_gain_cny=proposal.buyer_gain_fen,
            seller_accepted_at=proposal.seller_accepted_at,
            buyer_accepted_at=proposal.buyer_accepted_at,
            expires_at=proposal.expires_at,
            created_at=proposal.created_at,
            updated_at=proposal.updated_at,
            replaces=proposal.replaces,
            next_id=proposal.next_id,
            offers=[
                OfferOut(
                    proposal_id=one.proposal_id, by=one.by, quantity_t=one.kg, price_cny_per_t=one.price_fen_per_t, at=one.at
                )
                for one in proposal.offers
            ],
        )
