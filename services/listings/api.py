"""The routes of listings."""

from __future__ import annotations

import hashlib

import orjson
from flask import Request

from services.listings import service, views
from services.listings.importing import FORMATS, Rows
from services.listings.schemas import (
    DemandIn,
    DemandOut,
    DemandPatch,
    DemandsExportQuery,
    DemandsQuery,
    FoundDemands,
    FoundLots,
    ImportOut,
    ImportQuery,
    ImportsQuery,
    LotIn,
    LotOut,
    LotPatch,
    LotsExportQuery,
    LotsQuery,
    MaterialsOut,
    MaterialsQuery,
    SearchQuery,
    SuggestionOut,
    SuggestOut,
    SuggestQuery,
    demand_rows,
    lot_rows,
    rejected_rows,
)
from shared import catalogue
from shared.auth import Caller
from shared.http import Answer, PageOut, Precondition, Routes, created, page_of
from shared.http.wire import language_of
from shared.mongo import Unit
from shared.problem import InputIsInvalid

routes = Routes("listings")


@routes.get("/v1/materials", "materials.read", MaterialsOut)
def read_materials(query: MaterialsQuery, request: Request) -> Answer:
    """The catalogue of materials and grades."""
    families = catalogue.tree()["items"]
    items = [grade for family in families for grade in family["grades"]] if query.flat else families
    etag = f'"{hashlib.sha256(orjson.dumps(items)).hexdigest()[:16]}"'
    known = request.headers.get("If-None-Match") == etag
    return Answer(None if known else {"items": items}, 304 if known else 200, {"ETag": etag})


@routes.post("/v1/lots", "lots.create", LotOut, status=201)
def create_lot(unit: Unit, caller: Caller, body: LotIn) -> Answer:
    """Create a lot, as a draft or open at once."""
    lot = service.create_lot(unit, caller, body.draft(), body.publish)
    return created(f"/v1/lots/{lot.id}", LotOut.of(lot, True))


@routes.get("/v1/lots", "lots.list", PageOut[LotOut])
def list_lots(unit: Unit, caller: Caller, query: LotsQuery) -> PageOut[LotOut]:
    """List one's own lots."""
    page = views.list_lots(unit, caller, query.where(), query.cursor, query.limit)
    return page_of(page, lambda lot: LotOut.of(lot, True))


@routes.get("/v1/lots/export", "lots.list")
def export_lots(unit: Unit, caller: Caller, query: LotsExportQuery, request: Request) -> Answer:
    """Export one's own lots as CSV or XLSX, which an import reads again."""
    return _sheet(lot_rows(views.export_lots(unit, caller, query.where()), _in_chinese(request)), "lots", query.format)


@routes.get("/v1/lots/<lot_id>", "lots.read", LotOut)
def read_lot(unit: Unit, caller: Caller, lot_id: str) -> LotOut:
    """Read a lot."""
    return LotOut.of(*views.read_lot(unit, caller, lot_id))


@routes.patch("/v1/lots/<lot_id>", "lots.change", LotOut)
def change_lot(unit: Unit, caller: Caller, lot_id: str, body: LotPatch, match: Precondition) -> LotOut:
    """Change a lot: a draft freely, an open one within what is promised."""
    return LotOut.of(service.change_lot(unit, caller, lot_id, match.check, body.revise), True)


@routes.post("/v1/lots/<lot_id>/publish", "lots.publish", LotOut)
def publish_lot(unit: Unit, caller: Caller, lot_id: str) -> LotOut:
    """Put a draft on offer."""
    return LotOut.of(service.publish_lot(unit, caller, lot_id), True)


@routes.post("/v1/lots/<lot_id>/withdraw", "lots.withdraw", LotOut)
def withdraw_lot(unit: Unit, caller: Caller, lot_id: str) -> LotOut:
    """Take what is available of a lot off the market."""
    return LotOut.of(service.withdraw_lot(unit, caller, lot_id), True)


@routes.post("/v1/lots/imports", "imports.create", ImportOut, status=202, multipart=True)
def create_import(unit: Unit, caller: Caller, query: ImportQuery, request: Request) -> Answer:
    """Import lots from a CSV or XLSX file."""
    file = request.files.get("file")
    if file is None:
        raise InputIsInvalid(
            [("/file", "请以 multipart/form-data 的 file 字段上传文件", "Send the file as multipart field «file»")]
        )
    imported = service.create_import(unit, caller, file.filename or "", file.read(), query.publish, query.dry_run)
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


@routes.get("/v1/lots/imports/<import_id>/rejected", "imports.read")
def read_rejected(unit: Unit, caller: Caller, import_id: str, request: Request) -> Answer:
    """Read the rejected rows of an import as CSV, each with its reasons, to mend and send again."""
    imported, rows = views.export_rejected(unit, caller, import_id)
    return _sheet(rejected_rows(imported, rows, language_of(request)), f"rejected-{imported.id}", "csv")


@routes.post("/v1/demands", "demands.create", DemandOut, status=201)
def create_demand(unit: Unit, caller: Caller, body: DemandIn) -> Answer:
    """Create a demand, as a draft or open at once."""
    demand = service.create_demand(unit, caller, body.draft(), body.publish)
    return created(f"/v1/demands/{demand.id}", DemandOut.of(demand, True))


@routes.get("/v1/demands", "demands.list", PageOut[DemandOut])
def list_demands(unit: Unit, caller: Caller, query: DemandsQuery) -> PageOut[DemandOut]:
    """List one's own demands."""
    page = views.list_demands(unit, caller, query.where(), query.cursor, query.limit)
    return page_of(page, lambda demand: DemandOut.of(demand, True))


@routes.get("/v1/demands/export", "demands.list")
def export_demands(unit: Unit, caller: Caller, query: DemandsExportQuery, request: Request) -> Answer:
    """Export one's own demands as CSV or XLSX."""
    rows = demand_rows(views.export_demands(unit, caller, query.where()), _in_chinese(request))
    return _sheet(rows, "demands", query.format)


@routes.get("/v1/demands/<demand_id>", "demands.read", DemandOut)
def read_demand(unit: Unit, caller: Caller, demand_id: str) -> DemandOut:
    """Read a demand."""
    return DemandOut.of(*views.read_demand(unit, caller, demand_id))


@routes.patch("/v1/demands/<demand_id>", "demands.change", DemandOut)
def change_demand(unit: Unit, caller: Caller, demand_id: str, body: DemandPatch, match: Precondition) -> DemandOut:
    """Change a demand: a draft freely, an open one within what is promised."""
    return DemandOut.of(service.change_demand(unit, caller, demand_id, match.check, body.revise), True)


@routes.post("/v1/demands/<demand_id>/publish", "demands.publish", DemandOut)
def publish_demand(unit: Unit, caller: Caller, demand_id: str) -> DemandOut:
    """Open a draft."""
    return DemandOut.of(service.publish_demand(unit, caller, demand_id), True)


@routes.post("/v1/demands/<demand_id>/close", "demands.close", DemandOut)
def close_demand(unit: Unit, caller: Caller, demand_id: str) -> DemandOut:
    """Ask for no more than is bought or promised."""
    return DemandOut.of(service.close_demand(unit, caller, demand_id), True)


@routes.get("/v1/search/lots", "search.read", FoundLots)
def search_lots(unit: Unit, caller: Caller, query: SearchQuery) -> FoundLots:
    """Search open lots."""
    return FoundLots.of(views.search(unit, caller, "lots", query.criteria(), query.cursor, query.limit))


@routes.get("/v1/search/demands", "search.read", FoundDemands)
def search_demands(unit: Unit, caller: Caller, query: SearchQuery) -> FoundDemands:
    """Search open demands."""
    return FoundDemands.of(views.search(unit, caller, "demands", query.criteria(), query.cursor, query.limit))


@routes.get("/v1/search/suggest", "search.read", SuggestOut)
def suggest(query: SuggestQuery) -> SuggestOut:
    """Type-ahead over materials, grades and places."""
    found = views.suggest(query.q, query.limit)
    items = [
        SuggestionOut(kind=one.kind, value=one.value, name_zh=one.name_zh, name_en=one.name_en, text=one.text) for one in found
    ]
    return SuggestOut(items=items)


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
