"""Framework agreements: whose word counts when, the formula's price, and what a month has left whatever its loads become."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import ValidationError

from services.matching.model import Agreement, CallOff, Month, Price, Proposal, later, month_of, priced_region
from services.matching.schemas.agreements import EndIn
from services.matching.schemas.explanations import ProposalExplanationOut
from shared.events.matching import AgreementAccepted, AgreementEnded, AgreementMade
from shared.problem import InputIsInvalid, WrongState, faults_of
from tests.fixtures.trades import terms

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


def an_agreement(**changes: Any) -> Agreement:
    state = {
        "id": "agreement", "version": 1, "seller_id": "ann", "buyer_id": "dan", "proposed_by": "dan", "grade": "steel.hms1",
        "first_month": "2026-11", "last_month": "2027-02", "month_kg": 100_000, "below_bp": 1_000, "above_bp": 500,
        "region": "420100", "premium_fen_per_t": -1_500, "floor_fen_per_t": None, "ceiling_fen_per_t": None,
        "created_at": NOW, "updated_at": NOW, "status": "in-force",
    }  # fmt: skip
    return Agreement(**(state | changes))


def a_price(median: int | None = 240_000, priced_day: str | None = "2026-11-24") -> Price:
    return Price("p", 1, "steel.hms1", "420100", "2026-11-24", {}, median, median, median, priced_day, 5)


def a_proposal(kg: int, identifier: str = "proposal") -> Proposal:
    figures = {"ask_net_fen_per_t": 0, "gain_fen_per_t": 0, "surplus_fen": 0, "seller_gain_fen": 0, "buyer_gain_fen": 0}
    versions = {"version": 1, "lot_terms_version": 1, "demand_terms_version": 1}
    accepts = {"seller_auto_accepts": True, "buyer_auto_accepts": True}
    frozen = terms(kg=kg, lot_id="lot", demand_id="demand")
    times = {"created_at": NOW, "updated_at": NOW}
    return Proposal(identifier, terms=frozen, family="steel", clearing_id="", **versions, **figures, **accepts, **times)  # type: ignore[arg-type]


def test_months_are_shanghais_and_the_year_turns() -> None:
    assert month_of(datetime(2026, 11, 30, 15, 59, tzinfo=UTC)) == "2026-11"
    assert month_of(datetime(2026, 11, 30, 16, tzinfo=UTC)) == "2026-12"
    assert [later("2026-11", by) for by in (0, 1, 2, 14)] == ["2026-11", "2026-12", "2027-01", "2028-01"]


def test_prices_are_of_cities_and_provinces() -> None:
    assert [priced_region(one) for one in ("420102", "420100", "420000", "429004")] == ["420100", "420100", "420000", "420000"]


def test_the_other_side_accepts_and_then_it_is_decided() -> None:
    agreement = an_agreement(status="proposed")
    (made,) = agreement.made()
    assert isinstance(made, AgreementMade) and (made.proposed_by, made.status) == ("dan", "proposed")
    with pytest.raises(WrongState):
        agreement.accept("dan", NOW)
    with pytest.raises(WrongState):
        agreement.must_leave(1, NOW)
    (accepted,) = agreement.accept("ann", NOW)
    assert isinstance(accepted, AgreementAccepted) and (agreement.status, agreement.accepted_at) == ("in-force", NOW)
    for again in (agreement.accept, agreement.decline):
        with pytest.raises(WrongState):
            again("ann", NOW)


@pytest.mark.parametrize(("by", "status"), [("ann", "declined"), ("dan", "withdrawn")])
def test_it_is_declined_or_taken_back(by: str, status: str) -> None:
    agreement = an_agreement(status="proposed")
    (ended,) = agreement.decline(by, NOW)
    assert isinstance(ended, AgreementEnded) and (ended.status, ended.ended_by, agreement.ended_at) == (status, by, NOW)
    with pytest.raises(WrongState):
        agreement.must_leave(1, NOW)


def test_what_is_over_before_it_began_is_not_accepted() -> None:
    with pytest.raises(WrongState):
        an_agreement(status="proposed").accept("ann", datetime(2027, 3, 1, tzinfo=UTC))


def test_notice_shortens_it_to_the_next_month_or_a_later_one() -> None:
    agreement = an_agreement()
    (ended,) = agreement.end("ann", None, NOW)
    assert isinstance(ended, AgreementEnded) and (ended.status, ended.last_month) == ("ending", "2026-12")
    assert agreement.must_leave(1, datetime(2026, 12, 31, tzinfo=UTC)) == "2026-12"
    with pytest.raises(WrongState):
        agreement.must_leave(1, datetime(2027, 1, 1, tzinfo=UTC))
    with pytest.raises(WrongState):
        agreement.end("dan", None, NOW)
    for month in ("2026-11", "2027-02"):
        with pytest.raises(InputIsInvalid):
            an_agreement().end("ann", month, NOW)
    agreement = an_agreement()
    agreement.end("ann", "2027-01", NOW)
    assert agreement.last_month == "2027-01"
    with pytest.raises(WrongState):
        an_agreement(last_month="2026-12").end("ann", None, NOW)


@pytest.mark.parametrize(
    ("index", "changes", "price"),
    [
        (240_000, {}, 238_500),
        (240_000, {"floor_fen_per_t": 239_000}, 239_000),
        (240_000, {"ceiling_fen_per_t": 200_000}, 200_000),
        (None, {"floor_fen_per_t": 210_000}, 210_000),
        (1_501, {}, 1),
        (None, {}, None),
        (None, {"ceiling_fen_per_t": 200_000}, None),
        (1_500, {}, None),
    ],
)
def test_the_formula(index: int | None, changes: dict[str, int], price: int | None) -> None:
    agreement = an_agreement(**changes)
    known = None if index is None else a_price(index)
    if price is None:
        with pytest.raises(WrongState):
            agreement.price_fen_per_t(known)
    else:
        assert agreement.price_fen_per_t(known) == price


@given(st.integers(-300_000, 300_000), st.integers(1, 300_000), st.integers(0, 300_000), st.integers(0, 300_000))
def test_a_price_is_within_floor_and_ceiling(premium: int, index: int, floor: int, width: int) -> None:
    agreement = an_agreement(premium_fen_per_t=premium, floor_fen_per_t=floor, ceiling_fen_per_t=floor + width)
    try:
        assert floor <= agreement.price_fen_per_t(a_price(index)) <= floor + width
    except WrongState:
        assert floor == 0


@pytest.mark.parametrize(("index", "kept"), [(a_price(), False), (a_price(priced_day="2026-11-20"), True), (None, False)])
def test_a_call_off_keeps_its_index_and_whether_it_was_carried(index: Price | None, kept: bool) -> None:
    called = an_agreement().call_off(a_proposal(30_000), "seller", index, NOW)
    assert called.carried is kept and (called.month, called.by, called.called_kg) == ("2026-11", "seller", 30_000)
    assert (called.index_fen_per_t, called.index_day) == ((240_000, index.priced_day) if index else (None, None))


def test_a_month_takes_its_tonnes_and_the_tolerance_and_no_kilogram_more() -> None:
    agreement = an_agreement()
    assert (agreement.least_kg, agreement.most_kg) == (90_000, 105_000)
    agreement.call_off(a_proposal(100_000), "seller", None, NOW)
    with pytest.raises(WrongState) as fault:
        agreement.call_off(a_proposal(5_001), "buyer", None, NOW)
    assert fault.value.extra == {"remaining_t": 5.0}
    agreement.call_off(a_proposal(5_000), "buyer", None, NOW)
    assert agreement.left_kg("2026-11") == 0 and agreement.left_kg("2026-12") == 105_000
    with pytest.raises(WrongState):
        agreement.must_leave(1, datetime(2026, 10, 30, tzinfo=UTC))


@given(st.integers(1, 10**9), st.integers(0, 10_000), st.integers(0, 10_000))
def test_least_and_most_lie_around_the_months_tonnes(kg: int, below: int, above: int) -> None:
    agreement = an_agreement(month_kg=kg, below_bp=below, above_bp=above)
    assert agreement.least_kg <= kg <= agreement.most_kg
    assert agreement.least_kg * 10_000 >= kg * (10_000 - below) > (agreement.least_kg - 1) * 10_000


def test_a_trade_that_is_cancelled_and_its_loads_that_came_back_commute() -> None:
    for order in ((0, 1, 2), (2, 0, 1), (0, 2, 1)):
        agreement = an_agreement()
        called = agreement.call_off(a_proposal(60_000), "seller", None, NOW)
        called.reserved()
        steps = [lambda: called.returned(30_000), lambda: called.returned(30_000), called.cancelled]  # noqa: B023
        for step in order:
            steps[step]()
        assert (called.status, called.called_kg, called.delivered_kg) == ("cancelled", 0, 0)


class AMonth(RuleBasedStateMachine):
    """Call-offs, refusals and loads in any order: no call-off is granted that the month has not, and the month counts what its
    call-offs count."""

    @initialize(month=st.integers(1, 200_000), above=st.integers(0, 2_000))
    def begin(self, month: int, above: int) -> None:
        self.agreement = an_agreement(month_kg=month, above_bp=above)
        self.called: list[CallOff] = []
        self.open: dict[str, int] = {}
        self.overweight = 0

    def tell(self, called: CallOff, change: Any, *figures: Any) -> None:
        before = called.called_kg, called.delivered_kg
        change(*figures)
        self.agreement.count(called.month, called.called_kg - before[0], called.delivered_kg - before[1], NOW)

    @rule(kg=st.integers(1, 100_000))
    def call(self, kg: int) -> None:
        left = self.agreement.left_kg("2026-11")
        try:
            called = self.agreement.call_off(a_proposal(kg, f"p{len(self.called)}"), "seller", None, NOW)
        except WrongState:
            assert kg > left
            return
        assert kg <= left
        self.called.append(called)
        self.open[called.id] = kg

    @precondition(lambda self: self.open)
    @rule(data=st.data(), what=st.sampled_from(("received", "returned", "refused", "cancelled")), net=st.floats(0, 1.1))
    def happen(self, data: Any, what: str, net: float) -> None:
        identifier = data.draw(st.sampled_from(sorted(self.open)))
        called = next(one for one in self.called if one.id == identifier)
        load = min(self.open[identifier], 30_000)
        untouched = called.status == "asked" and self.open[identifier] == called.kg
        if what in ("refused", "cancelled"):
            if untouched:
                self.tell(called, *((called.refused, "not-enough") if what == "refused" else (called.cancelled,)))
                del self.open[identifier]
            return
        called.reserved()
        net_kg = int(load * net)
        self.overweight += max(0, net_kg - load) if what == "received" else 0
        self.tell(called, called.received, load, net_kg) if what == "received" else self.tell(called, called.returned, load)
        self.open[identifier] -= load
        if not self.open[identifier]:
            del self.open[identifier]

    @invariant()
    def the_month_holds(self) -> None:
        if not hasattr(self, "agreement"):
            return
        month = self.agreement.months.get("2026-11", Month())
        assert month.called_kg == sum(one.called_kg for one in self.called)
        assert month.delivered_kg == sum(one.delivered_kg for one in self.called) <= month.called_kg
        assert month.called_kg - month.delivered_kg == sum(self.open.values())
        assert month.called_kg <= self.agreement.most_kg + self.overweight
        assert all(one.called_kg >= 0 for one in self.called)


TestAMonth = AMonth.TestCase


@pytest.mark.parametrize("origin", ["agreement_id", "tender_id"])
def test_why_a_call_off_or_a_tender_costs_what_it_does_says_nothing_of_the_demands_bid(origin: str) -> None:
    called = replace(a_proposal(30_000), **{origin: "origin"})  # type: ignore[arg-type]
    lines = ProposalExplanationOut.of(called, 0).lines
    assert [one.line for one in lines] == ["price", "freight", "delivered", "vat"]
    price, freight, delivered, _ = (one.cny for one in lines)
    assert price + freight == delivered
    assert {"bid", "ask", "gain"} < {one.line for one in ProposalExplanationOut.of(a_proposal(30_000), 0).lines}


@pytest.mark.parametrize("text", ["2019", "2026-13", "2026-12\n"])
def test_what_is_no_month_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        EndIn(last_month=text)
    assert faults_of(caught.value.errors()) == [("/last_month", "应为月份，例如 2026-12", "Write a month such as 2026-12")]
