"""Importing lots from CSV and XLSX files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from services.listings import service
from services.listings.schemas import draft_of
from services.listings.service import imports
from shared.mongo import Database
from tests.fixtures.sheets import A_YARDS_SHEET, HEADER, MERGED, csv_of, fuzzed, good, xlsx_of
from tests.integration.listings.market import Market, Party

pytestmark = pytest.mark.mongodb

HEAD = "品种,数量,单价(元/吨),可提货日期,截止日期,场站,水分%,杂质%\n"
GOOD = "重废,30.5吨,2450,2026-11-24,2099-12-04,一号场,0.5,1.2\n"


def send(market: Market, who: Party, content: bytes, query: str = "", key: str | None = None) -> Any:
    headers = {**who.headers, "Accept-Language": "en", **({"Idempotency-Key": key} if key else {})}
    head = '--part\r\nContent-Disposition: form-data; name="file"; filename="货源.csv"\r\n\r\n'
    body = head.encode() + content + b"\r\n--part--\r\n"
    return market.client.post(
        f"/v1/lots/imports{query}", data=body, headers=headers, content_type="multipart/form-data; boundary=part"
    )


def done(market: Market, who: Party, answer: Any) -> Any:
    assert answer.status_code == 202, answer.text
    while (read := market.get(who, answer.headers["Location"]).json)["status"] == "running":
        service.work_off_imports(market.database, draft_of)
    return read


def kept(market: Market) -> dict[str, int]:
    """How many documents of files there are."""
    return {name: market.database.mongo[name].count_documents({}) for name in ("import_parts", "import_rows")}


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
    assert (result["rows_total"], result["rows_done"]) == (3, 3)
    faults = {(error["line"], error["column"], error["value"], error["suggestion"]) for error in result["errors"]}
    assert faults == {
        (4, "品种", "金子", None),
        (4, "数量", "-1", None),
        (4, "单价(元/吨)", "abc", None),
        (4, "场站", "二号场", "一号场"),
        (4, "水分%", "200", None),
    }
    assert all(error["reason"].isascii() or "金子" in error["reason"] for error in result["errors"])
    lots = market.get(seller, "/v1/lots").json["items"]
    assert [(lot["grade"], lot["quantity_t"], lot["status"]) for lot in lots] == [
        ("paper.occ_a", 0.5, "open"),
        ("steel.hms1", 30.5, "open"),
    ]
    assert lots[1]["available_until"] == "2099-12-04T16:00:00.000Z"
    assert len(market.emitted("lot.published")) == 2
    assert kept(market) == {"import_parts": 0, "import_rows": 0}


@pytest.mark.parametrize(
    "content", [csv_of(A_YARDS_SHEET, "gb18030"), xlsx_of(A_YARDS_SHEET, MERGED, ["填写说明"])], ids=["gb18030", "xlsx"]
)
def test_a_yards_sheet_goes_in_and_what_is_mended_after_it(market: Market, content: bytes) -> None:
    seller = market.party("collector")
    answer = send(market, seller, content, "?publish=true")
    result = done(market, seller, answer)
    assert (result["status"], result["rows_accepted"], result["rows_rejected"]) == ("done", 4, 2)
    faults = [(error["line"], error["column"], error["value"]) for error in result["errors"]]
    assert faults == [(10, "数量", "两车"), (11, "品名", "重非"), (11, "杂质（%）", "99")]
    assert result["errors"][1]["suggestion"].startswith("重废 steel.hms1")
    lots = {lot["grade"]: lot for lot in market.get(seller, "/v1/lots").json["items"]}
    assert {grade: (lot["quantity_t"], lot["ask_cny_per_t"]) for grade, lot in lots.items()} == {
        "steel.hms1": (30.5, 2450),
        "paper.occ_a": (12.5, 1500),
        "steel.shredded": (94.5, 2380),
        "nonferrous.copper": (2, 68_000),
    }
    rejected = market.get(seller, answer.headers["Location"] + "/rejected")
    assert rejected.content_type == "text/csv; charset=utf-8" and rejected.data.startswith(b"\xef\xbb\xbf")
    header, first, second = csv.reader(io.StringIO(rejected.data.decode("utf-8-sig")))
    assert header == [
        "序号",
        "品名",
        "数量",
        "每车吨数",
        "单价（元/吨）",
        "可提货日期",
        "截止日期",
        "含水率%",
        "杂质（%）",
        "reasons",
    ]
    assert "load_t" in first[-1] and "重废 steel.hms1" in second[-1]
    again = done(market, seller, send(market, seller, rejected.data))
    assert (again["rows_accepted"], again["rows_rejected"]) == (0, 2)
    assert [row[:-1] for row in csv.reader(io.StringIO(_rejected(market, seller, again["id"])))] == [
        row[:-1] for row in (header, first, second)
    ]
    first[3], second[1], second[8] = "31.5", "重废", "1"
    mended = done(market, seller, send(market, seller, csv_of([header, first, second])))
    assert (mended["rows_accepted"], mended["rows_rejected"]) == (2, 0)


def _rejected(market: Market, who: Party, import_id: str) -> str:
    text: str = market.get(who, f"/v1/lots/imports/{import_id}/rejected").data.decode("utf-8-sig")
    return text


def test_what_is_missing_is_told(market: Market) -> None:
    seller = market.party("collector")
    rows = [HEADER, good(数量="-"), good(数量=None, 品种=None), good(截止日期="—")]
    result = done(market, seller, send(market, seller, csv_of(rows)))
    assert (result["rows_accepted"], result["rows_rejected"]) == (0, 3)
    missing = [(error["line"], error["column"]) for error in result["errors"]]
    assert missing == [(2, "数量"), (3, "品种"), (3, "数量"), (4, "截止日期")]


def test_a_site_that_is_told_of_late_is_waited_for(market: Market) -> None:
    seller = market.party("collector")
    market.database.mongo["known_sites"].delete_many({})
    answer = send(market, seller, (HEAD + GOOD).encode())
    service.work_off_imports(market.database, draft_of)
    assert market.get(seller, answer.headers["Location"]).json["rows_done"] == 0
    market.site(seller.id)
    assert done(market, seller, answer)["rows_accepted"] == 1


def test_the_same_file_makes_no_second_lots(market: Market) -> None:
    seller, other = market.party("collector"), market.party("collector")
    first = send(market, seller, (HEAD + GOOD).encode())
    assert done(market, seller, first)["rows_accepted"] == 1
    again = send(market, seller, (HEAD + GOOD).encode())
    assert again.json["id"] == first.json["id"]
    assert done(market, seller, again)["rows_accepted"] == 1
    assert [lot["status"] for lot in market.get(seller, "/v1/lots").json["items"]] == ["draft"]
    assert done(market, other, send(market, other, (HEAD + GOOD).encode()))["id"] != first.json["id"]
    for path in (first.headers["Location"], first.headers["Location"] + "/rejected"):
        assert market.get(other, path).status_code == 404
    assert len(market.get(seller, "/v1/lots/imports", status="done").json["items"]) == 1


def test_a_dry_run_finds_the_same_and_makes_nothing(market: Market) -> None:
    seller = market.party("collector")
    over = good(截止日期="2026-01-02", 可提货日期="2026-01-01")
    content = csv_of([HEADER, good(), good(品种="重非"), over, good(数量="x")])
    queries = ("?dry_run=true&publish=true", "?publish=true", "?dry_run=true&publish=true")
    dry, real, dry_again = (done(market, seller, send(market, seller, content, query)) for query in queries)
    assert len({one["id"] for one in (dry, real, dry_again)}) == 3
    assert (dry["dry_run"], real["dry_run"]) == (True, False)
    for name in ("status", "rows_total", "rows_accepted", "rows_rejected", "errors"):
        assert dry[name] == real[name] == dry_again[name]
    assert (real["rows_accepted"], real["rows_rejected"]) == (1, 3)
    assert {error["line"] for error in real["errors"]} == {3, 4, 5}
    assert len(market.get(seller, "/v1/lots").json["items"]) == len(market.emitted("lot.published")) == 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_import_that_was_cut_off_goes_on_where_it_was(market: Market, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """It breaks off while it is read, then while it is worked off, each time half-way; another process goes on."""
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 100)
    seller = market.party("collector")
    rows = [HEADER, *(good(数量=n + 1, 品种="重非" if n % 10 == 9 else "重废") for n in range(450))]
    answer = send(market, seller, csv_of(rows) if kind == "csv" else xlsx_of(rows), "?publish=true")
    for broken in ("_keep", "_write"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(imports, broken, _breaking_off(getattr(imports, broken), after=2))
            service.work_off_imports(Database(market.settings, "listings"), draft_of)
    half = market.get(seller, answer.headers["Location"]).json
    assert (half["status"], half["rows_total"], half["rows_done"], half["rows_accepted"]) == ("running", 450, 200, 180)
    result = done(market, seller, answer)
    assert (result["status"], result["rows_accepted"], result["rows_rejected"]) == ("done", 405, 45)
    wanted = [1000 * (n + 1) for n in range(450) if n % 10 != 9]
    stored = [row["quantity_kg"] for row in market.database.mongo["lots"].find()]
    assert sorted(stored) == sorted(event["quantity_kg"] for event in market.emitted("lot.published")) == wanted
    rejected = list(csv.DictReader(io.StringIO(_rejected(market, seller, result["id"]))))
    assert [int(row["数量"]) for row in rejected] == [n + 1 for n in range(450) if n % 10 == 9]
    assert kept(market) == {"import_parts": 0, "import_rows": 0}


def _breaking_off(whole: Callable[..., Any], after: int) -> Callable[..., Any]:
    """The process dies within the transaction that follows `after` of them, its writes already sent."""
    calls = 0

    def cut(unit: Any, *given: Any) -> Any:
        nonlocal calls
        calls += 1
        result = whole(unit, *given)
        if calls > after:
            unit.flush()
            raise KeyboardInterrupt
        return result

    return cut


def test_two_workers_at_once_make_each_lot_once(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 50)
    seller = market.party("collector")
    answer = send(market, seller, csv_of([HEADER, *(good(数量=n + 1) for n in range(1000))]))
    databases = [Database(market.settings, "listings") for _ in range(2)]
    workers = [threading.Thread(target=service.work_off_imports, args=(one, draft_of, 60)) for one in databases]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert done(market, seller, answer)["rows_accepted"] == 1000
    assert sorted(row["quantity_kg"] for row in market.database.mongo["lots"].find()) == [1000 * (n + 1) for n in range(1000)]
    assert kept(market) == {"import_parts": 0, "import_rows": 0}


def test_a_file_of_no_use_stores_nothing(market: Market) -> None:
    seller = market.party("collector")
    for name, content in fuzzed().items():
        answer = send(market, seller, content)
        if answer.status_code == 422:
            assert answer.json["errors"][0]["pointer"] == "/file", name
        else:
            result = done(market, seller, answer)
            assert (result["status"], result["rows_total"], result["rows_done"]) == ("failed", None, 0), name
            assert len(result["errors"]) == 1 and result["errors"][0]["reason"], name
            assert market.get(seller, answer.headers["Location"] + "/rejected").status_code == 409, name
        assert kept(market) == {"import_parts": 0, "import_rows": 0}, name
    assert market.database.mongo["lots"].count_documents({}) == 0
    assert {row["status"] for row in market.database.mongo["imports"].find()} == {"failed"}


def test_formula_cells_are_told_and_store_nothing(market: Market) -> None:
    seller = market.party("collector")
    rows = [HEADER, good(数量="=15*2"), good(场站='=HYPERLINK("https://example.com")')]
    for content in (xlsx_of(rows), csv_of(rows)):
        result = done(market, seller, send(market, seller, content))
        assert (result["status"], result["rows_accepted"], result["rows_rejected"]) == ("done", 0, 2)
        assert all("formula" in error["reason"] for error in result["errors"])
    assert market.database.mongo["lots"].count_documents({}) == 0


def test_files_that_are_none(market: Market) -> None:
    seller, pending = market.party("collector"), market.party("collector", verified=False)
    assert send(market, seller, b"PK\x03\x04rest of a zip").status_code == 422
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


def test_ten_megabytes_are_taken_and_no_more(market: Market) -> None:
    seller = market.party("collector")
    row = "重废,30.5吨,2450,2026-11-24,2099-12-04,一号场,0.5,1.2,".encode()
    content = HEAD.encode() + (row + b"x" * (4000 - len(row)) + b"\n") * 2500
    assert send(market, seller, content).status_code == 202
    assert send(market, seller, content + b"x" * 1_000_000).status_code == 413


def test_every_rejected_row_is_given_back(market: Market) -> None:
    seller = market.party("collector")
    result = done(market, seller, send(market, seller, csv_of([HEADER, *(good(数量=f"{n}箱") for n in range(2345))])))
    assert (result["rows_rejected"], len(result["errors"])) == (2345, 1000)
    rows = list(csv.DictReader(io.StringIO(_rejected(market, seller, result["id"]))))
    assert [row["数量"] for row in rows] == [f"{n}箱" for n in range(2345)]
    assert all(row["reasons"] for row in rows)
