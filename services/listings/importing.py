"""Spreadsheets of lots as people make them: encodings, headers in two languages, units in cells, dates without a time.

Pure: bytes in, rows of values out, each cell that can't be read named with its line and column. What the values mean for a
lot is checked later, by the same rules as a lot sent as JSON.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from services.listings.model import RowFault
from shared import catalogue
from shared.clock import SHANGHAI

NEEDED = ("grade", "quantity_t", "ask_cny_per_t", "available_from", "available_until")
HEADER_WITHIN = 10
"""The header is looked for in so many lines: people put a title above it."""
XLSX = b"PK\x03\x04"

_ZH = {
    "品种": "grade",
    "数量": "quantity_t",
    "数量(吨)": "quantity_t",
    "单价": "ask_cny_per_t",
    "单价(元/吨)": "ask_cny_per_t",
    "可提货日期": "available_from",
    "截止日期": "available_until",
    "场站": "site",
    "水分": "moisture_pct",
    "杂质": "impurity_pct",
    "税率": "vat_rate_pct",
    "税率%": "vat_rate_pct",
    "最小提货量": "min_take_t",
    "最小提货量(吨)": "min_take_t",
    "可拆分": "divisible",
    "自动接受": "auto_accept",
    "标题": "title",
    "说明": "description",
    "备注": "description",
}
_EN = ("site", "site_id", *NEEDED, "vat_rate_pct", "min_take_t", "divisible", "auto_accept", "origin", "title", "description")
_YES = {"true": True, "yes": True, "y": True, "1": True, "是": True, "可": True}
_NO = {"false": False, "no": False, "n": False, "0": False, "否": False, "不可": False}
_MASSES = {"": 1, "吨": 1, "t": 1, "公吨": 1, "kg": 1000, "公斤": 1000, "千克": 1000, "斤": 2000, "市斤": 2000}
"""How many of a unit make a tonne."""
_NUMBER = re.compile(r"^(-?[\d.]+)(.*)$")
_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$")
_PRICE = re.compile(r"^[¥￥]|(?:元|cny|rmb)(?:/(?:吨|t))?$|/(?:吨|t)$")


class FileIsUnreadable(Exception):
    """Nothing of the file can be used; the two texts say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class CellIsUnreadable(ValueError):
    """A cell's text is no such value."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Row:
    """One row that is not blank: values by field (quality attributes under their own names), its raw cells by field."""

    line: int
    values: dict[str, Any]
    raw: dict[str, str]
    faults: list[RowFault] = field(default_factory=list)


@dataclass(frozen=True)
class Sheet:
    """A file's header, field by column position, and its rows."""

    headers: dict[str, str]
    rows: list[Row]


def read_sheet(content: bytes) -> Sheet:
    """Raises FileIsUnreadable for an encoding that is not UTF-8 or GB18030, or without a header."""
    lines = _lines(_decoded(content))
    for number, cells in lines:
        fields = {at: found for at, cell in enumerate(cells) if (found := field_of(cell)) is not None}
        if "grade" in fields.values() and len(fields) > 1:
            break
        if number >= HEADER_WITHIN:
            fields = {}
            break
    else:
        fields = {}
    missing = [name for name in NEEDED if name not in fields.values()]
    if missing:
        raise FileIsUnreadable(f"表头缺少: {', '.join(missing)}", f"The header lacks: {', '.join(missing)}")
    headers = {name: cells[at].strip() for at, name in fields.items()}
    rows = [_row(line, row, fields, headers) for line, row in lines if any(cell.strip() for cell in row)]
    return Sheet(headers, rows)


def field_of(header: str) -> str | None:
    """The field that a header names in either language, with or without its unit."""
    key = "".join(unicodedata.normalize("NFKC", header).casefold().split())
    bare = key.removesuffix("%").removesuffix("(%)")
    known = _ZH.get(key) or _ZH.get(bare)
    if known or key in _EN:
        return known or key
    for one in catalogue.attributes():
        if key in (one.name, f"quality.{one.name}") or bare in (one.name_zh, one.name_en.casefold()):
            return one.name
    return None


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileIsUnreadable("文件编码应为 UTF-8 或 GB18030", "The file must be UTF-8 or GB18030 text")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on; the separator is what the first lines use most."""
    head = text[:4096]
    separator = max((",", "\t", ";"), key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    begin = 1
    try:
        for cells in reader:
            yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        raise FileIsUnreadable(f"第 {begin} 行不是有效的 CSV", f"Line {begin} is no CSV: {error}") from error


def _row(line: int, cells: list[str], fields: dict[int, str], headers: dict[str, str]) -> Row:
    row = Row(line, {}, {})
    for at, name in fields.items():
        text = cells[at].strip() if at < len(cells) else ""
        row.raw[name] = text
        if not text:
            continue
        try:
            row.values[name] = value_of(name, text)
        except CellIsUnreadable as error:
            row.faults.append(RowFault(line, headers[name], text[:200], error.zh, error.en))
    return row


def value_of(name: str, text: str) -> Any:
    """The value of a cell of field `name`. Raises CellIsUnreadable."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if name == "grade":
        found = catalogue.resolve(plain)
        return found.code if found else plain
    if name in ("quantity_t", "min_take_t"):
        return tonnes(plain)
    if name == "ask_cny_per_t":
        return _number(_PRICE.sub("", _PRICE.sub("", plain.casefold().replace(" ", ""))))
    if name == "available_from":
        return moment(plain, end=False)
    if name == "available_until":
        return moment(plain, end=True)
    if name in ("divisible", "auto_accept"):
        return _flag(plain)
    if name in ("site", "site_id", "title", "description"):
        return text
    if name == "origin":
        return {"国产": "domestic", "国内": "domestic", "进口": "imported"}.get(plain, plain.casefold())
    number = _number(plain.removesuffix("%").strip())
    return number if name == "vat_rate_pct" else float(number)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        raise CellIsUnreadable("应为数字", "must be a number") from None


def tonnes(text: str) -> Decimal:
    """`30.5`, `30.5吨`, `30,500 kg`, `61000斤` are 30.5. Raises CellIsUnreadable."""
    compact = text.casefold().replace(" ", "").replace(",", "")
    found = _NUMBER.match(compact)
    if not found or found[2] not in _MASSES:
        raise CellIsUnreadable(
            "应为数量, 单位可写 吨、公斤、斤、t、kg", "must be a quantity; units may be t, kg, 吨, 公斤 or 斤"
        )
    return _number(found[1]) / _MASSES[found[2]]


def moment(text: str, end: bool) -> datetime:
    """A time with its offset, or a day in Asia/Shanghai: its beginning, or where it ends. Raises CellIsUnreadable."""
    day = _DAY.match(text)
    try:
        if day:
            begin = datetime(int(day[1]), int(day[2]), int(day[3]), tzinfo=SHANGHAI)
            return begin + timedelta(days=1) if end else begin
        at = datetime.fromisoformat(text.replace("/", "-"))
    except (ValueError, OverflowError):
        raise CellIsUnreadable("应为日期, 例如 2026-11-24", "must be a date, for example 2026-11-24") from None
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


def _flag(text: str) -> bool:
    known = {**_YES, **_NO}.get(text.casefold())
    if known is None:
        raise CellIsUnreadable("应为 是 或 否", "must be yes or no")
    return known
