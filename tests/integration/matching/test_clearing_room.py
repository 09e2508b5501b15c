"""Matching on a real MongoDB: what it proposes, when it waits, and who decides. Listings is played by its events."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from services.matching.app import create_app
from services.matching.model import ClearingRecord, Proposal
from services.matching.service import book, clear, decide
from services.matching.store import MATERIALS, PROPOSALS
from shared import parties
from shared.clock import utc_now
from shared.events.accounts import ComplianceChanged, OrganisationVerified, SiteChanged
from shared.events.base import ComplianceEntry
from shared.events.listings import (
    CounterpartyChanged,
    LotChanged,
    LotWithdrawn,
    QuantityRefused,
)
from shared.ids import new_id
from shared.problem import Problem
from shared.settings import Settings
from shared.units import net_fen
from tests.fixtures.identity import SignedIn, sign_in
from tests.integration.matching.room import WORKER, WUHAN, Room, balance

pytestmark = [pytest.mark.mongodb]


def test_a_clearing_proposes_the_whole_lot_and_keeps_its_proof(room: Room) -> None:
    lot, demand = room.lot(), room.demand()
    record = room.clear()
    assert record is not None and record.proposals == 1 and record.matched_kg == 30_000
    assert record.bound_fen == record.objective_fen == record.surplus_fen > 0 and record.gap_pct == 0
    (proposal,) = room.proposals()
    assert (proposal.status, proposal.terms.lot_id, proposal.terms.demand_id) == ("made", lot.id, demand.id)
    gain = 256_637 - 237_864 - proposal.terms.freight_fen_per_t
    assert proposal.terms.price_fen_per_t == 237_864 + -(-gain // 2)
    assert proposal.surplus_fen == gain * 30
    types = [row["type"] for row in room.database.mongo["outbox"].find()]
    assert types == ["huanliu.proposal.made.v1", "huanliu.clearing.completed.v1"]


def test_protocol_3_tonnes_leave_the_book_with_the_proposal(room: Room) -> None:
    room.lot(), room.demand()
    room.clear()
    again = room.clear()
    assert again is not None and again.proposals == 0 and len(room.proposals()) == 1


def test_protocol_3_a_material_waits_while_listings_is_silent(room: Room) -> None:
    room.lot(), room.demand()
    room.clear()
    room.lot()
    room.clock.ahead = timedelta(seconds=11)
    assert room.clear() is None
    room.reserve(room.proposals()[0])
    record = room.clear()
    assert record is not None and record.proposals == 1


def test_protocol_3_a_rejected_pair_comes_back_only_with_new_terms(room: Room, settings: Settings) -> None:
    lot, _ = room.lot(), room.demand()
    room.clear()
    proposal = room.reserve(room.proposals()[0])
    seller = sign_in(settings, "collector", "seller")
    room.database.write(lambda unit: decide.reject(unit, seller.caller, proposal.id, "price"))
    free = balance(lot.id, 30_000).model_copy(update={"version": 4})
    room.hear(lambda unit, event: book._weigh(unit, free, None), lot)
    record = room.clear()
    assert record is not None and record.proposals == 0
    room.lot(id=lot.id, version=5, terms_version=2, ask_net_fen_per_t=236_000)
    record = room.clear()
    assert record is not None and record.proposals == 1


def test_a_refused_reservation_vanishes_and_corrects_the_book(room: Room, settings: Settings) -> None:
    lot, demand = room.lot(), room.demand()
    room.clear()
    (proposal,) = room.proposals()
    ids = {"id": proposal.id, "lot_id": lot.id, "demand_id": demand.id}
    gone = QuantityRefused(
        version=1, at=room.clock(), kg=30_000, reason="not-enough", lot=balance(lot.id, 10_000), demand=None, **ids
    )
    room.hear(book.hear_refused, gone)
    seller = sign_in(settings, "collector", "seller")
    with pytest.raises(Problem) as refused:
        room.database.write(lambda unit: decide.accept(unit, seller.caller, proposal.id))
    assert refused.value.status == 404
    record = room.clear()
    assert record is not None and record.matched_kg == 10_000


def test_protocol_8_a_lost_lease_writes_nothing(room: Room) -> None:
    room.lot(), room.demand()
    stale = room.database.write(lambda unit: clear.read_book(unit, "steel", "paused"))
    assert stale is not None
    assert room.clear("other") is None, "the lease is held"
    room.clock.ahead = clear.LEASE + timedelta(seconds=1)
    done = room.clear("other")
    assert done is not None and done.proposals == 1
    record = ClearingRecord(new_id(), 1, "steel", "requested", room.clock())
    with pytest.raises(clear.LeaseIsLost):
        room.database.write(lambda unit: clear.write_proposals(unit, stale, record, (), None))
    assert len(room.proposals()) == 1


def test_protocol_8_the_same_book_clears_to_the_same_digest(room: Room) -> None:
    room.lot(), room.lot(quantity_kg=20_000, available_kg=20_000), room.demand()
    read = room.database.write(lambda unit: clear.read_book(unit, "steel", WORKER))
    assert read is not None
    (first, _), (second, _) = clear._solve(read), clear._solve(read)
    assert first == second and first.input_digest


def _verified(room: Room, *organisations: str) -> None:
    for organisation in organisations:
        event = OrganisationVerified(
            id=organisation,
            version=2,
            at=room.clock(),
            name="演示",
            role="buyer",
            region="420100",
            status="verified",
            contact="x",
        )
        room.hear(parties.hear_organisation, event)


def test_protocol_9_expiry_and_acceptance_have_one_winner(room: Room, settings: Settings) -> None:
    room.demand(auto_accept=True)
    _verified(room, "seller")
    seller = sign_in(settings, "collector", "seller")
    outcomes: list[str] = []
    for _ in range(6):
        room.lot()
        room.clear()
        made = room.proposals()[-1]
        room.clock.ahead -= timedelta(seconds=settings.proposal_ttl_s)
        proposal = room.reserve(made)
        room.clock.ahead += timedelta(seconds=settings.proposal_ttl_s)
        outcomes.append(_race(room, seller, proposal))
    assert set(outcomes) <= {"agreed", "expired"}


def _race(room: Room, seller: SignedIn, proposal: Proposal) -> str:
    results: list[str] = []

    def accept() -> None:
        try:
            room.database.write(lambda unit: decide.accept(unit, seller.caller, proposal.id))
            results.append("accepted")
        except Problem as problem:
            results.append(problem.slug)

    threads = [threading.Thread(target=accept), threading.Thread(target=lambda: decide.expire_due(room.database))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = PROPOSALS.get(room.database.read(), proposal.id)
    assert (after.status == "agreed") == (results == ["accepted"])
    kinds = {row["type"] for row in room.database.mongo["outbox"].find({"key": proposal.id})}
    assert not {"huanliu.proposal.expired.v1"} & kinds or after.status == "expired"
    return after.status


def test_counter_offers_go_back_and_forth_until_one_is_accepted(room: Room, settings: Settings) -> None:
    client = create_app(settings).test_client()
    seller, buyer = sign_in(settings, "collector", "seller"), sign_in(settings, "buyer", "buyer")
    _verified(room, "seller", "buyer")
    room.lot(), room.demand()
    room.clear()
    first = room.reserve(room.proposals()[0])

    def counter(who: SignedIn, proposal: Proposal, **body: Any) -> Any:
        return client.post(f"/v1/proposals/{proposal.id}/counter", json=body, headers=who.headers)

    assert counter(buyer, first).status_code == 422
    assert counter(buyer, first, quantity_t=31).json["errors"][0]["pointer"] == "/quantity_t"
    assert counter(buyer, first, quantity_t=4).status_code == 422
    ended = counter(buyer, first, price_cny_per_t=2400, quantity_t=20).json
    assert (ended["status"], ended["id"]) == ("countered", first.id)
    assert client.get(f"/v1/proposals/{ended['next_id']}", headers=seller.headers).status_code == 404
    assert counter(seller, first, price_cny_per_t=2500).status_code == 409
    second = room.reserve(PROPOSALS.get(room.database.read(), ended["next_id"]))
    assert second.buyer_accepted_at is not None and second.seller_accepted_at is None and second.replaces == first.id
    assert counter(buyer, second, price_cny_per_t=2300).status_code == 409
    third_id = counter(seller, second, price_cny_per_t=2450.5).json["next_id"]
    third = room.reserve(PROPOSALS.get(room.database.read(), third_id))
    done = client.post(f"/v1/proposals/{third.id}/accept", headers=buyer.headers).json
    assert (done["status"], done["price_cny_per_t"], done["quantity_t"]) == ("agreed", 2450.5, 20)
    assert done["seller_gain_cny"] == round((2450.5 - 2378.64) * 20, 2)
    assert round(done["seller_gain_cny"] + done["buyer_gain_cny"], 2) == done["surplus_cny"]
    assert [(one["by"], one["quantity_t"]) for one in done["offers"]] == [("clearing", 30), ("buyer", 20), ("seller", 20)]
    lines = {one["line"]: one["cny_per_t"] for one in client.get(
        f"/v1/proposals/{third.id}/explanation", headers=buyer.headers
    ).json["lines"]}  # fmt: skip
    assert lines["seller-share"] + lines["buyer-share"] == pytest.approx(lines["gain"]) and lines["price"] == 2450.5


def test_a_counter_offer_that_listings_refuses_says_so_on_the_one_before(room: Room, settings: Settings) -> None:
    client = create_app(settings).test_client()
    buyer = sign_in(settings, "buyer", "buyer")
    _verified(room, "buyer")
    lot, demand = room.lot(), room.demand()
    room.clear()
    first = room.reserve(room.proposals()[0])
    ended = client.post(f"/v1/proposals/{first.id}/counter", json={"price_cny_per_t": 2400}, headers=buyer.headers).json
    gone = QuantityRefused(
        id=ended["next_id"], version=1, at=room.clock(), lot_id=lot.id, demand_id=demand.id, kg=30_000, reason="lot-changed",
        lot=None, demand=None,
    )  # fmt: skip
    room.hear(book.hear_refused, gone)
    after = client.get(f"/v1/proposals/{first.id}", headers=buyer.headers).json
    assert (after["status"], after["reason"]) == ("countered", "counter-offer refused: lot-changed")


def test_rounds_end_somewhere(room: Room, settings: Settings) -> None:
    client = create_app(settings).test_client()
    parties_ = [sign_in(settings, "buyer", "buyer"), sign_in(settings, "collector", "seller")]
    _verified(room, "seller", "buyer")
    room.lot(), room.demand()
    room.clear()
    proposal = room.reserve(room.proposals()[0])
    for number in range(9):
        path = f"/v1/proposals/{proposal.id}/counter"
        answer = client.post(path, json={"price_cny_per_t": 2400 + number}, headers=parties_[number % 2].headers)
        assert answer.status_code == 200 and answer.json is not None
        proposal = room.reserve(PROPOSALS.get(room.database.read(), answer.json["next_id"]))
    path = f"/v1/proposals/{proposal.id}/counter"
    assert client.post(path, json={"price_cny_per_t": 2500}, headers=parties_[1].headers).status_code == 409


def test_a_withdrawn_lot_takes_its_proposals_along(room: Room) -> None:
    lot, _ = room.lot(), room.demand()
    room.clear()
    proposal = room.reserve(room.proposals()[0])
    state = lot.model_dump() | {"version": 4, "status": "closed", "closed_reason": "withdrawn", "available_kg": 0}
    room.hear(book.hear_lot, LotWithdrawn(**state, moved_kg=0))
    after = PROPOSALS.get(room.database.read(), proposal.id)
    assert (after.status, after.reason) == ("withdrawn", "lot-withdrawn")


def test_a_revoked_compliance_withdraws_what_rests_on_it(room: Room) -> None:
    now = room.clock()
    entry = ComplianceEntry(list="steel", valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=99))
    where = {"id": "yard", "at": now, "organisation_id": "seller"}
    place = {"name": "yard", "kind": "yard", "region": "420102", "position": WUHAN}
    room.lot()
    room.demand(compliant_sellers_only=True)
    nothing = room.clear()
    assert nothing is not None and nothing.proposals == 0
    room.hear(book.hear_site, SiteChanged(version=1, compliance=(entry,), **where, **place))
    record = room.clear()
    assert record is not None and record.proposals == 1
    proposal = room.reserve(room.proposals()[0])
    room.hear(book.hear_compliance, ComplianceChanged(version=2, compliance=(), **where))
    assert PROPOSALS.get(room.database.read(), proposal.id).status == "withdrawn"


def test_an_operator_asks_for_a_clearing_and_sees_it_done(room: Room, settings: Settings) -> None:
    client = create_app(settings).test_client()
    operator, buyer = sign_in(settings, "operator"), sign_in(settings, "buyer", "buyer")
    room.lot(), room.demand()
    refused = client.post("/v1/clearings", json={"material": "steel"}, headers=buyer.headers)
    assert refused.status_code == 403
    unknown = client.post("/v1/clearings", json={"material": "gold"}, headers=operator.headers)
    assert unknown.status_code == 422
    asked = client.post("/v1/clearings", json={"material": "steel"}, headers=operator.headers)
    assert asked.status_code == 202 and asked.json is not None and asked.json["status"] == "requested"
    clear.run_requested(room.database, WORKER)
    done = client.get(asked.headers["Location"], headers=buyer.headers).json
    assert done is not None and done["status"] == "done" and done["matched_t"] == 30 and done["gap_pct"] == 0


def test_nobody_sees_a_proposal_that_is_not_reserved(room: Room, settings: Settings) -> None:
    client = create_app(settings).test_client()
    seller, stranger = sign_in(settings, "collector", "seller"), sign_in(settings, "collector")
    lot, _ = room.lot(), room.demand()
    room.clear()
    path = f"/v1/proposals/{room.proposals()[0].id}"
    assert client.get(path, headers=seller.headers).status_code == 404
    room.reserve(room.proposals()[0])
    assert client.get(path, headers=seller.headers).status_code == 200
    assert client.get(path, headers=stranger.headers).status_code == 404
    assert client.post(f"{path}/accept", headers=stranger.headers).status_code == 404
    explained = client.get(f"/v1/lots/{lot.id}/explanation", headers=seller.headers).json
    assert explained is not None and len(explained["proposals"]) == 1
    assert MATERIALS.get(room.database.read(), "steel").changes >= 2


def test_an_explanation_names_the_rules_that_stand_against_it(room: Room, settings: Settings) -> None:
    client = create_app(settings).test_client()
    seller = sign_in(settings, "collector", "seller")
    lot = room.lot(quality={"moisture_pct": 9.0})
    room.demand(quality_limits={"moisture_pct": {"max": 2.0}}), room.demand(grades=["steel.light"])
    explained = client.get(f"/v1/lots/{lot.id}/explanation", headers=seller.headers).json
    assert explained is not None and explained["proposals"] == [] and explained["counterparts"] == 2
    assert {row["rule"] for row in explained["summary"]} == {"quality", "grade"}


def test_a_proposal_is_explained_line_by_line_with_what_came_second(room: Room, settings: Settings) -> None:
    client = create_app(settings).test_client()
    seller, stranger = sign_in(settings, "collector", "seller"), sign_in(settings, "collector")
    lot, demand = room.lot(), room.demand()
    second = room.demand(bid_net_fen_per_t=250_000)
    dearer = room.lot(ask_net_fen_per_t=256_000)
    room.clear()
    proposal = room.reserve(room.proposals()[0])
    path = f"/v1/proposals/{proposal.id}/explanation"
    assert client.get(path, headers=stranger.headers).status_code == 404
    told = client.get(path, headers=seller.headers).json
    assert told is not None
    fen = {line["line"]: round(100 * line["cny_per_t"]) for line in told["lines"]}
    cny = {line["line"]: round(100 * line["cny"]) for line in told["lines"]}
    assert fen["bid"] + fen["freight"] + fen["ask"] == fen["gain"] == fen["seller-share"] + fen["buyer-share"]
    assert fen["price"] == -fen["ask"] + fen["seller-share"] == proposal.terms.price_fen_per_t
    assert fen["vat"] == round(proposal.terms.price_fen_per_t * 0.03)
    assert cny["gain"] == proposal.surplus_fen == cny["seller-share"] + cny["buyer-share"]
    assert proposal.terms.demand_id == demand.id
    by_side = {one["side"]: one for one in told["runners_up"]}
    assert by_side["demand"]["id"] == second.id and by_side["demand"]["lacked"] == "gain"
    assert round(100 * by_side["demand"]["lacked_cny_per_t"]) == 256_637 - 250_000
    assert "lot" not in by_side or by_side["lot"]["id"] == dearer.id
    assert lot.id == proposal.terms.lot_id


def test_an_explanation_names_the_change_that_matches_and_it_does(room: Room, settings: Settings) -> None:
    client = create_app(settings).test_client()
    seller, buyer = sign_in(settings, "collector", "seller"), sign_in(settings, "buyer", "buyer")
    lot = room.lot(ask_fen_per_t=280_000, ask_net_fen_per_t=271_845)
    demand = room.demand()
    told = client.get(f"/v1/lots/{lot.id}/explanation", headers=seller.headers).json
    assert told is not None and told["change"]["field"] == "ask_cny_per_t"
    assert told["change"]["counterpart_id"] == demand.id
    gross = round(100 * told["change"]["value"])
    asked = client.get(f"/v1/demands/{demand.id}/explanation", headers=buyer.headers).json
    assert asked is not None and asked["change"]["field"] == "bid_cny_per_t" and asked["change"]["value"] > 2900
    state = lot.model_dump(exclude={"version", "terms_version", "ask_fen_per_t", "ask_net_fen_per_t"})
    changed = LotChanged(
        **state,
        version=3,
        terms_version=2,
        previous_quantity_kg=30_000,
        ask_fen_per_t=gross,
        ask_net_fen_per_t=net_fen(gross, lot.vat_bp),
    )
    room.hear(book.hear_lot, changed)
    room.clear()
    assert [proposal.terms.lot_id for proposal in room.proposals()] == [lot.id]


def test_a_price_needs_five_firms_and_is_carried_until_there_are_as_many(room: Room, settings: Settings) -> None:
    client = create_app(settings).test_client()
    reader = sign_in(settings, "collector")

    def told(**query: str) -> list[dict[str, Any]]:
        answer = client.get("/v1/prices", query_string={"grade": "steel.hms1", **query}, headers=reader.headers).json
        assert answer is not None
        return list(answer["items"])

    def clear_for(firms: range) -> None:
        for number in firms:
            room.lot(seller_id=f"seller-{number}", ask_net_fen_per_t=230_000 + number)
        room.clear()
        for proposal in room.proposals():
            if proposal.status == "made":
                room.reserve(proposal)

    room.demand(), clear_for(range(4))
    assert told() == []
    clear_for(range(4, 6))
    city, province = told(region="420100"), told(region="420000")
    assert [row["region"] for row in city + province] == ["420100", "420000"] and told(region="420102") == city
    assert (city[0]["firms"], city[0]["carried"]) == (6, False)
    assert city[0]["low_cny_per_t"] <= city[0]["price_cny_per_t"] <= city[0]["high_cny_per_t"]
    types = [row["type"] for row in room.database.mongo["outbox"].find()]
    assert types.count("huanliu.price.published.v1") == 2
    room.clock.ahead += timedelta(days=1)
    clear_for(range(10, 11))
    today, yesterday = told(region="420100")
    assert today["carried"] and today["priced_on"] == yesterday["date"] and today["firms"] == 6
    assert today["price_cny_per_t"] == yesterday["price_cny_per_t"] and not yesterday["carried"]
    assert [row["date"] for row in told(region="420100", to=today["date"])] == [yesterday["date"]]
    both = told(grade="steel.hms1,steel.light", region="420102,420000")
    assert [(row["date"], row["region"]) for row in both] == [
        (day["date"], region) for day in (today, yesterday) for region in ("420100", "420000")
    ]
    newest = told(grade="steel.light,steel.hms1", region="420100,420000", latest="true")
    assert newest == both[:2] and {row["grade"] for row in newest} == {"steel.hms1"}
    assert told(region="420100", latest="true", to=today["date"]) == [yesterday]
    refused = client.get("/v1/prices?grade=steel.hms1,iron&region=420100,9", headers=reader.headers)
    assert refused.status_code == 422 and refused.json is not None
    assert [one["pointer"] for one in refused.json["errors"]] == ["/grade", "/region"]


def stands(one: str, other: str, standing: str | None, version: int = 1, identifier: str = "c") -> CounterpartyChanged:
    values = {"organisation_id": one, "counterparty_id": other, "standing": standing}
    return CounterpartyChanged(id=identifier, version=version, at=utc_now(), **values)


@pytest.mark.parametrize(("one", "other"), [("seller", "buyer"), ("buyer", "seller")])
def test_who_blocked_whom_is_never_proposed_until_it_is_taken_back(room: Room, one: str, other: str) -> None:
    room.hear(book.hear_counterparty, stands(one, other, "blocked"))
    lot, demand = room.lot(), room.demand()
    record = room.clear()
    assert record is not None and record.proposals == 0
    room.hear(book.hear_counterparty, stands("seller", "stranger", "blocked", identifier="d"))
    room.hear(book.hear_counterparty, stands(one, other, None, version=2), stands(one, other, "blocked", version=1))
    room.clear()
    (proposal,) = room.proposals()
    assert (proposal.terms.lot_id, proposal.terms.demand_id) == (lot.id, demand.id)


def test_a_favourite_changes_nothing_for_the_clearing(room: Room) -> None:
    room.hear(book.hear_counterparty, stands("seller", "buyer", "favourite"))
    room.lot(), room.demand()
    room.clear()
    assert len(room.proposals()) == 1


@pytest.mark.parametrize(("one", "other"), [("seller", "buyer"), ("buyer", "seller")])
def test_an_explanation_does_not_say_who_blocked(room: Room, settings: Settings, one: str, other: str) -> None:
    seller, buyer = sign_in(settings, "collector"), sign_in(settings, "buyer")
    ids = {"seller": seller.caller.organisation_id, "buyer": buyer.caller.organisation_id}
    room.hear(book.hear_counterparty, stands(ids[one], ids[other], "blocked"))
    lot, demand = room.lot(seller_id=ids["seller"]), room.demand(buyer_id=ids["buyer"])
    client = create_app(settings).test_client()
    for path, who in ((f"/v1/lots/{lot.id}/explanation", seller), (f"/v1/demands/{demand.id}/explanation", buyer)):
        answer = client.get(path, headers={**who.headers, "Accept-Language": "en"})
        assert answer.status_code == 200, answer.text
        assert "one of the two does not trade with the other" in answer.text
