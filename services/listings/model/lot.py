"""A lot: what a seller offers at a site, draft → open → closed (`sold`, `withdrawn`, `expired`)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.listings.model.attachment import MOST, Attachment
from services.listings.model.listing import Listing, Place, must_be_a_window, must_not_be_over
from shared import catalogue
from shared.events import Event
from shared.events.listings import LedgerPlace, LotChanged, LotClosed, LotExpired, LotExpiring, LotPublished, LotWithdrawn
from shared.problem import InputIsInvalid, NotFound, WrongState
from shared.units import net_fen


@dataclass(frozen=True, kw_only=True)
class LotTerms:
    """What a proposal relies on. `ask_fen_per_t` includes VAT of `vat_bp`; `quality` by attribute, `traits` by trait of the
    catalogue."""

    grade: str
    ask_fen_per_t: int
    vat_bp: int = 0
    quality: dict[str, float] = field(default_factory=dict)
    traits: dict[str, str] = field(default_factory=dict)
    available_from: datetime
    available_until: datetime
    divisible: bool = True
    min_take_kg: int = 0
    auto_accept: bool = False
    origin: Literal["domestic", "imported"] = "domestic"
    arose_from: str | None = None
    arose_until: str | None = None
    """The days within which a waste arose, `2026-11-24`."""
    stock: Literal["new", "stock"] | None = None
    """Whether a waste is newly arisen or from stock."""

    @property
    def ask_net_fen_per_t(self) -> int:
        return net_fen(self.ask_fen_per_t, self.vat_bp)

    def check(self) -> None:
        """Raises InputIsInvalid where a time ends before it begins."""
        must_be_a_window(self.available_from, self.available_until, "/available_until")
        if self.arose_from is not None and self.arose_until is not None and self.arose_until < self.arose_from:
            raise InputIsInvalid([("/arose_until", "结束日期不能早于开始日期", "It must not end before it begins")])


@dataclass(frozen=True, kw_only=True)
class OnBehalfOf:
    """A person without an account for whom a clerk lists, and how and when that person agreed."""

    name: str
    phone: str | None
    consent: Literal["verbal", "signed", "recording"]
    consented_at: datetime


@dataclass(frozen=True, kw_only=True)
class LotDraft:
    """Everything of a lot that its seller decides."""

    site_id: str
    quantity_kg: int
    terms: LotTerms
    title: str | None = None
    description: str | None = None
    hard_stops_declared: list[str] | None = None
    """The hard stops of the catalogue that the seller declares it free of; None: no declaration."""
    on_behalf_of: OnBehalfOf | None = None
    """For its owner's eyes alone."""

    def check(self, now: datetime) -> None:
        """Raises InputIsInvalid where a time ends before it begins, or a consent is yet to come."""
        self.terms.check()
        if self.on_behalf_of is not None and self.on_behalf_of.consented_at > now:
            raise InputIsInvalid([("/on_behalf_of/consented_at", "不能晚于现在", "This must not be in the future")])

    def again(self, begin: datetime) -> LotDraft:
        """The same offer with its window beginning at `begin`, without what was said of the goods themselves and without a
        person's consent: both were of that lot alone."""
        length = self.terms.available_until - self.terms.available_from
        goods = replace(self.terms, arose_from=None, arose_until=None)
        terms = replace(goods, available_from=begin, available_until=begin + length)
        return replace(self, terms=terms, hard_stops_declared=None, on_behalf_of=None)


@dataclass(kw_only=True)
class Lot(Listing):
    """See `Listing`."""

    seller_id: str
    terms: LotTerms
    title: str | None = None
    description: str | None = None
    hard_stops_declared: list[str] | None = None
    on_behalf_of: OnBehalfOf | None = None
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def owner_id(self) -> str:
        return self.seller_id

    @property
    def begin(self) -> datetime:
        return self.terms.available_from

    @property
    def until(self) -> datetime:
        return self.terms.available_until

    @classmethod
    def new(cls, identifier: str, seller_id: str, draft: LotDraft, place: Place, now: datetime) -> Lot:
        """A draft. Raises InputIsInvalid for a window that ends before it begins."""
        draft.check(now)
        return cls(
            id=identifier,
            seller_id=seller_id,
            terms=draft.terms,
            title=draft.title,
            description=draft.description,
            hard_stops_declared=draft.hard_stops_declared,
            on_behalf_of=draft.on_behalf_of,
            catalogue_edition=catalogue.edition(),
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
            hard_stops_declared=self.hard_stops_declared,
            on_behalf_of=self.on_behalf_of,
        )

    def publish(self, now: datetime) -> list[Event]:
        """Raises WrongState, InputIsInvalid."""
        self.must_be("draft")
        must_not_be_over(self.until, now, "/available_until")
        self.open_up(now)
        return [LotPublished(**self._state(), **self._terms())]

    def change(self, draft: LotDraft, place: Place, now: datetime) -> list[Event]:
        """Take over `draft`; a draft changes freely, an open lot within what is promised. Raises WrongState, InputIsInvalid."""
        self.must_not_be_closed()
        if draft == self.draft() and place == self.place:
            return []
        draft.check(now)
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
        self.hard_stops_declared, self.on_behalf_of = draft.hard_stops_declared, draft.on_behalf_of
        self.site_id, self.region, self.position = place.site_id, place.region, place.position
        self.touch(now)
        if self.status == "draft":
            return []
        before = {"previous_quantity_kg": previous_kg, "previous_terms_version": previous_terms}
        changed = LotChanged(**self._state(), **self._terms(), **before)
        return [changed, *self.finish(now)]

    def attach(self, offered: Attachment, now: datetime) -> tuple[Attachment, list[Event]]:
        """Take `offered`, or give what it has of the same kind and content. Raises WrongState where it is closed or full."""
        self.must_not_be_closed()
        alike = [one for one in self.attachments if one.is_photo == offered.is_photo]
        for one in alike:
            if (one.kind, one.sha256) == (offered.kind, offered.sha256):
                return one, []
        if len(alike) >= MOST:
            raise WrongState(
                zh=f"一个货源最多 {MOST} 张照片和 {MOST} 份文件，请先删除一些",
                en=f"A lot has at most {MOST} photos and {MOST} documents; delete one first",
            )
        self.attachments.append(offered)
        return offered, self._retold(now)

    def attachment(self, identifier: str, photo: bool) -> Attachment:
        """Raises NotFound."""
        found = next((one for one in self.attachments if one.id == identifier and one.is_photo == photo), None)
        if found is None:
            raise NotFound
        return found

    def detach(self, gone: Attachment, now: datetime) -> list[Event]:
        """Raises WrongState: what a closed lot was sold by stays."""
        self.must_not_be_closed()
        self.attachments.remove(gone)
        return self._retold(now)

    def _retold(self, now: datetime) -> list[Event]:
        """A new version of the same offer."""
        self.touch(now)
        if self.status == "draft":
            return []
        return [LotChanged(**self._state(), **self._terms(), previous_quantity_kg=self.quantity_kg)]

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

    def warn(self, before: timedelta) -> list[Event]:
        """Tell that its window ends within `before`, once."""
        return [LotExpiring(**self._state(), **self._terms())] if self.is_to_warn(before) else []

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
            "traits": terms.traits,
            "divisible": terms.divisible,
            "min_take_kg": terms.min_take_kg,
            "auto_accept": terms.auto_accept,
            "origin": terms.origin,
            "arose_from": terms.arose_from,
            "arose_until": terms.arose_until,
            "stock": terms.stock,
            "hard_stops_declared": self.hard_stops_declared,
            "available_from": terms.available_from,
            "available_until": terms.available_until,
        }
