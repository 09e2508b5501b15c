"""The rules of matching's book and proposals as plain dataclasses whose methods return events.

The book is a copy: listings alone decides about quantities. Its news comes on two kinds of keys (a lot's own events, and
quantity events keyed by proposal) whose order towards one another is not given, so terms and quantities each have their own
watermark. A stale book can cost a proposal, never a kilogram.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from shared.events import Event
from shared.events.listings import (
    Balance,
    DemandChanged,
    DemandClosed,
    DemandExpired,
    DemandPosted,
    Limits,
    LotChanged,
    LotClosed,
    LotExpired,
    LotPublished,
    LotWithdrawn,
)
from shared.events.matching import (
    Place,
    ProposalAccepted,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
    Terms,
)
from shared.problem import WrongState

Side = Literal["seller", "buyer"]
Status = Literal["made", "proposed", "agreed", "rejected", "countered", "expired", "withdrawn", "refused"]
"""`made`: listings has not answered; `refused`: it reserved nothing. Both are seen by nobody outside."""
LotNews = LotPublished | LotChanged | LotWithdrawn | LotExpired | LotClosed
DemandNews = DemandPosted | DemandChanged | DemandClosed | DemandExpired
ENDED: frozenset[Status] = frozenset({"rejected", "countered", "expired", "withdrawn", "refused"})

_STATUS_ZH: dict[Status, str] = {
    "made": "尚在预留数量",
    "proposed": "待确认",
    "agreed": "已达成",
    "rejected": "已拒绝",
    "countered": "已还价",
    "expired": "已过期",
    "withdrawn": "已撤回",
    "refused": "未能预留数量",
}
P = TypeVar("P", ProposalAccepted, ProposalExpired, ProposalMade, ProposalRejected, ProposalWithdrawn)


@dataclass(kw_only=True)
class BookEntry:
    """What lots and demands of the book have in common. `version` counts the book's own changes; `terms_seen` and
    `quantity_seen` are the listing's versions last applied; `pending` holds the kilograms of proposals not yet answered."""

    id: str
    version: int = 1
    terms_seen: int
    quantity_seen: int
    terms_version: int
    status: Literal["draft", "open", "closed"]
    place: Place
    available_kg: int
    vat_bp: int
    min_take_kg: int
    auto_accept: bool
    pending: dict[str, int] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The material family that it is cleared with."""
        raise NotImplementedError

    @property
    def free_kg(self) -> int:
        """What a clearing may use: available by listings' last word, less what proposals under way ask for."""
        return max(self.available_kg - sum(self.pending.values()), 0) if self.status == "open" else 0

    def promise(self, proposal_id: str, kg: int) -> None:
        """Take the tonnes of a proposal just made out of the book."""
        self.pending[proposal_id] = kg
        self.version += 1

    def answered(self, proposal_id: str) -> None:
        """Listings reserved or refused, or the proposal is off: its own balance says the rest."""
        if self.pending.pop(proposal_id, None) is not None:
            self.version += 1

    def hear_balance(self, balance: Balance) -> bool:
        """Apply listings' quantities if they are newer than those known; whether they were."""
        if balance.version <= self.quantity_seen:
            return False
        self._hear_status(balance.version, balance.status)
        self.quantity_seen = balance.version
        self.available_kg = balance.available_kg
        self.version += 1
        return True

    def _hear_status(self, version: int, status: Literal["draft", "open", "closed"]) -> None:
        if version > max(self.terms_seen, self.quantity_seen):
            self.status = status

    def _hear(self, event: LotNews | DemandNews) -> bool:
        """Apply what both kinds share; whether the event's terms are newer."""
        self._hear_status(event.version, event.status)
        if event.version > self.quantity_seen:
            self.quantity_seen, self.available_kg = event.version, event.available_kg
        self.version += 1
        if event.version <= self.terms_seen:
            return False
        self.terms_seen, self.terms_version = event.version, event.terms_version
        self.place = place_of(event)
        self.vat_bp, self.min_take_kg, self.auto_accept = event.vat_bp, event.min_take_kg, event.auto_accept
        return True


def place_of(event: LotNews | DemandNews) -> Place:
    """Where a listing lies."""
    return Place(site_id=event.site_id, region=event.region, position=event.position)


@dataclass(kw_only=True)
class BookLot(BookEntry):
    """A lot as matching knows it."""

    seller_id: str
    grade: str
    ask_net_fen_per_t: int
    quality: dict[str, float]
    divisible: bool
    available_from: datetime
    available_until: datetime

    @property
    def family(self) -> str:
        return family_of(self.grade)

    def hear(self, event: LotNews) -> None:
        """Apply news of the lot, whatever order it comes in."""
        if self._hear(event):
            self.grade, self.ask_net_fen_per_t = event.grade, event.ask_net_fen_per_t
            self.quality, self.divisible = dict(event.quality), event.divisible
            self.available_from, self.available_until = event.available_from, event.available_until


@dataclass
class Take:
    """What one proposal or trade holds of a demand, for its blend limits."""

    kg: int
    quality: dict[str, float]


@dataclass(kw_only=True)
class BookDemand(BookEntry):
    """A demand as matching knows it. `takes` are what its proposals and trades hold, by proposal."""

    buyer_id: str
    grades: tuple[str, ...]
    bid_net_fen_per_t: int
    quality_limits: Limits
    blend_limits: Limits
    basis: dict[str, float]
    compliant_sellers_only: bool
    deliver_from: datetime
    deliver_until: datetime
    takes: dict[str, Take] = field(default_factory=dict)

    @property
    def family(self) -> str:
        return family_of(self.grades[0])

    def hear(self, event: DemandNews) -> None:
        """Apply news of the demand, whatever order it comes in."""
        if self._hear(event):
            self.grades, self.bid_net_fen_per_t = event.grades, event.bid_net_fen_per_t
            self.quality_limits, self.blend_limits = event.quality_limits, event.blend_limits
            self.basis, self.compliant_sellers_only = dict(event.basis), event.compliant_sellers_only
            self.deliver_from, self.deliver_until = event.deliver_from, event.deliver_until

    def take(self, proposal_id: str, kg: int, quality: dict[str, float]) -> None:
        """Keep what a proposal takes."""
        self.takes[proposal_id] = Take(kg, quality)
        self.version += 1

    def give_back(self, proposal_id: str, kg: int) -> None:
        """`kg` of a take went back; a take of nothing is forgotten."""
        held = self.takes.get(proposal_id)
        if held is None:
            return
        held.kg -= kg
        if held.kg <= 0:
            del self.takes[proposal_id]
        self.version += 1


def family_of(material: str) -> str:
    """The family of a grade, or of a family."""
    return material.split(".", 1)[0]


def book_lot(event: LotNews) -> BookLot:
    """The book's copy of a lot heard of for the first time."""
    return BookLot(
        **_first(event),
        seller_id=event.seller_id,
        grade=event.grade,
        ask_net_fen_per_t=event.ask_net_fen_per_t,
        quality=dict(event.quality),
        divisible=event.divisible,
        available_from=event.available_from,
        available_until=event.available_until,
    )


def book_demand(event: DemandNews) -> BookDemand:
    """The book's copy of a demand heard of for the first time."""
    return BookDemand(
        **_first(event),
        buyer_id=event.buyer_id,
        grades=event.grades,
        bid_net_fen_per_t=event.bid_net_fen_per_t,
        quality_limits=event.quality_limits,
        blend_limits=event.blend_limits,
        basis=dict(event.basis),
        compliant_sellers_only=event.compliant_sellers_only,
        deliver_from=event.deliver_from,
        deliver_until=event.deliver_until,
    )


def _first(event: LotNews | DemandNews) -> dict[str, Any]:
    return {
        "id": event.id,
        "terms_seen": event.version,
        "quantity_seen": event.version,
        "terms_version": event.terms_version,
        "status": event.status,
        "place": place_of(event),
        "available_kg": event.available_kg,
        "vat_bp": event.vat_bp,
        "min_take_kg": event.min_take_kg,
        "auto_accept": event.auto_accept,
    }


@dataclass(kw_only=True)
class RefusedPair:
    """A lot and a demand whose proposal was rejected, expired, cancelled or refused at the gate: not proposed again until the
    terms of one of them change."""

    id: str
    version: int = 1
    lot_id: str
    demand_id: str
    lot_terms_version: int
    demand_terms_version: int

    def holds(self, lot: BookEntry, demand: BookEntry) -> bool:
        """Whether both sides' terms are still those of the refusal."""
        return self.lot_terms_version >= lot.terms_version and self.demand_terms_version >= demand.terms_version


@dataclass(kw_only=True)
class Proposal:
    """One match on its way to a trade. The terms are frozen; `version` moves with every change and orders its events."""

    id: str
    version: int = 1
    clearing_id: str
    terms: Terms
    lot_terms_version: int
    demand_terms_version: int
    surplus_fen: int
    seller_gain_fen: int
    buyer_gain_fen: int
    seller_auto: bool
    buyer_auto: bool
    created_at: datetime
    updated_at: datetime
    status: Status = "made"
    seller_accepted_at: datetime | None = None
    buyer_accepted_at: datetime | None = None
    expires_at: datetime | None = None
    reason: str | None = None

    def made(self) -> list[Event]:
        """What is said of a new proposal."""
        return [self._event(ProposalMade)]

    def side_of(self, organisation_id: str) -> Side | None:
        """Which side an organisation is."""
        if organisation_id == self.terms.seller_id:
            return "seller"
        return "buyer" if organisation_id == self.terms.buyer_id else None

    def reserved(self, at: datetime, ttl: timedelta) -> list[Event]:
        """Listings reserved its tonnes: it is visible, its time runs, and sides that accept by themselves do. Nothing for one
        that is off already: its ending is on the way to listings, which gives the tonnes back."""
        if self.status != "made":
            return []
        self.status, self.expires_at = "proposed", at + ttl
        self._move(at)
        auto: tuple[tuple[Side, bool], ...] = (("seller", self.seller_auto), ("buyer", self.buyer_auto))
        return [event for side, accepts in auto if accepts for event in self.accept(side, at)]

    def refused(self, reason: str, now: datetime) -> list[Event]:
        """Listings reserved nothing: it vanishes."""
        if self.status == "made":
            self.status, self.reason = "refused", reason
            self._move(now)
        return []

    def accept(self, side: Side, now: datetime) -> list[Event]:
        """One side accepts; the second makes it agreed. Raises WrongState where it is not open or that side has accepted."""
        self._must_be_open(now)
        if (self.seller_accepted_at if side == "seller" else self.buyer_accepted_at) is not None:
            raise WrongState(zh="您已确认该方案", en="You have accepted this proposal already")
        if side == "seller":
            self.seller_accepted_at = now
        else:
            self.buyer_accepted_at = now
        if self.seller_accepted_at and self.buyer_accepted_at:
            self.status = "agreed"
        self._move(now)
        return [self._event(ProposalAccepted)]

    def reject(self, side: Side, reason: str | None, now: datetime) -> list[Event]:
        """One side rejects, even after it accepted, while the other has not. Raises WrongState where it is not open."""
        self._must_be_open(now)
        self.status, self.reason = "rejected", reason or f"rejected-by-{side}"
        self._move(now)
        return [self._event(ProposalRejected)]

    def expire(self, now: datetime) -> list[Event]:
        """Its time is over; nothing where it is not, or where it was decided before."""
        if self.status != "proposed" or self.expires_at is None or now < self.expires_at:
            return []
        self.status, self.reason = "expired", "not accepted in time"
        self._move(now)
        return [self._event(ProposalExpired)]

    def withdraw(self, reason: str, now: datetime) -> list[Event]:
        """The lot, the demand or a compliance is gone; nothing where it is agreed or has ended."""
        if self.status not in ("made", "proposed"):
            return []
        self.status, self.reason = "withdrawn", reason
        self._move(now)
        return [self._event(ProposalWithdrawn)]

    def refused_pair(self) -> RefusedPair:
        """The pair as one not to be proposed again at these terms."""
        return RefusedPair(
            id=pair_id(self.terms.lot_id, self.terms.demand_id),
            lot_id=self.terms.lot_id,
            demand_id=self.terms.demand_id,
            lot_terms_version=self.lot_terms_version,
            demand_terms_version=self.demand_terms_version,
        )

    def _must_be_open(self, now: datetime) -> None:
        if self.status != "proposed":
            raise WrongState(
                zh=f"该方案{_STATUS_ZH[self.status]}, 不能再操作",
                en=f"This proposal is {self.status}; it can't be decided any more",
            )
        if self.expires_at is not None and now >= self.expires_at:
            raise WrongState(zh="该方案已过期", en="The time to decide on this proposal is over")

    def _move(self, now: datetime) -> None:
        self.version += 1
        self.updated_at = now

    def _event(self, kind: type[P]) -> P:
        if self.status == "refused":
            raise ValueError("a refused proposal is not spoken of")
        return kind(
            id=self.id,
            version=self.version,
            at=self.updated_at,
            terms=self.terms,
            clearing_id=self.clearing_id,
            lot_terms_version=self.lot_terms_version,
            demand_terms_version=self.demand_terms_version,
            surplus_fen=self.surplus_fen,
            seller_gain_fen=self.seller_gain_fen,
            buyer_gain_fen=self.buyer_gain_fen,
            seller_accepted_at=self.seller_accepted_at,
            buyer_accepted_at=self.buyer_accepted_at,
            expires_at=self.expires_at,
            status=self.status,
            reason=self.reason,
        )


def pair_id(lot_id: str, demand_id: str) -> str:
    """The id of a pair."""
    return f"{lot_id}:{demand_id}"
