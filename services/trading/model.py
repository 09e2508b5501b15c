"""A trade's rules: the way from agreed to settled, cancellation, disputes. Methods return the events they caused.

Loads' events come from several partitions in any order: a trade collects what became of each load and decides once it
knows of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.events import Event
from shared.events.logistics import ShipmentCorrected, ShipmentReceived, ShipmentReturned
from shared.events.matching import Terms
from shared.events.trading import (
    TradeAgreed,
    TradeCancelled,
    TradeCancelRequested,
    TradeDelivered,
    TradeDisputed,
    TradePaid,
    TradePaymentWithdrawn,
    TradeSettled,
)
from shared.problem import WrongState

Status = Literal["agreed", "in_delivery", "delivered", "settled", "cancelled"]
ALL_RETURNED = "all-loads-refused"


@dataclass(frozen=True)
class Load:
    """What became of one load. Kilograms; the inspection's figures are absent where it did not name them."""

    shipment_id: str
    outcome: Literal["received", "returned"]
    ended_at: datetime
    """When logistics recorded it."""
    planned_kg: int
    net_kg: int = 0
    settled_kg: int = 0
    ticket: str | None = None
    moisture_pct: float | None = None
    impurity_pct: float | None = None
    version: int = 0
    """The load's own, of the event that said so."""


@dataclass(frozen=True)
class Totals:
    """A settlement's figures: kilograms, and fen rounded once per trade."""

    net_kg: int
    settled_kg: int
    deducted_kg: int
    amount_fen: int
    vat_fen: int
    freight_fen: int


@dataclass(frozen=True)
class Dispute:
    """One party's objection; `held_fen` of the amount waits for it."""

    by: str
    reason: str
    held_fen: int
    at: datetime


@dataclass
class Trade:
    """`version` moves with every change and orders the trade's events."""

    id: str
    version: int
    proposal_id: str
    terms: Terms
    status: Status
    created_at: datetime
    updated_at: datetime
    load_count: int | None = None
    """How many loads logistics planned; None before it said so."""
    loaded: bool = False
    """Whether a load was ever loaded."""
    loads: list[Load] = field(default_factory=list)
    totals: Totals | None = None
    disputes: list[Dispute] = field(default_factory=list)
    delivered_at: datetime | None = None
    settled_at: datetime | None = None
    dispute_until: datetime | None = None
    due_at: datetime | None = None
    paid_at: datetime | None = None
    """When the seller confirmed the money of the statement that stands."""
    cancel_requested_at: datetime | None = None
    cancel_requested_by: str | None = None
    cancel_reason: str | None = None
    cancel_answered: bool = False
    """Whether the one who asked was told that it is cancelled."""
    kept_reason: str | None = None
    """Why logistics kept the haulage when asked to cancel."""

    @property
    def held_fen(self) -> int:
        """What all disputes hold together, at most the whole amount."""
        held = sum(one.held_fen for one in self.disputes)
        return min(held, self.totals.amount_fen) if self.totals else held

    @property
    def received(self) -> list[Load]:
        return [load for load in self.loads if load.outcome == "received"]

    @property
    def complete(self) -> bool:
        """Whether every load is received or returned."""
        return self.load_count is not None and len(self.loads) >= self.load_count

    def _moved(self, now: datetime) -> dict[str, Any]:
        """One more version, and what every event of it carries."""
        self.version += 1
        self.updated_at = now
        return {
            "id": self.id,
            "version": self.version,
            "at": now,
            "proposal_id": self.proposal_id,
            "terms": self.terms,
            "status": self.status,
        }

    def planned(self, loads: int, now: datetime) -> None:
        """Logistics planned `loads` loads."""
        if self.load_count is None:
            self.load_count = loads
            self._moved(now)

    def load_left(self, now: datetime) -> None:
        """A load is loaded: the trade is in delivery, unless later news came first."""
        if self.loaded:
            return
        self.loaded = True
        if self.status == "agreed":
            self.status = "in_delivery"
        self._moved(now)

    def load_ended(self, event: ShipmentReceived | ShipmentReturned, now: datetime) -> None:
        """Keep what became of one load; twice is once."""
        if any(load.shipment_id == event.id for load in self.loads):
            return
        self.loads.append(load_of(event))
        self.loads.sort(key=lambda load: load.shipment_id)
        self.load_left(now)
        self._moved(now)

    def load_corrected(self, event: ShipmentCorrected, now: datetime) -> bool:
        """The ticket or inspection of a load was put right: its newest version counts. Whether anything is new."""
        known = next((load for load in self.loads if load.shipment_id == event.id), None)
        if known is not None and known.version >= event.version:
            return False
        ended_at = known.ended_at if known is not None else event.recorded_at
        others = [load for load in self.loads if load.shipment_id != event.id]
        self.loads = sorted([*others, _received(event, ended_at)], key=lambda load: load.shipment_id)
        self._moved(now)
        return True

    def restate(self, totals: Totals, dispute_window: timedelta, payment_term: timedelta, now: datetime) -> list[Event]:
        """Reckon a settled trade's statement anew: it can be disputed, and is due, from now."""
        if self.status != "settled" or totals == self.totals:
            return []
        self.dispute_until = now + dispute_window
        return [self._settle(totals, payment_term, now)]

    def _settle(self, totals: Totals, payment_term: timedelta, now: datetime) -> Event:
        self.status, self.totals = "settled", totals
        self.settled_at, self.due_at, self.paid_at = now, now + payment_term, None
        figures = {name: getattr(totals, name) for name in Totals.__dataclass_fields__}
        return TradeSettled(**self._moved(now), **figures)

    def close(self, totals: Totals, dispute_window: timedelta, payment_term: timedelta, now: datetime) -> list[Event]:
        """Every load has ended: deliver and settle at once, or cancel where none was received."""
        if not self.complete or self.status in ("delivered", "settled", "cancelled"):
            return []
        if not self.received:
            return self._cancel(ALL_RETURNED, 0, now)
        self.status = "delivered"
        self.delivered_at = max(load.ended_at for load in self.loads)
        self.dispute_until = self.delivered_at + dispute_window
        delivered = TradeDelivered(**self._moved(now))
        return [delivered, self._settle(totals, payment_term, now)]

    def request_cancel(self, by: str, reason: str | None, now: datetime) -> list[Event]:
        """A party wants out. Logistics decides; asking again while it does changes nothing.

        Raises WrongState where it is known that a load is loaded or the trade has ended.
        """
        if self.status == "cancelled" and self.cancel_requested_by == by and not self.cancel_answered:
            return []
        self._must_be_cancellable()
        if self.cancel_requested_at is not None:
            return []
        self.cancel_requested_at, self.cancel_requested_by, self.cancel_reason = now, by, reason
        return [TradeCancelRequested(**self._moved(now), by=by)]

    def cancel_decided(self, now: datetime) -> bool:
        """Whether logistics has agreed to the cancellation; noted as told. Raises WrongState where it refused."""
        if self.status != "cancelled":
            self._must_be_cancellable()
            return False
        if not self.cancel_answered:
            self.cancel_answered = True
            self._moved(now)
        return True

    def _must_be_cancellable(self) -> None:
        if self.status != "agreed" or self.loaded or self.kept_reason is not None:
            raise WrongState(
                zh="已有运单装车或交易已结束，不能取消",
                en="A load is loaded or the trade has ended: it can't be cancelled any more",
            )

    def haulage_cancelled(self, now: datetime) -> list[Event]:
        """Logistics took every load back before loading."""
        if self.status == "cancelled":
            return []
        return self._cancel(self.cancel_reason or "cancelled-by-party", self.terms.kg, now)

    def haulage_kept(self, reason: str, now: datetime) -> None:
        """Logistics refused: the trade goes on."""
        if self.kept_reason is None:
            self.kept_reason = reason
            self._moved(now)

    def _cancel(self, reason: str, released_kg: int, now: datetime) -> list[Event]:
        self.status, self.cancel_reason = "cancelled", reason
        return [TradeCancelled(**self._moved(now), reason=reason, released_kg=released_kg)]

    def dispute(self, by: str, reason: str, held_fen: int | None, now: datetime) -> list[Event]:
        """A party objects to `held_fen` of the amount, by default to all of it. Raises WrongState."""
        if self.totals is None or self.dispute_until is None:
            raise WrongState(zh="交易尚未交付，还不能提出异议", en="A dispute is possible once the trade is delivered")
        if now >= self.dispute_until:
            raise WrongState(zh="异议期已过", en="The time for a dispute is over")
        if any(one.by == by for one in self.disputes):
            raise WrongState(zh="你方已对这笔交易提出异议", en="Your side has already disputed this trade")
        held = self.totals.amount_fen if held_fen is None else held_fen
        self.disputes.append(Dispute(by, reason, held, now))
        return [TradeDisputed(**self._moved(now), by=by, reason=reason, held_fen=self.held_fen)]

    def paid(self, now: datetime) -> list[Event]:
        """The seller has the money; saying so twice is once. Raises WrongState before there is a statement."""
        if self.status != "settled":
            raise WrongState(zh="交易尚未结算，没有应付的货款", en="The trade is not settled: no money is due for it yet")
        if self.paid_at is not None:
            return []
        self.paid_at = now
        return [TradePaid(**self._moved(now), paid_at=now)]

    def unpaid(self, now: datetime) -> list[Event]:
        """The seller takes the confirmation back: it was pressed by mistake, or the transfer was undone."""
        if self.paid_at is None:
            return []
        self.paid_at = None
        return [TradePaymentWithdrawn(**self._moved(now))]


def agree(identifier: str, proposal_id: str, terms: Terms, now: datetime) -> tuple[Trade, Sequence[Event]]:
    """The trade that an agreed proposal makes."""
    trade = Trade(identifier, 0, proposal_id, terms, "agreed", now, now)
    return trade, [TradeAgreed(**trade._moved(now))]


def load_of(event: ShipmentReceived | ShipmentReturned) -> Load:
    if isinstance(event, ShipmentReturned):
        return Load(event.id, "returned", event.recorded_at, event.planned_kg, version=event.version)
    return _received(event, event.recorded_at)


def _received(event: ShipmentReceived | ShipmentCorrected, ended_at: datetime) -> Load:
    return Load(
        event.id,
        "received",
        ended_at,
        event.planned_kg,
        event.net_kg,
        event.settled_kg,
        event.ticket,
        event.moisture_pct,
        event.impurity_pct,
        event.version,
    )
