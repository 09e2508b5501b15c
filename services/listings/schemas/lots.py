"""Shapes of lots."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from services.listings.model import Lot, LotDraft, LotTerms, Status
from services.listings.schemas.attachments import DocumentShown, PhotoShown
from services.listings.schemas.counterparties import OnBehalfOfIn, OnBehalfOfOut
from services.listings.schemas.fields import (
    Description,
    Identifier,
    Moment,
    Origin,
    Quality,
    Title,
    Traits,
    changes_of,
    in_order,
    not_null,
)
from services.listings.schemas.typed import Day, HardStops, Least, Quantity, Stock, arose_in_order
from shared.catalogue import family_of
from shared.http import Position, Shape
from shared.http.filters import Grade
from shared.http.shapes import Time
from shared.units import CnyOut, CnyPerTonne, Tonnes, TonnesOut, VatPct, VatPctOut


class LotIn(Shape):
    """A lot as its seller creates it. `load_t` is what a 车 takes, where a quantity is typed in loads."""

    grade: Grade
    load_t: Tonnes | None = None
    quantity_t: Quantity
    ask_cny_per_t: CnyPerTonne
    site_id: Identifier
    available_from: Moment
    available_until: Moment
    quality: Quality = Field(default_factory=dict)
    traits: Traits = Field(default_factory=dict)
    divisible: bool = True
    min_take_t: Least = 0
    vat_rate_pct: VatPct = 0
    auto_accept: bool = False
    origin: Origin = "domestic"
    title: Title | None = None
    description: Description | None = None
    arose_from: Day | None = None
    arose_until: Day | None = None
    stock: Stock | None = None
    hard_stops_declared: HardStops = None
    on_behalf_of: OnBehalfOfIn | None = None
    publish: bool = False

    _arose_in_order = field_validator("arose_until")(arose_in_order)

    @field_validator("available_until")
    @classmethod
    def _is_a_window(cls, value: datetime, info: ValidationInfo) -> datetime:
        return in_order(value, info, "available_from")

    def draft(self) -> LotDraft:
        terms = LotTerms(
            grade=self.grade,
            ask_fen_per_t=self.ask_cny_per_t,
            vat_bp=self.vat_rate_pct,
            quality=self.quality,
            traits=self.traits,
            available_from=self.available_from,
            available_until=self.available_until,
            divisible=self.divisible,
            min_take_kg=self.min_take_t,
            auto_accept=self.auto_accept,
            origin=self.origin,
            arose_from=self.arose_from,
            arose_until=self.arose_until,
            stock=self.stock,
        )
        return LotDraft(
            site_id=self.site_id,
            quantity_kg=self.quantity_t,
            terms=terms,
            title=self.title,
            description=self.description,
            hard_stops_declared=self.hard_stops_declared,
            on_behalf_of=self.on_behalf_of.person() if self.on_behalf_of else None,
        )


class LotPatch(Shape):
    """Changes of a lot; what is absent stays. `quality` and `traits` are replaced as a whole."""

    grade: Grade | None = None
    load_t: Tonnes | None = None
    quantity_t: Quantity | None = None
    ask_cny_per_t: CnyPerTonne | None = None
    site_id: Identifier | None = None
    available_from: Moment | None = None
    available_until: Moment | None = None
    quality: Quality | None = None
    traits: Traits | None = None
    divisible: bool | None = None
    min_take_t: Least | None = None
    vat_rate_pct: VatPct | None = None
    auto_accept: bool | None = None
    origin: Origin | None = None
    title: Title | None = None
    description: Description | None = None
    arose_from: Day | None = None
    arose_until: Day | None = None
    stock: Stock | None = None
    hard_stops_declared: HardStops = None
    on_behalf_of: OnBehalfOfIn | None = None

    _arose_in_order = field_validator("arose_until")(arose_in_order)

    _not_null = field_validator(
        "grade", "quantity_t", "ask_cny_per_t", "site_id", "available_from", "available_until", "quality", "traits",
        "divisible", "min_take_t", "vat_rate_pct", "auto_accept", "origin",
    )(not_null)  # fmt: skip

    def revise(self, draft: LotDraft) -> LotDraft:
        outer, terms = changes_of(self)
        if self.on_behalf_of is not None:
            outer["on_behalf_of"] = self.on_behalf_of.person()
        return replace(draft, **outer, terms=replace(draft.terms, **terms))


class LotOut(Shape):
    """A lot as read. `site_id` and `position` are null for those who may not know them; `on_behalf_of` its owner alone sees."""

    id: str
    status: Status
    closed_reason: str | None
    seller_id: str
    grade: str
    material: str
    region: str
    site_id: str | None
    position: Position | None
    quantity_t: TonnesOut
    available_t: TonnesOut
    reserved_t: TonnesOut
    sold_t: TonnesOut
    unsold_t: TonnesOut
    ask_cny_per_t: CnyOut
    ask_net_cny_per_t: CnyOut
    vat_rate_pct: VatPctOut
    available_from: Time
    available_until: Time
    quality: dict[str, float]
    traits: dict[str, str]
    divisible: bool
    min_take_t: TonnesOut
    auto_accept: bool
    origin: Origin
    title: str | None
    description: str | None
    arose_from: str | None
    arose_until: str | None
    stock: Stock | None
    hard_stops_declared: list[str] | None
    on_behalf_of: OnBehalfOfOut | None
    photos: list[PhotoShown]
    documents: list[DocumentShown]
    catalogue_edition: str | None
    copied_from: str | None
    created_at: Time
    updated_at: Time
    published_at: Time | None
    terms_version: int
    version: int

    @classmethod
    def of(cls, lot: Lot, exact: bool, reader_id: str) -> LotOut:
        """`exact` says that the reader may know the place; `reader_id` is the reader's organisation."""
        return cls(**cls.values(lot, exact, reader_id))

    @staticmethod
    def values(lot: Lot, exact: bool, reader_id: str | None = None) -> dict[str, Any]:
        """The fields by name."""
        terms = lot.terms
        person = lot.on_behalf_of if reader_id == lot.seller_id else None
        return {
            "id": lot.id,
            "status": lot.status,
            "closed_reason": lot.closed_reason,
            "seller_id": lot.seller_id,
            "grade": terms.grade,
            "material": family_of(terms.grade),
            "region": lot.region,
            "site_id": lot.site_id if exact else None,
            "position": Position(lat=lot.position.lat, lon=lot.position.lon) if exact else None,
            "quantity_t": lot.quantity_kg,
            "available_t": lot.available_kg,
            "reserved_t": lot.reserved_kg,
            "sold_t": lot.consumed_kg,
            "unsold_t": lot.unsold_kg,
            "ask_cny_per_t": terms.ask_fen_per_t,
            "ask_net_cny_per_t": terms.ask_net_fen_per_t,
            "vat_rate_pct": terms.vat_bp,
            "available_from": terms.available_from,
            "available_until": terms.available_until,
            "quality": terms.quality,
            "traits": terms.traits,
            "divisible": terms.divisible,
            "min_take_t": terms.min_take_kg,
            "auto_accept": terms.auto_accept,
            "origin": terms.origin,
            "title": lot.title,
            "description": lot.description,
            "arose_from": terms.arose_from,
            "arose_until": terms.arose_until,
            "stock": terms.stock,
            "hard_stops_declared": lot.hard_stops_declared,
            "on_behalf_of": person and OnBehalfOfOut.of(person),
            "photos": [PhotoShown.of(lot.id, one) for one in lot.attachments if one.is_photo],
            "documents": [DocumentShown.of(lot.id, one) for one in lot.attachments if not one.is_photo],
            "catalogue_edition": lot.catalogue_edition,
            "copied_from": lot.copied_from if exact else None,
            "created_at": lot.created_at,
            "updated_at": lot.updated_at,
            "published_at": lot.published_at,
            "terms_version": lot.terms_version,
            "version": lot.version,
        }
