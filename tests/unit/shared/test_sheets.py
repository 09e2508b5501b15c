"""Sheets written so that spreadsheet programs and imports read them as what they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.listings.importing import columns_of, open_sheet, read_row
from shared.sheets import FORMATS, guarded, unguarded

HEADER = ("grade", "quantity_t", "ask_cny_per_t", "available_from", "available_until", "title", "description")
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).filter(
    lambda text: text.strip() == text and text.strip("\ufeff") != ""
)
RISKY = ["=1+1", "+86 27 8888", "-5", "@SUM(A1)", "\tx", "\rx", "'=x", "''=x", "=cmd|' /C calc'!A0", "#NUM!", "'#N/A"]


def written(kind: str, rows: list[list[object]]) -> bytes:
    return b"".join(FORMATS[kind][0](rows))  # type: ignore[arg-type]


def sheet(*texts: str) -> list[list[object]]:
    return [[*HEADER], ["steel.hms1", 30.5, 2450, "2026-11-24", "2099-12-04", *texts]]


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=100)
@given(title=st.one_of(TEXT, st.sampled_from(RISKY)), description=TEXT)
def test_what_is_written_is_read_again(kind: str, title: str, description: str) -> None:
    read = open_sheet(written(kind, sheet(title, description)))
    ((line, cells),) = read.rows
    row = read_row(columns_of(read.header), line, cells)
    assert (row.values["title"], row.values["description"]) == (title, description)
    assert (float(row.values["quantity_t"]), row.values["ask_cny_per_t"], row.faults) == (30.5, 2450, [])


@given(st.text())
def test_a_guard_is_taken_off_again(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", RISKY[:7])
def test_no_cell_is_a_formula(text: str) -> None:
    rows = sheet(text, "x")
    (_, cells) = csv.reader(io.StringIO(written("csv", rows).decode("utf-8-sig"), newline=""))
    assert cells[5].startswith("'") and cells[1:3] == ["30.5", "2450"]
    (_, found) = openpyxl.load_workbook(io.BytesIO(written("xlsx", rows))).worksheets[0].rows
    assert (found[5].data_type, str(found[5].value)[0]) == ("s", "'")
    assert [(cell.data_type, cell.value) for cell in found[1:3]] == [("n", 30.5), ("n", 2450)]


def test_other_kinds_of_cells() -> None:
    rows: list[list[object]] = [["a", "b", "c"], [True, None, "x\0y<&\"'\u4e2d\U0001f600"]]
    (_, found) = openpyxl.load_workbook(io.BytesIO(written("xlsx", rows))).worksheets[0].rows
    assert [cell.value for cell in found] == [True, None, "x\ufffdy<&\"'\u4e2d\U0001f600"]
    assert written("csv", rows).decode("utf-8-sig").splitlines()[1].startswith("true,,")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_sheet_is_sent_while_it_is_still_read(kind: str) -> None:
    asked = 0

    def rows() -> Iterator[list[object]]:
        nonlocal asked
        for asked in range(10_000):
            yield [asked, "x" * 50]

    pieces = FORMATS[kind][0](rows())  # type: ignore[arg-type]
    sizes = [(asked, len(piece)) for piece in pieces]
    assert sizes[0][0] < 1000 and len(sizes) > 10
    assert max(size for _, size in sizes) < 100_000
