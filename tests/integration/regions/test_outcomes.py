"""What became of the material, on loads that real events told of, in any order."""

from __future__ import annotations

import random

import pytest

from services.regions.app import create_app
from services.regions.handlers import EVENTS
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.identity import sign_in
from tests.fixtures.lives import EZHOU, JIANGXIA, Life, tell, whole_life

pytestmark = pytest.mark.mongodb


def near() -> Life:
    """A load that stays in its county."""
    life = Life(to_region=JIANGXIA).publish()
    deal = life.reserve(30_000).agree()
    return deal.receive(deal.load(30_000), 30_000, 30_000).life


def test_outcomes_of_a_region_and_of_ones_own_loads(database: Database, settings: Settings) -> None:
    told = [*whole_life().told, *near().told]
    tell(database, EVENTS, random.Random(1).sample(told, len(told)))
    client = create_app(settings).test_client()
    operator, seller = sign_in(settings, "operator").headers, sign_in(settings, "collector", "seller").headers
    stranger = sign_in(settings, "buyer").headers
    whole = client.get("/v1/regions/420000/outcomes", headers=operator).json
    assert (whole["received_t"], whole["arose_inside_t"], whole["circulation_pct"]) == (67.4, 67.4, 100.0)
    assert (whole["radius_km"], whole["loads"], whole["withheld"]) == (90.0, 3, False)
    assert whole["modes"][0]["share_pct"] == 100.0
    assert whole["avoided"][0]["avoided_t"] == 107.84
    assert whole["freight_co2e_t"] == 0.25
    county = client.get(f"/v1/regions/{EZHOU}/outcomes", headers=operator).json
    assert (county["received_t"], county["circulation_pct"]) == (37.4, 0.0)
    own = client.get(f"/v1/regions/{EZHOU}/outcomes", headers=seller).json
    assert (own["received_t"], own["withheld"]) == (37.4, True)
    nothing = client.get(f"/v1/regions/{EZHOU}/outcomes?material=steel", headers=stranger).json
    assert (nothing["received_t"], nothing["circulation_pct"], nothing["withheld"]) == (0.0, None, True)
    dated = client.get(f"/v1/regions/{JIANGXIA}/outcomes?from=2026-11-25", headers=operator).json
    assert dated["loads"] == 0
    assert client.get("/v1/regions/999999/outcomes", headers=operator).status_code == 404
