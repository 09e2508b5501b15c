"""Importing lots from a CSV file."""

from __future__ import annotations

import io
from typing import Any

import pytest

from services.listings import service
from services.listings.schemas import draft_of
from services.listings.service import imports
from tests.integration.listings.market import Market, Party

pytestmark = pytest.mark.mongodb

HEAD = "品种,数量,单价(元/吨),可提货日期,截止日期,场站,水分%,杂质%\n"
GOOD = "重废,30.5吨,2450,2026-11-24,2099-12-04,一号场,0.5,1.2\n"


def send(market: Market, who: Party, content: bytes, query: str = "", key: str | None = None) -> Any:
    headers = {**who.headers, "Accept-Language": "en", **({"Idempotency-Key": key} if key else {})}
    data = {"file": (io.BytesIO(content), "货源.csv")}
    return market.client.post(f"/v1/lots/imports{query}", data=data, headers=headers, content_type="multipart/form-data")


def done(market: Market, who: Party, answer: Any) -> Any:
    assert answer.status_code == 202, answer.text
    service.work_off_imports(market.database, draft_of)
    return market.get(who, answer.headers["Location"]).json


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_good_rows_go_in_and_bad_rows_never_do(market: Market, encoding: str) -> None:
    seller = market.party("collector")
    rows = [
        GOOD,
        ",,,,,,,\n",
        "金子,-1,abc,2026-11-24,2099-12-04,二号场,200,\n",
        "黄纸板,500kg,1500,2026-11-24,2099-12-04,一号场,,\n",
    ]
    result = done(market, seller, send(market, seller, (HEAD + "".join(rows)).encode(encoding), "?publish=true"))
    assert (result["status"], result["rows_accepted"], result["rows_rejected"]) == ("done", 2, 1)
    faults = {(error["line"], error["column"], error["value"]) for error in result["errors"]}
    assert faults == {
        (4, "品种", "金子"),
        (4, "数量", "-1"),
        (4, "单价(元/吨)", "abc"),
        (4, "场站", "二号场"),
        (4, "水分%", "200"),
    }
    assert all(error["reason"].isascii() or "金子" in error["reason"] for error in result["errors"])
    lots = market.get(seller, "/v1/lots").json["items"]
    assert [(lot["grade"], lot["quantity_t"], lot["status"]) for lot in lots] == [
        ("paper.occ_a", 0.5, "open"),
        ("steel.hms1", 30.5, "open"),
    ]
    assert lots[1]["available_until"] == "2099-12-04T16:00:00.000Z"
    assert len(market.emitted("lot.published")) == 2


def test_the_same_file_makes_no_second_lots(market: Market) -> None:
    seller, other = market.party("collector"), market.party("collector")
    first = send(market, seller, (HEAD + GOOD).encode())
    assert done(market, seller, first)["rows_accepted"] == 1
    again = send(market, seller, (HEAD + GOOD).encode())
    assert again.json["id"] == first.json["id"]
    assert done(market, seller, again)["rows_accepted"] == 1
    assert [lot["status"] for lot in market.get(seller, "/v1/lots").json["items"]] == ["draft"]
    assert done(market, other, send(market, other, (HEAD + GOOD).encode()))["id"] != first.json["id"]
    assert market.get(other, first.headers["Location"]).status_code == 404
    assert len(market.get(seller, "/v1/lots/imports", status="done").json["items"]) == 1


def test_an_import_that_was_cut_off_goes_on_where_it_was(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    seller = market.party("collector")
    lines = [GOOD.replace("30.5吨", f"{n + 1}吨") for n in range(450)]
    answer = send(market, seller, (HEAD + "".join(lines)).encode())
    some = imports._some
    calls = 0

    def cut(*given: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return some(*given)

    monkeypatch.setattr(imports, "_some", cut)
    with pytest.raises(KeyboardInterrupt):
        service.work_off_imports(market.database, draft_of)
    half = market.get(seller, answer.headers["Location"]).json
    assert (half["status"], half["rows_accepted"]) == ("running", 200)
    monkeypatch.undo()
    assert done(market, seller, answer)["rows_accepted"] == 450
    found = market.database.mongo["lots"].distinct("quantity_kg")
    assert sorted(found) == [1000 * (n + 1) for n in range(450)]


def test_files_that_are_none(market: Market) -> None:
    seller, pending = market.party("collector"), market.party("collector", verified=False)
    assert send(market, seller, b"PK\x03\x04rest of a zip").status_code == 415
    assert send(market, seller, b" \n").status_code == 422
    assert market.post(seller, "/v1/lots/imports").status_code == 422
    assert send(market, pending, (HEAD + GOOD).encode(), "?publish=true").status_code == 403
    assert send(market, seller, HEAD.encode(), "?colour=red").status_code == 422
    assert send(market, market.party("buyer"), HEAD.encode()).status_code == 403
    failed = done(market, seller, send(market, seller, b"\x00\x01\x02\xff" * 10))
    assert (failed["status"], failed["rows_accepted"], len(failed["errors"])) == ("failed", 0, 1)
    assert done(market, seller, send(market, seller, HEAD.encode()))["status"] == "done"
    assert (
        send(market, seller, (HEAD + GOOD).encode(), key="k").json
        == send(market, seller, (HEAD + GOOD).encode(), key="k2").json
    )
