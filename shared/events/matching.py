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
    resold_bp: int = 0
    """What share of the lot its seller had received from others before, in basis points."""

    def contract_quality(self, attribute: str) -> float | None:
        """What the load is settled on: the basis, else the declared quality; None where neither names it."""
        return self.basis.get(attribute, self.quality.get(attribute))


class _Proposal(Event):
    """`id` is the proposal's. It comes from a clearing, a tender or an agreement: `clearing_id` is empty, not missing, where no
    clearing is behind it, since readers of the first version need it."""

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
    tender_id: str | None = None
    agreement_id: str | None = None


class ProposalMade(_Proposal, type="proposal.made"):
    """The clearing proposes it, or a party by a counter-offer, or it is the award of a tender or called off an agreement, and
    then both sides are bound already; listings reserves or refuses. With `replaces` the tonnes of that proposal are given back
    in the same transaction: nobody else gets them in between."""

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


class _Tender(Event):
    """`id` is the tender's. `closes_at` is when its sealed bids are opened; no event tells of a bid or of the reserve."""

    lot_id: str
    seller_id: str
    grade: str
    kg: int
    closes_at: Moment
    deposit_fen: int | None = None
    status: str


class TenderOpened(_Tender, type="tender.opened"):
    """The seller takes sealed bids for `kg` of a lot, which no clearing touches until the tender has ended."""


class TenderClosed(_Tender, type="tender.closed"):
    """It ended: `status` is `awarded`, `failed` or `cancelled`. `price_fen_per_t` is what the best bid pays the seller, net,
    where there was an award; `reason` why there was none."""

    price_fen_per_t: int | None = None
    reason: str | None = None


class _Agreement(Event):
    """`id` is the agreement's. Kilograms per calendar month of Asia/Shanghai, from `first_month` to `last_month` (`2026-12`),
    both inclusive; a call-off is priced at the index of `grade` in `region` + premium, within floor and ceiling, fen per
    tonne."""

    seller_id: str
    buyer_id: str
    grade: str
    first_month: str
    last_month: str
    month_kg: int
    below_bp: int
    above_bp: int
    region: str
    premium_fen_per_t: int
    floor_fen_per_t: int | None = None
    ceiling_fen_per_t: int | None = None
    status: str


class AgreementMade(_Agreement, type="agreement.made"):
    """One side proposes it; the other accepts or declines."""

    proposed_by: str


class AgreementAccepted(_Agreement, type="agreement.accepted"):
    """It is in force: either side may call off."""


class AgreementEnded(_Agreement, type="agreement.ended"):
    """It was declined, or one side gave notice: nothing is called off after the month `last_month`."""

    ended_by: str


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
