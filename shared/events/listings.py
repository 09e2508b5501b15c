"""Topic `huanliu.listings`. Listings alone says how much of a lot or demand is available, reserved, consumed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shared.events.base import Event, Moment, Point, Value

Limits = dict[str, dict[Literal["min", "max"], float]]
"""Quality attribute → its bounds."""


class Balance(Value):
    """The quantities of a lot or demand at `version`. available + reserved + consumed + unsold = quantity."""

    id: str
    version: int
    status: Literal["draft", "open", "closed"]
    quantity_kg: int
    available_kg: int
    reserved_kg: int
    consumed_kg: int
    unsold_kg: int


class _Listing(Event):
    """What lots and demands have in common. `id` is the lot's or demand's; `terms_version` moves with its terms alone."""

    terms_version: int
    status: Literal["draft", "open", "closed"]
    closed_reason: str | None = None
    site_id: str
    region: str
    position: Point
    quantity_kg: int
    available_kg: int
    reserved_kg: int
    consumed_kg: int
    unsold_kg: int
    vat_bp: int
    min_take_kg: int
    auto_accept: bool
    published_at: Moment | None = None
    catalogue_edition: str | None = None
    """The edition of the catalogue that it was listed under."""


class _Lot(_Listing):
    seller_id: str
    grade: str
    ask_fen_per_t: int
    ask_net_fen_per_t: int
    quality: dict[str, float]
    traits: dict[str, str] = Field(default_factory=dict)
    """What of it is a word and no figure, by the catalogue's traits: `{"form": "flake"}`."""
    divisible: bool
    origin: Literal["domestic", "imported"]
    available_from: Moment
    available_until: Moment
    arose_from: str | None = None
    arose_until: str | None = None
    """The days within which a waste arose, `2026-11-24`."""
    stock: Literal["new", "stock"] | None = None
    """Whether a waste is newly arisen or from stock."""
    hard_stops_declared: tuple[str, ...] | None = None
    """The hard stops of the catalogue that the seller declares it free of; null: no declaration."""


class LotPublished(_Lot, type="lot.published"):
    """A draft is on offer: `quantity_kg` enters the mass ledger."""


class LotChanged(_Lot, type="lot.changed"):
    """Terms or quantity of an open lot changed; `previous_quantity_kg` is what the ledger held before. The terms changed
    where `terms_version` is not the `previous_terms_version`."""

    previous_quantity_kg: int
    previous_terms_version: int | None = None


class LotWithdrawn(_Lot, type="lot.withdrawn"):
    """The seller took it off; `moved_kg` went from available to unsold."""

    moved_kg: int


class LotExpired(_Lot, type="lot.expired"):
    """Its window is over; `moved_kg` went from available to unsold."""

    moved_kg: int


class LotExpiring(_Lot, type="lot.expiring"):
    """Its window ends soon; told once for each end it was given, and nothing of it changes by that: `version` is the last."""


class LotClosed(_Lot, type="lot.closed"):
    """Everything of it is sold."""


class _Demand(_Listing):
    buyer_id: str
    grades: tuple[str, ...]
    bid_fen_per_t: int
    bid_net_fen_per_t: int
    quality_limits: Limits
    blend_limits: Limits
    basis: dict[str, float]
    compliant_sellers_only: bool
    deliver_from: Moment
    deliver_until: Moment


class DemandPosted(_Demand, type="demand.posted"):
    """A draft demand is open."""


class DemandChanged(_Demand, type="demand.changed"):
    """Terms or quantity of an open demand changed; the terms where `terms_version` is not the `previous_terms_version`."""

    previous_terms_version: int | None = None


class DemandClosed(_Demand, type="demand.closed"):
    """Filled, or closed by its buyer (`closed_reason`)."""


class DemandExpired(_Demand, type="demand.expired"):
    """Its window is over."""


class DemandExpiring(_Demand, type="demand.expiring"):
    """As `LotExpiring`."""


class CounterpartyChanged(Event, type="counterparty.changed"):
    """What an organisation thinks of another one; null takes it back. For rooms alone: the other one is never told."""

    organisation_id: str
    counterparty_id: str
    standing: Literal["favourite", "blocked"] | None


class _Quantity(Event):
    """`id` is the proposal's, `version` the reservation's. `lot` and `demand` carry both sides' new versions and
    quantities; absent where listings does not know the side."""

    lot_id: str
    demand_id: str
    kg: int
    lot: Balance | None
    demand: Balance | None


class QuantityReserved(_Quantity, type="quantity.reserved"):
    """The proposal's tonnes are reserved on both sides."""


class QuantityRefused(_Quantity, type="quantity.refused"):
    """Nothing was reserved; `reason` says why (`lot-changed`, `lot-closed`, `lot-unknown`, `not-enough`, `ended`, …)."""

    reason: str


LedgerPlace = Literal["on_offer", "withdrawn", "expired"]


class QuantityReleased(_Quantity, type="quantity.released"):
    """`kg` of the reservation went back. `lot_to` is the lot's ledger account they went to; `in_transit` says that they had
    been loaded (a returned load or a shortfall), else they were reserved. `final` says nothing of the reservation is left."""

    cause: Literal["rejected", "countered", "expired", "withdrawn", "cancelled", "returned", "shortfall"]
    lot_to: LedgerPlace
    in_transit: bool
    shipment_id: str | None = None
    final: bool


class QuantityConsumed(_Quantity, type="quantity.consumed"):
    """A received load consumed `kg` of the reservation."""

    shipment_id: str
    final: bool


class SavedSearchMatched(Event, type="saved_search.matched"):
    """A lot or demand that is new, or has new terms (`terms_version`), fits a saved search that wants alerts. `id` is the saved
    search's, `version` the one that fitted; `listing_id` names the lot or demand (`kind`). Of a demand `grade` is the first
    that the search asks for. Once per search, listing and terms version."""

    saved_search_id: str
    organisation_id: str
    user_id: str
    name: str
    kind: Literal["lots", "demands"]
    alert: Literal["at_once", "daily"]
    listing_id: str
    terms_version: int
    grade: str
    region: str
    quantity_kg: int
    available_kg: int
    price_net_fen_per_t: int
