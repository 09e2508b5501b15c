"""Values as people read them, and the words around them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.regions.model import Column, Language, Named, Printed, Return
from shared.clock import SHANGHAI
from shared.units import div_half_up

WORDS: Mapping[str, Named] = {
    "title": Named("再生资源月报", "Monthly report of recycled resources"),
    "month": Named("月份", "Month"),
    "region": Named("地区", "Region"),
    "as_of": Named("数据截至", "Figures as known at"),
    "measure": Named("口径", "Measure"),
    "source": Named("来源", "Source"),
    "remark": Named("说明", "Note"),
    "nothing": Named("本月无数据", "Nothing in this month"),
    "contents": Named("目录", "Contents"),
    "page": Named("第 {page} 页 共 {pages} 页", "Page {page} of {pages}"),
    "made_by": Named("环流 Huanliu", "Huanliu 环流"),
    "times": Named("时间为北京时间；月份与日期按北京时间划分", "Times, days and months are those of Asia/Shanghai"),
    "unlike": Named("不同口径的数字不可相加，也不可相互比较", "Figures of different measures are neither added nor compared"),
}


def word(name: str, language: Language) -> str:
    return said(WORDS[name], language)


def said(named: Named, language: Language) -> str:
    return named.zh if language == "zh" else named.en


def labelled(name: str, text: Named, language: Language) -> str:
    return f"{word(name, language)}{'：' if language == 'zh' else ': '}{said(text, language)}"


def bracketed(text: str, more: str, language: Language) -> str:
    return f"{text}（{more}）" if language == "zh" else f"{text} ({more})"


def file_name(made: Return, language: Language) -> str:
    """Without what a header or a file system would mind."""
    return f"huanliu-{made.region}-{made.month}-{language}"


def head_of(column: Column, language: Language) -> str:
    """A column's name with its unit."""
    unit = {"t": "t" if language == "en" else "吨", "pct": "%", "km": "km", "kg_per_t": "kg/t"}.get(column.unit)
    name = said(column.name, language)
    return bracketed(name, unit, language) if unit else name


def number_of(cell: Printed, column: Column) -> float | int | None:
    """A figure in the unit that is shown; None for what is no figure."""
    if not isinstance(cell, int):
        return None
    scale = {"t": 1000, "pct": 100, "km": 1000}.get(column.unit)
    return cell if scale is None else cell / scale


def text_of(cell: Printed, column: Column, language: Language) -> str:
    """A value as it is printed; a dash where there is none."""
    if cell is None:
        return "—"
    if isinstance(cell, Named):
        return said(cell, language)
    if isinstance(cell, datetime):
        return f"{cell.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    if isinstance(cell, str):
        return cell
    return _figure(cell, column.unit).replace("-", "−")


def _figure(cell: int, unit: str) -> str:
    if unit == "t":
        return f"{cell / 1000:,.3f}"
    if unit == "pct":
        return f"{cell / 100:,.2f}"
    if unit == "km":
        return f"{div_half_up(cell, 100) / 10:,.1f}"
    return f"{cell:,}"
