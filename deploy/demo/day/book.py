"""What happened on the day, as it is seen from outside. Written by several threads under one lock."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class LotTrack:
    """One lot of the day. Times are of the monotonic clock, latencies seconds."""

    lot_id: str
    seller: str
    grade: str
    quantity_t: float
    posted: float
    proposed_s: float | None = None
    searchable_s: float | None = None


@dataclass
class TradeTrack:
    """A trade as last seen, the `number`th of the day, with its settlement once there is one."""

    trade: Json
    number: int = 0
    cancel: bool = False
    settlement: Json | None = None


@dataclass
class Book:
    """`moved` is the last time anything happened; `faults` are things that no rule of the market explains."""

    lots: dict[str, LotTrack] = field(default_factory=dict)
    demands: set[str] = field(default_factory=set)
    proposals: dict[str, Json] = field(default_factory=dict)
    trades: dict[str, TradeTrack] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    moved: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str, by: int = 1) -> None:
        """Adds to a count."""
        with self.lock:
            self.counts[what] += by
            self.moved = time.monotonic()

    def fault(self, text: str) -> None:
        """Notes something that should not have been."""
        with self.lock:
            self.faults.append(text)
            self.moved = time.monotonic()

    def offered(self, track: LotTrack) -> None:
        """Notes a lot that was published."""
        with self.lock:
            self.lots[track.lot_id] = track
            self.moved = time.monotonic()

    def demanded(self, demand_id: str) -> None:
        """Notes a demand that was published."""
        with self.lock:
            self.demands.add(demand_id)

    def concerns(self, thing: Json) -> bool:
        """Whether a proposal or trade is of a lot or demand of the day."""
        with self.lock:
            return thing["lot_id"] in self.lots or thing["demand_id"] in self.demands

    def new_proposal(self, proposal: Json) -> bool:
        """Notes a proposal; False if it was known."""
        with self.lock:
            if proposal["id"] in self.proposals:
                return False
            self.proposals[proposal["id"]] = proposal
            self.moved = time.monotonic()
            self._first_proposal(proposal["lot_id"])
            return True

    def new_trade(self, trade: Json) -> bool:
        """Notes a trade; False if it was known."""
        with self.lock:
            if trade["id"] in self.trades:
                return False
            self.trades[trade["id"]] = TradeTrack(trade, len(self.trades))
            self.moved = time.monotonic()
            self._first_proposal(trade["lot_id"])
            return True

    def _first_proposal(self, lot_id: str) -> None:
        track = self.lots.get(lot_id)
        if track and track.proposed_s is None:
            track.proposed_s = time.monotonic() - track.posted

    def still_s(self) -> float:
        """Seconds since anything happened."""
        return time.monotonic() - self.moved
