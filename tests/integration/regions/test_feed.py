"""What programs refresh by themselves: flat rows as JSON and CSV, and OpenMetrics that a monitor parses."""

from __future__ import annotations

import csv
import io

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from services.regions.app import create_app
from services.regions.handlers import EVENTS
from services.regions.store import DOCUMENTS
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.identity import sign_in
from tests.fixtures.lives import WUHAN, fresh, tell, whole_life

pytestmark = pytest.mark.mongodb


@pytest.fixture
def database(settings: Settings) -> Database:
    database = fresh(settings, "regions", DOCUMENTS)
    tell(database, EVENTS, whole_life().told)
    return database


def test_a_spreadsheet_refreshes_flat_rows(database: Database, settings: Settings) -> None:
    client = create_app(settings).test_client()
    operator = sign_in(settings, "operator").headers
    path = f"/v1/regions/{WUHAN}/feed"
    found = client.get(path, headers=operator).json
    rows = {(one["side"], one["measure"]): one for one in found["items"]}
    received = rows["origin", "received"]
    assert (received["period"], received["tonnes"], received["own_tonnes"]) == ("2026-11", 37.4, None)
    assert (received["region_zh"], received["material_zh"]) == ("湖北省武汉市", "重废")
    assert ("destination", "received") not in rows and found["withheld"] is False
    answer = client.get(f"{path}?format=csv&granularity=day", headers=operator)
    assert answer.content_type == "text/csv; charset=utf-8" and answer.headers["Huanliu-Withheld"] == "false"
    flat = {(one["side"], one["measure"]): one for one in csv.DictReader(io.StringIO(answer.text))}
    assert list(next(iter(flat.values()))) == list(received)
    assert (flat["origin", "received"]["tonnes"], flat["origin", "received"]["period"]) == ("37.4", "2026-11-24")
    stranger = client.get(path, headers=sign_in(settings, "carrier").headers).json
    assert stranger == {"items": [], "next_cursor": None, "withheld": True}
    assert client.get("/v1/regions/999999/feed", headers=operator).status_code == 404


def test_a_monitor_reads_the_main_totals(database: Database, settings: Settings) -> None:
    client = create_app(settings).test_client()
    answer = client.get(f"/v1/regions/{WUHAN}/metrics", headers=sign_in(settings, "operator").headers)
    assert answer.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    assert set(families) == {"huanliu_region_mass_tonnes", "huanliu_region_balance_tonnes", "huanliu_region_withheld"}
    mass = {(one.labels["side"], one.labels["measure"]): one.value for one in families["huanliu_region_mass_tonnes"].samples}
    assert mass["origin", "received"] == 37.4 and mass["origin", "listed"] == 100
    accounts = {one.labels["account"]: one.value for one in families["huanliu_region_balance_tonnes"].samples}
    assert accounts["published"] == 100 and accounts["weighing_difference"] == -0.4
    assert families["huanliu_region_withheld"].samples[0].value == 0
