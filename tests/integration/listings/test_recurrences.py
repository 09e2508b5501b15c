"""Selling and asking again, by hand and by the calendar; and the warning before a window ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.listings import service
from services.listings.store import LOTS, RECURRENCES
from shared import catalogue, parties
from shared.clock import utc_now
from shared.events import Event
from shared.events.accounts import OrganisationSuspended, SiteChanged
from shared.mongo import Database
from tests.integration.listings.market import Market, Party, days, lot_body, site_event

pytestmark = pytest.mark.mongodb


@pytest.fixture
def later(market: Market) -> Iterator[Any]:
    """`later(days)` is the room's database so many days from now."""
    opened: list[Database] = []

    def at(number: float) -> Database:
        now = utc_now() + timedelta(days=number)
        opened.append(Database(market.settings, "listings", lambda: now))
        return opened[-1]

    yield at
    for database in opened:
        database.close()


def suspended(who: Party) -> Event:
    values = {"name": "x", "role": who.role, "region": "420100", "status": "suspended", "contact": "x"}
    return OrganisationSuspended(id=who.id, version=3, at=utc_now(), **values)


def length(listing: dict[str, Any], begin: str, end: str) -> timedelta:
    return datetime.fromisoformat(listing[end]) - datetime.fromisoformat(listing[begin])


def test_a_lot_is_sold_again(market: Market) -> None:
    seller = market.party("collector")
    first = market.lot(seller, title="重废", quality={"thickness_mm": 8}, hard_stops_declared=True, vat_rate_pct=3)
    market.post(seller, f"/v1/lots/{first}/withdraw")
    answer = market.post(seller, f"/v1/lots/{first}/copy")
    assert answer.status_code == 201, answer.text
    copy, before = answer.json, market.get(seller, f"/v1/lots/{first}").json
    assert answer.headers["Location"] == f"/v1/lots/{copy['id']}"
    assert (copy["status"], copy["copied_from"], copy["available_t"], copy["unsold_t"]) == ("draft", first, 30.5, 0)
    same = ("grade", "quantity_t", "ask_cny_per_t", "vat_rate_pct", "quality", "title", "site_id", "divisible")
    assert {name: copy[name] for name in same} == {name: before[name] for name in same}
    window = ("available_from", "available_until")
    assert length(copy, *window) == length(before, *window)
    assert copy["available_from"] > before["available_from"]
    assert (before["hard_stops_declared"] is None, copy["hard_stops_declared"]) == (False, None)
    assert market.post(seller, f"/v1/lots/{copy['id']}/publish").status_code == 200


def test_a_copy_takes_changes_and_keeps_its_length(market: Market) -> None:
    seller = market.party("collector")
    path = f"/v1/lots/{market.lot(seller)}/copy"
    begin = days(5)
    copy = market.post(seller, path, {"quantity_t": "12吨", "ask_cny_per_t": 2500, "available_from": begin}).json
    assert (copy["quantity_t"], copy["ask_cny_per_t"], copy["available_from"]) == (12, 2500, begin)
    assert abs(length(copy, "available_from", "available_until") - timedelta(days=10)) < timedelta(seconds=5)
    assert market.post(seller, path, {"available_until": days(-1)}).json["errors"][0]["pointer"] == "/available_until"
    assert market.post(seller, path, {"colour": "red"}).status_code == 422


def test_a_demand_is_posted_again(market: Market) -> None:
    buyer = market.party("buyer")
    first = market.demand(buyer, quality_limits={"impurity_pct": {"max": 2}})
    copy = market.post(buyer, f"/v1/demands/{first}/copy", {"quantity_t": 20}).json
    assert (copy["status"], copy["copied_from"], copy["quantity_t"]) == ("draft", first, 20)
    assert copy["quality_limits"] == {"impurity_pct": {"max": 2}}


def test_only_owners_copy_and_recur(market: Market) -> None:
    seller, rival, buyer, operator = (market.party(role) for role in ("collector", "collector", "buyer", "operator"))
    opened = f"/v1/lots/{market.lot(seller)}"
    draft = f"/v1/lots/{market.post(seller, '/v1/lots', lot_body(seller, publish=False)).json['id']}"
    body = {"every": "week", "quantity_t": 5}
    assert market.post(seller, f"{opened}/recurrence", body).status_code == 201
    for who in (rival, buyer):
        for path, status in ((opened, 403), (draft, 404)):
            assert market.post(who, f"{path}/copy").status_code == status
            assert market.post(who, f"{path}/recurrence", body).status_code == status
            assert market.get(who, f"{path}/recurrence").status_code == status
            assert market.client.delete(f"{path}/recurrence", headers=who.headers).status_code == status
    assert market.get(operator, f"{opened}/recurrence").status_code == 200
    shown = market.get(rival, opened).json
    assert shown["copied_from"] is None


def test_every_week_once(market: Market, later: Any) -> None:
    seller, now = market.party("collector"), utc_now()
    lot_id = market.lot(seller, available_from=days(-1, now), available_until=days(3, now))
    path = f"/v1/lots/{lot_id}/recurrence"
    answer = market.post(seller, path, {"every": "week", "quantity_t": "20000kg"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == path
    recurrence = answer.json
    assert (recurrence["status"], recurrence["quantity_t"], recurrence["made"]) == ("running", 20, 0)
    begin = datetime.fromisoformat(market.get(seller, f"/v1/lots/{lot_id}").json["available_from"])
    assert datetime.fromisoformat(recurrence["next_at"]) == begin + timedelta(days=7)
    assert service.make_due(later(5.9)) == 0
    assert service.make_due(later(6.1)) == 1
    assert service.make_due(later(6.1)) == service.make_due(later(12.9)) == 0
    [made] = market.get(seller, "/v1/lots", copied_from=lot_id).json["items"]
    assert (made["status"], made["quantity_t"]) == ("open", 20)
    assert made["available_from"] == recurrence["next_at"]
    assert length(made, "available_from", "available_until") == timedelta(days=4)
    then = market.get(seller, path).json
    assert (then["made"], then["last_id"]) == (1, made["id"])
    assert datetime.fromisoformat(then["next_at"]) == begin + timedelta(days=14)
    assert [event["id"] for event in market.emitted("lot.published")] == [lot_id, made["id"]]


def test_periods_that_were_slept_through_are_made_while_their_window_is_open(market: Market, later: Any) -> None:
    """A worker that was down for five days, of a daily lot whose window is two days long."""
    seller = market.party("collector")
    lot_id = market.lot(seller, available_from=days(-0.5), available_until=days(1.5))
    market.post(seller, f"/v1/lots/{lot_id}/recurrence", {"every": "day", "quantity_t": 5})
    assert service.make_due(later(5)) == 5
    made = LOTS.select(market.database.read(), {"copied_from": lot_id})
    assert len(made) == len({lot.period for lot in made}) == 2
    assert market.get(seller, f"/v1/lots/{lot_id}/recurrence").json["made"] == 2


def test_workers_at_once_and_a_crash_make_each_period_once(market: Market, later: Any) -> None:
    seller = market.party("collector")
    ids = [market.lot(seller) for _ in range(8)]
    for lot_id in ids:
        market.post(seller, f"/v1/lots/{lot_id}/recurrence", {"every": "day", "quantity_t": 5})
    database = later(1.1)
    threads = [threading.Thread(target=service.make_due, args=(database,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(LOTS.select(market.database.read(), {"period": {"$ne": None}})) == 8
    # As after a restore in which the recurrence had not heard of what it made: the copy itself says so.
    forgetful = RECURRENCES.get(market.database.read(), ids[0])
    forgetful.number, forgetful.next_at, forgetful.last_period = 1, utc_now(), None
    market.database.write(lambda unit: RECURRENCES.save(unit, forgetful))
    forgetful_day = LOTS.find_one(market.database.read(), {"copied_from": ids[0]})
    assert forgetful_day is not None
    row = RECURRENCES.get(market.database.read(), ids[0])
    row.next_at = forgetful_day.terms.available_from
    market.database.write(lambda unit: RECURRENCES.save(unit, row))
    service.make_due(later(1.2))
    assert len(LOTS.select(market.database.read(), {"copied_from": ids[0]})) == 1


def test_it_ends_and_is_taken_off_and_set_again(market: Market, later: Any) -> None:
    seller = market.party("collector")
    path = f"/v1/lots/{market.lot(seller)}/recurrence"
    assert market.get(seller, path).status_code == 404
    body = {"every": "day", "quantity_t": 5, "until": days(2.5)}
    market.post(seller, path, body)
    service.make_due(later(3))
    ended = market.get(seller, path).json
    assert (ended["status"], ended["reason"], ended["next_at"], ended["made"]) == ("ended", "over", None, 2)
    assert ended["reason_text"] == "The time that was set for it is over"
    assert market.client.delete(path, headers=seller.headers).status_code == 204
    assert market.get(seller, path).status_code == market.client.delete(path, headers=seller.headers).status_code == 404
    again = market.post(seller, path, {"every": "day", "quantity_t": 6}).json
    assert (again["status"], again["quantity_t"], again["made"]) == ("running", 6, 2)
    assert again["next_at"] > days(2.9)
    assert market.post(seller, path, {**body, "until": days(0.1)}).json["errors"][0]["pointer"] == "/until"
    for wrong in ({"every": "year", "quantity_t": 5}, {"every": "day"}, {"every": "day", "quantity_t": 0}):
        assert market.post(seller, path, wrong).status_code == 422


def test_suspension_stops_it_and_it_says_so(market: Market, later: Any) -> None:
    seller = market.party("collector")
    lot_id = market.lot(seller)
    path = f"/v1/lots/{lot_id}/recurrence"
    market.post(seller, path, {"every": "day", "quantity_t": 5})
    market.tell(parties.hear_organisation, suspended(seller))
    assert service.make_due(later(1.1)) == 0
    stopped = market.get(seller, path).json
    assert (stopped["status"], stopped["reason"], stopped["next_at"]) == ("stopped", "organisation-suspended", None)
    assert stopped["reason_text"] == "The organisation is suspended"
    assert LOTS.select(market.database.read(), {"copied_from": lot_id}) == []
    assert market.post(seller, path, {"every": "day", "quantity_t": 5}).status_code == 403


def test_a_site_that_went_to_another_stops_it(market: Market, later: Any) -> None:
    buyer, other = market.party("buyer"), market.party("buyer")
    demand_id = market.demand(buyer)
    path = f"/v1/demands/{demand_id}/recurrence"
    market.post(buyer, path, {"every": "month", "quantity_t": 50})
    assert service.make_due(later(32)) == 1
    made = market.get(buyer, path).json["last_id"]
    assert market.get(buyer, f"/v1/demands/{made}").json["copied_from"] == demand_id
    event: SiteChanged = site_event(buyer.site_id, other.id, version=9)
    market.tell(parties.hear_site, event)
    assert service.make_due(later(64)) == 0
    assert market.get(buyer, path).json["reason"] == "site-gone"


def test_pending_organisations_do_not_recur(market: Market) -> None:
    seller = market.party("collector", verified=False)
    draft = market.post(seller, "/v1/lots", lot_body(seller, publish=False)).json["id"]
    answer = market.post(seller, f"/v1/lots/{draft}/recurrence", {"every": "day", "quantity_t": 5})
    assert (answer.status_code, answer.json["type"]) == (403, "organisation-not-verified")


def test_a_coming_end_is_told_once(market: Market, later: Any) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    lot_id, demand_id = market.lot(seller), market.demand(buyer)
    market.post(seller, "/v1/lots", lot_body(seller, publish=False))
    market.lot(seller, available_until=days(0.5))  # its end was as near when it was published
    etag = market.get(seller, f"/v1/lots/{lot_id}").headers["ETag"]
    assert service.warn_due(later(8.9)) == 0
    for _ in range(2):
        service.warn_due(later(9.1))
    told = market.emitted("lot.expiring", "demand.expiring")
    assert [event["id"] for event in told] == [lot_id, demand_id]
    assert told[0]["status"] == "open" and told[0]["seller_id"] == seller.id
    answer = market.get(seller, f"/v1/lots/{lot_id}")
    assert answer.headers["ETag"] == etag
    market.patch(seller, f"/v1/lots/{lot_id}", {"available_until": days(20)}, etag)
    service.warn_due(later(9.1))
    assert len(market.emitted("lot.expiring")) == 1
    service.warn_due(later(19.5))
    assert len(market.emitted("lot.expiring")) == 2


def test_what_a_waste_lot_says_of_itself_is_kept_and_told(market: Market) -> None:
    seller = market.party("collector")
    own = {"arose_from": "2026-10-01", "arose_until": "2026-10-31", "stock": "stock", "hard_stops_declared": ["radioactive"]}
    lot_id = market.lot(seller, grade="solid_waste.phosphogypsum", **own)
    read = market.get(seller, f"/v1/lots/{lot_id}")
    assert {name: read.json[name] for name in own} == own
    assert read.json["catalogue_edition"] == catalogue.edition()
    [event] = market.emitted("lot.published")
    assert {name: event[name] for name in own} == own and event["catalogue_edition"] == catalogue.edition()
    assert market.get(seller, "/v1/lots", stock="stock").json["items"][0]["id"] == lot_id
    changed = market.patch(seller, f"/v1/lots/{lot_id}", {"stock": None, "hard_stops_declared": True}, read.headers["ETag"])
    assert changed.json["stock"] is None and len(changed.json["hard_stops_declared"]) == 6
    late = market.patch(seller, f"/v1/lots/{lot_id}", {"arose_until": "2026-09-01"}, "*")
    assert (late.status_code, late.json["errors"][0]["pointer"]) == (422, "/arose_until")
    bare = market.lot(seller, grade="solid_waste.phosphogypsum")
    assert market.get(seller, f"/v1/lots/{bare}").json["stock"] is None
    other = market.lot(seller, grade="solid_waste.phosphogypsum", stock="new")
    assert [one["id"] for one in market.get(seller, "/v1/lots", stock="new").json["items"]] == [other]
