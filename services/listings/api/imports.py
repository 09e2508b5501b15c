"""Sheets of lots coming in."""

from __future__ import annotations

from flask import Request

from services.listings import service, views
from services.listings.schemas import (
    ImportOut,
    ImportQuery,
    ImportsQuery,
)
from shared.auth import Caller
from shared.http import Answer, PageOut, Routes, Upload, created, page_of
from shared.http.wire import language_of
from shared.mongo import Unit

routes = Routes("listings")


@routes.post("/v1/lots/imports", "imports.create", ImportOut, status=202, multipart=True)
def create_import(unit: Unit, caller: Caller, query: ImportQuery, file: Upload, request: Request) -> Answer:
    """Import lots from a CSV or XLSX file."""
    imported = service.create_import(unit, caller, file.name, file.content, query.publish, query.dry_run)
    return created(f"/v1/lots/imports/{imported.id}", ImportOut.of(imported, language_of(request)), 202)


@routes.get("/v1/lots/imports", "imports.list", PageOut[ImportOut])
def list_imports(unit: Unit, caller: Caller, query: ImportsQuery, request: Request) -> PageOut[ImportOut]:
    """List one's own imports."""
    page = views.list_imports(unit, caller, query.where(), query.cursor, query.limit)
    return page_of(page, lambda imported: ImportOut.of(imported, language_of(request)))


@routes.get("/v1/lots/imports/<import_id>", "imports.read", ImportOut)
def read_import(unit: Unit, caller: Caller, import_id: str, request: Request) -> ImportOut:
    """Read an import: how far it is, and what was wrong."""
    return ImportOut.of(views.read_import(unit, caller, import_id), language_of(request))
