"""Files of no use: each is told so, in both languages, in bounded time and memory."""

from __future__ import annotations

import tracemalloc

import pytest

from services.listings.importing import FileIsUnreadable, open_sheet
from tests.fixtures.sheets import fuzzed

FUZZED = fuzzed()
SAID = {
    "truncated xlsx": "damaged",
    "xlsx without its end": "damaged",
    "truncated csv": "line 3",
    "binary named a zip": "damaged",
    "10 MB cell in csv": "Line 3",
    "10 MB cell in xlsx": "too large",
    "40 kB cell": "Row 3",
    "zip bomb": "unpacks to more",
    "bomb in another part": "unpacks to more",
    "a directory that lies": "damaged",
    "1,000 columns in csv": "1008 columns",
    "1,000 columns in xlsx": "columns",
    "1,000 columns in one row": "Row 3 has 1008",
    "strings that are missing": "damaged",
    "macros": "macros",
    "macros by type": "macros",
    "old xls": "old XLS",
    "pdf": "PDF",
    "another zip": "no XLSX",
    "a unit that is none": "not understood: 数量(箱)",
}


@pytest.mark.parametrize("name", FUZZED)
def test_a_file_of_no_use_is_told_so(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FileIsUnreadable) as caught:
            for _ in open_sheet(FUZZED[name]).rows:
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert SAID.get(name, "") in caught.value.en
    assert caught.value.zh and not caught.value.zh.isascii()
    assert peak < 120_000_000
