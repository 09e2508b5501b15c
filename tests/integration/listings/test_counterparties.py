"""Favourite and blocked counterparties, and lots listed for people without a phone."""

from __future__ import annotations

from typing import Any

import pytest

from shared.ids import new_id
from tests.integration.listings.market import Market, Party, days, lot_body

pytestmark = pytest.mark.mongodb
PERSON: dict[str, Any] = {"name": "老王", "phone": "138 0000 0000", "consent": "verbal", "consented_at": days(-1)}


def say(market: Market, who: Party, of: str, standing: str | None) -> Any:
    headers = {**who.headers, "Accept-Language": "en"}
    return market.client.put(f"/v1/counterparties/{of}", json={"standing": standing}, headers=headers)


def test_what_one_thinks_of_others_is_kept_and_taken_back(market: Market) -> None:
    buyer, seller, other = market.party("buyer"), market.party("collector"), market.party("collector")
    answer = say(market, buyer, seller.id, "blocked")
    assert (answer.status_code, answer.json["standing"], answer.json["organisation_id"]) == (200, "blocked", seller.id)
    assert say(market, buyer, seller.id, "blocked").json == answer.json
    say(market, buyer, other.id, "favourite")

    def listed(who: Party, **query: str) -> dict[str, str]:
        items = market.get(who, "/v1/counterparties", **query).json["items"]
        return {one["organisation_id"]: one["standing"] for one in items}

    assert listed(buyer) == {seller.id: "blocked", other.id: "favourite"}
    assert listed(buyer, standing="blocked") == listed(buyer, organisation_id=seller.id) == {seller.id: "blocked"}
    assert listed(seller) == {}
    assert say(market, buyer, seller.id, None).json["standing"] is None
    assert listed(buyer) == {other.id: "favourite"}
    say(market, buyer, seller.id, "favourite")
    told = [(event["version"], event["standing"]) for event in market.emitted("counterparty.changed")]
    assert sorted(told, key=str) == sorted([(1, "blocked"), (1, "favourite"), (2, None), (3, "favourite")], key=str)


def test_what_can_not_be_said(market: Market) -> None:
    buyer, carrier, seller = market.party("buyer"), market.party("carrier"), market.party("collector")
    assert say(market, buyer, buyer.id, "blocked").status_code == 422
    assert say(market, buyer, seller.id, "hated").status_code == 422
    assert market.client.put(f"/v1/counterparties/{seller.id}", json={}, headers=buyer.headers).status_code == 422
    assert say(market, buyer, new_id(), "blocked").json["type"] == "not-heard-yet"
    assert say(market, carrier, seller.id, "blocked").status_code == 403
    assert market.get(carrier, "/v1/counterparties").status_code == 403
    assert market.client.get("/v1/counterparties").status_code == 401


def test_a_clerk_lists_for_a_collector_without_a_phone(market: Market) -> None:
    yard, buyer, rival, operator = (market.party(role) for role in ("collector", "buyer", "collector", "operator"))
    lot_id = market.lot(yard, on_behalf_of=PERSON)
    path = f"/v1/lots/{lot_id}"
    assert market.get(yard, path).json["on_behalf_of"] == PERSON
    assert market.get(yard, "/v1/lots").json["items"][0]["on_behalf_of"] == PERSON
    for who in (buyer, rival, operator):
        assert market.get(who, path).json["on_behalf_of"] is None
    assert market.get(operator, "/v1/lots").json["items"][0]["on_behalf_of"] is None
    assert "老王" not in str(market.emitted("lot.published"))
    assert market.post(yard, f"{path}/copy").json["on_behalf_of"] is None
    changed = market.patch(yard, path, {"on_behalf_of": {**PERSON, "phone": None, "consent": "signed"}}, "*").json
    assert (changed["on_behalf_of"]["phone"], changed["on_behalf_of"]["consent"]) == (None, "signed")
    assert market.patch(yard, path, {"on_behalf_of": None}, "*").json["on_behalf_of"] is None


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"consent": "none"}, "consent"),
        ({"name": " "}, "name"),
        ({"phone": "ask around"}, "phone"),
        ({"consented_at": days(1)}, "consented_at"),
        ({"age": 60}, "age"),
    ],
)
def test_without_consent_nobody_is_named(market: Market, change: dict[str, Any], pointer: str) -> None:
    yard = market.party("collector")
    answer = market.post(yard, "/v1/lots", lot_body(yard, on_behalf_of={**PERSON, **change}))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"/on_behalf_of/{pointer}")
