"""Topic `huanliu.matching`."""

from __future__ import annotations

from typing import Literal

from shared.events.base import Event, Moment, Point, Value


class Place(Value):
    """A site as one end of a trade."""

    site_id: str
    region: str
    position: Point


class Terms(Value):
    """What a proposal froze, used to the end. Prices are net of VAT, per tonne; `quality` is what the lot declared, `basis`
    what the demand settles on (contract quality: basis, else quality, attribute by attribute)."""

    lot_id: str
    demand_id: str
    seller_id: str
    buyer_id: str
    grade: str
    kg: int
    price_fen_per_t: int
    freight_fen_per_t: int
    vat_bp: int
    mode: str
    distance_m: int
    hours: float
    co2e_g_per_t: int
    origin: Place
    destination: Place
    quality: dict[str, float]
    basis: dict[str, float]

    def contract_quality(self, attribute: str) -> float | None:
        """What the load is settled on: the basis, else the declared quality; None where neither names it."""
        return self.basis.get(attribute, self.quality.get(attribute))


class _Proposal(Event):
    """`id` is the proposal's."""

    terms: Terms
    clearing_id: str
    lot_terms_version: int
    demand_terms_version: int
    surplus_fen: int
    seller_gain_fen: int
    buyer_gain_fen: int
    seller_accepted_at: Moment | None = None
    buyer_accepted_at: Moment | None = None
    expires_at: Moment | None = None
    status: Literal["made", "proposed", "agreed", "rejected", "countered", "expired", "withdrawn"]
    reason: str | None = None


class ProposalMade(_Proposal, type="proposal.made"):
    """The clearing, or a party by a counter-offer, proposes it; listings reserves or refuses. With `replaces` the tonnes of
    that proposal are given back in the same transaction: nobody else gets them in between."""

    replaces: str | None = None


class ProposalAccepted(_Proposal, type="proposal.accepted"):
    """One side accepted; with both, `status` is `agreed` and trading makes the trade."""


class ProposalRejected(_Proposal, type="proposal.rejected"):
    """One side rejected it."""


class ProposalCountered(_Proposal, type="proposal.countered"):
    """One side made a counter-offer, the proposal `next_id`, which takes its place and its tonnes."""

    next_id: str | None = None


class ProposalExpired(_Proposal, type="proposal.expired"):
    """Not both sides accepted in time."""


class ProposalWithdrawn(_Proposal, type="proposal.withdrawn"):
    """The lot, the demand or a compliance is gone."""


class PricePublished(Event, type="price.published"):
    """The price index of a grade in a region on a day of Asia/Shanghai: `id` is `<day>:<region>:<grade>`. Fen per tonne, net of
    VAT, loaded at the seller's: the median and the quartiles of the clearing's node prices, one vote a firm."""

    grade: str
    region: str
    day: str
    price_fen_per_t: int
    low_fen_per_t: int
    high_fen_per_t: int
    firms: int


class ClearingCompleted(Event, type="clearing.completed"):
    """One clearing of a material family; `id` is the clearing's. Money in fen."""

    material: str
    lots: int
    demands: int
    proposals: int
    matched_kg: int
    surplus_fen: int
    objective_fen: int
    bound_fen: int
    solver: str
    duration_ms: int
    input_digest: str | None = None
    """Of what the clearing read: the same digest clears to the same result."""
