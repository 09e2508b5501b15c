"""A demand: what a buyer takes at its gate, draft → open → closed (`filled`, `closed`, `expired`). Always divisible."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from services.listings.model.listing import Listing, Place, must_be_a_window, must_not_be_over
from shared import catalogue
from shared.events import Event
from shared.events.listings import DemandChanged, DemandClosed, DemandExpired, DemandExpiring, DemandPosted
from shared.units import net_fen

Bounds = dict[str, dict[str, float]]
"""Quality attribute → its `min` and `max`."""


@dataclass(frozen=True, kw_only=True)
class DemandTerms:
    """What a proposal relies on. `bid_fen_per_t` is delivered to the gate and includes VAT of `vat_bp`; `quality_limits` hold
    for every lot taken, `blend_limits` for the tonnage-weighted average, `basis` is the contract quality."""

    grades: list[str]
    bid_fen_per_t: int
    vat_bp: int = 0
    deliver_from: datetime
    deliver_until: datetime
    quality_limits: Bounds = field(default_factory=dict)
    blend_limits: Bounds = field(default_factory=dict)
    basis: dict[str, float] = field(default_factory=dict)
    compliant_sellers_only: bool = False
    min_take_kg: int = 0
    auto_accept: bool = False

    @property
    def bid_net_fen_per_t(self) -> int:
        return net_fen(self.bid_fen_per_t, self.vat_bp)


@dataclass(frozen=True, kw_only=True)
class DemandDraft:
    """Everything of a demand that its buyer decides."""

    site_id: str
    quantity_kg: int
    terms: DemandTerms

    def again(self, begin: datetime) -> DemandDraft:
        """The same demand with its window beginning at `begin`."""
        length = self.terms.deliver_until - self.terms.deliver_from
        return replace(self, terms=replace(self.terms, deliver_from=begin, deliver_until=begin + length))


@dataclass(kw_only=True)
class Demand(Listing):
    """See `Listing`."""

    buyer_id: str
    terms: DemandTerms

    @property
    def owner_id(self) -> str:
        return self.buyer_id

    @property
    def begin(self) -> datetime:
        return self.terms.deliver_from

    @property
    def until(self) -> datetime:
        return self.terms.deliver_until

    @classmethod
    def new(cls, identifier: str, buyer_id: str, draft: DemandDraft, place: Place, now: datetime) -> Demand:
        """A draft. Raises InputIsInvalid for a window that ends before it begins."""
        must_be_a_window(draft.terms.deliver_from, draft.terms.deliver_until, "/deliver_until")
        return cls(
            id=identifier,
            buyer_id=buyer_id,
            terms=draft.terms,
            catalogue_edition=catalogue.edition(),
            site_id=place.site_id,
            region=place.region,
            position=place.position,
            quantity_kg=draft.quantity_kg,
            available_kg=draft.quantity_kg,
            created_at=now,
            updated_at=now,
        )

    def draft(self) -> DemandDraft:
        return DemandDraft(site_id=self.site_id, quantity_kg=self.quantity_kg, terms=self.terms)

    def publish(self, now: datetime) -> list[Event]:
        """Raises WrongState, InputIsInvalid."""
        self.must_be("draft")
        must_not_be_over(self.until, now, "/deliver_until")
        self.open_up(now)
        return [DemandPosted(**self._state(), **self._terms())]

    def change(self, draft: DemandDraft, place: Place, now: datetime) -> list[Event]:
        """Take over `draft`; a draft changes freely, an open demand within what is promised. Raises WrongState,
        InputIsInvalid."""
        self.must_not_be_closed()
        if draft == self.draft() and place == self.place:
            return []
        must_be_a_window(draft.terms.deliver_from, draft.terms.deliver_until, "/deliver_until")
        if self.status == "open":
            self.must_not_move("site_id", draft.site_id == self.site_id)
            must_not_be_over(draft.terms.deliver_until, now, "/deliver_until")
            place = self.place
        previous_terms = self.terms_version
        if draft.terms != self.terms or place != self.place:
            self.terms_version += 1
        self.resize(draft.quantity_kg)
        self.terms = draft.terms
        self.site_id, self.region, self.position = place.site_id, place.region, place.position
        self.touch(now)
        if self.status == "draft":
            return []
        changed = DemandChanged(**self._state(), **self._terms(), previous_terms_version=previous_terms)
        return [changed, *self.finish(now)]

    def close(self, now: datetime) -> list[Event]:
        """Its buyer needs no more. Raises WrongState."""
        self.must_be("open")
        self.close_for("closed", now)
        return [DemandClosed(**self._state(), **self._terms())]

    def expire(self, now: datetime) -> list[Event]:
        """Close it if it is open and its window is over."""
        if self.status != "open" or now < self.until:
            return []
        self.close_for("expired", now)
        return [DemandExpired(**self._state(), **self._terms())]

    def warn(self, before: timedelta) -> list[Event]:
        """Tell that its window ends within `before`, once."""
        return [DemandExpiring(**self._state(), **self._terms())] if self.is_to_warn(before) else []

    def finish(self, now: datetime) -> list[Event]:
        """Close it if everything it asked for is bought."""
        if not self.used_up:
            return []
        self.close_for("filled", now)
        return [DemandClosed(**self._state(), **self._terms())]

    def refusal(self, kg: int, terms_version: int, now: datetime) -> str | None:
        """Why `kg` can't be reserved under these terms, or None (`protocol.md` 2)."""
        if self.status != "open" or now >= self.until:
            return "demand-closed"
        if self.terms_version != terms_version:
            return "demand-changed"
        return self.short_of(kg, self.terms.min_take_kg)

    def _terms(self) -> dict[str, Any]:
        terms = self.terms
        return {
            "buyer_id": self.buyer_id,
            "grades": tuple(terms.grades),
            "bid_fen_per_t": terms.bid_fen_per_t,
            "bid_net_fen_per_t": terms.bid_net_fen_per_t,
            "vat_bp": terms.vat_bp,
            "quality_limits": terms.quality_limits,
            "blend_limits": terms.blend_limits,
            "basis": terms.basis,
            "compliant_sellers_only": terms.compliant_sellers_only,
            "min_take_kg": terms.min_take_kg,
            "auto_accept": terms.auto_accept,
            "deliver_from": terms.deliver_from,
            "deliver_until": terms.deliver_until,
        }
