"""Sheets of one's own lots and demands, and of the rows an import rejected."""

from __future__ import annotations

from flask import Request

from services.listings import views
from services.listings.schemas import (
    DemandsExportQuery,
    LotsExportQuery,
    demand_rows,
    lot_rows,
    rejected_rows,
)
from shared.auth import Caller
from shared.http import Answer, Routes
from shared.http.wire import language_of
from shared.mongo import Unit
from shared.sheets import FORMATS, Rows

routes = Routes("listings")


@routes.get("/v1/lots/export", "lots.list")
def export_lots(unit: Unit, caller: Caller, query: LotsExportQuery, request: Request) -> Answer:
    """Export one's own lots as CSV or XLSX, which an import reads again."""
    return _sheet(lot_rows(views.export_lots(unit, caller, query.where()), _in_chinese(request)), "lots", query.format)


@routes.get("/v1/lots/imports/<import_id>/rejected", "imports.read")
def read_rejected(unit: Unit, caller: Caller, import_id: str, request: Request) -> Answer:
    """Read the rejected rows of an import as CSV, each with its reasons, to mend and send again."""
    imported, rows = views.export_rejected(unit, caller, import_id)
    return _sheet(rejected_rows(imported, rows, language_of(request)), f"rejected-{imported.id}", "csv")


@routes.get("/v1/demands/export", "demands.list")
def export_demands(unit: Unit, caller: Caller, query: DemandsExportQuery, request: Request) -> Answer:
    """Export one's own demands as CSV or XLSX."""
    rows = demand_rows(views.export_demands(unit, caller, query.where()), _in_chinese(request))
    return _sheet(rows, "demands", query.format)


def _in_chinese(request: Request) -> bool:
    """Programs that ask for no language get the names of the fields."""
    return bool(request.accept_languages) and language_of(request) == "zh-CN"


def _sheet(rows: Rows, name: str, kind: str) -> Answer:
    pieces, media = FORMATS[kind]
    headers = {
        "Content-Type": media,
        "Content-Disposition": f'attachment; filename="{name}.{kind}"',
        "Vary": "Accept-Language",
    }
    return Answer(pieces(rows), 200, headers)
