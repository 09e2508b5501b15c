"""Call-offs against the real listings, while clearings want the same tonnes: nothing is promised twice, and the months know."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.audit.run import audit
from shared.clock import SHANGHAI, utc_now
from shared.settings import Settings
from tests.fixtures.identity import headers_of
from tests.fixtures.market import opened, until

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]


def test_call_offs_and_clearings_race_for_the_same_tonnes(settings: Settings) -> None:
    with opened(settings.model_copy(update={"clearing_interval_s": 0.2})) as market:
        seller, buyer = market.enter("seller", "collector"), market.enter("buyer", "buyer", "420700")
        yard, mill = market.site("seller", "yard", "420115", 30.3, 114.3), market.site("buyer", "plant", "420700", 30.4, 114.9)
        month = utc_now().astimezone(SHANGHAI).strftime("%Y-%m")
        terms = {"grade": "steel.hms1", "first_month": month, "last_month": month, "month_t": 500, "region": "420000"}
        body = {**terms, "counterparty_id": buyer.organisation_id, "floor_cny_per_t": 2400}
        path = f"/v1/agreements/{market.call('seller', 'POST', '/v1/agreements', body)['id']}"
        market.call("buyer", "POST", f"{path}/accept", {})
        wanted, dear = (market.lot("seller", yard, 60, min_take_t=1, ask_cny_per_t=ask) for ask in (2300, 9000))
        demand = market.demand("buyer", mill, 400, min_take_t=1)

        def call(number: int) -> str:
            client = market.clients["matching"].application.test_client()
            body = {"lot_id": (wanted, dear)[number // 2 % 2], "demand_id": demand, "quantity_t": 3 + number % 5}
            who = (seller, buyer)[number % 2]
            answer = client.post(f"{path}/call-offs", json=body, headers=headers_of(who))
            return "taken" if answer.status_code == 201 else ",".join(answer.json["rules"])

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(call, range(40)))
        assert set(answers) <= {"taken", "quantity"} and "taken" in answers
        until(lambda: not market.listed("buyer", f"{path}/call-offs?status=asked"), "an answer to each")
        assert audit(market.settings, lambda _: None, patience_s=30).differences == []
        found = market.listed("buyer", f"{path}/call-offs?limit=200")
        assert len(found) == answers.count("taken")
        agreed = [one for one in found if one["status"] == "agreed"]
        assert market.call("buyer", "GET", path)["months"][0]["called_t"] == sum(one["quantity_t"] for one in agreed)
        for lot in (wanted, dear):
            held = market.call("seller", "GET", f"/v1/lots/{lot}")
            proposed = market.listed("seller", f"/v1/proposals?lot_id={lot}&status=proposed")
            promised = [*proposed, *(one for one in agreed if one["lot_id"] == lot)]
            assert held["reserved_t"] == pytest.approx(sum(one["quantity_t"] for one in promised))
            assert held["available_t"] + held["reserved_t"] == 60
