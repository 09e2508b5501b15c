"""Trades as they happen, and a stored clearing looked at again; on a real MongoDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.matching import views
from services.matching.clearing import Rule
from services.matching.service import book, clear, explain, online
from services.matching.store import CLEARINGS, MATERIALS
from shared.auth import Caller
from shared.events.listings import DemandPosted, LotClosed, QuantityRefused
from shared.settings import Settings
from tests.integration.matching.room import Room, balance

pytestmark = [pytest.mark.mongodb]
ONLINE = "online"


def test_what_both_sides_accept_is_agreed_without_waiting_for_a_clearing(room: Room) -> None:
    demand = room.demand(auto_accept=True)
    online.run_due(room.database, ONLINE)
    assert room.proposals() == []
    lot = room.lot(auto_accept=True)
    online.run_due(room.database, ONLINE)
    (proposal,) = room.proposals()
    assert (proposal.terms.lot_id, proposal.terms.demand_id) == (lot.id, demand.id)
    assert room.reserve(proposal).status == "agreed"
    (record,) = CLEARINGS.select(room.database.read(), {})
    assert (record.kind, record.proposals, record.gap_pct) == ("online", 1, 0)
    assert MATERIALS.get(room.database.read(), "steel").arrived == []


def test_one_side_that_wants_to_be_asked_waits_for_the_clearing(room: Room) -> None:
    room.demand()
    room.lot(auto_accept=True)
    online.run_due(room.database, ONLINE)
    assert room.proposals() == [] and MATERIALS.get(room.database.read(), "steel").arrived == []


@pytest.mark.parametrize(("ask", "traded"), [(229_000, True), (231_000, False)])
def test_room_is_given_at_what_the_last_clearing_says_it_is_worth(room: Room, ask: int, traded: bool) -> None:
    """Forty tonnes wanted thirty tonnes of room, so the room is worth what the dearest of them gains."""
    room.lot(ask_net_fen_per_t=230_000, quantity_kg=40_000, available_kg=40_000)
    demand = room.demand(auto_accept=True, quantity_kg=30_000, available_kg=30_000)
    record = room.clear()
    assert record is not None and record.matched_kg == 30_000
    ended = room.reserve(room.proposals()[0])
    room.hear(lambda unit, _: book._weigh(unit, None, balance(demand.id, 30_000).model_copy(update={"version": 9})), demand)
    room.lot(auto_accept=True, ask_net_fen_per_t=ask)
    online.run_due(room.database, ONLINE)
    made = [proposal for proposal in room.proposals() if proposal.id != ended.id]
    assert len(made) == traded


@pytest.fixture
def busy(settings: Settings) -> Iterator[Room]:
    """Three lots a day, each of 30 t at 230 000 fen, are forecast enough."""
    made = Room(settings.model_copy(update={"hold_back_least_lots": 3}))
    three_sold(made)
    yield made
    made.database.client.drop_database(made.database.mongo.name)


def three_sold(room: Room) -> None:
    for _ in range(3):
        lot = room.lot(auto_accept=True, ask_net_fen_per_t=230_000)
        room.hear(book.hear_lot, LotClosed(**{**lot.model_dump(), "version": 3, "status": "closed", "closed_reason": "sold"}))


def small_mill(room: Room, **terms: Any) -> DemandPosted:
    return room.demand(**{"auto_accept": True, "quantity_kg": 30_000, "available_kg": 30_000, **terms})


@pytest.mark.parametrize(("ask", "traded"), [(230_000, True), (231_000, False)])
def test_room_is_kept_for_lots_that_are_expected_to_gain_more(busy: Room, ask: int, traded: bool) -> None:
    """On arrival, and in the batch that follows: it does not give away what arrivals were refused."""
    small_mill(busy)
    lot = busy.lot(auto_accept=True, ask_net_fen_per_t=ask)
    online.run_due(busy.database, ONLINE)
    assert bool(busy.proposals()) is traded
    if not traded:
        record = busy.clear()
        assert record is not None and record.proposals == 0 and views.verify(busy.database.read(), record.id).holds
        seller = Caller("someone", "seller", "collector", "420100")
        why = busy.database.write(lambda unit: explain.of_lot(unit, seller, lot.id))
        assert why.nearest[0].rules == (Rule.KEPT,)
        assert why.change is not None and (why.change.field, why.change.value) == ("ask", 230_000)


def test_who_decides_on_each_proposal_is_asked_about_each(busy: Room) -> None:
    small_mill(busy, auto_accept=False)
    busy.lot(ask_net_fen_per_t=231_000)
    record = busy.clear()
    assert record is not None and record.proposals == 1


def test_what_is_kept_is_freed_as_the_demand_nears_its_end(busy: Room) -> None:
    small_mill(busy, deliver_until=busy.clock() + timedelta(hours=12))
    busy.lot(ask_net_fen_per_t=231_000)
    assert busy.clear() is not None and busy.proposals() == []
    material = MATERIALS.get(busy.database.read(), "steel")
    assert not material.due(busy.clock(), timedelta()) and material.reprice_at is not None
    busy.clock.ahead = timedelta(hours=6)
    clear.run_due(busy.database, "worker")
    assert len(busy.proposals()) == 1


def test_few_lots_are_no_forecast(room: Room) -> None:
    three_sold(room)
    small_mill(room)
    room.lot(auto_accept=True, ask_net_fen_per_t=231_000)
    online.run_due(room.database, ONLINE)
    assert len(room.proposals()) == 1


def test_a_clearing_in_progress_is_not_disturbed(room: Room) -> None:
    room.demand(auto_accept=True)
    room.lot(auto_accept=True)
    material = MATERIALS.get(room.database.read(), "steel")
    held = room.database.write(lambda unit: clear.read_book(unit, "steel", "batch"))
    online.run_due(room.database, ONLINE)
    assert held is not None and room.proposals() == []
    after = MATERIALS.get(room.database.read(), "steel")
    assert after.arrived == material.arrived and after.fence == held.fence


def test_a_refused_reservation_tries_the_next_best_at_once(room: Room) -> None:
    room.demand(auto_accept=True, id="far", bid_net_fen_per_t=250_000)
    room.demand(auto_accept=True, id="near")
    lot = room.lot(auto_accept=True)
    online.run_due(room.database, ONLINE)
    (proposal,) = room.proposals()
    assert proposal.terms.demand_id == "near"
    gone = QuantityRefused(
        id=proposal.id, version=1, at=room.clock(), lot_id=lot.id, demand_id="near", kg=30_000, reason="not-enough",
        lot=None, demand=balance("near", 0),
    )  # fmt: skip
    room.hear(book.hear_refused, gone)
    online.run_due(room.database, ONLINE)
    assert [(one.terms.demand_id, one.status) for one in room.proposals()] == [("near", "refused"), ("far", "made")]


def test_a_stored_clearing_verifies_and_replays(room: Room) -> None:
    for number in range(6):
        room.lot(seller_id=f"seller-{number}", ask_net_fen_per_t=230_000 + 1_000 * number, divisible=number % 2 == 0)
    room.demand(quantity_kg=70_000, available_kg=70_000, blend_limits={}), room.demand(buyer_id="other")
    record = room.clear()
    assert record is not None and record.proposals > 2
    unit = room.database.read()
    verdict = views.verify(unit, record.id)
    assert verdict.holds and all(verdict.looked_at[name] for name in ("pairs and prices", "quantities", "bound", "node prices"))
    assert views.replay(unit, record.id) == []
    altered = {"clearing_id": record.id}, {"$inc": {"terms.kg": -1}}
    room.database.mongo["proposals"].update_one(*altered)
    assert views.verify(unit, record.id).findings["figures"]
    assert views.replay(unit, record.id)


def test_a_clearing_without_its_input_says_so(room: Room) -> None:
    room.lot(), room.demand()
    record = room.clear()
    assert record is not None
    room.database.mongo["clearing_evidence"].delete_many({})
    with pytest.raises(views.NoEvidence, match="30 days"):
        views.verify(room.database.read(), record.id)
