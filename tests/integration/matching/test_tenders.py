"""Tenders on a real MongoDB: sealed bids, the close, the award and what undoes it. Listings is played by its events."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from services.matching.app import create_app
from services.matching.service import book, clear, online, tenders
from services.matching.store import BOOK_LOTS, TENDERS
from shared.clock import iso
from shared.events.listings import DemandClosed, LotChanged, LotPublished, LotWithdrawn
from shared.settings import Settings
from shared.units import net_fen
from tests.fixtures.identity import SignedIn, sign_in
from tests.integration.matching.room import WORKER, Room

pytestmark = [pytest.mark.mongodb]
BUYERS = ("dan", "eve", "fay")


class Hall:
    """The room over HTTP: a seller, three buyers, an operator."""

    def __init__(self, room: Room, settings: Settings) -> None:
        self.room, self.client = room, create_app(settings).test_client()
        self.client.application.extensions["huanliu"].database.clock = room.clock
        room.verify(seller="collector", **dict.fromkeys(BUYERS, "buyer"))
        self.people: dict[str, SignedIn] = {name: sign_in(settings, "buyer", name) for name in BUYERS}
        self.people |= {"seller": sign_in(settings, "collector", "seller"), "operator": sign_in(settings, "operator")}

    def ask(self, who: str, method: str, path: str, body: Any = None) -> Any:
        return self.client.open(path, method=method, json=body, headers=self.people[who].headers)

    def opened(self, lot: LotPublished, hours: float = 2, **more: Any) -> str:
        closes = self.room.clock() + timedelta(hours=hours)
        answer = self.ask("seller", "POST", "/v1/tenders", {"lot_id": lot.id, "closes_at": iso(closes), **more})
        assert answer.status_code == 201 and answer.headers["Location"] == f"/v1/tenders/{answer.json['id']}", answer.text
        return str(answer.json["id"])

    def bid(self, who: str, tender: str, demand: str, price: float, **more: Any) -> Any:
        return self.ask(who, "PUT", f"/v1/tenders/{tender}/bids/{demand}", {"price_cny_per_t": price, **more})

    def read(self, who: str, tender: str) -> Any:
        return self.ask(who, "GET", f"/v1/tenders/{tender}").json

    def close(self, hours: float = 2) -> None:
        """Time passes, and the timer comes."""
        self.room.clock.ahead += timedelta(hours=hours)
        tenders.close_due(self.room.database)


@pytest.fixture
def hall(room: Room, settings: Settings) -> Hall:
    return Hall(room, settings)


def types(room: Room) -> list[str]:
    rows = room.database.mongo["outbox"].find(sort=[("_id", 1)])
    return [row["type"].removeprefix("huanliu.").removesuffix(".v1") for row in rows]


def test_the_best_bid_becomes_an_agreed_proposal(room: Room, hall: Hall) -> None:
    lot = room.lot()
    demands = {who: room.demand(buyer_id=who) for who in BUYERS}
    tender = hall.opened(lot, reserve_cny_per_t=2420, deposit_cny=20_000)
    reference = {"deposit_reference": "银行保函 7"}
    assert hall.bid("dan", tender, demands["dan"].id, 2850).json["errors"][0]["pointer"] == "/deposit_reference"
    for who, price in (("dan", 2850), ("eve", 2880.5), ("fay", 2750)):
        answer = hall.bid(who, tender, demands[who].id, price, **reference)
        assert answer.status_code == 200 and answer.headers["ETag"] == '"1"', answer.text
    mine = hall.read("dan", tender)
    assert [bid["price_cny_per_t"] for bid in mine["bids"]] == [2850] and mine["bid_count"] is None
    assert mine["reserve_cny_per_t"] is None and mine["deposit_cny"] == 20_000
    for who, count in (("seller", 3), ("operator", None)):
        sealed = hall.read(who, tender)
        assert (sealed["bids"], sealed["bid_count"]) == ([], count)
    hall.close()
    (proposal,) = room.proposals()
    eve = net_fen(288_050, 1300)
    assert proposal.terms.price_fen_per_t == eve - proposal.terms.freight_fen_per_t
    assert (proposal.tender_id, proposal.clearing_id, proposal.status) == (tender, "", "made")
    assert hall.read("seller", tender)["status"] == "deciding" and hall.read("eve", tender)["bids"][0]["outcome"] == "standing"
    done = room.reserve(proposal)
    assert done.status == "agreed" and done.seller_accepted_at and done.buyer_accepted_at and done.expires_at is None
    assert types(room) == ["tender.opened", "proposal.made", "proposal.accepted", "proposal.accepted", "tender.closed"]
    told = hall.read("seller", tender)
    assert (told["status"], told["bid_count"], told["proposal_id"]) == ("awarded", 3, done.id)
    assert {bid["demand_id"]: (bid["outcome"], bid["lost"]) for bid in told["bids"]} == {
        demands["dan"].id: ("lost", "outbid"),
        demands["eve"].id: ("won", None),
        demands["fay"].id: ("lost", "below-reserve"),
    }
    loser = hall.read("dan", tender)
    assert [bid["en"] for bid in loser["bids"]] == ["another bid leaves the seller more"]
    assert round(100 * loser["winning_price_cny_per_t"]) == done.terms.price_fen_per_t and loser["proposal_id"] is None
    assert hall.ask("seller", "GET", f"/v1/proposals?tender_id={tender}").json["items"][0]["clearing_id"] is None
    assert BOOK_LOTS.get(room.database.read(), lot.id).tender_id is None


def test_a_sealed_bid_is_in_no_event_and_in_nobody_elses_answer(room: Room, hall: Hall) -> None:
    lot, demand = room.lot(), room.demand(buyer_id="dan")
    tender = hall.opened(lot, reserve_cny_per_t=2399.87)
    hall.bid("dan", tender, demand.id, 2866.61)
    secrets = ("2866.61", "286661", str(net_fen(286_661, 1300)), "239987", "2399.87")
    for who in ("eve", "operator", "seller"):
        texts = [hall.ask(who, "GET", path).text for path in (f"/v1/tenders/{tender}", "/v1/tenders", "/v1/tenders?mine=true")]
        hidden = secrets[:3] if who == "seller" else secrets
        assert not any(secret in text for secret in hidden for text in texts), who
    assert not any(secret in row["data"] for secret in secrets for row in room.database.mongo["outbox"].find())
    assert hall.ask("seller", "GET", "/v1/proposals").json["items"] == []


def test_a_bid_that_could_never_trade_is_refused_with_the_rules_name(room: Room, hall: Hall) -> None:
    tender = hall.opened(room.lot(quality={"moisture_pct": 9.0}))
    damp = room.demand(buyer_id="dan", quality_limits={"moisture_pct": {"max": 2.0}}, available_kg=20_000)
    answer = hall.bid("dan", tender, damp.id, 2900)
    assert (answer.status_code, answer.json["type"]) == (409, "wrong-state")
    assert answer.json["rules"] == ["quality", "quantity"]
    low = hall.bid("dan", tender, room.demand(buyer_id="dan").id, 2600)
    assert low.json["rules"] == ["gain"]
    own = room.demand(buyer_id="eve")
    assert hall.bid("dan", tender, own.id, 2900).status_code == 404
    closed = room.demand(buyer_id="dan", status="closed")
    assert hall.bid("dan", tender, closed.id, 2900).status_code == 409
    assert hall.ask("seller", "PUT", f"/v1/tenders/{tender}/bids/{own.id}", {"price_cny_per_t": 1}).status_code in (403, 404)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"hours": 0.9}, "/closes_at"),
        ({"hours": 24 * 14 + 1}, "/closes_at"),
        ({"hours": 24 * 10}, "/closes_at"),
        ({"quantity_t": 31}, "/quantity_t"),
        ({"quantity_t": 4}, "/quantity_t"),
        ({"reserve_cny_per_t": 2378.63}, "/reserve_cny_per_t"),
    ],
)
def test_what_may_be_put_to_tender(room: Room, hall: Hall, body: dict[str, Any], pointer: str) -> None:
    lot = room.lot()
    closes = room.clock() + timedelta(hours=body.pop("hours", 2))
    answer = hall.ask("seller", "POST", "/v1/tenders", {"lot_id": lot.id, "closes_at": iso(closes), **body})
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


def test_a_lot_is_under_one_tender_and_its_own_sellers(room: Room, hall: Hall) -> None:
    lot, other = room.lot(), room.lot(seller_id="another")
    hall.opened(lot)
    body = {"closes_at": iso(room.clock() + timedelta(hours=2))}
    assert hall.ask("seller", "POST", "/v1/tenders", {"lot_id": lot.id, **body}).status_code == 409
    assert hall.ask("seller", "POST", "/v1/tenders", {"lot_id": other.id, **body}).status_code == 422
    assert hall.ask("dan", "POST", "/v1/tenders", {"lot_id": lot.id, **body}).status_code == 403


def test_no_clearing_touches_a_lot_under_tender_and_explanations_say_so(room: Room, hall: Hall) -> None:
    lot, demand = room.lot(auto_accept=True), room.demand(buyer_id="dan", auto_accept=True)
    tender = hall.opened(lot)
    online.run_due(room.database, "online")
    room.clear()
    assert room.proposals() == []
    told = hall.ask("seller", "GET", f"/v1/lots/{lot.id}/explanation").json
    assert (told["tender_id"], told["change"], told["available_t"]) == (tender, None, 30)
    assert [row["rule"] for row in told["summary"]] == ["under-tender"]
    other = hall.ask("dan", "GET", f"/v1/demands/{demand.id}/explanation").json
    assert other["nearest"][0]["rules"] == ["under-tender"] and other["change"] is None
    assert hall.ask("seller", "POST", f"/v1/tenders/{tender}/cancel").json["status"] == "cancelled"
    online.run_due(room.database, "online")
    assert [one.terms.lot_id for one in room.proposals()] == [lot.id]


def test_the_seller_cancels_while_nobody_bids(room: Room, hall: Hall) -> None:
    lot, demand = room.lot(), room.demand(buyer_id="dan")
    tender = hall.opened(lot)
    hall.bid("dan", tender, demand.id, 2900)
    assert hall.ask("seller", "POST", f"/v1/tenders/{tender}/cancel").status_code == 409
    assert hall.ask("dan", "POST", f"/v1/tenders/{tender}/cancel").status_code == 403
    hall.ask("dan", "DELETE", f"/v1/tenders/{tender}/bids/{demand.id}")
    assert hall.ask("seller", "POST", f"/v1/tenders/{tender}/cancel").json["status"] == "cancelled"
    assert BOOK_LOTS.get(room.database.read(), lot.id).tender_id is None and types(room)[-1] == "tender.closed"


def test_a_counter_offer_takes_nothing_from_under_a_tender(room: Room, hall: Hall) -> None:
    """A proposal may hold a part of the lot when the rest is put to tender."""
    lot, _ = room.lot(), room.demand(buyer_id="dan", available_kg=20_000)
    room.clear()
    proposal = room.reserve(room.proposals()[0])
    hall.opened(lot)
    path = f"/v1/proposals/{proposal.id}/counter"
    more = hall.ask("dan", "POST", path, {"quantity_t": 25})
    assert [fault["pointer"] for fault in more.json["errors"]] == ["/quantity_t"]
    assert hall.ask("dan", "POST", path, {"quantity_t": 15}).status_code == 200


def test_a_clearing_in_progress_does_not_propose_what_was_put_to_tender(room: Room, hall: Hall) -> None:
    lot, _ = room.lot(), room.demand()
    read = room.database.write(lambda unit: clear.read_book(unit, "steel", WORKER))
    assert read is not None
    hall.opened(lot)
    with pytest.raises(clear.LeaseIsLost):
        record = clear.ClearingRecord("r", 1, "steel", "requested", room.clock())
        room.database.write(lambda unit: clear.write_proposals(unit, read, record, *clear._solve(read)))
    assert room.clear("other") is not None and room.proposals() == []


def test_refused_by_listings_the_next_best_is_asked_and_then_it_fails(room: Room, hall: Hall) -> None:
    lot = room.lot()
    demands = {who: room.demand(buyer_id=who) for who in BUYERS[:2]}
    tender = hall.opened(lot)
    for who, price in (("dan", 2900), ("eve", 2850)):
        hall.bid(who, tender, demands[who].id, price)
    hall.close()
    for who in ("dan", "eve"):
        assert room.refuse(room.proposals()[-1]).terms.buyer_id == who
        tenders.close_due(room.database)
    assert len(room.proposals()) == 2
    told = hall.read("dan", tender)
    assert (told["status"], told["reason"], told["bids"][0]["lost"]) == ("failed", "not-reserved", "not-enough")
    assert told["winning_price_cny_per_t"] is None and "not enough" in told["bids"][0]["en"]


def test_what_became_of_the_book_counts_at_the_close(room: Room, hall: Hall) -> None:
    lot = room.lot()
    demands = {who: room.demand(buyer_id=who) for who in BUYERS}
    tender = hall.opened(lot)
    for who, price in (("dan", 2900), ("eve", 2890), ("fay", 2880)):
        assert hall.bid(who, tender, demands[who].id, price).status_code == 200
    state = demands["dan"].model_dump() | {"version": 5, "status": "closed", "closed_reason": "closed", "available_kg": 0}
    room.hear(book.hear_demand, DemandClosed(**state))
    room.demand(id=demands["eve"].id, buyer_id="eve", version=5, terms_version=2, grades=["steel.light"])
    hall.close()
    (proposal,) = room.proposals()
    assert proposal.terms.demand_id == demands["fay"].id
    room.reserve(proposal)
    assert hall.read("dan", tender)["bids"][0]["lost"] == "demand-closed"
    assert hall.read("eve", tender)["bids"][0]["lost"] == "grade"


@pytest.mark.parametrize("what", ["changed", "withdrawn"])
def test_a_lot_that_changes_or_goes_takes_its_tender_along(room: Room, hall: Hall, what: str) -> None:
    lot, demand = room.lot(), room.demand(buyer_id="dan")
    tender = hall.opened(lot)
    hall.bid("dan", tender, demand.id, 2900)
    retitled = LotChanged(**lot.model_dump() | {"version": 3, "previous_quantity_kg": 30_000})
    room.hear(book.hear_lot, retitled)
    assert hall.read("dan", tender)["status"] == "open", "its terms are the same"
    if what == "changed":
        event = retitled.model_copy(update={"version": 4, "terms_version": 2, "ask_net_fen_per_t": 230_000})
        room.hear(book.hear_lot, event)
    else:
        state = lot.model_dump() | {"version": 4, "status": "closed", "closed_reason": "withdrawn", "available_kg": 0}
        room.hear(book.hear_lot, LotWithdrawn(**state, moved_kg=30_000))
    told = hall.read("dan", tender)
    assert (told["status"], told["reason"]) == ("cancelled", "lot-changed" if what == "changed" else "lot-closed")
    assert hall.read("seller", tender)["bids"] == [], "sealed for good"
    hall.close()
    assert room.proposals() == [] and types(room)[-1] == "tender.closed"


def test_while_listings_is_asked_its_answer_comes_first(room: Room, hall: Hall) -> None:
    lot, demand = room.lot(), room.demand(buyer_id="dan")
    tender = hall.opened(lot)
    hall.bid("dan", tender, demand.id, 2900)
    hall.close()
    changed = LotChanged(**lot.model_dump() | {"version": 4, "terms_version": 2, "previous_quantity_kg": 30_000})
    room.hear(book.hear_lot, changed)
    assert hall.read("dan", tender)["status"] == "deciding"
    room.refuse(room.proposals()[0], "lot-changed")
    tenders.close_due(room.database)
    assert (hall.read("dan", tender)["status"], hall.read("dan", tender)["reason"]) == ("cancelled", "lot-changed")


def test_an_award_heard_of_late_is_still_an_award(room: Room, hall: Hall, settings: Settings) -> None:
    lot, demand = room.lot(), room.demand(buyer_id="dan")
    tender = hall.opened(lot)
    hall.bid("dan", tender, demand.id, 2900)
    hall.close()
    made = room.proposals()[0]
    room.clock.ahead -= timedelta(seconds=settings.proposal_ttl_s)
    assert room.reserve(made).status == "agreed"


def test_two_workers_close_a_tender_once(room: Room, hall: Hall) -> None:
    demand = room.demand(buyer_id="dan", quantity_kg=900_000, available_kg=900_000)
    for _ in range(6):
        hall.bid("dan", hall.opened(room.lot()), demand.id, 2900)
    room.clock.ahead += timedelta(hours=2)
    _together([lambda: tenders.close_due(room.database)] * 4)
    assert len(room.proposals()) == 6 and types(room).count("proposal.made") == 6
    assert len({one.tender_id for one in room.proposals()}) == 6


def test_bids_race_the_close_and_each_is_in_time_or_refused(room: Room, hall: Hall) -> None:
    """A bid that was taken is judged; one that was not was told so. No bid is taken and forgotten."""
    lot = room.lot()
    demands = [room.demand(buyer_id="dan") for _ in range(12)]
    tender = hall.opened(lot)
    answers: dict[str, int] = {}

    def put(number: int) -> None:
        if number == 4:
            room.clock.ahead += timedelta(hours=2)
        answers[demands[number].id] = hall.bid("dan", tender, demands[number].id, 2800 + number).status_code

    _together([*(lambda n=n: put(n) for n in range(12)), *([lambda: tenders.close_due(room.database)] * 2)])
    tenders.close_due(room.database)
    kept = TENDERS.get(room.database.read(), tender)
    taken = {one for one, status in answers.items() if status == 200}
    assert set(answers.values()) <= {200, 409} and {bid.demand_id for bid in kept.bids} == taken
    assert kept.status == ("deciding" if taken else "failed")
    if taken:
        (proposal,) = room.proposals()
        assert proposal.terms.demand_id == max(taken, key=lambda one: [demand.id for demand in demands].index(one))


def _together(jobs: list[Any]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_tenders_are_listed_open_and_own(room: Room, hall: Hall) -> None:
    demand = room.demand(buyer_id="dan")
    first, second = hall.opened(room.lot()), hall.opened(room.lot())
    hall.bid("dan", first, demand.id, 2900)

    def listed(who: str, query: str = "") -> list[str]:
        return [one["id"] for one in hall.ask(who, "GET", f"/v1/tenders{query}").json["items"]]

    assert listed("eve") == [second, first] and listed("eve", "?mine=true") == []
    assert listed("dan", "?mine=true") == [first] and listed("seller", "?mine=true") == [second, first]
    assert listed("eve", "?material=steel&region=420000") == [second, first] and listed("eve", "?region=110000") == []
    assert hall.ask("dan", "DELETE", f"/v1/tenders/{first}/bids/{demand.id}").status_code == 204
    assert hall.read("dan", first)["bids"][0]["outcome"] == "withdrawn"
    hall.close()
    assert listed("eve") == [] and hall.ask("eve", "GET", f"/v1/tenders/{first}").status_code == 404
    late = hall.bid("eve", first, room.demand(buyer_id="eve").id, 2900)
    assert (late.status_code, late.json["type"]) == (409, "wrong-state")
    assert listed("dan") == [first] and hall.read("dan", first)["reason"] == "no-bids"
    assert listed("operator", "?status=failed") == [second, first]
