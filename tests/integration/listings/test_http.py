"""Lots and demands over HTTP through their whole life."""

from __future__ import annotations

import threading

import pytest

from services.listings import service
from shared import parties
from shared.clock import utc_now
from shared.events.accounts import OrganisationSuspended
from shared.events.trading import TradeAgreed
from shared.ids import new_id
from tests.integration.listings.market import Market, days, demand_body, lot_body, site_event

pytestmark = pytest.mark.mongodb


def test_a_lot_from_draft_to_withdrawn(market: Market) -> None:
    seller = market.party("collector")
    body = lot_body(seller, publish=False, quality={"thickness_mm": 8, "impurity_pct": 1.2}, vat_rate_pct=3, title="重废")
    answer = market.post(seller, "/v1/lots", body)
    assert answer.status_code == 201
    lot = answer.json
    assert answer.headers["Location"] == f"/v1/lots/{lot['id']}"
    assert answer.headers["ETag"] == '"1"'
    expected = {
        "status": "draft",
        "closed_reason": None,
        "seller_id": seller.id,
        "region": "420100",
        "quantity_t": 30.5,
        "available_t": 30.5,
        "reserved_t": 0,
        "sold_t": 0,
        "unsold_t": 0,
        "ask_cny_per_t": 2450,
        "ask_net_cny_per_t": 2378.64,
        "vat_rate_pct": 3,
        "divisible": True,
        "quality": {"thickness_mm": 8, "impurity_pct": 1.2},
        "position": {"lat": 30.59, "lon": 114.3},
        "site_id": seller.site_id,
    }
    assert {name: lot[name] for name in expected} == expected
    path = f"/v1/lots/{lot['id']}"
    assert market.patch(seller, path, {"grade": "steel.hms2", "quantity_t": 20}, '"1"').json["quantity_t"] == 20
    published = market.post(seller, f"{path}/publish")
    assert (published.status_code, published.json["status"], published.headers["ETag"]) == (200, "open", '"3"')
    assert market.get(seller, path).json == published.json
    assert market.post(seller, f"{path}/publish").json["type"] == "wrong-state"
    withdrawn = market.post(seller, f"{path}/withdraw")
    assert (withdrawn.json["status"], withdrawn.json["closed_reason"], withdrawn.json["unsold_t"]) == (
        "closed",
        "withdrawn",
        20,
    )
    assert market.post(seller, f"{path}/withdraw").status_code == 409
    assert market.patch(seller, path, {"title": "x"}, "*").status_code == 409
    assert [event["type"] for event in market.emitted("lot.published", "lot.changed", "lot.withdrawn")] == [
        "huanliu.lot.published.v1",
        "huanliu.lot.withdrawn.v1",
    ]


def test_a_demand_from_draft_to_closed(market: Market) -> None:
    buyer = market.party("buyer")
    body = demand_body(buyer, publish=False, quality_limits={"impurity_pct": {"max": 2}}, vat_rate_pct=13)
    demand = market.post(buyer, "/v1/demands", body).json
    assert (demand["status"], demand["bid_net_cny_per_t"], demand["bought_t"], demand["unfilled_t"]) == ("draft", 2389.38, 0, 0)
    path = f"/v1/demands/{demand['id']}"
    assert market.patch(buyer, path, {"bid_cny_per_t": 2800}, '"1"').json["bid_cny_per_t"] == 2800
    assert market.post(buyer, f"{path}/publish").json["status"] == "open"
    closed = market.post(buyer, f"{path}/close").json
    assert (closed["status"], closed["closed_reason"], closed["unfilled_t"]) == ("closed", "closed", 500)
    assert market.post(buyer, f"{path}/close").status_code == 409
    assert [event["status"] for event in market.emitted("demand.posted", "demand.closed")] == ["open", "closed"]


def test_changes_need_the_version_that_was_read(market: Market) -> None:
    seller = market.party("collector")
    path = f"/v1/lots/{market.lot(seller)}"
    assert market.patch(seller, path, {"title": "x"}, None).status_code == 428
    assert market.patch(seller, path, {"title": "x"}, '"1"').status_code == 412
    etag = market.get(seller, path).headers["ETag"]
    changed = market.patch(seller, path, {"ask_cny_per_t": 2400}, etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag
    assert market.client.get(path, headers={**seller.headers, "If-None-Match": changed.headers["ETag"]}).status_code == 304


def test_one_idempotency_key_makes_one_lot(market: Market) -> None:
    seller = market.party("collector")
    key = {"Idempotency-Key": "k-1"}
    body = lot_body(seller)
    first, second = (market.post(seller, "/v1/lots", body, key) for _ in range(2))
    assert first.json == second.json
    assert market.post(seller, "/v1/lots", {**body, "quantity_t": 1}, key).status_code == 422
    assert len(market.get(seller, "/v1/lots").json["items"]) == 1


def test_others_see_open_lots_without_their_place(market: Market) -> None:
    seller, buyer, rival = market.party("collector"), market.party("buyer"), market.party("collector")
    operator = market.party("operator")
    lot_id = market.lot(seller)
    path = f"/v1/lots/{lot_id}"
    for other in (buyer, rival):
        seen = market.get(other, path).json
        assert (seen["site_id"], seen["position"], seen["region"], seen["ask_cny_per_t"]) == (None, None, "420100", 2450)
    assert market.get(operator, path).json["position"] == {"lat": 30.59, "lon": 114.3}
    assert market.patch(rival, path, {"title": "x"}, "*").status_code == 403
    assert market.post(buyer, f"{path}/withdraw").status_code == 403
    assert market.client.get(path).status_code == 401
    draft = market.post(seller, "/v1/lots", lot_body(seller, publish=False)).json["id"]
    for call in (market.get(buyer, f"/v1/lots/{draft}"), market.post(rival, f"/v1/lots/{draft}/publish")):
        assert call.status_code == 404
    assert market.post(operator, f"{path}/withdraw").status_code == 200
    assert market.get(buyer, path).status_code == 404


def test_partners_of_a_trade_know_each_others_place(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller), market.demand(buyer)
    proposal = market.reserve(lot_id, demand_id, 30_500)
    assert market.get(buyer, f"/v1/lots/{lot_id}").json["position"] is None
    trade = TradeAgreed(id=new_id(), version=1, at=utc_now(), proposal_id=proposal.id, terms=proposal.terms, status="agreed")
    market.tell(service.on_trade_agreed, trade)
    market.post(seller, f"/v1/lots/{lot_id}/withdraw")
    assert market.get(buyer, f"/v1/lots/{lot_id}").json["position"] == {"lat": 30.59, "lon": 114.3}
    assert market.get(seller, f"/v1/demands/{demand_id}").json["site_id"] == buyer.site_id


def test_pending_organisations_draft_but_do_not_publish(market: Market) -> None:
    seller = market.party("collector", verified=False)
    answer = market.post(seller, "/v1/lots", lot_body(seller))
    assert (answer.status_code, answer.json["type"]) == (403, "organisation-not-verified")
    draft = market.post(seller, "/v1/lots", lot_body(seller, publish=False))
    assert draft.status_code == 201
    assert market.post(seller, f"/v1/lots/{draft.json['id']}/publish").status_code == 403


def test_suspended_organisations_do_nothing(market: Market) -> None:
    seller = market.party("collector")
    lot_id = market.lot(seller)
    event = OrganisationSuspended(
        id=seller.id, version=3, at=utc_now(), name="x", role="collector", region="420100", status="suspended", contact="x"
    )
    market.tell(parties.hear_organisation, event)
    for call in (
        market.post(seller, "/v1/lots", lot_body(seller, publish=False)),
        market.post(seller, f"/v1/lots/{lot_id}/withdraw"),
    ):
        assert (call.status_code, call.json["type"]) == (403, "organisation-suspended")


def test_roles(market: Market) -> None:
    seller, buyer, carrier = market.party("collector"), market.party("buyer"), market.party("carrier")
    assert market.post(buyer, "/v1/lots", lot_body(buyer)).status_code == 403
    assert market.post(seller, "/v1/demands", demand_body(seller)).status_code == 403
    assert market.get(carrier, "/v1/lots").status_code == 403


def test_faults_are_named_all_at_once_and_nothing_is_stored(market: Market) -> None:
    seller = market.party("collector")
    answer = market.post(seller, "/v1/lots", lot_body(seller, grade="x", quantity_t=-1, colour="red"))
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {"/grade", "/quantity_t", "/colour"}
    past = market.post(seller, "/v1/lots", lot_body(seller, available_from=days(-2), available_until=days(-1)))
    assert past.json["errors"][0]["pointer"] == "/available_until"
    foreign = market.post(seller, "/v1/lots", lot_body(seller, site_id=market.party("collector").site_id))
    assert (foreign.status_code, foreign.json["errors"][0]["pointer"]) == (422, "/site_id")
    assert (
        market.client.post("/v1/lots", data=b"{", headers={**seller.headers}, content_type="application/json").status_code
        == 400
    )
    assert market.get(seller, "/v1/lots").json["items"] == []


def test_lists_are_ones_own_filtered_and_paged(market: Market) -> None:
    seller, other, operator = market.party("collector"), market.party("collector"), market.party("operator")
    market.lot(other)
    grades = ["steel.hms1", "steel.hms2", "paper.news"]
    ids = [market.lot(seller, grade=grades[i % 3]) for i in range(6)]
    market.post(seller, f"/v1/lots/{ids[0]}/withdraw")

    def listed(**query: str) -> list[str]:
        answer = market.get(seller, "/v1/lots", **query)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json["items"]]

    assert listed() == ids[::-1]
    assert listed(material="steel") == [ids[4], ids[3], ids[1], ids[0]]
    assert listed(grade="paper.news", status="open") == [ids[5], ids[2]]
    assert listed(status="closed", closed_reason="withdrawn") == [ids[0]]
    assert listed(region="420000") == ids[::-1]
    assert listed(region="110000") == []
    assert listed(site_id=seller.site_id, limit="2") == [ids[5], ids[4]]
    first = market.get(seller, "/v1/lots", limit=4).json
    rest = market.get(seller, "/v1/lots", limit=4, cursor=first["next_cursor"]).json
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None
    assert len(market.get(operator, "/v1/lots").json["items"]) == 7
    assert market.get(seller, "/v1/lots", colour="red").status_code == 422
    assert market.get(seller, "/v1/lots", cursor="%%%").status_code == 422


def test_the_catalogue(market: Market) -> None:
    who = market.party("carrier")
    answer = market.get(who, "/v1/materials")
    families = {family["code"]: family for family in answer.json["items"]}
    hms1 = next(grade for grade in families["steel"]["grades"] if grade["code"] == "steel.hms1")
    assert hms1["name_zh"] == "重废"
    assert answer.json["edition"] == "2026-11-28" and answer.headers["ETag"].startswith('"2026-11-')
    assert set(hms1["hard_stops"]) == {stop["code"] for stop in answer.json["hard_stops"]}
    assert hms1["tax_category"] in {category["code"] for category in answer.json["tax_categories"]}
    assert "heavy melting" in hms1["name_en"].lower()
    again = market.client.get("/v1/materials", headers={**who.headers, "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    flat = market.get(who, "/v1/materials", flat="true")
    assert flat.headers["ETag"] != answer.headers["ETag"]
    assert "steel.hms1" in [grade["code"] for grade in flat.json["items"]]


def test_suggestions(market: Market) -> None:
    who = market.party("buyer")
    items = market.get(who, "/v1/search/suggest", q="重废").json["items"]
    assert (items[0]["kind"], items[0]["value"]) == ("grade", "steel.hms1")
    assert market.get(who, "/v1/search/suggest").status_code == 422


def test_protocol_1_a_site_not_heard_of_yet_is_waited_for(market: Market) -> None:
    """A room that lacks a site waits up to 2 s for it, then says 503: never 422 for something that is true elsewhere."""
    seller = market.party("collector")
    event = site_event(new_id(), seller.id)
    timer = threading.Timer(0.4, lambda: market.tell(parties.hear_site, event))
    timer.start()
    answer = market.post(seller, "/v1/lots", lot_body(seller, site_id=event.id))
    timer.join()
    assert (answer.status_code, answer.json["site_id"]) == (201, event.id)
    never = market.post(seller, "/v1/lots", lot_body(seller, site_id=new_id()))
    assert (never.status_code, never.json["type"]) == (503, "not-heard-yet")
    assert int(never.headers["Retry-After"]) > 0
    assert market.post(seller, "/v1/lots", lot_body(seller, site_id="x")).status_code == 422
