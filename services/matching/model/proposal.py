"""A proposal's way: made → proposed (reserved by listings) → agreed, rejected, expired or withdrawn; or refused by listings,
and then nobody sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.events import Event
from shared.events.matching import (
    ProposalAccepted,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
    Terms,
)
from shared.problem import WrongState
from shared.units import div_half_up

Status = Literal["made", "refused", "proposed", "agreed", "rejected", "countered", "expired", "withdrawn"]
Side = Literal["seller", "buyer"]
HIDDEN: tuple[Status, ...] = ("made", "refused")
"""Listings has not reserved it: no party sees it."""


@dataclass
class RunnerUp:
    """What came second on one side when it was cleared; see `clearing.RunnerUp`."""

    lot_id: str
    demand_id: str
    mode: str
    distance_m: int
    freight_fen_per_t: int
    gain_fen_per_t: int
    lacked: str
    lacked_fen_per_t: int


@dataclass
class Proposal:
    """`terms` are frozen. `surplus_fen` = `seller_gain_fen` + `buyer_gain_fen`, totals. Auto-acceptance is frozen, too."""

    id: str
    version: int
    terms: Terms
    family: str
    clearing_id: str
    gain_fen_per_t: int
    lot_terms_version: int
    demand_terms_version: int
    surplus_fen: int
    seller_gain_fen: int
    buyer_gain_fen: int
    seller_auto_accepts: bool
    buyer_auto_accepts: bool
    created_at: datetime
    updated_at: datetime
    status: Status = "made"
    seller_accepted_at: datetime | None = None
    buyer_accepted_at: datetime | None = None
    expires_at: datetime | None = None
    reason: str | None = None
    undone: bool = False
    """Agreed, but its trade was cancelled: its tonnes count no longer."""
    runners_up: list[RunnerUp] = field(default_factory=list)

    @property
    def visible(self) -> bool:
        return self.status not in HIDDEN

    @property
    def ask_net_fen_per_t(self) -> int:
        """The seller's, as it stood when this was made."""
        return self.terms.price_fen_per_t - div_half_up(self.gain_fen_per_t, 2)

    @property
    def bid_net_fen_per_t(self) -> int:
        """The buyer's, delivered, as it stood when this was made."""
        return self.ask_net_fen_per_t + self.terms.freight_fen_per_t + self.gain_fen_per_t

    def made(self) -> list[Event]:
        return [ProposalMade(**self._state(self.created_at))]

    def reserved(self, at: datetime, lasts: timedelta, now: datetime) -> list[Event]:
        """Listings reserved it; it can be decided until `at` + `lasts`. Who accepts by itself does so now, unless the news
        came so late that the time is up."""
        if self.status != "made":
            return []
        self.status, self.expires_at = "proposed", at + lasts
        self._touch(now)
        events: list[Event] = []
        if now >= self.expires_at:
            return events
        if self.seller_auto_accepts:
            events += self.accept("seller", now)
        if self.buyer_auto_accepts:
            events += self.accept("buyer", now)
        return events

    def refused(self, reason: str, now: datetime) -> None:
        """Listings refused it; it vanishes."""
        if self.status == "made":
            self.status, self.reason = "refused", reason
            self._touch(now)

    def accept(self, side: Side, now: datetime) -> list[Event]:
        """Raises WrongState where it is decided, its time is up, or this side accepted before."""
        self._must_be_open(now)
        if (self.seller_accepted_at if side == "seller" else self.buyer_accepted_at) is not None:
            raise WrongState(zh="你方已接受, 正等待对方", en="Your side has accepted already; it waits for the other")
        if side == "seller":
            self.seller_accepted_at = now
        else:
            self.buyer_accepted_at = now
        if self.seller_accepted_at and self.buyer_accepted_at:
            self.status = "agreed"
        self._touch(now)
        return [ProposalAccepted(**self._state(now))]

    def reject(self, side: Side, reason: str | None, now: datetime) -> list[Event]:
        """Raises WrongState where it is decided or its time is up."""
        self._must_be_open(now)
        self.status, self.reason = "rejected", reason or f"rejected by the {side}"
        self._touch(now)
        return [ProposalRejected(**self._state(now))]

    def expire(self, now: datetime) -> list[Event]:
        """Time is up; nothing where it was decided before."""
        if self.status != "proposed" or self.expires_at is None or now < self.expires_at:
            return []
        self.status = "expired"
        self._touch(now)
        return [ProposalExpired(**self._state(now))]

    def withdraw(self, reason: str, now: datetime) -> list[Event]:
        """The lot, the demand or a compliance is gone; nothing where it was decided before."""
        if self.status != "proposed":
            return []
        self.status, self.reason = "withdrawn", reason
        self._touch(now)
        return [ProposalWithdrawn(**self._state(now))]

    def _must_be_open(self, now: datetime) -> None:
        if self.status != "proposed":
            raise WrongState(zh=f"该方案已是 {self.status} 状态", en=f"This proposal is {self.status}")
        if self.expires_at is not None and now >= self.expires_at:
            raise WrongState(zh="该方案已过期", en="The time to decide on this proposal is up")

    def _touch(self, now: datetime) -> None:
        self.version, self.updated_at = self.version + 1, now

    def _state(self, at: datetime) -> dict[str, Any]:
        names = (
            "id",
            "version",
            "terms",
            "clearing_id",
            "lot_terms_version",
            "demand_terms_version",
            "surplus_fen",
            "seller_gain_fen",
            "buyer_gain_fen",
            "seller_accepted_at",
            "buyer_accepted_at",
            "expires_at",
            "status",
            "reason",
        )
        return {"at": at, **{name: getattr(self, name) for name in names}}
