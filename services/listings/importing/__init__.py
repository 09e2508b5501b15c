"""Spreadsheets of lots as people make them: CSV and XLSX, headers in two languages, units in headers and cells, days without a
time; and sheets written so that they can be read again.

Pure: bytes in, rows of values out, each cell that can't be read named with its line and column. What the values mean for a
lot is checked later, by the same rules as a lot sent as JSON.
"""

from __future__ import annotations

from services.listings.importing.faults import CellIsUnreadable, FileIsUnreadable
from services.listings.importing.header import REASONS, Column, chinese, columns_of, field_of, is_reasons, measures
from services.listings.importing.nearest import nearest, nearest_grades
from services.listings.importing.sheet import Line, Row, Sheet, open_sheet, read_row
from services.listings.importing.workbook import is_zip, look_over

__all__ = [
    "REASONS",
    "CellIsUnreadable",
    "Column",
    "FileIsUnreadable",
    "Line",
    "Row",
    "Sheet",
    "chinese",
    "columns_of",
    "field_of",
    "is_reasons",
    "is_zip",
    "look_over",
    "measures",
    "nearest",
    "nearest_grades",
    "open_sheet",
    "read_row",
]
