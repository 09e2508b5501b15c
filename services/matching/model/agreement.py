"""A framework agreement's way: proposed → in force, or declined, or withdrawn; in force → ending, once one side gave notice.
It is over by the calendar, after its last month, of which no event tells.

The agreement counts what each month has taken, so that two call-offs at once meet in one document, and the second sees the
first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services.matching.model.price import Price
from services.matching.model.proposal import Proposal, Side
from shared.clock import SHANGHAI
from shared.events import Event
from shared.events.matching import AgreementAccepted, AgreementEnded, AgreementMade
from shared.problem import InputIsInvalid, WrongState
from shared.units import kg_to_t, t_text

AgreementStatus = Literal["proposed", "in-force", "ending", "declined", "withdrawn"]
STATES_ZH: Mapping[AgreementStatus, str] = {
    "proposed": "还在等答复",
    "in-force": "正在执行",
    "ending": "将到期终止",
    "declined": "已被拒绝",
    "withdrawn": "已撤回",
}
"""How a refusal names them."""
CallOffStatus = Literal["asked", "agreed", "refused", "cancelled"]


def month_of(at: datetime) -> str:
    """The calendar month of Asia/Shanghai, `2026-12`."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m")


def later(month: str, by: int) -> str:
    """The month `by` months after it."""
    years, index = divmod(int(month[5:]) - 1 + by, 12)
    return f"{int(month[:4]) + years:04}-{index + 1:02}"


@dataclass
class Month:
    """What one month has taken: `called_kg` counts loads at what was received, all others at what was agreed."""

    called_kg: int = 0
    delivered_kg: int = 0


@dataclass
class CallOff:
    """`id` is that of its proposal, which both sides are bound to. `called_kg` is what its month counts for it: the kilograms
    called off, of which each load that was received counts at its net weight and each that was returned not at all.
    `index_fen_per_t` None: there was no index and the floor took its place."""

    id: str
    version: int
    agreement_id: str
    month: str
    by: Side
    lot_id: str
    demand_id: str
    kg: int
    price_fen_per_t: int
    index_fen_per_t: int | None
    index_day: str | None
    carried: bool
    created_at: datetime
    updated_at: datetime
    called_kg: int
    delivered_kg: int = 0
    status: CallOffStatus = "asked"
    reason: str | None = None

    def reserved(self) -> None:
        """Listings reserved it."""
        if self.status == "asked":
            self.status = "agreed"

    def refused(self, reason: str) -> None:
        """Listings could not reserve it: the month has its kilograms back."""
        if self.status == "asked":
            self.status, self.reason, self.called_kg = "refused", reason, 0

    def cancelled(self) -> None:
        """Its trade was cancelled: before any load was on the road, or after all of them were refused."""
        self.status, self.called_kg = "cancelled", 0

    def received(self, planned_kg: int, net_kg: int) -> None:
        """What was weighed takes the place of what was agreed."""
        self.called_kg += net_kg - planned_kg
        self.delivered_kg += net_kg

    def corrected(self, more_kg: int) -> None:
        """A received load's ticket was put right."""
        self.called_kg += more_kg
        self.delivered_kg += more_kg

    def returned(self, planned_kg: int) -> None:
        """The buyer refused the load, and the seller has it back. Nothing where the trade is known to be cancelled."""
        if self.status != "cancelled":
            self.called_kg -= planned_kg


@dataclass
class AgreementTerms:
    """`month_kg` for each month from `first_month` to `last_month`, `below_bp` less or `above_bp` more; a call-off is of the
    month it is made in. Prices in fen per tonne, net of VAT, loaded at the seller's: the index of `grade` in `region` +
    `premium_fen_per_t`, within floor and ceiling."""

    grade: str
    first_month: str
    last_month: str
    month_kg: int
    below_bp: int
    above_bp: int
    region: str
    premium_fen_per_t: int
    floor_fen_per_t: int | None
    ceiling_fen_per_t: int | None


@dataclass
class Agreement(AgreementTerms):
    """What the parties have agreed, and what each month has taken of it."""

    id: str
    version: int
    seller_id: str
    buyer_id: str
    proposed_by: str
    created_at: datetime
    updated_at: datetime
    status: AgreementStatus = "proposed"
    accepted_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    months: dict[str, Month] = field(default_factory=dict)

    @property
    def most_kg(self) -> int:
        """What a month takes at most."""
        return self.month_kg * (10_000 + self.above_bp) // 10_000

    @property
    def least_kg(self) -> int:
        """What a month is to take at least; nothing enforces it here, both sides are shown what is lacking."""
        return -(-self.month_kg * (10_000 - self.below_bp) // 10_000)

    def month(self, name: str) -> Month:
        return self.months.get(name) or Month()

    def left_kg(self, month: str) -> int:
        """What can still be called off in a month. Loads that weigh more than planned may have taken more than it had."""
        return max(0, self.most_kg - self.month(month).called_kg)

    def made(self) -> list[Event]:
        return [AgreementMade(**self._state(self.created_at), proposed_by=self.proposed_by)]

    def accept(self, by: str, now: datetime) -> list[Event]:
        """The other side's word. Raises WrongState where it is decided, one's own, or over before it began."""
        self._must_be("proposed")
        if by == self.proposed_by:
            raise WrongState(zh="这份长协由你方提出，等对方答复", en="Your side proposed it; it waits for the other")
        if month_of(now) > self.last_month:
            raise WrongState(zh="长协的最后一个月已过", en="Its last month is over")
        self.status, self.accepted_at = "in-force", now
        self._touch(now)
        return [AgreementAccepted(**self._state(now))]

    def decline(self, by: str, now: datetime) -> list[Event]:
        """The other side declines it, or its proposer takes it back. Raises WrongState where it is decided."""
        self._must_be("proposed")
        return self._end("withdrawn" if by == self.proposed_by else "declined", by, now)

    def end(self, by: str, last_month: str | None, now: datetime) -> list[Event]:
        """Notice: nothing is called off after `last_month`, the next month unless another is named. It may be before the first
        month; then nothing ever is. Raises WrongState where it is not in force or ends by itself as early, InputIsInvalid."""
        self._must_be("in-force")
        earliest = later(month_of(now), 1)
        if earliest >= self.last_month:
            raise WrongState(zh="长协到期自动终止，不用通知", en="It ends by itself before notice could end it")
        if last_month is not None and not earliest <= last_month < self.last_month:
            zh, en = f"应在 {earliest} 与最后一个月之间", f"From {earliest} on, and before the last month agreed"
            raise InputIsInvalid([("/last_month", zh, en)])
        self.last_month = last_month or earliest
        return self._end("ending", by, now)

    def price_fen_per_t(self, index: Price | None) -> int:
        """The formula's price; the floor alone where no index was ever published. Raises WrongState where there is neither, or
        nothing above 0 comes of it."""
        fen = index.median_fen_per_t if index is not None else None
        price = self.floor_fen_per_t if fen is None else fen + self.premium_fen_per_t
        if price is None:
            zh, en = (
                "该地区该品种尚无价格指数，长协也没有保底价",
                "The index has no price of this grade there yet, and there is no floor",
            )
            raise WrongState(zh=zh, en=en)
        price = max(price, self.floor_fen_per_t or 0)
        price = price if self.ceiling_fen_per_t is None else min(price, self.ceiling_fen_per_t)
        if price <= 0:
            raise WrongState(zh="按公式计算的价格不大于 0", en="The formula gives no price above 0")
        return price

    def call_off(self, proposal: Proposal, by: Side, index: Price | None, now: datetime) -> CallOff:
        """Take the proposal's kilograms out of this month. Raises WrongState where that is over, or has not as much left."""
        month = self.must_leave(proposal.terms.kg, now)
        day = index.priced_day if index is not None else None
        called = CallOff(
            id=proposal.id,
            version=1,
            agreement_id=self.id,
            month=month,
            by=by,
            lot_id=proposal.terms.lot_id,
            demand_id=proposal.terms.demand_id,
            kg=proposal.terms.kg,
            price_fen_per_t=proposal.terms.price_fen_per_t,
            index_fen_per_t=index.median_fen_per_t if index is not None else None,
            index_day=day,
            carried=day is not None and day != now.astimezone(SHANGHAI).date().isoformat(),
            created_at=now,
            updated_at=now,
            called_kg=proposal.terms.kg,
        )
        self.count(month, called.kg, 0, now)
        return called

    def must_leave(self, kg: int, now: datetime) -> str:
        """The month, where `kg` can still be called off in it. Raises WrongState."""
        self._must_be("in-force", "ending")
        month = month_of(now)
        if not self.first_month <= month <= self.last_month:
            raise WrongState(
                zh=f"长协执行期为 {self.first_month} 至 {self.last_month}",
                en=f"It is for {self.first_month} to {self.last_month}",
            )
        left = self.left_kg(month)
        if kg > left:
            zh, en = f"本月只余 {t_text(left)} 吨", f"This month has {t_text(left)} t left"
            raise WrongState(zh=zh, en=en, remaining_t=kg_to_t(left))
        return month

    def count(self, month: str, called_kg: int, delivered_kg: int, now: datetime) -> None:
        """A call-off of that month counts for so much more, or less."""
        known = self.months.setdefault(month, Month())
        known.called_kg += called_kg
        known.delivered_kg += delivered_kg
        self._touch(now)

    def _must_be(self, *states: AgreementStatus) -> None:
        if self.status not in states:
            raise WrongState(zh=f"这份长协{STATES_ZH[self.status]}", en=f"This agreement is {self.status}")

    def _end(self, status: AgreementStatus, by: str, now: datetime) -> list[Event]:
        self.status, self.ended_by, self.ended_at = status, by, now
        self._touch(now)
        return [AgreementEnded(**self._state(now), ended_by=by)]

    def _touch(self, now: datetime) -> None:
        self.version, self.updated_at = self.version + 1, now

    def _state(self, at: datetime) -> dict[str, Any]:
        return {"at": at, **{name: getattr(self, name) for name in TOLD}}


TOLD = (
    "id",
    "version",
    "seller_id",
    "buyer_id",
    "grade",
    "first_month",
    "last_month",
    "month_kg",
    "below_bp",
    "above_bp",
    "region",
    "premium_fen_per_t",
    "floor_fen_per_t",
    "ceiling_fen_per_t",
    "status",
)
