"""Spreadsheets as people make them: headers, cells, rows."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from services.listings.importing import (
    CellIsUnreadable,
    Column,
    FileIsUnreadable,
    Row,
    chinese,
    columns_of,
    field_of,
    nearest_grades,
    open_sheet,
    read_row,
)
from services.listings.importing.cells import Beside, moment, tonnes, value_of
from services.listings.schemas import draft_of
from shared import catalogue
from shared.clock import SHANGHAI
from shared.ids import new_id
from shared.problem import InputIsInvalid
from tests.fixtures.sheets import A_YARDS_SHEET, HEADER, MERGED, csv_of, good, with_percents, xlsx_of

CHINESE = """我的货源,,,,,,,
品种,数量,单价(元/吨),可提货日期,截止日期,场站,水分%,杂质％
重废,30.5吨,"2,450",2026-11-24,2026年12月4日,一号场,0.5,1.2%
,,,,,,,

黄纸板,"30,500公斤",1500元/吨,2026/11/24,2026/12/4,一号场,,
破铜,一车,abc,明天,2026-12-04,二号场,x,
"""


def rows_of(content: bytes) -> list[Row]:
    sheet = open_sheet(content)
    columns = columns_of(sheet.header)
    return [read_row(columns, line, cells) for line, cells in sheet.rows]


def value(field: str, text: str, unit: str = "", load: Decimal | None = None, beside: str | None = None) -> Any:
    return value_of(Column(0, field, field, unit), text, Beside(load, beside))


@pytest.mark.parametrize(
    ("header", "text", "meant"),
    [
        ("形态", "颗粒", "pellet"),
        ("form", "Flake", "flake"),
        ("颜色", "白", "white"),
        ("Colour", "透明", "clear"),
        ("颜色", "紫", "紫"),
    ],
)
def test_traits_as_people_write_them(header: str, text: str, meant: str) -> None:
    field, _ = field_of(header) or ("", "")
    assert field.startswith("traits.") and value(field, text) == meant and field_of(chinese(field)) == (field, "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_chinese_sheet_in_its_encodings(encoding: str) -> None:
    rows = rows_of(CHINESE.encode(encoding))
    assert [row.line for row in rows] == [3, 6, 7]
    first, second, third = rows
    assert first.values == {
        "grade": "steel.hms1",
        "quantity_t": Decimal("30.5"),
        "ask_cny_per_t": Decimal(2450),
        "available_from": datetime(2026, 11, 23, 16, tzinfo=UTC),
        "available_until": datetime(2026, 12, 4, 16, tzinfo=UTC),
        "site": "一号场",
        "moisture_pct": 0.5,
        "impurity_pct": 1.2,
    }
    assert (second.values["quantity_t"], second.values["ask_cny_per_t"]) == (Decimal("30.5"), Decimal(1500))
    assert [(fault.line, fault.column, fault.value) for fault in third.faults] == [
        (7, "数量", "一车"),
        (7, "单价(元/吨)", "abc"),
        (7, "可提货日期", "明天"),
        (7, "水分%", "x"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        csv_of(A_YARDS_SHEET, "gb18030"),
        csv_of(A_YARDS_SHEET, "utf-8-sig"),
        xlsx_of(A_YARDS_SHEET, MERGED, before=["填写说明"]),
    ],
    ids=["gb18030", "utf-8-sig", "xlsx"],
)
def test_a_yards_sheet_and_its_twin(content: bytes) -> None:
    rows = rows_of(content)
    assert [row.line for row in rows] == [5, 6, 8, 9, 10, 11]
    read = [(row.values["grade"], row.values.get("quantity_t"), row.values["ask_cny_per_t"]) for row in rows]
    assert read == [
        ("steel.hms1", Decimal("30.5"), 2450),
        ("paper.occ_a", Decimal("12.5"), 1500),
        ("steel.shredded", Decimal("94.5"), 2380),
        ("nonferrous.copper", Decimal(2), 68_000),
        ("steel.light", None, 2100),
        ("重非", 18, 2400),
    ]
    assert {row.values["available_from"] for row in rows} == {datetime(2026, 11, 23, 16, tzinfo=UTC)}
    assert {row.values["available_until"] for row in rows} == {datetime(2099, 12, 4, 16, tzinfo=UTC)}
    quality = [(row.values.get("moisture_pct"), row.values.get("impurity_pct")) for row in rows]
    assert quality == [(0.5, 1.2), (None, 0.8), (None, 1.0), (None, None), (None, None), (0.3, 99.0)]
    (fault,) = [fault for row in rows for fault in row.faults]
    assert (fault.line, fault.column, fault.value) == (10, "数量", "两车")
    assert "每车吨数" in fault.zh and "load_t" in fault.en


def test_a_row_becomes_a_lot_by_the_rules_of_json() -> None:
    row = rows_of(CHINESE.encode())[0]
    values = {name: value for name, value in row.values.items() if name != "site"}
    draft = draft_of({**values, "site_id": new_id()})
    assert (draft.quantity_kg, draft.terms.ask_fen_per_t) == (30_500, 245_000)
    assert draft.terms.quality == {"moisture_pct": 0.5, "impurity_pct": 1.2}
    with pytest.raises(InputIsInvalid) as caught:
        draft_of({**values, "grade": "金子", "quantity_t": Decimal("0.0001"), "moisture_pct": 99.0, "site_id": new_id()})
    assert {fault[0] for fault in caught.value.faults} == {"/grade", "/quantity_t", "/quality/moisture_pct"}


@pytest.mark.parametrize(
    ("header", "field", "unit"),
    [
        ("品种", "grade", ""),
        ("品名*", "grade", ""),
        (" 数量（吨） ", "quantity_t", "吨"),
        ("数量", "quantity_t", ""),
        ("重量(kg)", "quantity_t", "kg"),
        ("数量/斤", "quantity_t", "斤"),
        ("数量（车）", "quantity_t", "车"),
        ("Quantity (t)", "quantity_t", "t"),
        ("quantity_t", "quantity_t", ""),
        ("quantity_kg", "quantity_t", "kg"),
        ("每车吨数", "load_t", ""),
        ("Load_T", "load_t", ""),
        ("单价", "ask_cny_per_t", ""),
        ("单价（元/吨）", "ask_cny_per_t", "元/吨"),
        ("单价 元/公斤", "ask_cny_per_t", "元/公斤"),
        ("Price (CNY/t)", "ask_cny_per_t", "cny/t"),
        ("可提货\n日期", "available_from", ""),
        ("Available until", "available_until", ""),
        ("水分%", "moisture_pct", "%"),
        ("含水率（%）", "moisture_pct", "%"),
        ("杂质(%)", "impurity_pct", "%"),
        ("Thickness_mm", "thickness_mm", ""),
        ("厚度", "thickness_mm", ""),
        ("厚度(cm)", "thickness_mm", "cm"),
    ],
)
def test_headers(header: str, field: str, unit: str) -> None:
    assert field_of(header) == (field, unit)


@pytest.mark.parametrize(
    "header", ["序号", "", "总价", "金额(元)", "数量(箱)", "total", "status", "id", "拒绝原因", "reasons", "x" * 99]
)
def test_columns_that_say_nothing_of_a_lot(header: str) -> None:
    assert field_of(header) is None


def test_every_attribute_is_found_by_its_names() -> None:
    for one in catalogue.attributes():
        for name in (one.name, one.name_zh, one.name_en, chinese(one.name), f"{one.name_en} ({one.unit})"):
            found = field_of(name)
            assert found is not None and found[0] == one.name, name


def test_quantities_with_units() -> None:
    for text in ("30.5", "30.5吨", "30.5 t", "30,500 kg", "30500公斤", "61000斤"):
        assert tonnes(text) == Decimal("30.5")
    assert tonnes("1.2万吨") == tonnes("1.2", "万吨") == 12_000
    assert tonnes("30,500", "kg") == tonnes("30.5吨", "kg") == Decimal("30.5")
    for text in ("一车", "30 箱", "", "1e5", "--1", "30,5", "1,23,456", "9" * 99):
        with pytest.raises(CellIsUnreadable):
            tonnes(text)


def test_trucks_need_a_load() -> None:
    assert value("quantity_t", "3车", load=Decimal(30)) == 90
    assert value("quantity_t", "半车", load=Decimal(30)) == 15
    assert value("quantity_t", "2.5 trucks", load=Decimal("31.5")) == Decimal("78.75")
    assert value("quantity_t", "2", "车", Decimal(30)) == 60
    assert value("quantity_t", "20吨", "车", Decimal(30)) == 20
    for text, unit in (("3车", ""), ("3", "车"), ("2 truckloads", "")):
        with pytest.raises(CellIsUnreadable, match="load_t"):
            value("quantity_t", text, unit)
    with pytest.raises(CellIsUnreadable):
        value("min_take_t", "1车", load=Decimal(30))


@pytest.mark.parametrize(
    ("text", "unit", "cny"),
    [
        ("2450", "", "2450"),
        ("¥2,450.50元/吨", "", "2450.50"),
        ("2.45元/公斤", "", "2450"),
        ("1.2元/斤", "", "2400"),
        ("2.45", "元/公斤", "2450"),
        ("2.45元", "元/公斤", "2450"),
        ("2450元/吨", "元/公斤", "2450"),
        ("6.8万", "", "68000"),
        ("RMB 2450/t", "", "2450"),
    ],
)
def test_prices(text: str, unit: str, cny: str) -> None:
    assert value("ask_cny_per_t", text, unit) == Decimal(cny)


def test_a_column_of_units() -> None:
    assert value("quantity_t", "30500", beside="公斤") == value("quantity_t", "30.5吨", beside="公斤") == Decimal("30.5")
    assert value("quantity_t", "3", beside="车", load=Decimal(30)) == 90
    assert value("ask_cny_per_t", "2450", beside="吨") == value("ask_cny_per_t", "2.45元/kg", beside="公斤") == 2450
    for field, text, unit in (("quantity_t", "30500", "吨"), ("ask_cny_per_t", "2450", "")):
        with pytest.raises(CellIsUnreadable, match="kg"):
            value(field, text, unit, beside="kg")
    header = ["品种", "数量", "单位", *HEADER[2:]]
    read = [[*good()[:2], unit, *good()[2:]] for unit in ("吨", "", "箱", "江城再生资源公司", "公斤")]
    rows = rows_of(csv_of([header, *read]))
    assert [row.values.get("quantity_t") for row in rows] == [*[Decimal("30.5")] * 4, Decimal("0.0305")]
    assert [[fault.column for fault in row.faults] for row in rows] == [[], [], ["单位"], [], []]


def test_days_are_shanghais_and_the_end_is_inclusive() -> None:
    assert moment("2026-11-24", end=False) == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert moment("2026.11.24", end=True) == moment("20261124", end=True) == datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert moment("2026-11-24T08:00:00Z", end=True) == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert moment("2026/11/24 08:00", end=False) == datetime(2026, 11, 24, 0, tzinfo=UTC)
    for text, end in (
        ("2026-13-01", False),
        ("tomorrow", False),
        ("9999-12-31x", False),
        ("9999-12-31", True),
        ("20261301", True),
    ):
        with pytest.raises(CellIsUnreadable):
            moment(text, end)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2026/1/5 8:00", "2026-01-05T08:00"),
        ("2026-1-5 18:30:00", "2026-01-05T18:30"),
        ("2026年11月24日 8:05", "2026-11-24T08:05"),
        ("2026年11月24日8点", "2026-11-24T08:00"),
        ("2026年11月24日8点30分", "2026-11-24T08:30"),
    ],
)
def test_times_as_spreadsheets_write_them(text: str, local: str) -> None:
    assert moment(text, end=True) == datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("text", ["Nov 24, 2026", "November 24 2026", "24-Nov-2026", "24 nov 2026"])
def test_days_in_english(text: str) -> None:
    assert moment(text, end=True) == moment("2026-11-24", end=True)


@pytest.mark.parametrize(
    "text", ["11月24日", "12-24", "24/11/2026", "24-Nov-26", "2026-11-24 25:00", "2026/2/30 8:00", "24 Non 2026"]
)
def test_days_that_may_mean_several_are_not_guessed(text: str) -> None:
    with pytest.raises(CellIsUnreadable):
        moment(text, end=False)


SOLID_WASTE = """品种,数量,单价,可提货日期,截止日期,产生日期,产生日期止,新产/库存,安全声明,代卖人,代卖人电话,同意方式,同意日期
磷石膏,3车(每车30吨),12,2026-11-24,2099-12-04,2026年9月,2026年10月,库存,是,张三,13800000000,口头,2026-11-20
赤泥,90,5,2026-11-24,2099-12-04,2026-10-01,,新产,放射性、密闭容器,,,,
"""


def test_a_line_of_sums_is_no_lot() -> None:
    lines = [HEADER, good(), ["合计", "30.5吨"], ["", "小 计:", "30.5"], good(), ["Grand Total", "61"]]
    assert [row.line for row in rows_of(csv_of(lines, "utf-8"))] == [2, 5]


def test_what_a_waste_and_its_clerk_say_is_read() -> None:
    first, second = rows_of(SOLID_WASTE.encode())
    assert not first.faults and not second.faults
    draft = draft_of({**first.values, "site_id": new_id()})
    assert (draft.quantity_kg, draft.terms.arose_from, draft.terms.arose_until, draft.terms.stock) == (
        90_000, "2026-09-01", "2026-10-31", "stock"
    )  # fmt: skip
    assert draft.hard_stops_declared == [stop.code for stop in catalogue.hard_stops()]
    person = draft.on_behalf_of
    assert person is not None
    assert (person.name, person.phone, person.consent) == ("张三", "13800000000", "verbal")
    assert person.consented_at == datetime(2026, 11, 19, 16, tzinfo=UTC)
    other = draft_of({**second.values, "site_id": new_id()})
    assert (other.terms.arose_from, other.terms.arose_until, other.terms.stock) == ("2026-10-01", None, "new")
    assert (other.hard_stops_declared, other.on_behalf_of) == (["radioactive", "closed_container"], None)


def test_a_name_without_a_consent_is_a_fault_of_its_column() -> None:
    values = {**rows_of(CHINESE.encode())[0].values, "on_behalf_of.name": "张三", "stock": "旧"}
    values.pop("site")
    with pytest.raises(InputIsInvalid) as caught:
        draft_of({**values, "site_id": new_id()})
    pointers = {fault[0] for fault in caught.value.faults}
    assert pointers == {"/on_behalf_of/consent", "/on_behalf_of/consented_at", "/stock"}


def test_other_cells() -> None:
    assert value("divisible", "否") is False
    assert value("auto_accept", "Yes") is True
    assert value("origin", "进口") == "imported"
    assert value("vat_rate_pct", "3%") == Decimal(3)
    assert value("thickness_mm", "6mm") == value("thickness_mm", "0.6", "cm") == 6.0
    assert value("description", "'=HYPERLINK()") == "=HYPERLINK()"
    assert value("description", "it's") == "it's"
    for field, text in (
        ("divisible", "也许"),
        ("moisture_pct", "5吨"),
        ("moisture_pct", "nan"),
        ("site", "#N/A"),
        ("grade", "=A1"),
    ):
        with pytest.raises(CellIsUnreadable):
            value(field, text)


def test_numbers_are_what_the_program_shows() -> None:
    rows = [[*HEADER], good(数量=0.1 + 0.2), good(数量=12345678)]
    rows[1][6] = 0.005
    rows[2][6] = 0.07
    first, second = rows_of(with_percents(rows, 7))
    assert (first.values["quantity_t"], first.values["moisture_pct"]) == (Decimal("0.3"), 0.5)
    assert (second.values["quantity_t"], second.values["moisture_pct"]) == (12345678, 7.0)


def test_formulas_are_faults_and_never_values() -> None:
    rows = [[*HEADER, "金额"], [*good(数量="=15*2"), "=B2*C2"], [*good(), "=B3*C3"]]
    first, second = rows_of(xlsx_of(rows))
    assert [(fault.column, fault.value) for fault in first.faults] == [("数量", "=15*2")]
    assert "公式" in first.faults[0].zh and "quantity_t" not in first.values
    assert not second.faults
    assert [fault.column for fault in rows_of(csv_of(rows))[0].faults] == ["数量"]


def test_the_first_visible_sheet_with_a_header_counts() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of([HEADER, good(品种="中废")], before=["说明"])))
    hidden = book.create_sheet("旧", 0)
    hidden.append(HEADER)
    hidden.append(good(品种="小废"))
    hidden.sheet_state = "hidden"
    book.create_sheet("后", 3).append(HEADER)
    file = io.BytesIO()
    book.save(file)
    assert [row.values["grade"] for row in rows_of(file.getvalue())] == ["steel.medium"]


def test_what_may_have_been_meant() -> None:
    assert str(nearest_grades("重非")).startswith("重废 steel.hms1")
    assert "paper.occ_b" in str(nearest_grades("黄板"))
    assert str(nearest_grades("HMS 3")).count("steel.hms") == 2
    assert nearest_grades("金子") is None
    assert nearest_grades("x" * 1000) is None


def test_other_separators() -> None:
    head = "grade;quantity_t;ask_cny_per_t;available_from;available_until\n"
    assert rows_of((head + "HMS 1;1;2;2026-11-24;2026-11-25\n").encode())[0].values["grade"] == "steel.hms1"


def test_more_rows_than_are_taken() -> None:
    sheet = open_sheet(csv_of([HEADER]) + b"a\n" * 200_001)
    with pytest.raises(FileIsUnreadable):
        list(sheet.rows)
