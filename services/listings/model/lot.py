"""A lot: what a seller offers at a site, draft → open → closed (`sold`, `withdrawn`, `expired`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services.listings.model.listing import Listing, Place, must_be_a_window, must_not_be_over
from shared.events import Event
from shared.events.listings import LedgerPlace, LotChanged, LotClosed, LotExpired, LotPublished, LotWithdrawn
from shared.units import net_fen


@dataclass(frozen=True, kw_only=True)
class LotTerms:
    """What a proposal relies on. `ask_fen_per_t` includes VAT of `vat_bp`; `quality` by attribute of the catalogue."""

    grade: str
    ask_fen_per_t: int
    vat_bp: int = 0
    quality: dict[str, float] = field(default_factory=dict)
    available_from: datetime
    available_until: datetime
    divisible: bool = True
    min_take_kg: int = 0
    auto_accept: bool = False
    origin: Literal["domestic", "imported"] = "domestic"

    @property
    def ask_net_fen_per_t(self) -> int:
        return net_fen(self.ask_fen_per_t, self.vat_bp)


@dataclass(frozen=True, kw_only=True)
class LotDraft:
    """Everything of a lot that its seller decides."""

    site_id: str
    quantity_kg: int
    terms: LotTerms
    title: str | None = None
    description: str | None = None


@dataclass(kw_only=True)
class Lot(Listing):
    """See `Listing`."""

    seller_id: str
    terms: LotTerms
    title: str | None = None
    description: str | None = None

    @property
    def owner_id(self) -> str:
        return self.seller_id

    @property
    def until(self) -> datetime:
        return self.terms.available_until

    @classmethod
    def new(cls, identifier: str, seller_id: str, draft: LotDraft, place: Place, now: datetime) -> Lot:
        """A draft. Raises InputIsInvalid for a window that ends before it begins."""
        must_be_a_window(draft.terms.available_from, draft.terms.available_until, "/available_until")
        return cls(
            id=identifier,
            seller_id=seller_id,
            terms=draft.terms,
            title=draft.title,
            description=draft.description,
            site_id=place.site_id,
            region=place.region,
            position=place.position,
            quantity_kg=draft.quantity_kg,
            available_kg=draft.quantity_kg,
            created_at=now,
            updated_at=now,
        )

    def draft(self) -> LotDraft:
        return LotDraft(
            site_id=self.site_id,
            quantity_kg=self.quantity_kg,
            terms=self.terms,
            title=self.title,
            description=self.description,
        )

    def publish(self, now: datetime) -> list[Event]:
        """Raises WrongState, InputIsInvalid."""
        self.must_be("draft")
        must_not_be_over(self.until, now, "/available_until")
        self.status, self.published_at = "open", now
        self.touch(now)
        return [LotPublished(**self._state(), **self._terms())]

    def change(self, draft: LotDraft, place: Place, now: datetime) -> list[Event]:
        """Take over `draft`; a draft changes freely, an open lot within what is promised. Raises WrongState, InputIsInvalid."""
        if self.status == "closed":
            self.must_be("open")
        if draft == self.draft() and place == self.place:
            return []
        must_be_a_window(draft.terms.available_from, draft.terms.available_until, "/available_until")
        if self.status == "open":
            self.must_not_move("grade", draft.terms.grade == self.terms.grade)
            self.must_not_move("site_id", draft.site_id == self.site_id)
            must_not_be_over(draft.terms.available_until, now, "/available_until")
            place = self.place
        previous_kg, previous_terms = self.quantity_kg, self.terms_version
        if draft.terms != self.terms or place != self.place:
            self.terms_version += 1
        self.resize(draft.quantity_kg)
        self.terms, self.title, self.description = draft.terms, draft.title, draft.description
        self.site_id, self.region, self.position = place.site_id, place.region, place.position
        self.touch(now)
        if self.status == "draft":
            return []
        before = {"previous_quantity_kg": previous_kg, "previous_terms_version": previous_terms}
        changed = LotChanged(**self._state(), **self._terms(), **before)
        return [changed, *self.finish(now)]

    def withdraw(self, now: datetime) -> list[Event]:
        """Raises WrongState."""
        self.must_be("open")
        moved = self.close_for("withdrawn", now)
        return [LotWithdrawn(**self._state(), **self._terms(), moved_kg=moved)]

    def expire(self, now: datetime) -> list[Event]:
        """Close it if it is open and its window is over."""
        if self.status != "open" or now < self.until:
            return []
        moved = self.close_for("expired", now)
        return [LotExpired(**self._state(), **self._terms(), moved_kg=moved)]

    def finish(self, now: datetime) -> list[Event]:
        """Close it if everything of it is sold."""
        if not self.used_up:
            return []
        self.close_for("sold", now)
        return [LotClosed(**self._state(), **self._terms())]

    def refusal(self, kg: int, terms_version: int, now: datetime) -> str | None:
        """Why `kg` can't be reserved under these terms, or None (`protocol.md` 2)."""
        if self.status != "open" or now >= self.until:
            return "lot-closed"
        if self.terms_version != terms_version:
            return "lot-changed"
        if not self.terms.divisible and kg < self.available_kg:
            return "indivisible"
        return self.short_of(kg, self.terms.min_take_kg)

    @property
    def ledger_place(self) -> LedgerPlace:
        """The ledger account that holds what of it is neither promised nor sold."""
        if self.status == "open":
            return "on_offer"
        return "expired" if self.closed_reason == "expired" else "withdrawn"

    def _terms(self) -> dict[str, Any]:
        terms = self.terms
        return {
            "seller_id": self.seller_id,
            "grade": terms.grade,
            "ask_fen_per_t": terms.ask_fen_per_t,
            "ask_net_fen_per_t": terms.ask_net_fen_per_t,
            "vat_bp": terms.vat_bp,
            "quality": terms.quality,
            "divisible": terms.divisible,
            "min_take_kg": terms.min_take_kg,
            "auto_accept": terms.auto_accept,
            "origin": terms.origin,
            "available_from": terms.available_from,
            "available_until": terms.available_until,
        }
