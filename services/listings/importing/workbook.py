"""XLSX files: looked over as zips before anything in them is read, then read row by row.

A file of ten megabytes may unfold to ten gigabytes, or to one row of a hundred million cells. What it may unfold to is
bounded by its directory, and each part is unpacked once, a little at a time, to see that the directory told the truth, before
the reader (openpyxl, whose XML parser is defusedxml's) is let at it.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import iterparse
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import DATA_TAG, ROW_TAG, WorkSheetParser

from services.listings.importing.faults import MOST_COLUMNS, FileIsUnreadable, too_wide

MOST_PARTS = 1_000
MOST_BYTES = 128 * 1_048_576
MOST_RATIO = 150
"""Of what is larger than a megabyte; sheets compress 10 to 60 times, bombs a thousand times."""
MOST_STRINGS = 1_000_000
MOST_CELLS = 5_000_000
MOST_LINES = 1_048_576
LARGEST = {"xl/worksheets/": MOST_BYTES, "xl/sharedstrings.xml": 48 * 1_048_576, "": 8 * 1_048_576}
"""The most bytes of a part whose name begins so; what is not read as rows is held as a whole."""
ROW_WITHIN = 2 * 1_048_576
"""A row is held as a whole while it is read: so many bytes without another one are too many."""
PIECE = 65_536
CUSTOM = 164
"""Ids of number formats from here on are a file's own."""
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ParseError,
    InvalidFileException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RuntimeError,
    OverflowError,
    EOFError,
    OSError,
)
"""What zipfile and openpyxl raise where a file is cut off or is not what it says."""


def is_zip(content: bytes) -> bool:
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def look_over(content: bytes) -> None:
    """What the zip's directory says of it, nothing unpacked. Raises FileIsUnreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except _BROKEN as error:
        raise _broken() from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
        raise _bomb()
    if any(part.file_size > 1_048_576 and part.file_size > MOST_RATIO * max(part.compress_size, 1) for part in parts):
        raise _bomb()
    names = {part.filename.lower() for part in parts}
    if len(names) != len(parts) or any(part.flag_bits & 1 for part in parts):
        raise _broken()
    if any(name.endswith("vbaproject.bin") for name in names):
        raise FileIsUnreadable("不接受含宏的文件，请另存为 XLSX", "Files with macros are not taken; save it as plain XLSX")
    if "xl/workbook.xml" not in names:
        raise FileIsUnreadable("这个压缩文件不是 XLSX 表格", "This zip is no XLSX spreadsheet")
    for part in parts:
        most = next(size for name, size in LARGEST.items() if part.filename.lower().startswith(name))
        if part.filename.lower().endswith((".xml", ".rels")) and part.file_size > most:
            raise _bomb()


class Workbook:
    """The visible sheets of an XLSX file, each as rows of text. Raises FileIsUnreadable, then and while it is read."""

    def __init__(self, content: bytes) -> None:
        look_over(content)
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for part in archive.infolist():
                    if part.filename.lower().endswith((".xml", ".rels")):
                        _unpack(archive, part)
            self._reader = _opened(content)
            self._looks = _Looks(self._reader.wb)
        except _BROKEN as error:
            raise _broken() from error

    def sheets(self) -> Iterator[Iterator[tuple[int, list[str]]]]:
        try:
            found = [(sheet.state, rel) for sheet, rel in self._reader.parser.find_sheets()]
        except _BROKEN as error:
            raise _broken() from error
        for state, rel in found:
            if state == "visible" and "chartsheet" not in rel.Type:
                yield self._lines(rel.target)

    def _lines(self, part: str) -> Iterator[tuple[int, list[str]]]:
        try:
            with self._reader.archive.open(part) as source:
                for line, cells in self._rows(source):
                    yield line, self._texts(line, cells)
        except _BROKEN as error:
            raise _broken() from error

    def _rows(self, source: IO[bytes]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Up to the end of the rows: what a sheet says of its size, before, may be wrong; of its looks, after, is of no use."""
        parser = WorkSheetParser(source, self._reader.shared_strings)
        count = 0
        for _, element in iterparse(source):
            if element.tag == ROW_TAG:
                count += 1
                if count > MOST_LINES:
                    raise _bomb()
                yield parser.parse_row(element)
                element.clear()
                parser.row_dimensions.clear()
            elif element.tag == DATA_TAG:
                return

    def _texts(self, line: int, cells: list[dict[str, Any]]) -> list[str]:
        texts: list[str] = []
        for cell in cells:
            text = self._looks.text(cell["value"], cell["data_type"], cell["style_id"])
            if text:
                at = cell["column"]
                if at > MOST_COLUMNS:
                    raise too_wide(line, at)
                texts += [""] * (at - len(texts))
                texts[at - 1] = text
        return texts


def _opened(content: bytes) -> ExcelReader:
    """What the reader needs to know of a file before its rows: strings, sheets, styles; no pictures, links or charts."""
    reader = ExcelReader(io.BytesIO(content), read_only=True, keep_links=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles that are of no use here
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
    return reader


def _unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Unpack a part to nowhere: its size and checksum hold, its rows and strings are not too many or too large."""
    name = part.filename.lower()
    is_sheet, is_strings = name.startswith("xl/worksheets/"), name == "xl/sharedstrings.xml"
    size = since = items = 0
    tail = b""
    with archive.open(part) as source:
        while piece := source.read(PIECE):
            size += len(piece)
            if size > part.file_size:
                raise _bomb()
            window = tail + piece
            tail = piece[-3:]
            if is_strings or is_sheet:
                items += piece.count(b"<si" if is_strings else b"<c")
            elif name == "[content_types].xml" and b"macroEnabled" in window:
                raise FileIsUnreadable(
                    "不接受含宏的文件，请另存为 XLSX", "Files with macros are not taken; save it as plain XLSX"
                )
            since = 0 if not is_sheet or b"row" in window else since + len(piece)
            if since > ROW_WITHIN or items > (MOST_STRINGS if is_strings else MOST_CELLS):
                raise FileIsUnreadable(
                    "有单元格或行过大，或单元格过多", "A cell or a row is too large, or there are too many cells"
                )


def _broken() -> FileIsUnreadable:
    return FileIsUnreadable("XLSX 文件不完整或已损坏", "The XLSX file is cut off or damaged")


def _bomb() -> FileIsUnreadable:
    return FileIsUnreadable("文件解压后过大", "The file unpacks to more than is taken")


class _Looks:
    """Cells as a person would type them: 15 digits as the program shows, days without a time, per cent with its sign."""

    def __init__(self, book: Any) -> None:
        formats = [
            BUILTIN_FORMATS.get(one.numFmtId, "") if one.numFmtId < CUSTOM else book._number_formats[one.numFmtId - CUSTOM]
            for one in book._cell_styles
        ]
        self._percents = {style for style, shown in enumerate(formats) if "%" in shown}
        self._dates, self._epoch = book._date_formats, book.epoch

    def text(self, value: Any, kind: str, style: int) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value if kind != "f" or value.startswith("=") else f"={value}"
        if kind == "f":
            return "=" + str(getattr(value, "text", None) or "").removeprefix("=")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return self._number(value, style)
        return _moment(value)

    def _number(self, value: float, style: int) -> str:
        if style in self._dates:
            try:
                return _moment(from_excel(value, self._epoch))
            except (OverflowError, ValueError):
                return "#VALUE!"
        if style in self._percents:
            return f"{_plain(value * 100)}%"
        return str(value) if isinstance(value, int) else _plain(value)


def _plain(value: float) -> str:
    return format(Decimal(f"{value:.15g}"), "f")


def _moment(value: Any) -> str:
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return str(value.isoformat()) if isinstance(value, date | time) else str(value)
