"""Monthly returns: asked for or every month, made once, read in two formats and two languages."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from services.regions.handlers import EVENTS
from services.regions.reporting import files_of
from services.regions.service import ask_due, make_queued
from services.regions.store import DOCUMENTS, REPORTS, SCHEDULES
from services.regions.views import return_of
from shared.clock import iso, utc_now
from shared.geo import Position
from shared.ids import new_id
from shared.mongo import Cause, Database
from shared.parties import PARTIES, SITES, KnownSite, Party
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.lives import JIANGXIA, NOON, WUHAN, Life, Told, fresh, tell, whole_life

pytestmark = pytest.mark.mongodb
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def database(settings: Settings) -> Database:
    database = fresh(settings, "regions", DOCUMENTS)
    tell(database, EVENTS, whole_life().told)
    return database


@pytest.fixture
def official(settings: Settings) -> SignedIn:
    return sign_in(settings, "park_operator", region=WUHAN)


def work_off(database: Database) -> None:
    make_queued(database, return_of, files_of)


def asked(client: FlaskClient, who: SignedIn, **changes: Any) -> Any:
    return client.post("/v1/reports", json={"region": WUHAN, "month": "2026-11", **changes}, headers=who.headers)


def test_a_return_is_made_and_read(client: FlaskClient, database: Database, official: SignedIn, settings: Settings) -> None:
    made = asked(client, official)
    assert (made.status_code, made.json["status"], made.json["files"]) == (202, "queued", [])
    path = made.headers["Location"]
    assert client.get(f"{path}/file", headers=official.headers).status_code == 409
    work_off(database)
    work_off(database)
    report = client.get(path, headers=official.headers).json
    assert report["status"] == "done" and report["ready_at"]
    assert [(one["format"], one["language"]) for one in report["files"]] == [
        ("pdf", "en"),
        ("pdf", "zh"),
        ("xlsx", "en"),
        ("xlsx", "zh"),
    ]
    for one in report["files"]:
        answer = client.get(one["href"], headers=official.headers)
        assert answer.status_code == 200 and answer.headers["ETag"] == f'"{one["sha256"]}"'
        assert answer.data.startswith(b"%PDF" if one["format"] == "pdf" else b"PK")
        assert f".{one['format']}" in answer.headers["Content-Disposition"]
    pdf = client.get(path, headers={**official.headers, "Accept": "application/pdf", "Accept-Language": "en"})
    assert pdf.content_type == "application/pdf" and pdf.headers["Content-Language"] == "en"
    assert b"NotoSansSC" in pdf.data and b"FontFile3" in pdf.data
    assert database.mongo["outbox"].count_documents({"type": "huanliu.report.made.v1"}) == 1
    stranger = sign_in(settings, "park_operator", region=WUHAN)
    assert client.get(path, headers=stranger.headers).status_code == 404
    assert client.get("/v1/reports", headers=stranger.headers).json["items"] == []
    assert client.get(path, headers=sign_in(settings, "operator").headers).status_code == 200


def test_the_workbook_has_every_figure_with_its_measure_and_source(
    client: FlaskClient, database: Database, official: SignedIn
) -> None:
    path = asked(client, official).headers["Location"]
    work_off(database)
    headers = {**official.headers, "Accept": XLSX}
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{path}/file?language=en", headers=headers).data))
    assert len(book.sheetnames) == 12
    cells = {name: [[cell.value for cell in row] for row in book[name].iter_rows()] for name in book.sheetnames}
    for name in book.sheetnames[1:]:
        texts = [str(row[0]) for row in cells[name][:4]]
        assert any(text.startswith("Measure: ") for text in texts) and any(text.startswith("Source: ") for text in texts), name
    left = cells["2 What left here"]
    assert left[4] == ["Material", "Loaded (t)", "Received, net (t)", "Refused (t)", "Deducted (t)"]
    assert left[5][1:] == left[6][1:] == [60, 37.4, 20, 0.15]
    assert cells["1 What was offered here"][5][1:] == [100, 0, 72, 12]
    flows = cells["5 Flows"]
    assert flows[5][3] == 37.4 and "Jiangxia" in str(flows[5][0])
    balance = cells["6 Balance of the mass ledger"]
    assert ["Published", 100] in [row[:2] for row in balance]
    zh = openpyxl.load_workbook(io.BytesIO(client.get(f"{path}/file?language=zh&format=xlsx", headers=headers).data))
    assert zh.sheetnames[1].startswith("1 本地货源")


def test_a_late_ticket_stands_in_the_return_with_its_reason(
    client: FlaskClient, database: Database, official: SignedIn
) -> None:
    life = Life().publish()
    deal = life.reserve(20_000).agree()
    deal.receive(deal.load(20_000), 20_000, 19_500)
    late = [Told(one.event, one.id) for one in life.told]
    for one in late:
        told_at = NOON + timedelta(days=2)
        handle = EVENTS[type(one.event)]
        database.write(lambda unit, one=one, handle=handle: handle(unit, one.event), cause=Cause(one.id, told_at))  # type: ignore[misc]
    made = return_of(database.read(), WUHAN, "2026-11")
    [section] = [one for one in made.sections if one.title.en == "Late and corrected tickets"]
    kinds = {(row[3].en, row[4].en, row[6]) for row in section.rows}  # type: ignore[union-attr]
    assert ("late", "reported after its day", 19_500) in kinds


def test_a_park_has_a_return_and_circulation_of_its_own(client: FlaskClient, database: Database, settings: Settings) -> None:
    owner = sign_in(settings, "park_operator", region="110000")
    organisation, park = owner.caller.organisation_id, new_id()
    sites = [KnownSite(park, 1, organisation, "江夏循环园", "park", JIANGXIA, Position(30.3, 114.3))]
    sites += [KnownSite(one, 1, "x", one, "yard", JIANGXIA, Position(30.3, 114.3), park) for one in ("site", "mill")]
    database.write(lambda unit: [SITES.save(unit, one) for one in sites])
    here = Life(to_region=JIANGXIA, begun=NOON + timedelta(days=1)).publish()
    deal = here.reserve(30_000).agree()
    tell(database, EVENTS, deal.receive(deal.load(30_000), 30_000, 30_000).life.told)
    found = client.get(f"/v1/regions/{park}/outcomes", headers=owner.headers).json
    assert (found["withheld"], found["received_t"], found["circulation_pct"], found["radius_km"]) == (False, 30, 100, 90)
    path = asked(client, owner, region=park).headers["Location"]
    work_off(database)
    headers = {**owner.headers, "Accept": XLSX}
    book = openpyxl.load_workbook(io.BytesIO(client.get(path, headers=headers).data))
    assert book.worksheets[0]["B3"].value == f"江夏循环园（{park}）"
    terms = {"region": park, "measure": "used", "target_t": 60, "source": "园区年度计划"}
    span = {"from": iso(NOON + timedelta(hours=12)), "to": iso(NOON + timedelta(days=9))}
    body = {**terms, **span, "side": "destination"}
    target = client.post("/v1/targets", json=body, headers=sign_in(settings, "operator").headers)
    assert (target.status_code, target.json["progress"]["reached_pct"]) == (201, 50.0), target.text
    assert return_of(database.read(), park, "2026-11").sections[-1].rows[0][2] == 30_000


def test_who_may_ask_and_what_for(client: FlaskClient, official: SignedIn, settings: Settings) -> None:
    assert asked(client, sign_in(settings, "collector")).status_code == 403
    assert asked(client, official, region="110000").status_code == 403
    assert asked(client, sign_in(settings, "operator"), region="110000").status_code == 202
    wrong = asked(client, official, month="2026-13")
    assert [one["pointer"] for one in wrong.json["errors"]] == ["/month"]
    ahead = f"{utc_now() + timedelta(days=62):%Y-%m}"
    assert asked(client, official, month=ahead).status_code == 422
    assert [one["pointer"] for one in asked(client, official, region="999999").json["errors"]] == ["/region"]
    assert [one["pointer"] for one in asked(client, official, readers=["x"]).json["errors"]] == ["/readers/0"]


def test_every_month_once_and_to_its_readers(
    client: FlaskClient, database: Database, official: SignedIn, settings: Settings
) -> None:
    reader = sign_in(settings, "buyer")
    party = Party(reader.caller.organisation_id, 1, "reader", "buyer", WUHAN, "verified", "a@example.com")
    database.write(lambda unit: PARTIES.save(unit, party))
    body = {"region": WUHAN, "day_of_month": 3, "readers": [reader.caller.organisation_id]}
    made = client.post("/v1/report-schedules", json=body, headers=official.headers)
    assert made.status_code == 201 and made.json["next_at"] > iso(utc_now())
    ask_due(database)
    assert REPORTS.select(database.read(), {}) == []

    def earlier(unit: Any) -> None:
        schedule = SCHEDULES.get(unit, made.json["id"])
        schedule.next_at = utc_now() - timedelta(minutes=1)
        SCHEDULES.save(unit, schedule)

    database.write(earlier)
    ask_due(database)
    ask_due(database)
    [report] = REPORTS.select(database.read(), {})
    assert report.schedule_id == made.json["id"] and report.id == f"{made.json['id']}.{report.month}"
    work_off(database)
    [listed] = client.get("/v1/reports", headers=reader.headers).json["items"]
    assert client.get(listed["files"][0]["href"], headers=reader.headers).status_code == 200
    path = made.headers["Location"]
    assert client.delete(path, headers=reader.headers).status_code == 403
    assert client.delete(path, headers=official.headers).status_code == 204
    assert client.get(path, headers=official.headers).json["status"] == "ended"
    database.write(earlier)
    ask_due(database)
    assert len(REPORTS.select(database.read(), {})) == 1
