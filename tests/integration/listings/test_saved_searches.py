"""Saved searches over HTTP: kept, listed, changed, deleted; checked as the search is."""

from __future__ import annotations

import pytest

from services.listings.model.saved_search import MOST
from tests.integration.listings.alerts import saved
from tests.integration.listings.market import Market

pytestmark = pytest.mark.mongodb

PATH = "/v1/saved-searches"
BODY = {
    "name": " 武汉重废 ",
    "kind": "lots",
    "criteria": {"q": "重废 武汉", "min_t": 20.5, "compliant": True, "near": "30.59,114.30"},
}


def test_made_and_read(market: Market) -> None:
    buyer = market.party("buyer", verified=False)
    made = market.post(buyer, PATH, BODY)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    read = market.get(buyer, made.headers["Location"])
    assert read.json == made.json
    assert read.json | {"id": "", "created_at": "", "updated_at": ""} == {
        "id": "",
        "name": "武汉重废",
        "kind": "lots",
        "criteria": BODY["criteria"],
        "alert": "off",
        "url": "/v1/search/lots?compliant=true&min_t=20.5&near=30.59%2C114.30&q=%E9%87%8D%E5%BA%9F+%E6%AD%A6%E6%B1%89",
        "created_at": "",
        "updated_at": "",
        "version": 1,
    }


def test_criteria_have_the_faults_of_a_search_all_at_once(market: Market) -> None:
    buyer = market.party("buyer")
    wrong = {"grade": "steel.gold", "region": "999999", "within_km": 5, "min_t": 1.0001, "max_price": "-1", "colour": "red"}
    searched = market.get(buyer, "/v1/search/lots", **wrong).json["errors"]
    answer = market.post(buyer, PATH, {"name": "", "kind": "all", "criteria": wrong | {"sort": "price", "limit": 5}, "x": 1})
    assert answer.status_code == 422
    told = {one["pointer"]: one["message"] for one in answer.json["errors"]}
    of_criteria = {name: text for name, text in told.items() if name.startswith("/criteria")}
    assert set(told) - set(of_criteria) == {"/name", "/kind", "/x"}
    expected = {f"/criteria{one['pointer']}": one["message"] for one in searched}
    assert len(expected) == 6
    assert {name: of_criteria.pop(f"/criteria/{name}") for name in ("sort", "limit")} == dict.fromkeys(
        ("sort", "limit"), "This parameter can't be saved"
    )
    assert of_criteria == expected
    for criteria in ("重废", None, []):
        answer = market.post(buyer, PATH, {"name": "x", "kind": "lots", "criteria": criteria})
        assert [one["pointer"] for one in answer.json["errors"]] == ["/criteria"]


def test_changed(market: Market) -> None:
    buyer = market.party("buyer")
    path = f"{PATH}/{saved(market, buyer, grade='steel.hms1')}"
    assert market.patch(buyer, path, {"alert": "off"}, None).status_code == 428
    changed = market.patch(buyer, path, {"alert": "daily", "criteria": {"material": "paper", "grade": None}}, '"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (changed.json["name"], changed.json["alert"]) == ("重废", "daily")
    assert (changed.json["criteria"], changed.json["url"]) == ({"material": "paper"}, "/v1/search/lots?material=paper")
    assert market.patch(buyer, path, {"alert": "off"}, '"1"').status_code == 412
    same = market.patch(buyer, path, {"alert": "daily"}, '"2"')
    assert (same.status_code, same.headers["ETag"]) == (200, '"2"')
    for body in ({"kind": "demands"}, {"name": None}, {"criteria": {"grade": "x"}}):
        assert market.patch(buyer, path, body, "*").status_code == 422, body


def test_listed_and_deleted(market: Market) -> None:
    buyer, other = market.party("buyer"), market.party("carrier")
    lots, demands = saved(market, buyer, alert="off"), saved(market, buyer, kind="demands", alert="daily")
    theirs = saved(market, other)

    def listed(**query: str) -> list[str]:
        return [one["id"] for one in market.get(buyer, PATH, **query).json["items"]]

    assert listed() == [demands, lots]
    assert listed(kind="lots") == listed(alert="off") == [lots]
    assert listed(kind="lots", alert="daily") == []
    assert market.get(buyer, PATH, status="open").status_code == 422
    first = market.get(buyer, PATH, limit=1).json
    assert market.get(buyer, PATH, limit=1, cursor=first["next_cursor"]).json["items"][0]["id"] == lots
    for who, statuses in ((other, [404, 404, 404]), (buyer, [200, 200, 204])):
        path = f"{PATH}/{lots}"
        found = [
            market.get(who, path),
            market.patch(who, path, {"name": "y"}, "*"),
            market.client.delete(path, headers=who.headers),
        ]
        assert [answer.status_code for answer in found] == statuses
    assert listed() == [demands]
    gone = [
        market.get(buyer, path),
        market.patch(buyer, path, {"name": "z"}, "*"),
        market.client.delete(path, headers=buyer.headers),
    ]
    assert [answer.status_code for answer in gone] == [404, 404, 404]
    [row] = market.database.mongo["saved_searches"].find({"_id": lots})
    assert (row["criteria"], row["name"]) == ({}, "")
    operator = market.party("operator")
    assert market.get(operator, f"{PATH}/{theirs}").status_code in (403, 404)


def test_there_are_at_most_two_hundred(market: Market) -> None:
    buyer = market.party("buyer")
    ids = [saved(market, buyer) for _ in range(MOST)]
    answer = market.post(buyer, PATH, BODY)
    assert (answer.status_code, answer.json["type"]) == (409, "wrong-state")
    assert "200" in answer.json["detail"]
    assert market.client.delete(f"{PATH}/{ids[0]}", headers=buyer.headers).status_code == 204
    assert market.post(buyer, PATH, BODY).status_code == 201
    assert market.post(market.party("buyer"), PATH, BODY).status_code == 201


@pytest.mark.elasticsearch
def test_its_url_is_a_search(market: Market) -> None:
    from services.listings import views

    views.ensure_indices(market.database)
    buyer = market.party("buyer")
    url = market.post(buyer, PATH, BODY).json["url"]
    answer = market.client.get(url, headers=buyer.headers)
    assert (answer.status_code, answer.json["total"]) == (200, 0)
    for name in views.KINDS:
        client = views.index.index_of(market.settings, name).client
        client.indices.delete(index=list(client.indices.get(index=f"{market.settings.index(name)}-*").body))
