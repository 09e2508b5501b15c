"""A sealed-bid tender's way: open → deciding (listings is asked to reserve the best bid) → awarded; or failed, or cancelled.

Until it is decided a bid is seen by its bidder alone. Bids are kept in the tender, so that a bid and the close meet in one
document and one of them comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shared.events import Event
from shared.events.matching import TenderClosed, TenderOpened
from shared.problem import InputIsInvalid, NotFound, WrongState

TenderStatus = Literal["open", "deciding", "awarded", "failed", "cancelled"]
STATES_ZH: Mapping[TenderStatus, str] = {
    "open": "还在投标",
    "deciding": "正在开标",
    "awarded": "已定标",
    "failed": "已流标",
    "cancelled": "已撤销",
}
"""How a refusal names them."""
RUNNING: tuple[TenderStatus, ...] = ("open", "deciding")
OUTBID, BELOW_RESERVE = "outbid", "below-reserve"


@dataclass
class Bid:
    """A buyer's bid with one of its demands. `price_fen_per_t` is delivered at the demand's gate and includes VAT at `vat_bp`;
    `value_fen_per_t` is what it leaves the seller, net: price less VAT and freight. `at`: when this price was first named.
    `lost` says why it did not win: a rule, `outbid`, `below-reserve`, or listings' own word where it was `tried`."""

    demand_id: str
    buyer_id: str
    price_fen_per_t: int
    net_fen_per_t: int
    vat_bp: int
    value_fen_per_t: int
    at: datetime
    deposit_reference: str | None = None
    version: int = 1
    withdrawn: bool = False
    tried: bool = False
    lost: str | None = None


@dataclass
class Tender:
    """`reserve_fen_per_t`: the least net price to the seller, which bidders are not told. `moves` counts bids made and
    withdrawn, which the seller may know of, not those changed; `version` moves with the tender alone."""

    id: str
    version: int
    lot_id: str
    lot_terms_version: int
    seller_id: str
    grade: str
    family: str
    region: str
    kg: int
    closes_at: datetime
    created_at: datetime
    updated_at: datetime
    reserve_fen_per_t: int | None = None
    deposit_fen: int | None = None
    status: TenderStatus = "open"
    decided_at: datetime | None = None
    reason: str | None = None
    winner: str | None = None
    """The demand of the bid that listings is asked to reserve; then of the bid that won."""
    proposal_id: str | None = None
    price_fen_per_t: int | None = None
    moves: int = 0
    bids: list[Bid] = field(default_factory=list)

    @property
    def sealed(self) -> bool:
        """Whether each bid is still its bidder's secret. A tender that is cancelled before the close stays so for good."""
        return self.decided_at is None

    @property
    def running(self) -> bool:
        return self.status in RUNNING

    @property
    def standing(self) -> list[Bid]:
        """The bids that have not been withdrawn."""
        return [bid for bid in self.bids if not bid.withdrawn]

    def bids_of(self, buyer_id: str) -> list[Bid]:
        return [bid for bid in self.bids if bid.buyer_id == buyer_id]

    def bid_of(self, demand_id: str) -> Bid | None:
        return next((bid for bid in self.bids if bid.demand_id == demand_id), None)

    def opened(self) -> list[Event]:
        return [TenderOpened(**self._state(self.created_at))]

    def bid(self, bid: Bid, now: datetime) -> Bid:
        """Take a bid, or another price for the one of the same demand; the same price again keeps its place in time.

        Raises WrongState where it is closed, InputIsInvalid where a deposit is asked for and none was lodged."""
        self.must_take_bids(now)
        if self.deposit_fen is not None and bid.deposit_reference is None:
            raise InputIsInvalid(
                [("/deposit_reference", "请填写保证金凭证号", "Name the reference under which the deposit was lodged")]
            )
        known = self.bid_of(bid.demand_id)
        if known is None:
            self.bids.append(bid)
            self.moves += 1
            return bid
        if _same(known, bid):
            return known
        if (known.price_fen_per_t, known.vat_bp) == (bid.price_fen_per_t, bid.vat_bp) and not known.withdrawn:
            bid.at = known.at
        bid.version = known.version + 1
        self.moves += known.withdrawn
        self.bids[self.bids.index(known)] = bid
        return bid

    def withdraw_bid(self, demand_id: str, now: datetime) -> None:
        """Raises NotFound where there is none, WrongState where it is closed."""
        bid = self.bid_of(demand_id)
        if bid is None or bid.withdrawn:
            raise NotFound
        self.must_take_bids(now)
        bid.withdrawn, bid.version = True, bid.version + 1
        self.moves += 1

    def cancel_by_seller(self, now: datetime) -> list[Event]:
        """Raises WrongState where it is closed, or somebody bids."""
        self.must_take_bids(now)
        if self.standing:
            raise WrongState(zh="已有报价，不能撤销招标", en="Somebody has bid; the tender runs to its close")
        return self.cancel("by-seller", now)

    def cancel(self, reason: str, now: datetime) -> list[Event]:
        """It will not be awarded. Nothing where it has ended, or while listings is asked: its answer comes first."""
        if not self.running or self.proposal_id is not None:
            return []
        return self._end("cancelled", reason, now)

    def due(self, now: datetime) -> bool:
        """Whether a bid is to be chosen: it is closed, and listings owes no answer."""
        return self.running and now >= self.closes_at and self.proposal_id is None

    def choose(self, judged: Mapping[str, int | str], now: datetime) -> Bid | None:
        """The best of the bids that can still be made, None where there is none. `judged`, by demand: what the bid leaves the
        seller, or the rule it breaks. The highest value wins, of equal ones the earlier."""
        self.decided_at = self.decided_at or now
        able: list[Bid] = []
        for bid in self.standing:
            if bid.tried:
                continue
            verdict = judged[bid.demand_id]
            bid.lost = verdict if isinstance(verdict, str) else None
            if not isinstance(verdict, str):
                bid.value_fen_per_t = verdict
                if self.reserve_fen_per_t is not None and verdict < self.reserve_fen_per_t:
                    bid.lost = BELOW_RESERVE
            if bid.lost is None:
                able.append(bid)
        return min(able, key=lambda bid: (-bid.value_fen_per_t, bid.at, bid.demand_id), default=None)

    def propose(self, bid: Bid, proposal_id: str, now: datetime) -> None:
        """Listings is asked to reserve this bid."""
        self.status, self.winner, self.proposal_id = "deciding", bid.demand_id, proposal_id
        self._touch(now)

    def refused(self, proposal_id: str, reason: str, now: datetime) -> None:
        """Listings could not reserve it: the next best is tried."""
        bid = self._asked(proposal_id)
        if bid is not None:
            bid.tried, bid.lost = True, reason
            self.winner = self.proposal_id = None
            self._touch(now)

    def reserved(self, proposal_id: str, now: datetime) -> list[Event]:
        """Listings reserved it: it has won."""
        bid = self._asked(proposal_id)
        if bid is None:
            return []
        self.price_fen_per_t = bid.value_fen_per_t
        for other in self.standing:
            if other is not bid:
                other.lost = other.lost or OUTBID
        return self._end("awarded", None, now)

    def fail(self, now: datetime) -> list[Event]:
        """No bid can be awarded."""
        reasons = {bid.lost for bid in self.standing}
        if any(bid.tried for bid in self.standing):
            reason = "not-reserved"
        elif BELOW_RESERVE in reasons:
            reason = BELOW_RESERVE
        else:
            reason = "no-bid-can-trade" if reasons else "no-bids"
        return self._end("failed", reason, now)

    def shown_to(self, organisation_id: str, operator: bool) -> list[Bid]:
        """The bids that a reader may see: its own; once it is decided the seller, and the operator, all that stood."""
        if not self.sealed and (operator or organisation_id == self.seller_id):
            return self.standing
        return self.bids_of(organisation_id)

    def version_for(self, organisation_id: str, operator: bool) -> int:
        """The version of what a reader sees: bids that are hidden from him do not move it."""
        if not self.sealed and (operator or organisation_id == self.seller_id):
            return self.version + sum(bid.version for bid in self.bids)
        if organisation_id == self.seller_id:
            return self.version + self.moves
        return self.version + sum(bid.version for bid in self.bids_of(organisation_id))

    def _asked(self, proposal_id: str) -> Bid | None:
        """The bid of a proposal that listings was asked to reserve, where it is still the one."""
        if self.status != "deciding" or self.proposal_id != proposal_id or self.winner is None:
            return None
        return self.bid_of(self.winner)

    def must_take_bids(self, now: datetime) -> None:
        if self.status != "open":
            raise WrongState(zh=f"这次招标{STATES_ZH[self.status]}", en=f"This tender is {self.status}")
        if now >= self.closes_at:
            raise WrongState(zh="这次招标已截止", en="This tender is closed")

    def _end(self, status: TenderStatus, reason: str | None, now: datetime) -> list[Event]:
        self.status, self.reason = status, reason
        self._touch(now)
        return [TenderClosed(**self._state(now), price_fen_per_t=self.price_fen_per_t, reason=reason)]

    def _touch(self, now: datetime) -> None:
        self.version, self.updated_at = self.version + 1, now

    def _state(self, at: datetime) -> dict[str, Any]:
        names = ("id", "version", "lot_id", "seller_id", "grade", "kg", "closes_at", "deposit_fen", "status")
        return {"at": at, **{name: getattr(self, name) for name in names}}


def _same(known: Bid, bid: Bid) -> bool:
    terms = ("price_fen_per_t", "vat_bp", "deposit_reference", "withdrawn")
    return all(getattr(known, name) == getattr(bid, name) for name in terms)
