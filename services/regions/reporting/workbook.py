"""A return as a workbook: a cover sheet, and a sheet for each table with its measure and source. Numbers stay numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from services.regions.model import Column, Language, Printed, Return, Section
from services.regions.reporting.words import bracketed, head_of, labelled, number_of, said, text_of, word
from shared.clock import SHANGHAI
from shared.sheets import guarded

FORMATS = {"t": "#,##0.000", "pct": "0.00", "km": "#,##0.0", "count": "#,##0", "kg_per_t": "#,##0"}
HEAD = PatternFill("solid", fgColor="E3ECE8")
BOLD, TITLE, QUIET = Font(bold=True), Font(bold=True, size=15), Font(color="5B6660")
LONGEST_NAME = 31
"""Excel takes no longer name of a sheet."""
NOT_IN_NAMES = str.maketrans("", "", "[]:*?/\\")


def xlsx_of(made: Return, language: Language) -> bytes:
    """The same return gives the same cells."""
    book = Workbook()
    assert isinstance(book.active, Worksheet)
    book.properties.creator, book.properties.title = "Huanliu", word("title", language)
    book.properties.created = book.properties.modified = made.as_of.replace(tzinfo=None, microsecond=0)
    names = list(_names(made, language))
    _cover(book.active, made, names, language)
    for name, section in zip(names, made.sections, strict=True):
        _sheet(book.create_sheet(name), section, language)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _names(made: Return, language: Language) -> Iterator[str]:
    for number, section in enumerate(made.sections, 1):
        yield f"{number} {said(section.title, language)}".translate(NOT_IN_NAMES)[:LONGEST_NAME]


def _cover(sheet: Worksheet, made: Return, names: list[str], language: Language) -> None:
    sheet.title = word("contents", language)
    sheet["A1"], sheet["A1"].font = word("title", language), TITLE
    facts: list[tuple[str, str | datetime]] = [
        ("region", bracketed(guarded(said(made.place, language)), guarded(made.region), language)),
        ("month", made.month),
        ("as_of", _local(made.as_of)),
    ]
    for row, (name, value) in enumerate(facts, 3):
        sheet.cell(row, 1, word(name, language)).font = BOLD
        cell = sheet.cell(row, 2, value)
        cell.alignment = Alignment(horizontal="left")
        if name == "as_of":
            cell.number_format = "yyyy-mm-dd hh:mm"
    for row, (name, section) in enumerate(zip(names, made.sections, strict=True), 8):
        link = sheet.cell(row, 1, name)
        link.hyperlink = f"#'{name}'!A1"
        link.style = "Hyperlink"
        sheet.cell(row, 2, said(section.measure, language))
    last = 9 + len(names)
    for row, name in ((last, "unlike"), (last + 1, "times")):
        sheet.cell(row, 1, word(name, language)).font = QUIET
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 36, 70


def _sheet(sheet: Worksheet, section: Section, language: Language) -> None:
    sheet["A1"], sheet["A1"].font = said(section.title, language), TITLE
    notes = [("measure", section.measure), ("source", section.source), *(("remark", one) for one in section.remarks)]
    for row, (name, note) in enumerate(notes, 2):
        sheet.cell(row, 1, labelled(name, note, language)).font = QUIET
    head = len(notes) + 3
    for number, column in enumerate(section.columns, 1):
        cell = sheet.cell(head, number, head_of(column, language))
        cell.font, cell.fill = BOLD, HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="left" if _is_text(column) else "right")
    for row, values in enumerate(section.rows, head + 1):
        for number, (value, column) in enumerate(zip(values, section.columns, strict=True), 1):
            cell = sheet.cell(row, number, _value(value, column, language))
            if not _is_text(column):
                cell.number_format = FORMATS.get(column.unit, "yyyy-mm-dd hh:mm")
                cell.alignment = Alignment(horizontal="right")
    if not section.rows:
        sheet.cell(head + 1, 1, word("nothing", language))
    sheet.freeze_panes = f"B{head + 1}"
    for number, column in enumerate(section.columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = 30 if _is_text(column) else 16


def _is_text(column: Column) -> bool:
    return column.unit == "text"


def _value(cell: Printed, column: Column, language: Language) -> str | int | float | datetime | None:
    if isinstance(cell, datetime):
        return _local(cell)
    number = number_of(cell, column)
    return guarded(text_of(cell, column, language)) if number is None else number


def _local(at: datetime) -> datetime:
    """Excel knows no time zones."""
    return at.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)
