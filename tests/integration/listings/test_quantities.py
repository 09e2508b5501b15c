"""What proposals, trades and loads do to quantities, in real transactions."""

from __future__ import annotations

import threading

import pytest

from services.listings import service
from services.listings.store import LOTS, RESERVATIONS
from shared.clock import utc_now
from shared.events.matching import ProposalCountered, ProposalExpired, ProposalRejected, ProposalWithdrawn
from shared.events.trading import TradeCancelled
from shared.ids import new_id
from tests.integration.listings.market import Market, received, returned

pytestmark = pytest.mark.mongodb


def trade_cancelled(proposal, released_kg: int) -> TradeCancelled:  # type: ignore[no-untyped-def]
    return TradeCancelled(
        id=new_id(),
        version=3,
        at=utc_now(),
        proposal_id=proposal.id,
        terms=proposal.terms,
        status="cancelled",
        reason="x",
        released_kg=released_kg,
    )


def shown(market: Market, lot_id: str) -> tuple[int, int, int, int]:
    lot = market.lot_row(lot_id)
    return lot.available_kg, lot.reserved_kg, lot.consumed_kg, lot.unsold_kg


def test_a_trade_of_two_loads_one_short(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller, quantity_t=60), market.demand(buyer)
    proposal = market.reserve(lot_id, demand_id, 60_000)
    assert shown(market, lot_id) == (0, 60_000, 0, 0)
    market.tell(service.on_shipment_received, received(proposal, 30_000))
    market.tell(service.on_shipment_received, received(proposal, 30_000, 20_000))
    assert shown(market, lot_id) == (10_000, 0, 50_000, 0)
    demand = market.demand_row(demand_id)
    assert (demand.available_kg, demand.consumed_kg) == (450_000, 50_000)
    reservation = RESERVATIONS.get(market.database.read(), proposal.id)
    assert (reservation.state, reservation.consumed_kg, reservation.released_kg) == ("done", 50_000, 10_000)
    events = market.emitted("quantity.consumed", "quantity.released")
    assert [(event["kg"], event["final"]) for event in events] == [(30_000, False), (20_000, False), (10_000, True)]


def test_everything_sold_closes_the_lot(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller, quantity_t=30), market.demand(buyer, quantity_t=30)
    market.tell(service.on_shipment_received, received(market.reserve(lot_id, demand_id, 30_000), 30_000))
    lot, demand = market.lot_row(lot_id), market.demand_row(demand_id)
    assert (lot.status, lot.closed_reason, demand.status, demand.closed_reason) == ("closed", "sold", "closed", "filled")
    assert market.get(seller, f"/v1/lots/{lot_id}").json["sold_t"] == 30
    assert len(market.emitted("lot.closed", "demand.closed")) == 2


@pytest.mark.parametrize("kind", [ProposalRejected, ProposalCountered, ProposalExpired, ProposalWithdrawn])
def test_endings_give_tonnes_back_once(market: Market, kind: type[ProposalRejected]) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller), market.demand(buyer)
    proposal = market.reserve(lot_id, demand_id, 10_000)
    ending = market.proposal(lot_id, demand_id, 10_000, kind, id=proposal.id, version=2, status="rejected")
    market.tell(service.on_proposal_ended, ending)
    market.tell(service.on_proposal_ended, ending)
    assert shown(market, lot_id) == (30_500, 0, 0, 0)
    [event] = market.emitted("quantity.released")
    assert (event["cause"], event["lot_to"], event["final"]) == (
        kind.__name__.removeprefix("Proposal").lower(),
        "on_offer",
        True,
    )


def test_cancelled_trades_and_returned_loads_give_back_what_is_theirs(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller, quantity_t=60), market.demand(buyer)
    proposal = market.reserve(lot_id, demand_id, 60_000)
    market.tell(service.on_shipment_returned, returned(proposal, 30_000))
    assert shown(market, lot_id) == (30_000, 30_000, 0, 0)
    market.tell(service.on_trade_cancelled, trade_cancelled(proposal, 0))
    assert shown(market, lot_id) == (30_000, 30_000, 0, 0)
    market.tell(service.on_shipment_returned, returned(proposal, 30_000))
    assert shown(market, lot_id) == (60_000, 0, 0, 0)
    again = market.reserve(lot_id, demand_id, 60_000)
    market.tell(service.on_trade_cancelled, trade_cancelled(again, 60_000))
    assert shown(market, lot_id) == (60_000, 0, 0, 0)
    causes = [(event["cause"], event["in_transit"]) for event in market.emitted("quantity.released")]
    assert causes == [("returned", True), ("returned", True), ("cancelled", False)]


def test_protocol_2_stale_terms_are_refused(market: Market) -> None:
    """Reserved only if both are open and unchanged, with a condition on what is available; else refused with the reason."""
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller), market.demand(buyer)
    old = market.proposal(lot_id, demand_id, 10_000)
    market.patch(seller, f"/v1/lots/{lot_id}", {"ask_cny_per_t": 2600}, "*")
    market.tell(service.on_proposal_made, old)
    market.reserve(lot_id, demand_id, 30_501)
    stale_demand = market.proposal(lot_id, demand_id, 10_000)
    market.patch(buyer, f"/v1/demands/{demand_id}", {"quality_limits": {"moisture_pct": {"max": 1}}}, "*")
    market.tell(service.on_proposal_made, stale_demand)
    closed = market.proposal(lot_id, demand_id, 10_000)
    market.post(seller, f"/v1/lots/{lot_id}/withdraw")
    market.tell(service.on_proposal_made, closed)
    reasons = [event["reason"] for event in market.emitted("quantity.refused")]
    assert reasons == ["lot-changed", "not-enough", "demand-changed", "lot-closed"]
    assert market.emitted("quantity.reserved") == []
    assert market.demand_row(demand_id).reserved_kg == 0


def test_protocol_2_a_change_of_quantity_alone_is_no_change_of_terms(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller), market.demand(buyer)
    old = market.proposal(lot_id, demand_id, 10_000)
    market.patch(seller, f"/v1/lots/{lot_id}", {"quantity_t": 20}, "*")
    market.tell(service.on_proposal_made, old)
    assert shown(market, lot_id) == (10_000, 10_000, 0, 0)


def test_protocol_4_an_ending_before_its_proposal_forbids_reserving(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller), market.demand(buyer)
    made = market.proposal(lot_id, demand_id, 10_000)
    ended = market.proposal(lot_id, demand_id, 10_000, ProposalWithdrawn, id=made.id, version=2, status="withdrawn")
    market.tell(service.on_proposal_ended, ended)
    market.tell(service.on_proposal_made, made)
    market.tell(service.on_proposal_made, made)
    [refused] = market.emitted("quantity.refused")
    assert (refused["id"], refused["reason"]) == (made.id, "ended")
    assert shown(market, lot_id) == (30_500, 0, 0, 0)


def test_the_same_proposal_reserves_once(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller), market.demand(buyer)
    market.tell(service.on_proposal_made, market.reserve(lot_id, demand_id, 10_000))
    assert shown(market, lot_id) == (20_500, 10_000, 0, 0)


def test_a_counter_offer_takes_over_its_tonnes_in_one_transaction(market: Market) -> None:
    """Whichever of the two events comes first, nothing is free in between."""
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller, quantity_t=30), market.demand(buyer)
    for made_first in (True, False):
        first = market.reserve(lot_id, demand_id, 30_000)
        second = market.proposal(lot_id, demand_id, 20_000, replaces=first.id)
        kinds = market.proposal(
            lot_id, demand_id, 30_000, ProposalCountered, id=first.id, status="countered", next_id=second.id
        )
        if not made_first:
            market.tell(service.on_proposal_ended, kinds)
            assert shown(market, lot_id) == (0, 30_000, 0, 0)
        market.tell(service.on_proposal_made, second)
        market.tell(service.on_proposal_ended, kinds)
        assert shown(market, lot_id) == (10_000, 20_000, 0, 0)
        rows = {one: RESERVATIONS.get(market.database.read(), one) for one in (first.id, second.id)}
        assert (rows[first.id].state, rows[first.id].released_kg) == ("done", 30_000)
        assert (rows[second.id].state, rows[second.id].remaining_kg) == ("reserved", 20_000)
        rejected = market.proposal(lot_id, demand_id, 20_000, ProposalRejected, id=second.id, status="rejected")
        market.tell(service.on_proposal_ended, rejected)
        assert shown(market, lot_id) == (30_000, 0, 0, 0)


def test_a_counter_offer_that_does_not_fit_gives_the_tonnes_back(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller, quantity_t=30), market.demand(buyer)
    first = market.reserve(lot_id, demand_id, 10_000)
    market.tell(service.on_proposal_made, market.proposal(lot_id, demand_id, 31_000, replaces=first.id))
    assert shown(market, lot_id) == (30_000, 0, 0, 0)
    assert [event["reason"] for event in market.emitted("quantity.refused")] == ["not-enough"]


def test_64_proposals_for_one_lot_at_once_never_take_more_than_there_is(market: Market) -> None:
    seller, buyers = market.party("collector"), [market.party("buyer") for _ in range(4)]
    lot_id = market.lot(seller, quantity_t=20)
    demands = [market.demand(buyer, quantity_t=50) for buyer in buyers]
    proposals = [market.proposal(lot_id, demands[i % 4], 1_000) for i in range(64)]
    gate = threading.Barrier(64)

    def compete(number: int) -> None:
        gate.wait()
        market.tell(service.on_proposal_made, proposals[number])

    threads = [threading.Thread(target=compete, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shown(market, lot_id) == (0, 20_000, 0, 0)
    assert len(market.emitted("quantity.reserved")) == 20
    assert len(market.emitted("quantity.refused")) == 44
    assert sum(market.demand_row(one).reserved_kg for one in demands) == 20_000
    versions = [event["lot"]["version"] for event in market.emitted("quantity.reserved")]
    assert sorted(versions) == list(range(3, 23))


def test_windows_that_are_over_expire(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lots = [market.lot(seller) for _ in range(60)]
    promised, demand_id = market.lot(seller), market.demand(buyer)
    proposal = market.reserve(promised, demand_id, 30_500)
    far = max(market.lot_row(promised).until, market.demand_row(demand_id).until)
    later = market.database
    later.clock = lambda: far  # type: ignore[assignment]
    assert service.expire_due(later) == 61
    states = [(lot.status, lot.closed_reason, lot.unsold_kg) for lot in LOTS.many(later.read(), lots).values()]
    assert states == [("closed", "expired", 30_500)] * 60
    assert market.lot_row(promised).status == "open"  # wholly promised: nothing to expire
    market.tell(service.on_trade_cancelled, trade_cancelled(proposal, 30_500))
    assert shown(market, promised) == (0, 0, 0, 30_500)
    assert market.lot_row(promised).closed_reason == "expired"
    [event] = market.emitted("quantity.released")
    assert event["lot_to"] == "expired"
    assert len(market.emitted("lot.expired")) == 61
    assert service.expire_due(later) == 0
