"""What lots and demands have in common: states, versions, and the ledger of their kilograms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared import catalogue
from shared.auth import Relation
from shared.events.base import Point
from shared.events.listings import Balance
from shared.geo import Position
from shared.problem import InputIsInvalid, WrongState
from shared.units import t_text

Status = Literal["draft", "open", "closed"]
STATUSES_ZH: Mapping[Status, str] = {"draft": "草稿", "open": "挂牌中", "closed": "已结束"}
"""How a refusal names them."""


class QuantitiesAreWrong(Exception):
    """A movement that would make or lose a kilogram; it is never saved."""


@dataclass(frozen=True)
class Place:
    """A site as a listing keeps it: where the goods lie or go."""

    site_id: str
    region: str
    position: Position


@dataclass(kw_only=True)
class Listing(ABC):
    """available + reserved + consumed + unsold = quantity, always. `version` counts every change, `terms_version` those of
    the terms alone. While it is not closed nothing of it is unsold."""

    id: str
    version: int = 1
    terms_version: int = 1
    status: Status = "draft"
    closed_reason: str | None = None
    site_id: str
    region: str
    position: Position
    quantity_kg: int
    available_kg: int
    reserved_kg: int = 0
    consumed_kg: int = 0
    unsold_kg: int = 0
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    catalogue_edition: str | None = None
    """That of the catalogue it was listed under; None before there were editions."""
    warned_until: datetime | None = None
    """The end of its window that its owner was warned of."""
    copied_from: str | None = None
    """The lot or demand that it is a copy of."""
    period: str | None = None
    """Which day's copy of `copied_from` it is, where a recurrence made it."""

    @property
    @abstractmethod
    def owner_id(self) -> str:
        """The organisation it belongs to."""

    @property
    @abstractmethod
    def begin(self) -> datetime:
        """The beginning of its window."""

    @property
    @abstractmethod
    def until(self) -> datetime:
        """The end of its window."""

    def relations(self, organisation_id: str, trades: bool = False) -> set[Relation]:
        """What an organisation is to it; `trades` says that it has an agreed trade of it."""
        if self.owner_id == organisation_id:
            return {"own"}
        return {"visible"} if self.status == "open" or trades else set()

    @property
    def place(self) -> Place:
        return Place(self.site_id, self.region, self.position)

    @property
    def promised_kg(self) -> int:
        """What can't be edited away: proposed, agreed, in transit or consumed."""
        return self.reserved_kg + self.consumed_kg

    @property
    def used_up(self) -> bool:
        """Nothing is left to offer or to wait for, and something of it was traded."""
        return self.status == "open" and self.available_kg == 0 and self.reserved_kg == 0 and self.consumed_kg > 0

    def balance(self) -> Balance:
        return Balance(
            id=self.id,
            version=self.version,
            status=self.status,
            quantity_kg=self.quantity_kg,
            available_kg=self.available_kg,
            reserved_kg=self.reserved_kg,
            consumed_kg=self.consumed_kg,
            unsold_kg=self.unsold_kg,
        )

    def reserve(self, kg: int, now: datetime) -> None:
        self.available_kg -= kg
        self.reserved_kg += kg
        self.touch(now)

    def take_back(self, kg: int, now: datetime) -> None:
        """Reserved tonnes come back: on offer while it is open, else unsold."""
        self.reserved_kg -= kg
        if self.status == "open":
            self.available_kg += kg
        else:
            self.unsold_kg += kg
        self.touch(now)

    def use(self, kg: int, now: datetime) -> None:
        """Reserved tonnes are consumed by a received load."""
        self.reserved_kg -= kg
        self.consumed_kg += kg
        self.touch(now)

    def open_up(self, now: datetime) -> None:
        """A draft is on the market, under today's catalogue."""
        self.status, self.published_at, self.catalogue_edition = "open", now, catalogue.edition()
        self.touch(now)

    def is_to_warn(self, before: timedelta) -> bool:
        """Notes that its end has come near; returns whether its owner is to be told, who knows of an end that was as near when
        it was published. Nothing that a reader sees changes."""
        self.warned_until = self.until
        return self.published_at is not None and self.published_at + before < self.until

    def close_for(self, reason: str, now: datetime) -> int:
        """Close; what is available becomes unsold, what is reserved waits for its outcome. Returns the kilograms moved."""
        moved = self.available_kg
        self.available_kg = 0
        self.unsold_kg += moved
        self.status, self.closed_reason = "closed", reason
        self.touch(now)
        return moved

    def resize(self, quantity_kg: int) -> None:
        """Raises WrongState where less would be left than is promised."""
        if quantity_kg < self.promised_kg:
            raise WrongState(
                zh=f"已有 {t_text(self.promised_kg)} 吨已锁定或成交，数量不能低于此",
                en=f"{t_text(self.promised_kg)} t are reserved or traded; the quantity can't go below that",
            )
        self.quantity_kg = quantity_kg
        self.available_kg = quantity_kg - self.promised_kg

    def touch(self, now: datetime) -> None:
        """The next version. Raises QuantitiesAreWrong before a wrong one could be saved."""
        self.version += 1
        self.updated_at = now
        self.check()

    def check(self) -> None:
        parts = (self.available_kg, self.reserved_kg, self.consumed_kg, self.unsold_kg)
        if min(parts) < 0 or sum(parts) != self.quantity_kg:
            raise QuantitiesAreWrong(f"{self.id}: {parts} of {self.quantity_kg} kg")
        if self.status != "closed" and self.unsold_kg:
            raise QuantitiesAreWrong(f"{self.id}: {self.unsold_kg} kg are unsold while it is {self.status}")

    def short_of(self, kg: int, min_take_kg: int) -> str | None:
        """Why `kg` can't be taken of what is available; the minimum holds unless the remainder itself is smaller."""
        if not 0 < kg <= self.available_kg:
            return "not-enough"
        return "min-take" if kg < min(min_take_kg, self.available_kg) else None

    def must_be(self, status: Status) -> None:
        """Raises WrongState."""
        if self.status != status:
            raise WrongState(
                zh=f"现在是「{STATUSES_ZH[self.status]}」，这一步只能在「{STATUSES_ZH[status]}」时做",
                en=f"It is {self.status}; this needs it to be {status}",
            )

    def must_not_be_closed(self) -> None:
        """Raises WrongState."""
        if self.status == "closed":
            self.must_be("open")

    def must_not_move(self, what: str, same: bool) -> None:
        """Raises WrongState where an open listing's `what` would change: the ledger and the proposals count on it."""
        if not same:
            raise WrongState(zh=f"挂牌后不能修改 {what}，请撤牌后重新发布", en=f"{what} is fixed once it is open; list it anew")

    def _state(self) -> dict[str, Any]:
        """The fields of every lot and demand event that are not its terms."""
        return {
            "id": self.id,
            "version": self.version,
            "at": self.updated_at,
            "terms_version": self.terms_version,
            "status": self.status,
            "closed_reason": self.closed_reason,
            "site_id": self.site_id,
            "region": self.region,
            "position": Point(lat=self.position.lat, lon=self.position.lon),
            "quantity_kg": self.quantity_kg,
            "available_kg": self.available_kg,
            "reserved_kg": self.reserved_kg,
            "consumed_kg": self.consumed_kg,
            "unsold_kg": self.unsold_kg,
            "published_at": self.published_at,
            "catalogue_edition": self.catalogue_edition,
        }


def must_not_be_over(until: datetime, now: datetime, pointer: str) -> None:
    """Raises InputIsInvalid where the window has ended."""
    if until <= now:
        raise InputIsInvalid([(pointer, "截止时间已过", "This window is already over")])


def must_be_a_window(begin: datetime, end: datetime, pointer: str) -> None:
    """Raises InputIsInvalid where the window ends before it begins."""
    if end <= begin:
        raise InputIsInvalid([(pointer, "截止时间应晚于开始时间", "The window must end after it begins")])
