"""Headers as people write them, in Chinese or English, with or without a unit: which field a column is, and in what unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from shared import catalogue
from shared.masses import GRAMS, LOADS, TONNE
from shared.problem import Language

NEEDED = ("grade", "quantity_t", "ask_cny_per_t", "available_from", "available_until")
FLAGS = ("divisible", "auto_accept")
TEXTS = ("site", "site_id", "title", "description", "on_behalf_of.name", "on_behalf_of.phone")
TONNES = ("quantity_t", "min_take_t", "load_t")
DAYS = ("available_from", "available_until")
AROSE = ("arose_from", "arose_until")

MASSES: Mapping[str, int] = {unit: TONNE // grams for unit, grams in GRAMS.items() if grams <= TONNE}
"""How many of a unit make a tonne."""
_MONEY: Mapping[str, int] = {
    **dict.fromkeys(("元", "块", "人民币", "cny", "rmb", "yuan", "¥", ""), 1),
    "万": 10_000,
    "万元": 10_000,
}
PRICES: Mapping[str, int] = {
    **{money: factor for money, factor in _MONEY.items() if money},
    **{
        f"{money}{per}{mass}": factor * many
        for money, factor in _MONEY.items()
        for mass, many in MASSES.items()
        for per in ("/", "per", "每")
    },
    **MASSES,
}
"""What a price in a unit is multiplied by for CNY per tonne; without a mass it is per tonne."""
REASONS: Mapping[Language, str] = {"zh-CN": "拒绝原因", "en": "reasons"}
"""The header over what was wrong with a row, in a file of rejected ones."""
BLANKS = frozenset({"-", "--", "—", "——", "/", "无", "n/a"})
"""What people write where there is nothing to say."""
LENGTHS: Mapping[str, int] = {"mm": 1, "毫米": 1, "cm": 10, "厘米": 10, "m": 1000, "米": 1000}

_NAMES: Mapping[str, str] = {
    "grade": "品种|品名|品类|物料|物料名称|货物名称|货物|货名|材料|废料名称|品种名称|grade|commodity|product|item",
    "quantity_t": "数量|重量|吨数|吨位|货量|总重|总量|库存|库存量|可供数量|供应量|quantity|qty|weight|tonnage|tonnes|tons|mass",
    "ask_cny_per_t": "单价|价格|报价|售价|要价|挂牌价|出厂价|含税单价|含税价|ask|asking price|ask price|price|unit price"
    "|price per tonne|price per ton",
    "available_from": "可提货日期|提货日期|可提日期|可提货时间|提货时间|起始日期|开始日期|可供日期|可供货日期|available from"
    "|from|start date|start|pick-up from|pickup from|ready",
    "available_until": "截止日期|截至日期|截止时间|有效期至|有效期|到期日期|到期日|结束日期|失效日期|available until"
    "|until|to|end date|end|valid until|expiry|expires",
    "site": "场站|场站名称|场地|货场|堆场|料场|仓库|提货地点|所在场站|site|site name|yard|location",
    "site_id": "场站编号|场站id|site id",
    "vat_rate_pct": "税率|增值税率|增值税|vat|vat rate|tax rate",
    "min_take_t": "最小提货量|起提量|起订量|最小起订量|最小起提量|min take|minimum take|minimum order|moq",
    "load_t": "每车吨数|每车重量|每车吨位|每车载重|单车吨位|单车载重|单车吨数|车载重|每车"
    "|load|truck load|truckload|load per truck|tonnes per truck|t per truck",
    "unit": "单位|计量单位|数量单位|unit|units|uom",
    "divisible": "可拆分|是否可拆分|可拆|可分批|可分批提货|divisible|splittable|can be split",
    "auto_accept": "自动接受|自动成交|auto accept",
    "origin": "来源|产地|货源地|origin",
    "title": "标题|title",
    "description": "说明|备注|描述|remark|remarks|note|notes|comment|comments|description",
    "arose_from": "产生日期|产生时间|产出日期|产生日期起|arose from|arose|arising date|date arisen",
    "arose_until": "产生日期止|产生截止日期|产出截止日期|arose until|arising until",
    "stock": "新产或库存|新产/库存|新产库存|是否库存|new or stock|new/stock",
    "hard_stops_declared": "无一票否决项声明|一票否决声明|安全声明|无夹带声明|hard stops declared|safety declaration",
    "on_behalf_of.name": "代卖人姓名|代卖人|代挂人|委托人|on behalf of",
    "on_behalf_of.phone": "代卖人电话|代挂人电话|委托人电话|on behalf of phone",
    "on_behalf_of.consent": "同意方式|授权方式|consent",
    "on_behalf_of.consented_at": "同意日期|同意时间|授权日期|consented at|consent date",
}
"""The first name is the one an export in Chinese writes."""
_ATTRIBUTE_NAMES: Mapping[str, str] = {
    "moisture_pct": "水份|含水|含水率|含水量|moisture content",
    "impurity_pct": "杂质率|杂质含量|含杂|含杂率|扣杂|impurities|dirt",
}
_WHOLE = (*TEXTS, *FLAGS, *DAYS, "origin", "grade", "hard_stops_declared")
_BRACKETED = re.compile(r"^([^()\[\]]+)[(\[]([^()\[\]]*)[)\]]$")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that means something: where it stands, its field, its header as written, the unit its numbers are in."""

    at: int
    field: str
    header: str
    unit: str = ""


def squeezed(text: str) -> str:
    """What two spellings of a header have in common."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return "".join(text.casefold().split()).strip("*:")


@cache
def _fields() -> dict[str, str]:
    """Every name of every field, squeezed."""
    names: dict[str, str] = {}
    for field, known in _NAMES.items():
        for name in (field, *known.split("|")):
            names.setdefault(squeezed(name), field)
    for trait in catalogue.traits():
        for name in (f"traits.{trait.code}", trait.code, trait.name_zh, trait.name_en):
            names.setdefault(squeezed(name), f"traits.{trait.code}")
    for one in catalogue.attributes():
        also = _ATTRIBUTE_NAMES.get(one.name, "")
        for name in (one.name, f"quality.{one.name}", one.name_zh, one.name_en, *filter(None, also.split("|"))):
            names.setdefault(squeezed(name), one.name)
    return names


@cache
def _by_length() -> tuple[str, ...]:
    return tuple(sorted(_fields(), key=len, reverse=True))


@cache
def measures() -> frozenset[str]:
    """The names of the quality attributes."""
    return frozenset(one.name for one in catalogue.attributes())


def units_of(field: str) -> Mapping[str, int]:
    """The units in which numbers of a field may be."""
    if field in TONNES:
        return GRAMS
    if field == "ask_cny_per_t":
        return PRICES
    known = catalogue.attribute(field)
    if known is None:
        return {"%": 1, "pct": 1} if field == "vat_rate_pct" else {}
    return LENGTHS if known.unit == "mm" else {squeezed(known.unit): 1, **({"pct": 1} if known.unit == "%" else {})}


@lru_cache(maxsize=2048)
def field_of(header: str) -> tuple[str, str] | None:
    """The field that a header names and the unit it states (empty: the field's own). None where it names none."""
    key = squeezed(header)
    if not key or len(key) > 60:
        return None
    known = _fields().get(key)
    if known is not None:
        return known, ""
    bracketed = _BRACKETED.match(key)
    if bracketed:
        field = _fields().get(bracketed[1].strip("/_-"))
        return None if field is None else _with_unit(field, bracketed[2])
    for name in _by_length():
        if key.startswith(name) and len(key) > len(name):
            found = _with_unit(_fields()[name], key[len(name) :].strip("/_-,.()[]"))
            if found is not None:
                return found
    return None


def _with_unit(field: str, unit: str) -> tuple[str, str] | None:
    if not unit or unit in ("必填", "选填", "required", "optional") or (field in _WHOLE and unit in ("是/否", "y/n", "yes/no")):
        return field, ""
    if unit in units_of(field) or (field == "quantity_t" and unit in LOADS):
        return field, unit
    return None


def columns_of(header: Sequence[str]) -> tuple[Column, ...]:
    """The columns that mean something; of two for one field the first."""
    found: dict[str, Column] = {}
    for at, text in enumerate(header):
        named = field_of(text)
        if named is not None:
            found.setdefault(named[0], Column(at, named[0], text.strip(), named[1]))
    return tuple(found.values())


def is_reasons(header: str) -> bool:
    return squeezed(header) in REASONS.values()


def chinese(field: str) -> str:
    """The header of a field in Chinese."""
    known = catalogue.attribute(field)
    if known is not None:
        return f"{known.name_zh}({known.unit})"
    trait = next((one for one in catalogue.traits() if field == f"traits.{one.code}"), None)
    if trait is not None:
        return trait.name_zh
    name = _NAMES[field].split("|")[0]
    return {"vat_rate_pct": f"{name}(%)", "ask_cny_per_t": f"{name}(元/吨)"}.get(
        field, f"{name}(吨)" if field in TONNES else name
    )
