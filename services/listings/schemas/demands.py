"""Shapes of demands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from services.listings.model import Demand, DemandDraft, DemandTerms, Status
from services.listings.schemas.fields import (
    Grades,
    Identifier,
    Limits,
    Moment,
    Quality,
    changes_of,
    in_order,
    not_null,
    once_each,
)
from services.listings.schemas.typed import Least, Quantity
from shared.catalogue import family_of
from shared.http import Position, Shape
from shared.http.shapes import Time
from shared.units import CnyOut, CnyPerTonne, Tonnes, TonnesOut, VatPct, VatPctOut


class DemandIn(Shape):
    """A demand as its buyer creates it. `load_t` is what a 车 takes, where a quantity is typed in loads."""

    grades: Annotated[Grades, AfterValidator(once_each)]
    load_t: Tonnes | None = None
    quantity_t: Quantity
    bid_cny_per_t: CnyPerTonne
    site_id: Identifier
    deliver_from: Moment
    deliver_until: Moment
    quality_limits: Limits = Field(default_factory=dict)
    blend_limits: Limits = Field(default_factory=dict)
    basis: Quality = Field(default_factory=dict)
    compliant_sellers_only: bool = False
    min_take_t: Least = 0
    vat_rate_pct: VatPct = 0
    auto_accept: bool = False
    publish: bool = False

    @field_validator("deliver_until")
    @classmethod
    def _is_a_window(cls, value: datetime, info: ValidationInfo) -> datetime:
        return in_order(value, info, "deliver_from")

    def draft(self) -> DemandDraft:
        terms = DemandTerms(
            grades=self.grades,
            bid_fen_per_t=self.bid_cny_per_t,
            vat_bp=self.vat_rate_pct,
            deliver_from=self.deliver_from,
            deliver_until=self.deliver_until,
            quality_limits=self.quality_limits,
            blend_limits=self.blend_limits,
            basis=self.basis,
            compliant_sellers_only=self.compliant_sellers_only,
            min_take_kg=self.min_take_t,
            auto_accept=self.auto_accept,
        )
        return DemandDraft(site_id=self.site_id, quantity_kg=self.quantity_t, terms=terms)


class DemandPatch(Shape):
    """Changes of a demand; what is absent stays. Grades, limits and basis are replaced as a whole."""

    grades: Annotated[Grades, AfterValidator(once_each)] | None = None
    load_t: Tonnes | None = None
    quantity_t: Quantity | None = None
    bid_cny_per_t: CnyPerTonne | None = None
    site_id: Identifier | None = None
    deliver_from: Moment | None = None
    deliver_until: Moment | None = None
    quality_limits: Limits | None = None
    blend_limits: Limits | None = None
    basis: Quality | None = None
    compliant_sellers_only: bool | None = None
    min_take_t: Least | None = None
    vat_rate_pct: VatPct | None = None
    auto_accept: bool | None = None

    _not_null = field_validator("*")(not_null)

    def revise(self, draft: DemandDraft) -> DemandDraft:
        outer, terms = changes_of(self)
        return replace(draft, **outer, terms=replace(draft.terms, **terms))


class DemandOut(Shape):
    """A demand as read. `site_id` and `position` are null for those who may not know them."""

    id: str
    status: Status
    closed_reason: str | None
    buyer_id: str
    grades: list[str]
    materials: list[str]
    region: str
    site_id: str | None
    position: Position | None
    quantity_t: TonnesOut
    available_t: TonnesOut
    reserved_t: TonnesOut
    bought_t: TonnesOut
    unfilled_t: TonnesOut
    bid_cny_per_t: CnyOut
    bid_net_cny_per_t: CnyOut
    vat_rate_pct: VatPctOut
    deliver_from: Time
    deliver_until: Time
    quality_limits: dict[str, dict[str, float]]
    blend_limits: dict[str, dict[str, float]]
    basis: dict[str, float]
    compliant_sellers_only: bool
    min_take_t: TonnesOut
    auto_accept: bool
    catalogue_edition: str | None
    copied_from: str | None
    created_at: Time
    updated_at: Time
    published_at: Time | None
    terms_version: int
    version: int

    @classmethod
    def of(cls, demand: Demand, exact: bool) -> DemandOut:
        """`exact` says that the reader may know the place."""
        return cls(**cls.values(demand, exact))

    @staticmethod
    def values(demand: Demand, exact: bool) -> dict[str, Any]:
        """The fields by name."""
        terms = demand.terms
        return {
            "id": demand.id,
            "status": demand.status,
            "closed_reason": demand.closed_reason,
            "buyer_id": demand.buyer_id,
            "grades": terms.grades,
            "materials": list(dict.fromkeys(family_of(grade) for grade in terms.grades)),
            "region": demand.region,
            "site_id": demand.site_id if exact else None,
            "position": Position(lat=demand.position.lat, lon=demand.position.lon) if exact else None,
            "quantity_t": demand.quantity_kg,
            "available_t": demand.available_kg,
            "reserved_t": demand.reserved_kg,
            "bought_t": demand.consumed_kg,
            "unfilled_t": demand.unsold_kg,
            "bid_cny_per_t": terms.bid_fen_per_t,
            "bid_net_cny_per_t": terms.bid_net_fen_per_t,
            "vat_rate_pct": terms.vat_bp,
            "deliver_from": terms.deliver_from,
            "deliver_until": terms.deliver_until,
            "quality_limits": terms.quality_limits,
            "blend_limits": terms.blend_limits,
            "basis": terms.basis,
            "compliant_sellers_only": terms.compliant_sellers_only,
            "min_take_t": terms.min_take_kg,
            "auto_accept": terms.auto_accept,
            "catalogue_edition": demand.catalogue_edition,
            "copied_from": demand.copied_from if exact else None,
            "created_at": demand.created_at,
            "updated_at": demand.updated_at,
            "published_at": demand.published_at,
            "terms_version": demand.terms_version,
            "version": demand.version,
        }
