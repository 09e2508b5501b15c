"""The book and the proposals: news in any order, decisions once, events with rising versions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.matching.model import BookDemand, BookLot, Material, Proposal
from shared.events import Event
from shared.events.base import Point
from shared.events.listings import Balance, DemandPosted, LotChanged, LotPublished
from shared.events.matching import Place, ProposalAccepted, ProposalExpired, ProposalMade, ProposalRejected, Terms
from shared.problem import WrongState

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WUHAN = Point(lat=30.59, lon=114.31)


def lot_state(version: int, **changes: Any) -> dict[str, Any]:
    state = {
        "id": "lot", "version": version, "at": NOW, "terms_version": version, "status": "open", "site_id": "site",
        "region": "420100", "position": WUHAN, "quantity_kg": 30_000, "available_kg": 30_000, "reserved_kg": 0,
        "consumed_kg": 0, "unsold_kg": 0, "vat_bp": 300, "min_take_kg": 5_000, "auto_accept": False, "seller_id": "ann",
        "grade": "steel.hms1", "ask_fen_per_t": 214_000, "ask_net_fen_per_t": 207_767, "quality": {"moisture_pct": 1.0},
        "divisible": True, "origin": "domestic", "available_from": NOW, "available_until": NOW + 240 * HOUR,
    }  # fmt: skip
    return state | changes


def balance(version: int, available_kg: int, status: str = "open") -> Balance:
    rest = {"quantity_kg": 30_000, "reserved_kg": 30_000 - available_kg, "consumed_kg": 0, "unsold_kg": 0}
    return Balance.model_validate({"id": "lot", "version": version, "status": status, "available_kg": available_kg, **rest})


def a_proposal(seller_auto: bool = False, buyer_auto: bool = False) -> Proposal:
    place = Place(site_id="site", region="420100", position=WUHAN)
    terms = Terms(
        lot_id="lot", demand_id="demand", seller_id="ann", buyer_id="dan", grade="steel.hms1", kg=30_000,
        price_fen_per_t=210_000, freight_fen_per_t=2_000, vat_bp=300, mode="road", distance_m=0, hours=2.0, co2e_g_per_t=0,
        origin=place, destination=place, quality={}, basis={},
    )  # fmt: skip
    return Proposal(
        "proposal", 1, terms, "steel", "clearing", 200_000, 20_000, 1, 1, 600, 300, 300, seller_auto, buyer_auto, NOW, NOW
    )


def statuses(events: list[Event]) -> list[tuple[type[Event], int, str]]:
    return [(type(event), event.version, event.status) for event in events]  # type: ignore[attr-defined]


def test_news_of_a_lot_gives_the_same_book_in_every_order() -> None:
    published = LotPublished(**lot_state(1))
    dearer = LotChanged(**lot_state(3, ask_net_fen_per_t=209_000, available_kg=20_000), previous_quantity_kg=30_000)
    news: tuple[Any, ...] = (published, balance(2, 20_000), dearer, balance(4, 12_000), balance(5, 25_000))
    books = []
    for order in itertools.permutations(news):
        lot = BookLot("lot")
        for one in order:
            if isinstance(one, Balance):
                lot.weigh(one)
            else:
                lot.hear(one)
        books.append((lot.heard, lot.open, lot.terms_version, lot.net_fen_per_t, lot.available_kg, lot.quantity_version))
    assert set(books) == {(True, True, 3, 209_000, 25_000, 5)}


def test_a_balance_says_whether_more_is_available() -> None:
    lot = BookLot("lot")
    lot.hear(LotPublished(**lot_state(1)))
    assert not lot.weigh(balance(2, 10_000))
    assert lot.weigh(balance(3, 30_000))
    assert not lot.weigh(balance(3, 99_000)), "the same version twice is once"
    assert lot.available_kg == 30_000


def test_a_closed_balance_closes_the_book_and_older_news_does_not_open_it() -> None:
    lot = BookLot("lot")
    lot.hear(LotPublished(**lot_state(1)))
    lot.weigh(balance(9, 0, "closed"))
    lot.weigh(balance(8, 30_000))
    assert (lot.open, lot.available_kg) == (False, 0)


def test_a_demand_is_heard_with_its_limits() -> None:
    state = lot_state(1, id="demand")
    for name in ("seller_id", "grade", "ask_fen_per_t", "ask_net_fen_per_t", "quality", "divisible", "origin"):
        del state[name]
    asked = {"buyer_id": "dan", "grades": ("steel.hms1",), "bid_fen_per_t": 270_000, "bid_net_fen_per_t": 238_938}
    limits = {"quality_limits": {"impurity_pct": {"max": 2.0}}, "blend_limits": {}, "basis": {"moisture_pct": 0.5}}
    window = {"compliant_sellers_only": True, "deliver_from": NOW, "deliver_until": NOW + 99 * HOUR}
    demand = BookDemand("demand")
    assert demand.hear(DemandPosted(**state, **asked, **limits, **window))
    assert (demand.family, demand.net_fen_per_t, demand.organisation_id) == ("steel", 238_938, "dan")
    assert demand.quality_limits == {"impurity_pct": {"max": 2.0}}


def test_both_must_accept() -> None:
    proposal = a_proposal()
    assert statuses(proposal.made()) == [(ProposalMade, 1, "made")]
    assert not proposal.visible
    assert proposal.reserved(NOW, HOUR, NOW) == []
    assert (proposal.visible, proposal.expires_at) == (True, NOW + HOUR)
    assert statuses(proposal.accept("buyer", NOW)) == [(ProposalAccepted, 3, "proposed")]
    with pytest.raises(WrongState):
        proposal.accept("buyer", NOW)
    assert statuses(proposal.accept("seller", NOW)) == [(ProposalAccepted, 4, "agreed")]
    decisions: list[Callable[[], object]] = [
        lambda: proposal.accept("seller", NOW),
        lambda: proposal.reject("buyer", None, NOW),
    ]
    for decide in decisions:
        with pytest.raises(WrongState):
            decide()
    assert proposal.expire(NOW + 2 * HOUR) == [] and proposal.withdraw("lot-closed", NOW) == []


@pytest.mark.parametrize(
    ("seller", "buyer", "wanted"),
    [(True, False, ["proposed"]), (False, True, ["proposed"]), (True, True, ["proposed", "agreed"]), (False, False, [])],
)
def test_a_side_that_accepts_by_itself_does_so_on_reservation(seller: bool, buyer: bool, wanted: list[str]) -> None:
    proposal = a_proposal(seller, buyer)
    assert [status for _, _, status in statuses(proposal.reserved(NOW, HOUR, NOW))] == wanted
    assert (proposal.seller_accepted_at is not None, proposal.buyer_accepted_at is not None) == (seller, buyer)


def test_news_of_a_reservation_after_its_time_accepts_nothing_and_expires() -> None:
    proposal = a_proposal(True, True)
    assert proposal.reserved(NOW, HOUR, NOW + 2 * HOUR) == []
    assert [kind for kind, _, _ in statuses(proposal.expire(NOW + 2 * HOUR))] == [ProposalExpired]


def test_a_decision_after_the_time_is_up_is_refused_before_the_timer_comes() -> None:
    proposal = a_proposal()
    proposal.reserved(NOW, HOUR, NOW)
    assert proposal.expire(NOW + HOUR - timedelta(milliseconds=1)) == []
    with pytest.raises(WrongState):
        proposal.accept("seller", NOW + HOUR)
    assert [kind for kind, _, _ in statuses(proposal.expire(NOW + HOUR))] == [ProposalExpired]


def test_rejection_ends_it_and_keeps_the_reason() -> None:
    proposal = a_proposal()
    with pytest.raises(WrongState):
        proposal.reject("seller", None, NOW)
    proposal.reserved(NOW, HOUR, NOW)
    assert statuses(proposal.reject("seller", "杂质太多", NOW)) == [(ProposalRejected, 3, "rejected")]
    assert proposal.reason == "杂质太多"
    with pytest.raises(WrongState):
        proposal.accept("buyer", NOW)


def test_a_refused_proposal_is_seen_by_nobody_and_stays_refused() -> None:
    proposal = a_proposal()
    proposal.refused("not-enough", NOW)
    assert (proposal.visible, proposal.reserved(NOW, HOUR, NOW), proposal.status) == (False, [], "refused")


def test_one_worker_at_a_time_clears_a_material() -> None:
    steel = Material("steel", changes=3)
    assert steel.due(NOW, HOUR) and steel.take("one", NOW, HOUR)
    assert not steel.take("two", NOW, HOUR)
    fence = steel.fence
    assert steel.take("two", NOW + HOUR, HOUR) and steel.fence == fence + 1


def test_a_material_is_due_when_something_changed_and_its_own_interval_is_over() -> None:
    steel = Material("steel", changes=3, cleared=3, cleared_at=NOW)
    assert not steel.due(NOW + 2 * HOUR, HOUR)
    steel.changes += 1
    assert not steel.due(NOW + HOUR / 2, HOUR)
    assert steel.due(NOW + HOUR, HOUR)


def test_what_can_t_be_taken_is_said_in_tonnes_as_people_write_them() -> None:
    lot = BookLot("lot", min_take_kg=1_500)
    assert lot.misfit(20_000, 17_000) == ("最多 17 吨", "At most 17 t can be had")
    assert lot.misfit(1_000, 17_000) == ("低于最小提货量 1.5 吨", "A take is 1.5 t at least")
