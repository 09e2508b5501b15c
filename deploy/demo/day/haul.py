"""What happens to a trade of the day: cancelled, or each of its loads hauled, weighed, inspected and received."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from deploy.demo.api import Api, ApiRefused
from deploy.demo.day.book import Book, Json, TradeTrack
from deploy.demo.day.cast import CARRIER, Cast
from deploy.demo.goods import rfc3339
from deploy.demo.load import OPERATOR

CANCELLED_SHARE = 0.02
REFUSED_SHARE = 0.03
SHORT_SHARE = 0.04
OVER_SHARE = 0.04
LATE_SHARE = 0.04
LATE = (timedelta(hours=2), timedelta(hours=8), timedelta(hours=30))
"""How late loads are told of: some on the next day."""
CORRECTED_SHARE = 0.04
MISREAD_T = 0.14
PLANNED_WITHIN_S = 60
SETTLED_WITHIN_S = 120
LOOK_S = 1.0


@dataclass(frozen=True)
class Hauler:
    """Plays trades for both sides and the carrier. `stamp` gives the time that events carry; `run` makes keys unique; what goes
    wrong is drawn by the trade's number, `mishaps` times as often as the shares say."""

    api: Api
    cast: Cast
    book: Book
    run: str
    seed: int
    stamp: Callable[[], datetime]
    mishaps: float = 1

    def play(self, track: TradeTrack) -> None:
        """A whole trade, to its settlement or cancellation."""
        trade = track.trade
        buyer = self.cast.buyer_of(trade["demand_id"])
        seller = self.cast.seller_of(trade["lot_id"])
        if not buyer or not seller:
            self.book.count("trades with others")
            return
        rng = Random(f"{self.seed}-{track.number}")
        if rng.random() < CANCELLED_SHARE * self.mishaps:
            self._cancel(track, rng.choice((buyer, seller)))
            return
        loads = self._loads(trade)
        if len(loads) > 1:
            self.book.count("trades of several loads")
        for load in loads:
            self._load(load, buyer, rng)
        self._settled(track, bool(loads))

    def _cancel(self, track: TradeTrack, who: str) -> None:
        trade_id = track.trade["id"]
        track.cancel = True
        track.trade = self.api.post(f"/v1/trades/{trade_id}/cancel", who, key=f"{self.run}-cancel-{trade_id}")
        self.book.count("trades cancelled")

    def _loads(self, trade: Json) -> list[Json]:
        """The trade's shipments; all are planned in one transaction, so one look that finds any finds all."""
        until = time.monotonic() + PLANNED_WITHIN_S
        while time.monotonic() < until:
            time.sleep(LOOK_S)
            loads = list(self.api.items("/v1/shipments", OPERATOR, trade_id=trade["id"], limit=200))
            if loads:
                return loads
        self.book.fault(f"trade {trade['id']}: no shipment was planned within {PLANNED_WITHIN_S} s")
        return []

    def _load(self, load: Json, buyer: str, rng: Random) -> None:
        plan = _Weighing.draw(rng, load["quantity_t"], self.mishaps)
        plate = f"鄂A{rng.randrange(10_000, 99_999)}"
        late = rng.choice(LATE) if rng.random() < LATE_SHARE * self.mishaps else timedelta()
        corrected = rng.random() < CORRECTED_SHARE * self.mishaps
        assign = {"carrier_id": self.cast.carrier_id, "vehicle": plate}
        self.api.post(f"/v1/shipments/{load['id']}/assign", CARRIER, assign, key=f"{self.run}-assign-{load['id']}")
        tell = partial(self._event, load, late)
        for kind in ("booked", "loaded", "arrived"):
            tell(CARRIER, kind)
        ticket = f"{self.run}-{load['id'][-12:]}"
        tell(buyer, "weighed", gross_t=plan.gross_t, tare_t=plan.tare_t, ticket=ticket)
        tell(buyer, "inspected", moisture_pct=plan.moisture_pct, impurity_pct=plan.impurity_pct, grade=load["grade"])
        if late:
            self.book.count("loads told of late")
        if plan.refused:
            tell(buyer, "refused", reason="与约定品种不符 Not the agreed grade")
            tell(CARRIER, "returned")
            self.book.count("loads refused")
            return
        tell(buyer, "received")
        self.book.count("loads received")
        if plan.kind:
            self.book.count(f"loads {plan.kind}")
        if corrected and plan.gross_t - plan.tare_t > 2 * MISREAD_T:
            self._put_right(load, buyer, plan, f"{ticket}-2", self.stamp() - late / 2 if late else None)

    def _put_right(self, load: Json, buyer: str, plan: _Weighing, ticket: str, received_at: datetime | None) -> None:
        """The tare was read wrong, and of a load that was told of late also when it was received."""
        body: Json = {"reason": "皮重误录 Tare read wrong", "tare_t": round(plan.tare_t + MISREAD_T, 3), "ticket": ticket}
        if received_at is not None:
            body["received_at"] = rfc3339(received_at)
        self.api.post(f"/v1/shipments/{load['id']}/corrections", buyer, body, key=f"{self.run}-right-{load['id']}")
        self.book.count("loads put right")

    def _event(self, load: Json, late: timedelta, who: str, kind: str, **more: Any) -> None:
        body = {"type": kind, "at": rfc3339(self.stamp() - late), **more}
        self.api.post(f"/v1/shipments/{load['id']}/events", who, body, key=f"{self.run}-{kind}-{load['id']}")

    def _settled(self, track: TradeTrack, hauled: bool) -> None:
        trade_id = track.trade["id"]
        until = time.monotonic() + SETTLED_WITHIN_S
        while hauled and time.monotonic() < until:
            time.sleep(LOOK_S)
            track.trade = self.api.get(f"/v1/trades/{trade_id}", OPERATOR)
            if track.trade["status"] == "settled":
                track.settlement = self._settlement(trade_id)
                self.book.count("trades settled")
                return
            if track.trade["status"] == "cancelled":
                self.book.count("trades cancelled as all loads were refused")
                return
        self.book.fault(f"trade {trade_id}: still {track.trade['status']} {SETTLED_WITHIN_S} s after its last load")

    def _settlement(self, trade_id: str) -> Json | None:
        try:
            return self.api.get(f"/v1/trades/{trade_id}/settlement", OPERATOR)
        except ApiRefused as refusal:
            self.book.fault(f"trade {trade_id} is settled but has no statement: {refusal}")
            return None


@dataclass(frozen=True)
class _Weighing:
    """What a load turns out to be, tonnes and per cent."""

    gross_t: float
    tare_t: float
    moisture_pct: float
    impurity_pct: float
    refused: bool
    kind: str

    @staticmethod
    def draw(rng: Random, planned_t: float, mishaps: float = 1) -> _Weighing:
        """A weighing of a load planned at `planned_t`: mostly close, some short of the tolerance, some over; by `mishaps`
        times as many as the shares say."""
        lot = rng.random() / mishaps if mishaps else 1.0
        refused, short = lot < REFUSED_SHARE, lot < REFUSED_SHARE + SHORT_SHARE
        over = not short and lot < REFUSED_SHARE + SHORT_SHARE + OVER_SHARE
        share = rng.uniform(0.997, 1.003)
        if short and not refused:
            share = rng.uniform(0.85, 0.94)
        elif over:
            share = rng.uniform(1.01, 1.09)
        net_kg, tare_kg = max(1, round(planned_t * 1000 * share)), rng.randrange(12_000, 16_000, 20)
        kind = "" if refused else "short" if short else "over" if over else ""
        moisture, impurity = round(rng.uniform(0.1, 3), 1), round(rng.uniform(0.1, 3), 1)
        return _Weighing((net_kg + tare_kg) / 1000, tare_kg / 1000, moisture, impurity, refused, kind)
