"""The value of a cell: numbers with units, days without a time, names of grades. What a value may be is checked later, by the
rules of a lot sent as JSON."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from services.listings.importing.faults import CellIsUnreadable
from services.listings.importing.header import (
    AROSE,
    DAYS,
    FLAGS,
    PRICES,
    TEXTS,
    TONNES,
    Column,
    squeezed,
    units_of,
)
from shared import catalogue
from shared.clock import SHANGHAI
from shared.masses import GRAMS, LOADS, TONNE, loads_of
from shared.sheets import ERRORS, unguarded

_YES = {"true": True, "yes": True, "y": True, "1": True, "是": True, "可": True}
_NO = {"false": False, "no": False, "n": False, "0": False, "否": False, "不可": False}
_CODES: Mapping[str, Mapping[str, str]] = {
    "origin": {"国产": "domestic", "国内": "domestic", "进口": "imported"},
    "stock": {
        "新产": "new",
        "新产生": "new",
        "新": "new",
        "否": "new",
        "库存": "stock",
        "存量": "stock",
        "堆存": "stock",
        "是": "stock",
    },
    "on_behalf_of.consent": {"口头": "verbal", "电话": "verbal", "签字": "signed", "书面": "signed", "录音": "recording"},
    **{
        f"traits.{trait.code}": {name.casefold(): one.code for one in trait.values for name in one.names}
        for trait in catalogue.traits()
    },
}
"""What people write for a code, by field."""
_COUNTS = dict(
    zip("半一二两三四五六七八九十", (Decimal("0.5"), *map(Decimal, (1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10))), strict=True)
)
_QUANTITY = re.compile(r"^([+-]?[\d.,]+|[半一二两三四五六七八九十])(.*)$")
_GROUPED = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$")
_PLAIN = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)$")
_DAY = re.compile(
    r"^(?P<year>\d{4})(?:[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?|(?P<mm>\d{2})(?P<dd>\d{2}))"
    r"(?:\s*(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::\d{1,2})?|[点时](?:(?P<past>\d{1,2})分?)?))?$"
)
"""As people and spreadsheet programs write a day, with or without the time: `2026年11月24日`, `2026/1/5 8:00`, `20261124`."""
_ENGLISH_DAY = re.compile(
    r"^(?:(?P<d>\d{1,2})[- ](?P<m>[a-z]{3})[a-z]*|(?P<mon>[a-z]{3})[a-z]* (?P<dom>\d{1,2}))[-, ]+(?P<y>\d{4})$"
)
_ENGLISH_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NO_YEAR = re.compile(r"^\d{1,2}(?:月\d{1,2}[日号]?|[-/.]\d{1,2})$")
_MONTH = re.compile(r"^(\d{4})[-/.年](\d{1,2})月?$")
_LISTED = re.compile(r"[|,;、；]")
_MONEY_FIRST = re.compile(r"^(?:¥|rmb|cny|人民币)")
_PER = ("/", "每", "per")
_LONGEST_NUMBER = 40
_LONGEST_UNIT = 3


@dataclass(frozen=True, slots=True)
class Beside:
    """What other cells of the row say of its numbers: the tonnes a truck carries, the unit of quantities."""

    load: Decimal | None = None
    unit: str | None = None


BESIDE: Mapping[str, str] = {"load_t": "load", "unit": "unit"}
"""The fields that are no value of a lot: where they go in `Beside`."""
ALONE = Beside()


def value_of(column: Column, text: str, beside: Beside = ALONE) -> Any:
    """The value of a cell of `column`. Raises CellIsUnreadable."""
    if column.field not in TEXTS:
        text = unguarded(text)
    if text.startswith("="):
        raise CellIsUnreadable(
            "公式不会被计算，请粘贴为数值", "A formula is not evaluated; paste its value instead (Paste Special, Values)"
        )
    if text in ERRORS:
        raise CellIsUnreadable("单元格是表格软件的错误值", "The cell holds an error of the spreadsheet program")
    if column.field in TEXTS:
        return unguarded(text)
    plain = text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()
    if column.field == "quantity_t":
        return _quantity(plain, column.unit, beside)
    if column.field == "ask_cny_per_t":
        return _price(plain, column.unit, beside)
    return _value(column.field, column.unit, plain)


@lru_cache(maxsize=8192)
def _value(field: str, unit: str, plain: str) -> Any:
    """Sheets say the same in many rows."""
    if field == "grade":
        found = catalogue.resolve(plain)
        return found.code if found else plain
    if field in TONNES:
        return tonnes(plain, unit)
    if field == "unit":
        return _unit(plain)
    if field in DAYS:
        return moment(plain, end=field == "available_until")
    if field in FLAGS:
        return _flag(plain)
    if field in _CODES:
        written = plain.casefold()
        return _CODES[field].get(written, written)
    if field in AROSE:
        return day(plain, end=field == "arose_until")
    if field == "hard_stops_declared":
        return _declared(plain)
    if field == "on_behalf_of.consented_at":
        return moment(plain, end=False)
    value = _measure(plain, field, unit)
    return value if field == "vat_rate_pct" else float(value)


def number(text: str) -> Decimal:
    """A plain number; commas only where they part thousands, for `30,5` may mean two things. Raises CellIsUnreadable."""
    if len(text) <= _LONGEST_NUMBER:
        if _GROUPED.match(text):
            return Decimal(text.replace(",", ""))
        if _PLAIN.match(text):
            return Decimal(text)
    raise CellIsUnreadable("应为数字", "must be a number")


def _compact(text: str) -> str:
    return "".join(text.casefold().split())


def _split(text: str) -> tuple[str, str]:
    """A number's text and what follows it."""
    found = _QUANTITY.match(text)
    return (found[1], found[2]) if found else ("", text)


def tonnes(text: str, unit: str = "") -> Decimal:
    """`30.5`, `30.5吨`, `30,500 kg`, `61000斤` are 30.5; a number alone is in `unit`. Raises CellIsUnreadable."""
    digits, named = _split(_compact(text))
    grams = GRAMS.get(named or unit or "t")
    if grams is None or not digits or digits in _COUNTS:
        raise CellIsUnreadable(
            "应为数量，单位可写 吨、公斤、斤、t、kg，或写车数并注明每车吨数",
            "must be a quantity in t, kg or jin, or trucks with the load of each",
        )
    return number(digits) * grams / TONNE


def _unit(text: str) -> str | None:
    """The unit that a cell names; None where it is none at all (单位 is also who one is)."""
    named = squeezed(text)
    if named in GRAMS or named in LOADS:
        return named
    if len(named) > _LONGEST_UNIT:
        return None
    raise CellIsUnreadable("单位应为 吨、公斤、斤 或 车", "the unit must be t, kg, jin or trucks with their load stated")


def _quantity(text: str, unit: str, beside: Beside) -> Decimal:
    compact, stated = loads_of(_compact(text))
    if stated is not None:
        beside = replace(beside, load=tonnes(stated))
    digits, named = _split(compact)
    if not named and unit and beside.unit and GRAMS.get(unit) != GRAMS.get(beside.unit):
        raise CellIsUnreadable(
            f"表头的单位是 {unit}，单位列却是 {beside.unit}", f"the header says {unit}, the column of units {beside.unit}"
        )
    unit = unit or beside.unit or ""
    if (named or unit) not in LOADS:
        return tonnes(compact, unit)
    if beside.load is None:
        raise CellIsUnreadable(
            "按车计时需写明每车吨数：2车(每车32吨)，或「每车吨数」(load_t) 一列，或直接写吨数",
            "trucks need the tonnes a truck carries: 2车(32吨/车), a column (每车吨数 or load_t), or write tonnes",
        )
    return (_COUNTS[digits] if digits in _COUNTS else number(digits)) * beside.load


def _price(text: str, unit: str, beside: Beside) -> Decimal:
    digits, named = _split(_MONEY_FIRST.sub("", _compact(text)))
    if named and named not in PRICES:
        raise CellIsUnreadable("应为单价，例如 2450 或 2.45元/公斤", "must be a price, for example 2450 or 2.45 CNY/kg")
    factor = PRICES.get(named, 1)
    if not any(mark in named for mark in _PER):
        if not unit and beside.unit and GRAMS.get(beside.unit) != TONNE:
            raise CellIsUnreadable(
                f"单位是 {beside.unit}，请写明单价是 元/吨 还是 元/{beside.unit}",
                f"the unit is {beside.unit}; say whether this is CNY/t or CNY/{beside.unit}",
            )
        factor *= PRICES[unit] if unit else 1
    return number(digits) * factor


def _measure(text: str, field: str, unit: str) -> Decimal:
    digits, named = _split(_compact(text))
    units = units_of(field)
    factor = units.get(named or unit, 0 if named else 1)
    if not factor:
        named_so = [one for one in units if one.isascii()]
        raise CellIsUnreadable(
            f"应为数字，单位可写 {'、'.join(units)}" if units else "应为数字，不写单位",
            f"must be a number; its unit may be {', '.join(named_so)}" if named_so else "must be a number alone",
        )
    return number(digits) * factor


def moment(text: str, end: bool) -> datetime:
    """A time with its offset, or a day in Asia/Shanghai: its beginning, or where it ends. Raises CellIsUnreadable."""
    if _NO_YEAR.match(text):
        raise CellIsUnreadable("请写明年份，例如 2026-11-24", "must name the year, for example 2026-11-24")
    try:
        begin, is_a_day = _moment(text)
        return begin + timedelta(days=1) if is_a_day and end else begin
    except (ValueError, OverflowError):
        raise CellIsUnreadable("应为日期，例如 2026-11-24", "must be a date, for example 2026-11-24") from None


def _moment(text: str) -> tuple[datetime, bool]:
    """The time, and whether it is a day without one. Raises ValueError, OverflowError."""
    if one := _DAY.match(text):
        begin = datetime(int(one["year"]), int(one["month"] or one["mm"]), int(one["day"] or one["dd"]), tzinfo=SHANGHAI)
        if one["hour"] is None:
            return begin, True
        return begin.replace(hour=int(one["hour"]), minute=int(one["minute"] or one["past"] or 0)), False
    if one := _ENGLISH_DAY.match(text.casefold()):
        month = _ENGLISH_MONTHS.index(one["m"] or one["mon"]) + 1
        return datetime(int(one["y"]), month, int(one["d"] or one["dom"]), tzinfo=SHANGHAI), True
    at = datetime.fromisoformat(text.replace("/", "-"))
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI), False


def day(text: str, end: bool) -> str:
    """`2026-10-31`; a month alone is its first day, or where it ends its last. Raises CellIsUnreadable."""
    month = _MONTH.match(text)
    if not month:
        return moment(text, end=False).astimezone(SHANGHAI).date().isoformat()
    begin = moment(f"{month[1]}-{month[2]}-1", end=False)
    return (begin.replace(day=monthrange(begin.year, begin.month)[1]) if end else begin).date().isoformat()


def _declared(text: str) -> bool | list[str]:
    """Yes for all hard stops, or those named, by code or name."""
    known = {**_YES, **_NO}.get(text.casefold())
    if known is not None:
        return known
    names = {one.name_zh: one.code for one in catalogue.hard_stops()}
    return [names.get(one.strip(), one.strip().casefold()) for one in _LISTED.split(text) if one.strip()]


def _flag(text: str) -> bool:
    known = {**_YES, **_NO}.get(text.casefold())
    if known is None:
        raise CellIsUnreadable("应为 是 或 否", "must be yes or no")
    return known
