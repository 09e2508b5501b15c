"""以渣定产: what a producer may promise follows its verified use, whoever proposes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.matching.clearing import RULES, Rule, deal
from services.matching.service import allowances, book, explain
from services.matching.service.market import read_pair
from services.matching.store import ALLOWANCES, BOOK_DEMANDS, BOOK_LOTS
from shared.auth import Caller
from shared.events.listings import Balance, QuantityReserved
from shared.events.regions import AllowanceChanged
from shared.settings import Settings
from tests.integration.matching.room import Room
from tests.integration.matching.test_agreements import Desk, publish
from tests.integration.matching.test_tenders import Hall

pytestmark = [pytest.mark.mongodb]


def allow(room: Room, allowed_kg: int, version: int = 1, **changes: Any) -> None:
    now = room.clock()
    state = {
        "id": "rule:seller:2026", "version": version, "at": now, "rule_id": "rule", "organisation_id": "seller",
        "region": "420000", "material": "steel.hms1", "period": "2026", "start": now - timedelta(days=30),
        "end": now + timedelta(days=30), "verified_kg": 0, "allowed_kg": allowed_kg, "used_kg": 0, "promised_kg": 0,
        "left_kg": 0, "sellable_kg": allowed_kg, "status": "standing",
    }  # fmt: skip
    room.hear(allowances.hear, AllowanceChanged(**(state | changes)))


def reserve(room: Room, number: int) -> None:
    """Listings' yes to the proposal of that number, and what is left of its lot."""
    proposal = room.proposals()[number]
    kg = proposal.terms.kg
    left = Balance(
        id=proposal.terms.lot_id, version=3, status="open", quantity_kg=30_000, available_kg=30_000 - kg, reserved_kg=kg,
        consumed_kg=0, unsold_kg=0,
    )  # fmt: skip
    ids = {"id": proposal.id, "lot_id": proposal.terms.lot_id, "demand_id": proposal.terms.demand_id}
    demand = left.model_copy(update={"id": proposal.terms.demand_id, "quantity_kg": 500_000, "available_kg": 500_000 - kg})
    room.hear(book.hear_reserved, QuantityReserved(version=1, at=room.clock(), kg=kg, lot=left, demand=demand, **ids))


def test_clearings_promise_what_is_allowed_and_no_more_until_more_is(room: Room) -> None:
    allow(room, 40_000)
    room.lot(), room.lot(), room.lot(seller_id="other"), room.demand()
    room.clear()
    mine = [one.terms.kg for one in room.proposals() if one.terms.seller_id == "seller"]
    assert sum(mine) == 40_000 and sum(one.terms.kg for one in room.proposals()) == 70_000
    for number in range(len(room.proposals())):
        reserve(room, number)
    room.clear()
    assert len(room.proposals()) == len(mine) + 1
    allow(room, 55_000, version=2)
    room.clear()
    assert [one.terms.kg for one in room.proposals()[len(mine) + 1 :]] == [15_000]


def test_an_older_word_changes_nothing_and_a_withdrawn_one_limits_nothing(room: Room) -> None:
    allow(room, 20_000, version=2)
    allow(room, 90_000, version=1)
    assert ALLOWANCES.get(room.database.read(), "rule:seller:2026").allowed_kg == 20_000
    allow(room, 20_000, version=3, status="withdrawn")
    room.lot(), room.demand()
    room.clear()
    assert [one.terms.kg for one in room.proposals()] == [30_000]


def test_what_is_from_stock_elsewhere_or_listed_at_another_time_is_not_under_it(room: Room) -> None:
    allow(room, 0)
    early = room.clock() - timedelta(days=31)
    lots = [room.lot(stock="stock"), room.lot(region="430100"), room.lot(published_at=early), room.lot(stock="new")]
    room.demand()
    room.clear()
    assert {one.terms.lot_id for one in room.proposals()} == {lot.id for lot in lots[:3]}


def test_overlapping_allowances_give_the_least_of_them(room: Room) -> None:
    allow(room, 25_000)
    allow(room, 8_000, id="city:seller:2026", rule_id="city", region="420100")
    room.lot(), room.lot(region="420500"), room.demand()
    room.clear()
    assert sum(one.terms.kg for one in room.proposals()) == 8_000


def test_a_single_deal_keeps_to_it_and_the_explanation_names_it(room: Room) -> None:
    allow(room, 4_000)
    lot, demand = room.lot(), room.demand()

    def rules(unit: Any, kg: int) -> tuple[Rule, ...]:
        market = read_pair(unit, BOOK_LOTS.get(unit, lot.id), BOOK_DEMANDS.get(unit, demand.id))
        return deal(market, market.lots[0], market.demands[0], kg).rules

    assert room.database.write(lambda unit: rules(unit, 5_000)) == (Rule.ALLOWANCE,)
    seller = Caller("user", "seller", "collector", "420100")
    why = room.database.write(lambda unit: explain.of_lot(unit, seller, lot.id))
    assert why.nearest[0].rules == (Rule.ALLOWANCE,)
    assert why.change is not None and (why.change.field, why.change.value) == ("allowance", 5_000)
    allow(room, 5_000, version=2)
    assert room.database.write(lambda unit: rules(unit, 5_000)) == ()


def test_no_way_to_sell_passes_an_allowance_by(room: Room, settings: Settings) -> None:
    """A bid, a counter-offer and a call-off of more than is allowed are refused with the rule's name, and taken once it is."""
    publish(room)
    hall, desk = Hall(room, settings), Desk(room, settings)
    demand, dans = room.demand(), room.demand(buyer_id="dan", bid_fen_per_t=113_000, bid_net_fen_per_t=100_000)
    allow(room, 10_000)
    tender = hall.opened(room.lot(divisible=False))
    assert hall.bid("dan", tender, dans.id, 2900).json["rules"] == ["allowance"]
    agreement = desk.in_force()
    lot = room.lot()
    beyond = desk.call("buyer", agreement, lot.id, demand.id, 10.001)
    assert (beyond.status_code, beyond.json["rules"]) == (409, ["allowance"])
    room.clear()
    (made,) = [one for one in room.proposals() if one.terms.lot_id == lot.id]
    assert made.terms.kg == 10_000
    reserve(room, [one.id for one in room.proposals()].index(made.id))
    more = desk.ask("buyer", "POST", f"/proposals/{made.id}/counter", {"quantity_t": 10.001})
    assert more.status_code == 422 and more.json["errors"][0]["message"] in RULES[Rule.ALLOWANCE]
    allow(room, 50_000, version=2)
    taken = hall.bid("dan", tender, dans.id, 2900)
    assert taken.status_code == 200, taken.text
    assert desk.ask("buyer", "POST", f"/proposals/{made.id}/counter", {"quantity_t": 10.001}).status_code == 200
    assert desk.call("buyer", agreement, room.lot().id, demand.id, 10.001).status_code == 201
