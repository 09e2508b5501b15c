"""The book: what matching has heard of lots and demands. It may be stale; listings has the last word.

A state event and the quantity events of the same lot come by different partitions in any order, so terms and quantities
each keep the version they are from, and an older event changes neither (`protocol.md` 4).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.catalogue import family_of
from shared.events.base import Point
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
from shared.events.matching import Place
from shared.geo import contains
from shared.units import t_text

LotEvent = LotPublished | LotChanged | LotWithdrawn | LotExpired | LotClosed
DemandEvent = DemandPosted | DemandChanged | DemandClosed | DemandExpired


@dataclass
class _Entry:
    """What lots and demands have in common. `heard` is False while only quantities were heard of, not the terms.
    `promised_kg`: reserved or sold."""

    id: str
    version: int = 0
    quantity_version: int = 0
    heard: bool = False
    open: bool = False
    family: str = ""
    terms_version: int = 0
    organisation_id: str = ""
    site_id: str = ""
    region: str = ""
    position: Point = field(default_factory=lambda: Point(lat=0, lon=0))
    available_kg: int = 0
    net_fen_per_t: int = 0
    vat_bp: int = 0
    min_take_kg: int = 0
    auto_accept: bool = False
    promised_kg: int = 0

    @property
    def place(self) -> Place:
        return Place(site_id=self.site_id, region=self.region, position=self.position)

    def misfit(self, kg: int, most: int) -> tuple[str, str] | None:
        """Why `kg` can't be taken of it where `most` could be, in both languages."""
        if kg > most:
            return f"最多 {t_text(most)} 吨", f"At most {t_text(most)} t can be had"
        if kg < min(self.min_take_kg, most):
            return f"低于最小提货量 {t_text(self.min_take_kg)} 吨", f"A take is {t_text(self.min_take_kg)} t at least"
        return None

    def weigh(self, balance: Balance) -> bool:
        """Take a newer balance; True where more is available than was."""
        if balance.version <= self.quantity_version:
            return False
        more = balance.available_kg > self.available_kg
        self._count(balance)
        if balance.version > self.version:
            self.open = balance.status == "open"
        return more

    def _count(self, said: Balance | LotEvent | DemandEvent) -> None:
        self.quantity_version, self.available_kg = said.version, said.available_kg
        self.promised_kg = said.reserved_kg + said.consumed_kg

    def _hear(self, event: LotEvent | DemandEvent) -> bool:
        if event.version > self.quantity_version:
            self._count(event)
        if event.version <= self.version:
            return False
        self.version, self.heard, self.terms_version = event.version, True, event.terms_version
        self.open = event.status == "open"
        self.site_id, self.region, self.position = event.site_id, event.region, event.position
        self.vat_bp, self.min_take_kg, self.auto_accept = event.vat_bp, event.min_take_kg, event.auto_accept
        return True


@dataclass
class BookLot(_Entry):
    """`came_at`, `quantity_kg`: when it was listed, and how much of it. `tender_id`: the tender that it is under, and then no
    clearing touches it."""

    grade: str = ""
    quality: dict[str, float] = field(default_factory=dict)
    divisible: bool = True
    available_from: datetime | None = None
    available_until: datetime | None = None
    came_at: datetime | None = None
    quantity_kg: int = 0
    tender_id: str | None = None
    stock: str | None = None

    def misfit(self, kg: int, most: int) -> tuple[str, str] | None:
        if not self.divisible and kg != most:
            return "这批货只整批卖", "This lot is sold whole"
        return super().misfit(kg, most)

    def all_held(self) -> tuple[str, str]:
        """Why nothing of it can be had, in both languages. The book has tonnes of a proposal not yet reserved as available."""
        held = t_text(self.promised_kg + self.available_kg)
        zh = f"已无可用数量：{held} 吨已锁定或售出；匹配方案不成，锁定的才会放出"
        return (
            zh,
            f"Nothing of it is available: {held} t are in proposals or sold; what a proposal holds is free when it ends",
        )

    def hear(self, event: LotEvent) -> bool:
        """Take a newer state; False where it is older than what is known."""
        if not self._hear(event):
            return False
        self.grade, self.family, self.organisation_id = event.grade, family_of(event.grade), event.seller_id
        self.net_fen_per_t, self.quality, self.divisible = event.ask_net_fen_per_t, dict(event.quality), event.divisible
        self.available_from, self.available_until = event.available_from, event.available_until
        self.stock = event.stock
        self.came_at, self.quantity_kg = event.published_at or self.came_at or event.at, event.quantity_kg
        return True


@dataclass
class BookDemand(_Entry):
    grades: list[str] = field(default_factory=list)
    quality_limits: dict[str, dict[str, float]] = field(default_factory=dict)
    blend_limits: dict[str, dict[str, float]] = field(default_factory=dict)
    basis: dict[str, float] = field(default_factory=dict)
    compliant_sellers_only: bool = False
    deliver_from: datetime | None = None
    deliver_until: datetime | None = None

    def hear(self, event: DemandEvent) -> bool:
        """Take a newer state; False where it is older than what is known."""
        if not self._hear(event):
            return False
        self.grades, self.family = list(event.grades), family_of(event.grades[0])
        self.organisation_id, self.net_fen_per_t = event.buyer_id, event.bid_net_fen_per_t
        self.quality_limits, self.blend_limits = _plain(event.quality_limits), _plain(event.blend_limits)
        self.basis = dict(event.basis)
        self.compliant_sellers_only = event.compliant_sellers_only
        self.deliver_from, self.deliver_until = event.deliver_from, event.deliver_until
        return True


def _plain(limits: Limits) -> dict[str, dict[str, float]]:
    return {attribute: {str(end): value for end, value in bounds.items()} for attribute, bounds in limits.items()}


def pair_id(lot_id: str, demand_id: str) -> str:
    return f"{lot_id}:{demand_id}"


@dataclass
class RefusedPair:
    """A pair not to be proposed again until a side's terms change: rejected, expired, cancelled or refused at the gate."""

    id: str
    lot_id: str
    demand_id: str
    lot_terms_version: int
    demand_terms_version: int


@dataclass
class Block:
    """Whether an organisation trades with another one, as last heard. `id` is listings'."""

    id: str
    version: int
    organisation_id: str
    counterparty_id: str
    blocked: bool


@dataclass
class Allowance:
    """What a producer may promise of its new output of a grade in a region that is listed from `start` to `end` (以渣定产), as
    regions last said. What of it is promised already this room knows first: it made the proposals."""

    id: str
    version: int
    organisation_id: str
    region: str
    grade: str
    start: datetime
    end: datetime
    allowed_kg: int
    standing: bool

    def covers(self, lot: BookLot) -> bool:
        """A lot that does not say whether it is from stock counts as new."""
        return (
            (lot.organisation_id, lot.grade) == (self.organisation_id, self.grade)
            and lot.stock != "stock"
            and lot.came_at is not None
            and self.start <= lot.came_at < self.end
            and contains(self.region, lot.region)
        )


@dataclass
class Material:
    """One family's turn to be cleared. `changes` counts what may make a new match, `cleared` how far the last clearing read;
    the lease keeps two workers from clearing it at once, and its `fence` is checked in the writing transaction. `arrived`: lots
    and demands that accept by themselves and wait to be looked at online, at the prices of the clearing `last_id`.
    `reprice_at`: when what its demands keep is to be priced anew, whatever changed; None where nothing is kept."""

    id: str
    changes: int = 0
    cleared: int = 0
    fence: int = 0
    owner: str = ""
    until: datetime | None = None
    cleared_at: datetime | None = None
    arrived: list[str] = field(default_factory=list)
    last_id: str = ""
    reprice_at: datetime | None = None

    def due(self, now: datetime, interval: timedelta) -> bool:
        """Whether something changed since its last clearing, or prices are old, and that began `interval` ago or longer."""
        old = self.reprice_at is not None and now >= self.reprice_at
        return (self.changes > self.cleared or old) and (self.cleared_at is None or now - self.cleared_at >= interval)

    def take(self, owner: str, now: datetime, lease: timedelta) -> bool:
        """Take the lease; False where another worker holds it."""
        if self.until is not None and self.until > now and self.owner != owner:
            return False
        self.owner, self.until, self.fence = owner, now + lease, self.fence + 1
        return True

    def interrupt(self) -> None:
        """A clearing in progress writes nothing: what it read has been taken from under it."""
        self.fence, self.until = self.fence + 1, None

    def seen(self, ids: Container[str]) -> None:
        """What arrived was looked at; the lease is free."""
        self.arrived, self.until = [one for one in self.arrived if one not in ids], None


@dataclass
class Reserves:
    """What lots must gain more than to get room at a family's demands that accept by themselves: fen per tonne by demand, as
    priced at `at`. The id is the family's."""

    id: str
    at: datetime
    fen_per_t: dict[str, int]
