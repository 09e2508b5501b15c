"""Lots, demands and rejected rows as rows of a sheet, and the queries that ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import orjson

from services.listings.importing import REASONS, chinese, is_reasons
from services.listings.model import Demand, Import, Lot, OnBehalfOf, RejectedRow, RowFault
from services.listings.schemas.search import DemandFilters, LotFilters
from services.listings.views import DemandsExport, LotsExport
from shared import catalogue
from shared.clock import SHANGHAI
from shared.problem import Language
from shared.sheets import Cell
from shared.units import fen_to_cny, kg_to_t

Format = Literal["csv", "xlsx"]


class LotsExportQuery(LotFilters):
    """Filters of the list, and how the sheet is written."""

    format: Format = "csv"


class DemandsExportQuery(DemandFilters):
    """Filters of the list, and how the sheet is written."""

    format: Format = "csv"


def _at(moment: datetime | None) -> str | None:
    return moment.astimezone(SHANGHAI).isoformat(timespec="milliseconds") if moment else None


def _json(value: Any) -> str | None:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else None


_OUTCOME: tuple[tuple[str, str, Callable[[Any], Cell]], ...] = (
    ("available_t", "在售(吨)", lambda one: kg_to_t(one.available_kg)),
    ("reserved_t", "已锁定(吨)", lambda one: kg_to_t(one.reserved_kg)),
    ("sold_t", "已售(吨)", lambda one: kg_to_t(one.consumed_kg)),
    ("unsold_t", "未售(吨)", lambda one: kg_to_t(one.unsold_kg)),
    ("created_at", "创建时间", lambda one: _at(one.created_at)),
    ("published_at", "挂牌时间", lambda one: _at(one.published_at)),
)
_STATE: tuple[tuple[str, str, Callable[[Any], Cell]], ...] = (
    ("id", "编号", lambda one: one.id),
    ("status", "状态", lambda one: one.status),
    ("closed_reason", "结束原因", lambda one: one.closed_reason),
)
_LOT: tuple[tuple[str, Callable[[Lot], Cell]], ...] = (
    ("grade", lambda lot: lot.terms.grade),
    ("quantity_t", lambda lot: kg_to_t(lot.quantity_kg)),
    ("ask_cny_per_t", lambda lot: fen_to_cny(lot.terms.ask_fen_per_t)),
    ("vat_rate_pct", lambda lot: lot.terms.vat_bp / 100),
    ("available_from", lambda lot: _at(lot.terms.available_from)),
    ("available_until", lambda lot: _at(lot.terms.available_until)),
    ("site_id", lambda lot: lot.site_id),
    ("divisible", lambda lot: lot.terms.divisible),
    ("min_take_t", lambda lot: kg_to_t(lot.terms.min_take_kg)),
    ("auto_accept", lambda lot: lot.terms.auto_accept),
    ("origin", lambda lot: lot.terms.origin),
    ("title", lambda lot: lot.title),
    ("description", lambda lot: lot.description),
    ("arose_from", lambda lot: lot.terms.arose_from),
    ("arose_until", lambda lot: lot.terms.arose_until),
    ("stock", lambda lot: lot.terms.stock),
    ("hard_stops_declared", lambda lot: "|".join(lot.hard_stops_declared or ())),
    *((f"traits.{one.code}", lambda lot, code=one.code: lot.terms.traits.get(code)) for one in catalogue.traits()),
)
"""What an import takes, under the names it takes."""
_PERSON: tuple[tuple[str, Callable[[OnBehalfOf], Cell]], ...] = (
    ("on_behalf_of.name", lambda person: person.name),
    ("on_behalf_of.phone", lambda person: person.phone),
    ("on_behalf_of.consent", lambda person: person.consent),
    ("on_behalf_of.consented_at", lambda person: _at(person.consented_at)),
)
"""For the eyes of the lot's owner alone."""
_DEMAND: tuple[tuple[str, str, Callable[[Demand], Cell]], ...] = (
    ("grades", "品种", lambda demand: "|".join(demand.terms.grades)),
    ("quantity_t", "数量(吨)", lambda demand: kg_to_t(demand.quantity_kg)),
    ("bid_cny_per_t", "到厂价(元/吨)", lambda demand: fen_to_cny(demand.terms.bid_fen_per_t)),
    ("vat_rate_pct", "税率(%)", lambda demand: demand.terms.vat_bp / 100),
    ("deliver_from", "最早收货", lambda demand: _at(demand.terms.deliver_from)),
    ("deliver_until", "最晚收货", lambda demand: _at(demand.terms.deliver_until)),
    ("site_id", "场站编号", lambda demand: demand.site_id),
    ("quality_limits", "质量限值", lambda demand: _json(demand.terms.quality_limits)),
    ("blend_limits", "加权平均限值", lambda demand: _json(demand.terms.blend_limits)),
    ("basis", "结算基准", lambda demand: _json(demand.terms.basis)),
    ("compliant_sellers_only", "只要规范条件企业", lambda demand: demand.terms.compliant_sellers_only),
    ("min_take_t", "最小提货量(吨)", lambda demand: kg_to_t(demand.terms.min_take_kg)),
    ("auto_accept", "自动接受", lambda demand: demand.terms.auto_accept),
)


def lot_rows(export: LotsExport, zh: bool) -> Iterator[Sequence[Cell]]:
    """The header, in Chinese or as the fields are named, then a row a lot; an import reads either again."""
    columns = [(name if not zh else text, of) for name, text, of in _STATE]
    columns += [(chinese(name) if zh else name, of) for name, of in _LOT]
    columns += [(text if zh else name, of) for name, text, of in _OUTCOME]
    at = len(_STATE) + len(_LOT)
    headers = [header for header, _ in columns]
    site = chinese("site") if zh else "site"
    more = [chinese(name) if zh else name for name in (*(name for name, _ in _PERSON), *export.attributes)]
    yield [*headers[:at], site, *more, *headers[at:]]
    for lot in export.lots:
        cells = [of(lot) for _, of in columns]
        quality = (lot.terms.quality.get(name) for name in export.attributes)
        whom = lot.on_behalf_of if lot.seller_id == export.reader_id else None
        person = (of(whom) if whom else None for _, of in _PERSON)
        yield [*cells[:at], export.site_name(lot.site_id), *person, *quality, *cells[at:]]


def demand_rows(export: DemandsExport, zh: bool) -> Iterator[Sequence[Cell]]:
    """The header, in Chinese or as the fields are named, then a row a demand."""
    columns = (*_STATE, *_DEMAND, *_OUTCOME)
    yield [*(text if zh else name for name, text, _ in columns), chinese("site") if zh else "site"]
    for demand in export.demands:
        yield [*(of(demand) for _, _, of in columns), export.site_name(demand.site_id)]


def rejected_rows(imported: Import, rejected: Iterator[RejectedRow], language: Language) -> Iterator[Sequence[Cell]]:
    """The header and the cells as they came, and a last column that says why, which an import passes over."""
    kept = [at for at, text in enumerate(imported.header) if not is_reasons(text)]
    yield [*(imported.header[at] for at in kept), REASONS[language]]
    for row in rejected:
        cells = [row.cells[at] if at < len(row.cells) else "" for at in kept]
        yield [*cells, "; ".join(_said(fault, language) for fault in row.faults)]


def _said(fault: RowFault, language: Language) -> str:
    reason = fault.zh if language == "zh-CN" else fault.en
    return f"{fault.column}: {reason}" + (f" ({fault.suggestion}?)" if fault.suggestion else "")
