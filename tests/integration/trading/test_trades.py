"""Trades over HTTP on a real MongoDB: agreed once, seen by their parties alone, settled to the fen, disputed in part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from shared.clock import iso, utc_now
from shared.ids import new_id
from tests.fixtures.identity import sign_in
from tests.fixtures.trades import accepted, verified
from tests.integration.trading.conftest import Deal, Room

pytestmark = pytest.mark.mongodb


def settle(room: Room, deal: Deal) -> None:
    """Both loads received now: 99.900 t net, 99.001 t settled."""
    now = utc_now()
    loads = deal.loads
    room.hear(loads.planned(0), loads.loaded(0, now), loads.loaded(1, now))
    room.hear(loads.received(0, 50_100, 49_501, now), loads.received(1, 49_800, 49_500, now))


def test_an_agreed_proposal_makes_one_trade(room: Room, deal: Deal) -> None:
    again = room.database.mongo["trades"].find_one({"_id": deal.id})
    assert again is not None
    room.hear(accepted(deal.terms, identifier=again["proposal_id"]), accepted(deal.terms, status="proposed"))
    assert room.database.mongo["trades"].count_documents({}) == 1
    [row] = room.told("trade.agreed")
    assert (row["key"], row["version"]) == (deal.id, 1)
    assert orjson.loads(row["data"])["terms"] == orjson.loads(deal.terms.model_dump_json())


def test_both_parties_read_it_whole(room: Room, deal: Deal) -> None:
    for side in (deal.seller, deal.buyer, sign_in(room.settings, "operator")):
        answer = room.client.get(deal.path, headers=side.headers)
        assert answer.status_code == 200
        assert answer.headers["ETag"] == '"1"'
        body = answer.get_json()
        assert body["seller"] == {"id": deal.terms.seller_id, "name": "江城回收", "contact": "13800000000"}
        assert body["buyer"] == {"id": deal.terms.buyer_id, "name": "徐州钢厂", "contact": "13800000000"}
        assert (body["status"], body["quantity_t"], body["price_cny_per_t"]) == ("agreed", 100.0, 2100.0)
        assert (body["material"], body["grade"], body["held_cny"]) == ("steel", "steel.hms1", 0.0)
        assert [body[name] for name in ("paid_at", "due_at", "dispute_until")] == [None] * 3


@pytest.mark.parametrize("role", ["collector", "buyer", "carrier", "park_operator"])
def test_others_do_not_find_it(room: Room, deal: Deal, role: Any) -> None:
    other = sign_in(room.settings, role)
    room.hear(verified(other.caller.organisation_id, role))
    assert room.client.get(deal.path, headers=other.headers).status_code == 404
    assert room.client.get(f"{deal.path}/settlement", headers=other.headers).status_code == 404
    assert room.client.post(f"{deal.path}/cancel", json={}, headers=other.headers).status_code == 404
    assert room.client.post(f"{deal.path}/dispute", json={"reason": "x"}, headers=other.headers).status_code == 404
    listed = room.client.get("/v1/trades", headers=other.headers)
    assert listed.status_code == 403 or listed.get_json()["items"] == []


def test_roles_without_the_right_get_403_and_nobody_401(room: Room, deal: Deal) -> None:
    operator = sign_in(room.settings, "operator")
    assert room.client.post(f"{deal.path}/cancel", json={}, headers=operator.headers).status_code == 403
    mine = sign_in(room.settings, "carrier", deal.terms.seller_id)  # a party's organisation, another role
    assert room.client.get(deal.path, headers=mine.headers).status_code == 403
    assert room.client.get(deal.path).status_code == 401
    assert room.client.get(f"/v1/trades/{new_id()}", headers=deal.seller.headers).status_code == 404


def test_lists_filter_by_what_items_carry(room: Room, make_deal: Callable[..., Deal], deal: Deal) -> None:
    frozen = deal.terms
    filters = {
        "lot_id": frozen.lot_id,
        "demand_id": frozen.demand_id,
        "status": "agreed",
        "material": "steel",
        "region": "320000",
        "from_region": "420100",
    }
    for name, value in filters.items():
        items = room.client.get("/v1/trades", query_string={name: value}, headers=deal.seller.headers).get_json()["items"]
        assert [one["id"] for one in items] == [deal.id], name
    misses = {"lot_id": new_id(), "status": "settled", "material": "steel.hms2", "region": "110000", "to_region": "420000"}
    for name, value in misses.items():
        answer = room.client.get("/v1/trades", query_string={name: value}, headers=deal.seller.headers)
        assert answer.get_json()["items"] == [], name
    for bad in ("material=gold", "region=1", "status=lost", "colour=red", "limit=0", "cursor=%00"):
        assert room.client.get(f"/v1/trades?{bad}", headers=deal.seller.headers).status_code == 422, bad


def test_pages_are_newest_first(room: Room, make_deal: Callable[..., Deal]) -> None:
    ids = [make_deal().id for _ in range(5)]
    headers = sign_in(room.settings, "operator").headers
    found: list[str] = []
    cursor = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        body = room.client.get("/v1/trades", query_string=query, headers=headers).get_json()
        found += [one["id"] for one in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert found == ids[::-1]


def test_settlement_to_the_fen(room: Room, make_deal: Callable[..., Deal]) -> None:
    deal = make_deal(price_fen_per_t=208_891, vat_bp=1300)
    path = f"{deal.path}/settlement"
    early = room.client.get(path, headers=deal.seller.headers)
    assert (early.status_code, early.get_json()["type"]) == (409, "wrong-state")
    settle(room, deal)
    body = room.client.get(path, headers=deal.seller.headers).get_json()
    assert (body["net_t"], body["settled_t"], body["deducted_t"]) == (99.9, 99.001, 0.899)
    # 99.001 t at 2,088.91 = 206,804.17891; 13 % of 206,804.18 = 26,884.5434; 100 t at 171.17
    assert (body["amount_cny"], body["vat_cny"], body["freight_cny"]) == (206_804.18, 26_884.54, 17_117.0)
    trade = room.client.get(deal.path, headers=deal.seller.headers).get_json()
    assert (trade["amount_cny"], trade["vat_cny"]) == (206_804.18, 26_884.54)
    assert {line["source"] for line in body["lines"]} == {"ticket", "inspection", "contract"}
    assert room.client.get(path, headers=deal.buyer.headers).get_json() == body
    [delivered], [settled] = room.told("trade.delivered"), room.told("trade.settled")
    assert delivered["version"] + 1 == settled["version"]
    figures = orjson.loads(settled["data"])
    assert (figures["amount_fen"], figures["vat_fen"], figures["freight_fen"]) == (20_680_418, 2_688_454, 1_711_700)


def test_the_trade_says_when_it_is_due(room: Room, deal: Deal) -> None:
    room.hear(deal.loads.loaded(0))
    assert room.client.get(deal.path, headers=deal.buyer.headers).get_json()["status"] == "in_delivery"
    settle(room, deal)
    row = room.database.mongo["trades"].find_one({"_id": deal.id})
    assert row is not None
    body = room.client.get(deal.path, headers=deal.buyer.headers).get_json()
    assert body["status"] == "settled"
    assert body["dispute_until"] == iso(row["delivered_at"] + timedelta(hours=72))
    assert body["due_at"] == iso(row["settled_at"] + timedelta(days=7))


def test_a_dispute_holds_only_its_amount(room: Room, deal: Deal) -> None:
    path = f"{deal.path}/dispute"
    early = room.client.post(path, json={"reason": "扣水过多"}, headers=deal.seller.headers)
    assert (early.status_code, early.get_json()["type"]) == (409, "wrong-state")
    settle(room, deal)
    answer = room.client.post(path, json={"reason": "扣水过多", "amount_cny": 1234.5}, headers=deal.seller.headers)
    assert answer.status_code == 200
    assert (answer.get_json()["status"], answer.get_json()["held_cny"]) == ("settled", 1234.5)
    assert room.client.post(path, json={"reason": "再次"}, headers=deal.seller.headers).status_code == 409
    whole = room.client.post(path, json={"reason": "等级不符"}, headers=deal.buyer.headers).get_json()
    assert whole["held_cny"] == 207_902.1  # 99.001 t at 2,100.00
    assert [orjson.loads(row["data"])["held_fen"] for row in room.told("trade.disputed")] == [123_450, 20_790_210]


def test_the_seller_alone_says_that_the_money_has_come(room: Room, deal: Deal) -> None:
    path = f"{deal.path}/payment"
    early = room.client.post(path, headers=deal.seller.headers)
    assert (early.status_code, early.get_json()["type"]) == (409, "wrong-state")
    settle(room, deal)
    for other in (deal.buyer, sign_in(room.settings, "operator")):
        assert room.client.post(path, headers=other.headers).status_code == 403
        assert room.client.delete(path, headers=other.headers).status_code == 403
    assert room.client.post(path, headers=sign_in(room.settings, "collector").headers).status_code == 404
    answer = room.client.post(path, headers=deal.seller.headers)
    assert answer.status_code == 200
    assert answer.get_json()["paid_at"] is not None
    assert room.client.post(path, headers=deal.seller.headers).get_json() == answer.get_json()
    assert room.client.get(deal.path, headers=deal.buyer.headers).get_json()["paid_at"] == answer.get_json()["paid_at"]
    assert room.client.delete(path, headers=deal.seller.headers).status_code == 204
    assert room.client.get(deal.path, headers=deal.buyer.headers).get_json()["paid_at"] is None
    assert [len(room.told(f"trade.{one}")) for one in ("paid", "payment_withdrawn")] == [1, 1]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/reason"}),
        ({"reason": " ", "amount_cny": 0}, {"/reason", "/amount_cny"}),
        ({"reason": "x", "amount_cny": "5", "held_cny": 5}, {"/amount_cny", "/held_cny"}),
        ({"reason": "x", "amount_cny": 0.001}, {"/amount_cny"}),
        ({"reason": "x", "amount_cny": 207_902.11}, {"/amount_cny"}),
    ],
)
def test_bad_disputes_are_refused_with_every_fault(room: Room, deal: Deal, body: Any, pointers: set[str]) -> None:
    settle(room, deal)
    answer = room.client.post(f"{deal.path}/dispute", json=body, headers=deal.buyer.headers)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.get_json()["errors"]} == pointers
    assert room.client.get(deal.path, headers=deal.buyer.headers).get_json()["held_cny"] == 0


def test_a_suspended_party_may_read_but_not_act(room: Room, deal: Deal) -> None:
    settle(room, deal)
    room.hear(verified(deal.terms.buyer_id, "buyer", status="suspended", version=3))
    answer = room.client.post(f"{deal.path}/dispute", json={"reason": "x"}, headers=deal.buyer.headers)
    assert (answer.status_code, answer.get_json()["type"]) == (403, "organisation-suspended")
    assert room.client.get(deal.path, headers=deal.buyer.headers).status_code == 200


def test_documents_keep_their_seals(room: Room, deal: Deal) -> None:
    from shared.mongo import seal_of

    settle(room, deal)
    row = room.database.mongo["trades"].find_one({"_id": deal.id})
    assert row is not None
    assert row["seal"] == seal_of(row, room.settings.secret_key)
