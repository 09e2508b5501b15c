"""以渣定产 in listings: new output beyond the allowance is refused by every way in, also by many at once."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from typing import Any

import pytest

from services.listings import service
from services.listings.schemas import draft_of
from services.listings.store import RECURRENCES, RESERVATIONS
from shared.clock import iso, utc_now
from shared.events.regions import AllowanceChanged, AllowanceRuleChanged
from tests.integration.listings.market import Market, Party, lot_body, received

pytestmark = pytest.mark.mongodb
GYPSUM = "solid_waste.phosphogypsum"
LOT = {"grade": GYPSUM, "quality": {}, "stock": "new"}


def rule(market: Market, initial_kg: int = 100_000, **changes: Any) -> AllowanceRuleChanged:
    begun = utc_now() - timedelta(days=1)
    values = {"id": "rule", "version": 1, "at": utc_now(), "region": "420000", "material": GYPSUM, "ratio_bp": 10_000}
    values |= {"initial_kg": initial_kg, "period": "year", "start": begun, "source": "test", "status": "standing"}
    event = AllowanceRuleChanged(**{**values, **changes})
    market.tell(service.on_allowance_rule, event)
    return event


def allow(market: Market, seller: Party, kg: int, version: int = 1) -> None:
    now = utc_now()
    period = f"{now + timedelta(hours=8):%Y}"
    figures = dict.fromkeys(("verified_kg", "used_kg", "promised_kg", "left_kg", "sellable_kg"), 0)
    place = {"rule_id": "rule", "organisation_id": seller.id, "region": "420000", "material": GYPSUM, "period": period}
    span = {"start": now - timedelta(days=1), "end": now + timedelta(days=1), "status": "standing"}
    names = {"id": f"rule:{seller.id}:{period}", "version": version, "at": now}
    market.tell(service.on_allowance, AllowanceChanged(**names, **place, **span, **figures | {"allowed_kg": kg}))


def offered(market: Market, seller: Party, quantity_t: float, **more: Any) -> Any:
    return market.post(seller, "/v1/lots", lot_body(seller, **{**LOT, "quantity_t": quantity_t, **more}))


def test_new_output_beyond_the_allowance_is_refused_with_the_reason(market: Market) -> None:
    seller = market.party("collector")
    rule(market)
    assert offered(market, seller, 60).status_code == 201
    refused = offered(market, seller, 40.001)
    assert (refused.status_code, refused.json["type"]) == (409, "allowance-passed")
    assert (refused.json["allowed_t"], refused.json["left_t"], refused.json["needed_t"]) == (100, 40, 40.001)
    assert "40 t may still be listed" in refused.json["detail"]
    chinese = market.client.post(
        "/v1/lots",
        json=lot_body(seller, **{**LOT, "quantity_t": 41}),
        headers={**seller.headers, "Accept-Language": "zh-CN"},
    )
    assert chinese.json["title"] == "超出以渣定产核定量" and "还可挂牌 40 吨" in chinese.json["detail"]
    assert offered(market, seller, 40).status_code == 201
    assert offered(market, seller, 0.001, stock=None).status_code == 409
    assert offered(market, seller, 5000, stock="stock").status_code == 201
    assert offered(market, seller, 5000, grade="solid_waste.fly_ash").status_code == 201
    assert offered(market, market.party("collector"), 100).status_code == 201
    assert offered(market, market.party("collector", region="340100"), 5000).status_code == 201


def test_drafts_changes_and_withdrawals(market: Market) -> None:
    seller = market.party("collector")
    rule(market)
    draft = offered(market, seller, 100.5, publish=False).json["id"]
    refused = market.post(seller, f"/v1/lots/{draft}/publish")
    assert (refused.status_code, market.lot_row(draft).status) == (409, "draft")
    heap = offered(market, seller, 500, stock="stock").json["id"]
    assert market.patch(seller, f"/v1/lots/{heap}", {"stock": "new"}, "*").status_code == 409
    lot_id = offered(market, seller, 90).json["id"]
    assert market.patch(seller, f"/v1/lots/{lot_id}", {"quantity_t": 100.001}, "*").status_code == 409
    assert market.patch(seller, f"/v1/lots/{lot_id}", {"quantity_t": 100}, "*").status_code == 200
    rule(market, 50_000, version=2)
    assert market.patch(seller, f"/v1/lots/{lot_id}", {"quantity_t": 70}, "*").status_code == 200
    assert market.patch(seller, f"/v1/lots/{lot_id}", {"ask_cny_per_t": 70}, "*").status_code == 200
    assert offered(market, seller, 1).status_code == 409
    assert market.post(seller, f"/v1/lots/{lot_id}/withdraw").status_code == 200
    assert offered(market, seller, 50).status_code == 201


def test_the_allowance_follows_what_regions_tells_and_a_rule_that_is_gone_limits_nothing(market: Market) -> None:
    seller = market.party("collector")
    rule(market, 0)
    assert offered(market, seller, 1).status_code == 409
    allow(market, seller, 30_000)
    assert offered(market, seller, 30).status_code == 201
    allow(market, seller, 35_000, version=3)
    allow(market, seller, 90_000, version=2)  # an older one comes late
    assert offered(market, seller, 5.001).status_code == 409
    assert offered(market, seller, 5).status_code == 201
    rule(market, 0, version=2, status="withdrawn")
    assert offered(market, seller, 500).status_code == 201


def test_rules_of_other_times_do_not_count(market: Market) -> None:
    seller = market.party("collector")
    rule(market, 0, start=utc_now() + timedelta(days=1))
    rule(market, 0, id="over", end=utc_now() - timedelta(hours=1))
    assert offered(market, seller, 10).status_code == 201
    rule(market, 0, id="begun", start=utc_now())
    assert offered(market, seller, 10).status_code == 409


def test_many_writers_at_once_never_pass_it(market: Market) -> None:
    seller = market.party("collector")
    rule(market)
    statuses: list[int] = []
    gate = threading.Barrier(16)

    def publish() -> None:
        gate.wait()
        for _ in range(2):
            statuses.append(offered(market, seller, 9).status_code)

    writers = [threading.Thread(target=publish) for _ in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert set(statuses) <= {201, 409}, statuses
    assert statuses.count(201) == 11
    lots = market.get(seller, "/v1/lots", limit=200).json["items"]
    assert sum(one["quantity_t"] for one in lots) == 99


def test_what_was_listed_before_it_shrank_is_not_promised_beyond_it(market: Market) -> None:
    seller, buyer = market.party("collector"), market.party("buyer")
    rule(market)
    lot_id = offered(market, seller, 100).json["id"]
    demand_id = market.demand(buyer, grades=[GYPSUM], quality_limits={}, basis={})
    first = market.reserve(lot_id, demand_id, 60_000)
    allow(market, seller, 70_000)
    second = market.reserve(lot_id, demand_id, 10_001)
    assert RESERVATIONS.get(market.database.read(), second.id).reason == "allowance-passed"
    assert RESERVATIONS.get(market.database.read(), market.reserve(lot_id, demand_id, 10_000).id).state == "reserved"
    market.tell(service.on_shipment_received, received(first, 60_000))
    third = market.reserve(lot_id, demand_id, 1_000)
    assert RESERVATIONS.get(market.database.read(), third.id).state == "refused"


def test_an_import_rejects_the_rows_beyond_it_and_says_why(market: Market) -> None:
    seller = market.party("collector")
    rule(market)
    sheet = "grade,quantity_t,ask_cny_per_t,available_from,available_until,stock\n"
    day = f"{utc_now() + timedelta(days=1):%Y-%m-%d}"
    sheet += f"{GYPSUM},60,60,{day},{day},new\n" * 2 + f"{GYPSUM},40,60,{day},{day},new\n{GYPSUM},900,60,{day},{day},stock\n"
    form = {"file": (io.BytesIO(sheet.encode()), "lots.csv")}
    made = market.client.post("/v1/lots/imports?publish=true", data=form, headers={**seller.headers, "Accept-Language": "en"})
    assert made.status_code == 202, made.json
    service.work_off_imports(market.database, draft_of)
    read = market.get(seller, made.headers["Location"]).json
    assert (read["rows_accepted"], read["rows_rejected"]) == (3, 1), read
    [fault] = read["errors"]
    assert (fault["line"], fault["column"]) == (3, "quantity_t") and "40 t may still be listed" in fault["reason"]


def test_a_recurrence_stops_where_the_allowance_ends(market: Market) -> None:
    seller = market.party("collector")
    begun = utc_now() - timedelta(hours=23)
    window = {"available_from": iso(begun), "available_until": iso(begun + timedelta(days=3))}
    lot_id = offered(market, seller, 60, **window).json["id"]
    made = market.post(seller, f"/v1/lots/{lot_id}/recurrence", {"every": "day", "quantity_t": 60})
    assert made.status_code == 201, made.json
    rule(market)
    recurrence = RECURRENCES.get(market.database.read(), lot_id)
    recurrence.next_at = utc_now() - timedelta(seconds=1)
    market.database.write(lambda unit: RECURRENCES.save(unit, recurrence))
    service.make_due(market.database)
    stopped = RECURRENCES.get(market.database.read(), lot_id)
    assert (stopped.status, stopped.reason, stopped.made) == ("stopped", "allowance-passed", 0)
    shown = market.get(seller, f"/v1/lots/{lot_id}/recurrence").json
    assert shown["reason_text"] == "It would pass the allowance of new output"
