"""A proposal's way: made → proposed (reserved by listings) → agreed, rejected, expired or withdrawn; or refused by listings,
and then nobody sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.matching.model.book import BookDemand, BookLot
from shared.catalogue.freight import FreightOption
from shared.events import Event
from shared.events.matching import (
    ProposalAccepted,
    ProposalCountered,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
    Terms,
)
from shared.problem import InputIsInvalid, WrongState
from shared.units import div_half_up

Status = Literal["made", "refused", "proposed", "agreed", "rejected", "countered", "expired", "withdrawn"]
STATES_ZH: Mapping[Status, str] = {
    "agreed": "已成交",
    "rejected": "已拒绝",
    "countered": "已还价",
    "expired": "已过期",
    "withdrawn": "已失效",
}
"""How a refusal names those that a party sees decided."""
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
class Offer:
    """One round: who offered what. The first is the clearing's. Prices net of VAT, to the seller."""

    proposal_id: str
    by: Literal["clearing", "seller", "buyer"]
    kg: int
    price_fen_per_t: int
    at: datetime


MOST_ROUNDS = 10
"""More is a telephone call."""


@dataclass
class Proposal:
    """`terms` are frozen. `surplus_fen` = `seller_gain_fen` + `buyer_gain_fen`, totals. Auto-acceptance is frozen, too.
    `offers` are the rounds up to this one; a counter-offer `replaces` the proposal before it, which then names it as
    `next_id`. It comes from one of a clearing, a tender, an agreement; the other two are empty."""

    id: str
    version: int
    terms: Terms
    family: str
    clearing_id: str
    ask_net_fen_per_t: int
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
    offers: list[Offer] = field(default_factory=list)
    replaces: str | None = None
    next_id: str | None = None
    tender_id: str | None = None
    agreement_id: str | None = None

    @classmethod
    def between(
        cls,
        identifier: str,
        lot: BookLot,
        demand: BookDemand,
        kg: int,
        price_fen_per_t: int,
        way: FreightOption,
        by: Literal["clearing", "seller", "buyer"],
        now: datetime,
        *,
        clearing_id: str = "",
        tender_id: str | None = None,
        agreement_id: str | None = None,
        runners_up: Sequence[RunnerUp] = (),
    ) -> Proposal:
        """`kg` of a lot to a demand at a price to the seller, net. The gain is what lot and demand ask and bid makes of it, in
        whatever way the price was found; beyond a clearing it may be negative."""
        gain = demand.net_fen_per_t - lot.net_fen_per_t - way.freight_fen_per_t
        surplus = div_half_up(gain * kg, 1000)
        seller_gain = div_half_up((price_fen_per_t - lot.net_fen_per_t) * kg, 1000)
        committed = tender_id is not None or agreement_id is not None
        return cls(
            id=identifier,
            version=1,
            terms=_terms(lot, demand, kg, price_fen_per_t, way),
            family=lot.family,
            clearing_id=clearing_id,
            ask_net_fen_per_t=lot.net_fen_per_t,
            gain_fen_per_t=gain,
            lot_terms_version=lot.terms_version,
            demand_terms_version=demand.terms_version,
            surplus_fen=surplus,
            seller_gain_fen=seller_gain,
            buyer_gain_fen=surplus - seller_gain,
            seller_auto_accepts=committed or lot.auto_accept,
            buyer_auto_accepts=committed or demand.auto_accept,
            created_at=now,
            updated_at=now,
            runners_up=list(runners_up),
            offers=[Offer(identifier, by, kg, price_fen_per_t, now)],
            tender_id=tender_id,
            agreement_id=agreement_id,
        )

    @property
    def visible(self) -> bool:
        return self.status not in HIDDEN

    @property
    def committed(self) -> bool:
        """Whether both sides bound themselves before it was made: once reserved there is nothing left to decide."""
        return self.tender_id is not None or self.agreement_id is not None

    @property
    def bid_net_fen_per_t(self) -> int:
        """The buyer's, delivered, as it stood when this was made."""
        return self.ask_net_fen_per_t + self.terms.freight_fen_per_t + self.gain_fen_per_t

    def made(self) -> list[Event]:
        return [ProposalMade(**self._state(self.created_at), replaces=self.replaces)]

    def reserved(self, at: datetime, lasts: timedelta, now: datetime) -> list[Event]:
        """Listings reserved it; it can be decided until `at` + `lasts`. Who accepts by itself does so now, unless the news
        came so late that the time is up; a commitment does not lapse."""
        if self.status != "made":
            return []
        self.status, self.expires_at = "proposed", None if self.committed else at + lasts
        self._touch(now)
        events: list[Event] = []
        if self.expires_at is not None and now >= self.expires_at:
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
            raise WrongState(zh="你方已接受，等对方答复", en="Your side has accepted already; it waits for the other")
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

    def counter(
        self, side: Side, identifier: str, kg: int | None, price_fen_per_t: int | None, now: datetime
    ) -> tuple[Proposal, list[Event]]:
        """Another quantity or price, with this side's acceptance; the other decides once listings has moved the tonnes.

        Raises WrongState where it is decided, its time is up, this side accepted, or there were too many rounds; InputIsInvalid
        where nothing is changed."""
        self._must_be_open(now)
        if (self.seller_accepted_at if side == "seller" else self.buyer_accepted_at) is not None:
            raise WrongState(zh="你方已接受，不能再还价", en="Your side has accepted; it can't offer something else now")
        if len(self.offers) >= MOST_ROUNDS:
            raise WrongState(zh=f"最多 {MOST_ROUNDS} 轮还价", en=f"There are at most {MOST_ROUNDS} rounds; accept or reject")
        changed = {"kg": kg, "price_fen_per_t": price_fen_per_t}
        terms = self.terms.model_copy(update={name: value for name, value in changed.items() if value is not None})
        if terms == self.terms:
            raise InputIsInvalid([("", "还价须改变价格或数量", "A counter-offer changes the price or the quantity")])
        surplus = div_half_up(self.gain_fen_per_t * terms.kg, 1000)
        seller_gain = div_half_up((terms.price_fen_per_t - self.ask_net_fen_per_t) * terms.kg, 1000)
        made = replace(
            self,
            id=identifier,
            version=1,
            terms=terms,
            surplus_fen=surplus,
            seller_gain_fen=seller_gain,
            buyer_gain_fen=surplus - seller_gain,
            seller_auto_accepts=side == "seller",
            buyer_auto_accepts=side == "buyer",
            created_at=now,
            updated_at=now,
            status="made",
            seller_accepted_at=None,
            buyer_accepted_at=None,
            expires_at=None,
            reason=None,
            offers=[*self.offers, Offer(identifier, side, terms.kg, terms.price_fen_per_t, now)],
            replaces=self.id,
        )
        self.status, self.next_id = "countered", identifier
        self._touch(now)
        return made, [ProposalCountered(**self._state(now), next_id=identifier), *made.made()]

    def counter_failed(self, reason: str, now: datetime) -> None:
        """Listings could not reserve what was offered instead; it stays ended, and says why."""
        self.reason = f"counter-offer refused: {reason}"
        self._touch(now)

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
            raise WrongState(zh=f"这个方案{STATES_ZH.get(self.status, '状态已变')}", en=f"This proposal is {self.status}")
        if self.expires_at is not None and now >= self.expires_at:
            raise WrongState(zh="这个方案已过期", en="The time to decide on this proposal is up")

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
            "tender_id",
            "agreement_id",
        )
        return {"at": at, **{name: getattr(self, name) for name in names}}


def _terms(lot: BookLot, demand: BookDemand, kg: int, price_fen_per_t: int, way: FreightOption) -> Terms:
    return Terms(
        lot_id=lot.id,
        demand_id=demand.id,
        seller_id=lot.organisation_id,
        buyer_id=demand.organisation_id,
        grade=lot.grade,
        kg=kg,
        price_fen_per_t=price_fen_per_t,
        freight_fen_per_t=way.freight_fen_per_t,
        vat_bp=lot.vat_bp,
        mode=way.mode,
        distance_m=way.distance_m,
        hours=way.hours,
        co2e_g_per_t=way.co2e_g_per_t,
        origin=lot.place,
        destination=demand.place,
        quality=lot.quality,
        basis=demand.basis,
    )
