"""Framework agreements on a real MongoDB: whose they are, calling off at the index, and the month's remainder when many do at
once. Listings, trading and logistics are played by their events."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.matching.app import create_app
from services.matching.model import BookLot, Price, Proposal, later, month_of, price_id
from services.matching.service import agreements, book, prices
from services.matching.store import AGREEMENTS, CALL_OFFS, PRICES
from shared.clock import SHANGHAI
from shared.events.listings import LotPublished
from shared.events.logistics import ShipmentReceived, ShipmentReturned
from shared.events.trading import TradeCancelled
from shared.ids import new_id
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.integration.matching.room import Room

pytestmark = [pytest.mark.mongodb]


class Desk:
    """The room over HTTP: a seller and a buyer who know each other, others who do not, an operator."""

    def __init__(self, room: Room, settings: Settings) -> None:
        self.room, self.client = room, create_app(settings).test_client()
        self.client.application.extensions["huanliu"].database.clock = room.clock
        room.verify(seller="collector", stranger="collector", buyer="buyer", other="buyer")
        roles = {"seller": "collector", "stranger": "collector", "buyer": "buyer", "other": "buyer"}
        self.people: dict[str, SignedIn] = {who: sign_in(settings, role, who) for who, role in roles.items()}  # type: ignore[arg-type]
        self.people["operator"] = sign_in(settings, "operator")
        self.month = month_of(room.clock())

    def ask(self, who: str, method: str, path: str, body: Any = None, client: Any = None) -> Any:
        return (client or self.client).open(f"/v1{path}", method=method, json=body, headers=self.people[who].headers)

    def proposed(self, **changes: Any) -> dict[str, Any]:
        body = {
            "counterparty_id": "buyer", "grade": "steel.hms1", "first_month": self.month, "last_month": later(self.month, 5),
            "month_t": 100, "above_pct": 5, "below_pct": 10, "region": "420102", "premium_cny_per_t": -15.5,
        }  # fmt: skip
        answer = self.ask("seller", "POST", "/agreements", body | changes)
        assert answer.status_code == 201, answer.text
        assert answer.headers["Location"] == f"/v1/agreements/{answer.json['id']}"
        return dict(answer.json)

    def in_force(self, **changes: Any) -> str:
        made = self.proposed(**changes)
        assert self.ask("buyer", "POST", f"/agreements/{made['id']}/accept").status_code == 200
        return str(made["id"])

    def call(self, who: str, agreement: str, lot: str, demand: str, t: float, client: Any = None) -> Any:
        body = {"lot_id": lot, "demand_id": demand, "quantity_t": t}
        return self.ask(who, "POST", f"/agreements/{agreement}/call-offs", body, client)

    def this_month(self, agreement: str) -> dict[str, Any]:
        return dict(self.ask("buyer", "GET", f"/agreements/{agreement}").json["months"][0])


@pytest.fixture
def desk(room: Room, settings: Settings) -> Desk:
    return Desk(room, settings)


def publish(room: Room, fen: int = 240_000, days_ago: int = 0, firms: int = 5, region: str = "420102") -> None:
    """What a clearing's node prices make of the index, so many days ago."""
    lots = {str(n): BookLot(str(n), organisation_id=f"firm{n}", grade="steel.hms1", region=region) for n in range(firms)}
    room.clock.ahead -= timedelta(days=days_ago)
    room.database.write(lambda unit: prices.observe(unit, lots, dict.fromkeys(lots, fen)))
    room.clock.ahead += timedelta(days=days_ago)


def types(room: Room) -> list[str]:
    rows = room.database.mongo["outbox"].find({"type": {"$not": {"$regex": "price"}}}, sort=[("_id", 1)])
    return [row["type"].removeprefix("huanliu.").removesuffix(".v1") for row in rows]


def shipment(proposal: Proposal, kg: int) -> dict[str, Any]:
    terms = proposal.terms
    ids = {name: getattr(terms, name) for name in ("lot_id", "demand_id", "seller_id", "buyer_id", "grade", "mode")}
    regions = {"from_region": terms.origin.region, "to_region": terms.destination.region}
    now = proposal.created_at
    rest = {"trade_id": "trade", "proposal_id": proposal.id, "planned_kg": kg, "recorded_at": now, "at": now, "version": 9}
    return {"id": new_id(), **ids, **regions, **rest}


def received(proposal: Proposal, kg: int, net_kg: int) -> ShipmentReceived:
    consumed = min(kg, net_kg)
    weights = {"net_kg": net_kg, "settled_kg": net_kg, "deducted_kg": 0, "consumed_kg": consumed}
    rest = {"shortfall_kg": kg - consumed, "difference_kg": consumed - net_kg, "ticket": new_id(), "status": "received"}
    return ShipmentReceived(**shipment(proposal, kg), **weights, **rest)


def test_a_call_off_is_agreed_by_both_at_the_index_and_the_premium(room: Room, desk: Desk) -> None:
    publish(room)
    agreement = desk.in_force()
    lot, demand = room.lot(), room.demand()
    answer = desk.call("buyer", agreement, lot.id, demand.id, 30)
    assert answer.status_code == 201 and answer.headers["ETag"] == '"1"', answer.text
    called = answer.json
    assert answer.headers["Location"] == f"/v1/agreements/{agreement}/call-offs/{called['id']}"
    assert (called["price_cny_per_t"], called["index_cny_per_t"], called["index_carried"]) == (2384.5, 2400, False)
    assert (called["status"], called["month"], called["by"]) == ("asked", desk.month, "buyer")
    (proposal,) = room.proposals()
    assert (proposal.agreement_id, proposal.clearing_id, proposal.terms.price_fen_per_t) == (agreement, "", 238_450)
    assert desk.ask("seller", "GET", f"/proposals/{proposal.id}").status_code == 404, "listings has not reserved it"
    done = room.reserve(proposal)
    assert done.status == "agreed" and done.seller_accepted_at and done.buyer_accepted_at and done.expires_at is None
    assert desk.ask("seller", "GET", f"/agreements/{agreement}/call-offs/{called['id']}").json["status"] == "agreed"
    assert desk.ask("seller", "GET", f"/proposals?agreement_id={agreement}").json["items"][0]["id"] == called["proposal_id"]
    assert desk.ask("seller", "GET", f"/proposals/{proposal.id}/explanation").status_code == 200
    assert types(room) == ["agreement.made", "agreement.accepted", "proposal.made", "proposal.accepted", "proposal.accepted"]
    month = desk.this_month(agreement)
    assert (month["called_t"], month["remaining_t"], month["lacking_t"]) == (30, 75, 60)


def test_ask_and_bid_are_for_strangers_and_every_other_rule_holds(room: Room, desk: Desk) -> None:
    publish(room, 300_000)
    agreement = desk.in_force(month_t=1000)
    low = room.demand(bid_fen_per_t=100_000, bid_net_fen_per_t=88_496)
    called = desk.call("seller", agreement, room.lot().id, low.id, 30)
    assert called.status_code == 201 and room.proposals()[0].gain_fen_per_t < 0
    damp = room.demand(quality_limits={"moisture_pct": {"max": 2.0}}, available_kg=20_000, grades=["steel.light"])
    answer = desk.call("seller", agreement, room.lot(quality={"moisture_pct": 9.0}).id, damp.id, 25)
    assert (answer.status_code, answer.json["rules"]) == (409, ["grade", "quality", "quantity"])
    demand = room.demand()
    whole = desk.call("seller", agreement, room.lot(divisible=False).id, demand.id, 25)
    assert whole.json["rules"] == ["not-whole"]
    closed = room.lot(status="closed")
    assert desk.call("seller", agreement, closed.id, demand.id, 25).status_code == 409
    assert desk.this_month(agreement)["called_t"] == 30, "what was refused took nothing"


def test_only_the_parties_own_lot_and_demand_of_the_grade(room: Room, desk: Desk) -> None:
    publish(room)
    agreement = desk.in_force()
    lot, demand = room.lot(), room.demand()

    def pointers(lot_id: str, demand_id: str) -> list[str]:
        return [fault["pointer"] for fault in desk.call("buyer", agreement, lot_id, demand_id, 30).json["errors"]]

    assert pointers(room.lot(seller_id="stranger").id, room.demand(buyer_id="other").id) == ["/lot_id", "/demand_id"]
    assert pointers(room.lot(grade="steel.light").id, demand.id) == ["/lot_id"]
    assert pointers(lot.id, room.demand(buyer_id="other").id) == ["/demand_id"]
    closes = (room.clock() + timedelta(hours=2)).isoformat()
    assert desk.ask("seller", "POST", "/tenders", {"lot_id": lot.id, "closes_at": closes}).status_code == 201
    assert desk.call("buyer", agreement, lot.id, demand.id, 30).json["rules"] == ["under-tender"]
    assert room.proposals() == []


def test_it_is_the_parties_alone(room: Room, desk: Desk) -> None:
    publish(room)
    agreement = desk.in_force()
    called = desk.call("seller", agreement, room.lot().id, room.demand().id, 30).json["id"]
    paths = [f"/agreements/{agreement}{rest}" for rest in ("", "/call-offs", f"/call-offs/{called}")]
    for who, status in (("seller", 200), ("buyer", 200), ("operator", 200), ("stranger", 404), ("other", 404)):
        assert {desk.ask(who, "GET", path).status_code for path in paths} == {status}, who
        listed = desk.ask(who, "GET", "/agreements").json["items"]
        assert [one["id"] for one in listed] == ([agreement] if status == 200 else []), who
    for what in ("accept", "decline", "end"):
        assert desk.ask("other", "POST", f"/agreements/{agreement}/{what}", {}).status_code == 404
        assert desk.ask("operator", "POST", f"/agreements/{agreement}/{what}", {}).status_code == 403
    assert desk.call("stranger", agreement, room.lot().id, room.demand().id, 30).status_code == 404
    second = desk.in_force()
    assert desk.ask("seller", "GET", f"/agreements/{second}/call-offs/{called}").status_code == 404


def test_what_may_be_proposed_and_to_whom(room: Room, desk: Desk) -> None:
    def pointers(who: str = "seller", **changes: Any) -> list[str]:
        body = {
            "counterparty_id": "buyer", "grade": "steel.hms1", "first_month": desk.month, "last_month": desk.month,
            "month_t": 1, "region": "420100",
        }  # fmt: skip
        answer = desk.ask(who, "POST", "/agreements", body | changes)
        return (
            [fault["pointer"] for fault in answer.json.get("errors", [])]
            if answer.status_code == 422
            else [answer.json["status"]]
        )

    assert pointers() == ["proposed"]
    assert pointers("buyer", counterparty_id="stranger") == ["proposed"]
    assert pointers(first_month=later(desk.month, -1)) == ["/first_month"]
    assert pointers(last_month=later(desk.month, -1)) == pointers(last_month=later(desk.month, 36)) == ["/last_month"]
    assert pointers(floor_cny_per_t=2, ceiling_cny_per_t=1.99) == ["/ceiling_cny_per_t"]
    assert pointers(counterparty_id="stranger") == pointers("buyer", counterparty_id="other") == ["/counterparty_id"]
    assert pointers(grade="steel", region="999999", premium_cny_per_t=0.001, first_month="2026-13", above_pct=101) == [
        "/grade", "/first_month", "/above_pct", "/region", "/premium_cny_per_t"
    ]  # fmt: skip
    assert desk.ask("operator", "POST", "/agreements", {}).status_code == 403
    assert desk.ask("seller", "GET", "/agreements?status=proposed&material=steel&region=420000").json["items"]


def test_the_index_is_the_last_published_and_marked_where_carried(room: Room, desk: Desk) -> None:
    agreement, floored = desk.in_force(), desk.in_force(floor_cny_per_t=2100)
    lot, demand = room.lot(quantity_kg=90_000, available_kg=90_000), room.demand()
    publish(room, firms=4)
    answer = desk.call("seller", agreement, lot.id, demand.id, 10)
    assert answer.status_code == 409 and "保底价" in answer.json["detail"]
    called = desk.call("seller", floored, lot.id, demand.id, 10).json
    assert (called["price_cny_per_t"], called["index_cny_per_t"], called["index_on"]) == (2100, None, None)
    publish(room, 231_000, days_ago=3)
    called = desk.call("seller", agreement, lot.id, demand.id, 10).json
    day = (room.clock() - timedelta(days=3)).astimezone(SHANGHAI).date().isoformat()
    assert (called["price_cny_per_t"], called["index_on"], called["index_carried"]) == (2294.5, day, True)
    today = room.clock().astimezone(SHANGHAI).date().isoformat()
    (carried,) = PRICES.select(room.database.read(), {"_id": price_id(today, "420100", "steel.hms1")})
    assert isinstance(carried, Price) and carried.median_fen_per_t is None


def test_what_listings_refuses_the_month_has_back(room: Room, desk: Desk) -> None:
    publish(room)
    agreement = desk.in_force()
    lot, demand = room.lot(quantity_kg=200_000, available_kg=200_000), room.demand()
    called = desk.call("seller", agreement, lot.id, demand.id, 100).json["id"]
    full = desk.call("buyer", agreement, lot.id, demand.id, 6)
    assert (full.status_code, full.json["remaining_t"]) == (409, 5)
    room.refuse(room.proposals()[0], "lot-changed")
    told = desk.ask("buyer", "GET", f"/agreements/{agreement}/call-offs/{called}").json
    assert (told["status"], told["reason"], told["called_t"]) == ("refused", "lot-changed", 0)
    assert desk.call("buyer", agreement, lot.id, demand.id, 105).status_code == 201
    listed = desk.ask("seller", "GET", f"/agreements/{agreement}/call-offs?status=refused&month={desk.month}").json["items"]
    assert [one["id"] for one in listed] == [called]
    path = f"/agreements/{agreement}/call-offs?"
    first = desk.ask("seller", "GET", path + "limit=1").json
    second = desk.ask("seller", "GET", f"{path}limit=1&cursor={first['next_cursor']}").json
    assert [one["id"] for one in (*first["items"], *second["items"])][1] == called and second["next_cursor"] is None
    assert {desk.ask("seller", "GET", path + query).status_code for query in ("limit=0", "cursor=!", "kg=1")} == {422}


def test_a_month_is_drawn_down_by_what_is_received(room: Room, desk: Desk) -> None:
    publish(room)
    agreement = desk.in_force()
    lot, demand = room.lot(quantity_kg=200_000, available_kg=200_000), room.demand()
    desk.call("seller", agreement, lot.id, demand.id, 90)
    proposal = room.reserve(room.proposals()[0])
    room.hear(agreements.hear_received, received(proposal, 30_000, 29_100), received(proposal, 30_000, 30_500))
    room.hear(book.hear_returned, ShipmentReturned(**shipment(proposal, 30_000), status="returned"))
    month = desk.this_month(agreement)
    assert (month["called_t"], month["delivered_t"], month["remaining_t"]) == (59.6, 59.6, 45.4)
    other = room.lot()
    desk.call("seller", agreement, other.id, room.demand().id, 30)
    gone = room.reserve(room.proposals()[1])
    cancelled = TradeCancelled(
        id="t",
        version=2,
        at=room.clock(),
        proposal_id=gone.id,
        terms=gone.terms,
        status="cancelled",
        reason="x",
        released_kg=30_000,
    )
    room.hear(book.hear_trade_cancelled, cancelled)
    assert desk.this_month(agreement)["called_t"] == 59.6
    assert CALL_OFFS.get(room.database.read(), gone.id).status == "cancelled"


def test_notice_and_the_calendar(room: Room, desk: Desk) -> None:
    publish(room)
    agreement = desk.in_force()
    ended = desk.ask("buyer", "POST", f"/agreements/{agreement}/end", {}).json
    assert (ended["status"], ended["last_month"], ended["ended_by"]) == ("ending", later(desk.month, 1), "buyer")
    assert [one["month"] for one in ended["months"]] == [desk.month, later(desk.month, 1)]
    assert desk.call("seller", agreement, room.lot().id, room.demand().id, 30).status_code == 201
    room.clock.ahead += timedelta(days=65)
    assert desk.call("seller", agreement, room.lot().id, room.demand().id, 30).status_code == 409
    mine = desk.proposed(first_month=month_of(room.clock()), last_month=month_of(room.clock()))["id"]
    assert desk.ask("seller", "POST", f"/agreements/{mine}/accept", {}).status_code == 409
    assert desk.ask("seller", "POST", f"/agreements/{mine}/decline", {}).json["status"] == "withdrawn"
    assert types(room)[-1] == "agreement.ended"


@pytest.mark.parametrize("same_lot", [True, False])
def test_many_call_off_at_once_and_the_month_is_never_passed(
    room: Room, settings: Settings, desk: Desk, same_lot: bool
) -> None:
    """40 call-offs of 7 t by both sides at once by two instances of the room into 105 t: exactly 15 are taken;
    then listings refuses some, and as many can be called off again."""
    publish(room)
    agreement, demand = desk.in_force(), room.demand()
    big = room.lot(quantity_kg=900_000, available_kg=900_000)
    lots = [big if same_lot else room.lot() for _ in range(40)]
    assert taken(settings, desk, agreement, lots, demand.id) == 15
    assert desk.this_month(agreement)["remaining_t"] == 0
    made = room.proposals()
    assert len(made) == 15 and sum(one.terms.kg for one in made) == 105_000
    for proposal in made[:4]:
        room.refuse(proposal)
    for proposal in made[4:]:
        room.reserve(proposal)
    assert desk.this_month(agreement)["remaining_t"] == 28
    assert taken(settings, desk, agreement, [room.lot() for _ in range(12)], demand.id) == 4
    kept = AGREEMENTS.get(room.database.read(), agreement)
    counted = sum(one.called_kg for one in CALL_OFFS.select(room.database.read(), {"agreement_id": agreement}))
    assert kept.months[desk.month].called_kg == counted == 105_000


def taken(settings: Settings, desk: Desk, agreement: str, lots: list[LotPublished], demand_id: str) -> int:
    """How many of as many simultaneous call-offs of 7 t were taken; the others were told that the month has no more."""
    clients = [create_app(settings).test_client() for _ in range(2)]

    def one(number: int) -> int:
        who, client = ("seller", "buyer")[number % 2], clients[number // 2 % 2].application.test_client()
        return int(desk.call(who, agreement, lots[number].id, demand_id, 7, client).status_code)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(one, range(len(lots))))
    assert set(answers) <= {201, 409}
    return answers.count(201)
