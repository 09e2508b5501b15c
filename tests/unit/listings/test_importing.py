"""Spreadsheets as people make them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.listings.importing import (
    CellIsUnreadable,
    FileIsUnreadable,
    field_of,
    moment,
    read_sheet,
    tonnes,
    value_of,
)
from services.listings.schemas import draft_of
from shared.ids import new_id
from shared.problem import InputIsInvalid

CHINESE = """我的货源,,,,,,,
品种,数量,单价(元/吨),可提货日期,截止日期,场站,水分%,杂质％
重废,30.5吨,"2,450",2026-11-24,2026年12月4日,一号场,0.5,1.2%
,,,,,,,

黄纸板,"30,500公斤",1500元/吨,2026/11/24,2026/12/4,一号场,,
破铜,一车,abc,明天,2026-12-04,二号场,x,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_chinese_sheet_in_its_encodings(encoding: str) -> None:
    sheet = read_sheet(CHINESE.encode(encoding))
    assert [row.line for row in sheet.rows] == [3, 6, 7]
    first, second, third = sheet.rows
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


def test_a_row_becomes_a_lot_by_the_rules_of_json() -> None:
    row = read_sheet(CHINESE.encode()).rows[0]
    values = {name: value for name, value in row.values.items() if name != "site"}
    draft = draft_of({**values, "site_id": new_id()})
    assert (draft.quantity_kg, draft.terms.ask_fen_per_t) == (30_500, 245_000)
    assert draft.terms.quality == {"moisture_pct": 0.5, "impurity_pct": 1.2}
    with pytest.raises(InputIsInvalid) as caught:
        draft_of({**values, "grade": "金子", "quantity_t": Decimal("0.0001"), "moisture_pct": 99.0, "site_id": new_id()})
    assert {fault[0] for fault in caught.value.faults} == {"/grade", "/quantity_t", "/quality/moisture_pct"}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("品种", "grade"),
        (" 数量（吨） ", "quantity_t"),
        ("单价（元/吨）", "ask_cny_per_t"),
        ("quantity_t", "quantity_t"),
        ("水分%", "moisture_pct"),
        ("杂质(%)", "impurity_pct"),
        ("Thickness_mm", "thickness_mm"),
        ("厚度", "thickness_mm"),
        ("序号", None),
        ("", None),
    ],
)
def test_headers(header: str, field: str | None) -> None:
    assert field_of(header) == field


def test_quantities_with_units() -> None:
    for text in ("30.5", "30.5吨", "30.5 t", "30,500 kg", "30500公斤", "61000斤"):
        assert tonnes(text) == Decimal("30.5")
    for text in ("一车", "30 箱", "", "1e5", "--1"):
        with pytest.raises(CellIsUnreadable):
            tonnes(text)


def test_days_are_shanghais_and_the_end_is_inclusive() -> None:
    assert moment("2026-11-24", end=False) == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert moment("2026.11.24", end=True) == datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert moment("2026-11-24T08:00:00Z", end=True) == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert moment("2026/11/24 8:00".replace(" 8", " 08"), end=False) == datetime(2026, 11, 24, 0, tzinfo=UTC)
    for text in ("2026-13-01", "tomorrow", "9999-12-31x", "9999-12-31"):
        if text == "9999-12-31":
            with pytest.raises(CellIsUnreadable):
                moment(text, end=True)
        else:
            with pytest.raises(CellIsUnreadable):
                moment(text, end=False)


def test_other_cells() -> None:
    assert value_of("divisible", "否") is False
    assert value_of("auto_accept", "Yes") is True
    assert value_of("origin", "进口") == "imported"
    assert value_of("vat_rate_pct", "3%") == Decimal(3)
    assert value_of("ask_cny_per_t", "¥2450.50元/吨") == Decimal("2450.50")
    with pytest.raises(CellIsUnreadable):
        value_of("divisible", "也许")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00\x01\x02\x80",
        b"a,b,c\n1,2,3\n",
        "品种,数量\n重废,1\n".encode(),
        b"grade,quantity_t\n" + b"x" * 200_000 + b",1\n",
        b"\x00\x01\x02\x03" * 100,
    ],
)
def test_files_of_no_use(content: bytes) -> None:
    with pytest.raises(FileIsUnreadable):
        read_sheet(content)


def test_other_separators() -> None:
    head = "grade;quantity_t;ask_cny_per_t;available_from;available_until\n"
    assert read_sheet((head + "HMS 1;1;2;2026-11-24;2026-11-25\n").encode()).rows[0].values["grade"] == "steel.hms1"
