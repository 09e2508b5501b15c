"""A file as a sheet: its header found under titles and over blank rows, then its rows one by one, never all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any

from services.listings.importing.cells import BESIDE, Beside, value_of
from services.listings.importing.delimited import lines_of
from services.listings.importing.faults import MOST_COLUMNS, CellIsUnreadable, FileIsUnreadable, too_wide
from services.listings.importing.header import BLANKS, NEEDED, TEXTS, Column, chinese, columns_of, field_of, squeezed
from services.listings.importing.workbook import Workbook, is_zip
from services.listings.model import RowFault

Line = tuple[int, list[str]]
"""A row's number in the file, from 1, and the text of its cells."""
HEADER_WITHIN = 20
"""The header is looked for in so many rows: people put titles and groups above it."""
MOST_ROWS = 200_000
MOST_IN_CELL = 32_767
"""Characters; more a spreadsheet program does not take either."""
MOST_IN_SHEET = 50_000_000
TOTALS = frozenset({"合计", "总计", "小计", "共计", "总和", "total", "totals", "grandtotal", "subtotal", "sum"})
"""How a line begins that is no lot but the sum of them; it does not count, as a blank one does not."""
SHOWN = 200
SHOWN_HEADERS = 10


@dataclass(frozen=True)
class Sheet:
    """The texts of the header, and the rows that are neither blank nor sums, read as they
    are asked for (which raises FileIsUnreadable)."""

    header: list[str]
    rows: Iterator[Line]


@dataclass(frozen=True)
class Row:
    """A row's values by field (quality attributes under their own names), its raw cells by field, and what can't be read."""

    line: int
    values: dict[str, Any]
    raw: dict[str, str]
    faults: list[RowFault] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def open_sheet(content: bytes) -> Sheet:
    """The first sheet with a header, of whatever kind the content is; no name counts. Raises FileIsUnreadable."""
    if not is_zip(content):
        return _headed(lines_of(content))
    book = Workbook(content)
    why = FileIsUnreadable("文件中没有可见的工作表", "The file has no visible sheet")
    for lines in book.sheets():
        try:
            return _headed(lines)
        except _NoHeader as error:
            why = error
    raise why


class _NoHeader(FileIsUnreadable):
    """This sheet has none; another may."""


def _headed(lines: Iterable[Line]) -> Sheet:
    rest = iter(lines)
    head = list(islice(rest, HEADER_WITHIN + 1))
    nearest: tuple[Column, ...] = ()
    strange: list[str] = []
    for at, (_, cells) in enumerate(head):
        above = [cell.strip() for cell in cells]
        below = head[at + 1][1] if at + 1 < len(head) and _continues(head[at + 1][1]) else []
        texts = _merged(above, below)
        columns = columns_of(texts)
        fields = {column.field for column in columns}
        if fields.issuperset(NEEDED):
            if len(texts) > MOST_COLUMNS:
                raise too_wide(head[at][0], len(texts))
            follows = chain(head[at + (2 if below else 1) :], rest)
            return Sheet(texts, _rows(follows))
        if len(columns) > len(nearest):
            nearest, strange = columns, [text for text in texts if text and field_of(text) is None][:SHOWN_HEADERS]
    wide = max(head, key=lambda row: len(row[1]), default=(0, []))
    if len(wide[1]) > MOST_COLUMNS:
        raise too_wide(wide[0], len(wide[1]))
    missing = [name for name in NEEDED if name not in {column.field for column in nearest}]
    zh, en = "、".join(f"{chinese(name)} ({name})" for name in missing), ", ".join(missing)
    if strange:
        zh, en = f"{zh}；未识别的列：{'、'.join(strange)}", f"{en}; columns not understood: {', '.join(strange)}"
    raise _NoHeader(f"表头缺少：{zh}", f"The header lacks: {en}")


def _continues(cells: Sequence[str]) -> bool:
    """Whether a row is the second half of a header whose groups are merged above it."""
    written = [cell for cell in cells if cell.strip()]
    return bool(written) and all(field_of(cell) is not None for cell in written)


def _merged(above: Sequence[str], below: Sequence[str]) -> list[str]:
    texts = list(above) + [""] * (len(below) - len(above))
    for at, cell in enumerate(below):
        texts[at] = cell.strip() or texts[at]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _rows(lines: Iterable[Line]) -> Iterator[Line]:
    """Those that are not blank; no cell, row or sheet larger than is taken, however little of it the file was."""
    count = size = 0
    for line, cells in lines:
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells or _is_a_sum(cells):
            continue
        if len(cells) > MOST_COLUMNS:
            raise too_wide(line, len(cells))
        longest = max(map(len, cells))
        if longest > MOST_IN_CELL:
            raise FileIsUnreadable(
                f"第 {line} 行有单元格超过 {MOST_IN_CELL:,} 个字符",
                f"Row {line} has a cell of more than {MOST_IN_CELL:,} characters",
            )
        count, size = count + 1, size + sum(map(len, cells))
        if count > MOST_ROWS or size > MOST_IN_SHEET:
            raise FileIsUnreadable(
                f"超过 {MOST_ROWS:,} 行或文字过多，请分成几个文件",
                f"There are more than {MOST_ROWS:,} rows, or too much text; split the file",
            )
        yield line, cells


def _is_a_sum(cells: Sequence[str]) -> bool:
    """A line under the goods that adds them up."""
    first = next(cell for cell in cells if cell.strip())
    return squeezed(first) in TOTALS


def read_row(columns: Iterable[Column], line: int, cells: Sequence[str]) -> Row:
    """The values of a row; every cell that can't be read is a fault of it."""
    row = Row(line, {}, {})
    beside = Beside()
    written: list[tuple[Column, str]] = []
    for column in columns:
        text = cells[column.at].strip() if column.at < len(cells) else ""
        if text.casefold() in BLANKS and column.field not in TEXTS:
            text = ""
        row.raw[column.field] = text
        if not text:
            continue
        if column.field in BESIDE:
            beside = replace(beside, **{BESIDE[column.field]: _read(row, column, text, beside)})
        else:
            written.append((column, text))
    for column, text in written:
        value = _read(row, column, text, beside)
        if value is not None:
            row.values[column.field] = value
    return row


def _read(row: Row, column: Column, text: str, beside: Beside) -> Any:
    try:
        return value_of(column, text, beside)
    except CellIsUnreadable as error:
        row.faults.append(RowFault(row.line, column.header, text[:SHOWN], error.zh, error.en))
        row.unread.add(column.field)
        return None
