"""The routes of listings."""

from __future__ import annotations

import hashlib

import orjson
from flask import Request

from services.listings import service, views
from services.listings.importing import FORMATS, Rows
from services.listings.model import AttachmentFile
from services.listings.model.recurrence import Side
from services.listings.schemas import (
    AttachedQuery,
    CounterpartiesQuery,
    CounterpartyIn,
    CounterpartyOut,
    DemandIn,
    DemandOut,
    DemandPatch,
    DemandsExportQuery,
    DemandsQuery,
    DocumentOut,
    DocumentQuery,
    FoundDemands,
    FoundLots,
    ImportOut,
    ImportQuery,
    ImportsQuery,
    LotIn,
    LotOut,
    LotPatch,
    LotSearchQuery,
    LotsExportQuery,
    LotsQuery,
    MaterialsOut,
    MaterialsQuery,
    PhotoOut,
    RecurrenceIn,
    RecurrenceOut,
    SavedSearchesQuery,
    SavedSearchIn,
    SavedSearchOut,
    SavedSearchPatch,
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
from shared.http import Answer, PageOut, Precondition, Routes, Upload, created, page_of
from shared.http.wire import language_of
from shared.mongo import Unit
from shared.pictures import PDF, paper, picture

routes = Routes("listings")


@routes.get("/v1/materials", "materials.read", MaterialsOut)
def read_materials(query: MaterialsQuery, request: Request) -> Answer:
    """The catalogue of materials and grades."""
    families = catalogue.tree()["items"]
    items = [grade for family in families for grade in family["grades"]] if query.flat else families
    body = {**catalogue.common(), "items": items}
    etag = f'"{catalogue.edition()}-{hashlib.sha256(orjson.dumps(body)).hexdigest()[:16]}"'
    known = request.headers.get("If-None-Match") == etag
    return Answer(None if known else body, 304 if known else 200, {"ETag": etag})


@routes.post("/v1/lots", "lots.create", LotOut, status=201)
def create_lot(unit: Unit, caller: Caller, body: LotIn) -> Answer:
    """Create a lot, as a draft or open at once."""
    lot = service.create_lot(unit, caller, body.draft(), body.publish)
    return created(f"/v1/lots/{lot.id}", LotOut.of(lot, True, caller.organisation_id))


@routes.get("/v1/lots", "lots.list", PageOut[LotOut])
def list_lots(unit: Unit, caller: Caller, query: LotsQuery) -> PageOut[LotOut]:
    """List one's own lots."""
    page = views.list_lots(unit, caller, query.where(), query.cursor, query.limit)
    return page_of(page, lambda lot: LotOut.of(lot, True, caller.organisation_id))


@routes.get("/v1/lots/export", "lots.list")
def export_lots(unit: Unit, caller: Caller, query: LotsExportQuery, request: Request) -> Answer:
    """Export one's own lots as CSV or XLSX, which an import reads again."""
    return _sheet(lot_rows(views.export_lots(unit, caller, query.where()), _in_chinese(request)), "lots", query.format)


@routes.get("/v1/lots/<lot_id>", "lots.read", LotOut)
def read_lot(unit: Unit, caller: Caller, lot_id: str) -> LotOut:
    """Read a lot."""
    return LotOut.of(*views.read_lot(unit, caller, lot_id), caller.organisation_id)


@routes.patch("/v1/lots/<lot_id>", "lots.change", LotOut)
def change_lot(unit: Unit, caller: Caller, lot_id: str, body: LotPatch, match: Precondition) -> LotOut:
    """Change a lot: a draft freely, an open one within what is promised."""
    return LotOut.of(service.change_lot(unit, caller, lot_id, match.check, body.revise), True, caller.organisation_id)


@routes.post("/v1/lots/<lot_id>/publish", "lots.publish", LotOut)
def publish_lot(unit: Unit, caller: Caller, lot_id: str) -> LotOut:
    """Put a draft on offer."""
    return LotOut.of(service.publish_lot(unit, caller, lot_id), True, caller.organisation_id)


@routes.post("/v1/lots/<lot_id>/withdraw", "lots.withdraw", LotOut)
def withdraw_lot(unit: Unit, caller: Caller, lot_id: str) -> LotOut:
    """Take what is available of a lot off the market."""
    return LotOut.of(service.withdraw_lot(unit, caller, lot_id), True, caller.organisation_id)


@routes.post("/v1/lots/<lot_id>/copy", "lots.copy", LotOut, status=201)
def copy_lot(unit: Unit, caller: Caller, lot_id: str, body: LotPatch) -> Answer:
    """Sell this again: a new draft with its window moved to now, and the changes of the body."""
    lot = service.copy_lot(unit, caller, lot_id, body.revise)
    return created(f"/v1/lots/{lot.id}", LotOut.of(lot, True, caller.organisation_id))


@routes.post("/v1/lots/<lot_id>/recurrence", "recurrences.set", RecurrenceOut, status=201)
def set_lot_recurrence(unit: Unit, caller: Caller, lot_id: str, body: RecurrenceIn, request: Request) -> Answer:
    """Offer the lot again every day, week or month."""
    return _recurring(unit, caller, "lot", lot_id, body, request)


@routes.get("/v1/lots/<lot_id>/recurrence", "recurrences.read", RecurrenceOut)
def read_lot_recurrence(unit: Unit, caller: Caller, lot_id: str, request: Request) -> RecurrenceOut:
    """When the lot is offered again."""
    return RecurrenceOut.of(views.read_recurrence(unit, caller, "lot", lot_id), language_of(request))


@routes.delete("/v1/lots/<lot_id>/recurrence", "recurrences.remove")
def remove_lot_recurrence(unit: Unit, caller: Caller, lot_id: str) -> Answer:
    """Offer the lot again no more; what was made of it stays."""
    service.remove_recurrence(unit, caller, "lot", lot_id)
    return Answer(None, 204)


def _recurring(unit: Unit, caller: Caller, side: Side, of: str, body: RecurrenceIn, request: Request) -> Answer:
    set_to = service.set_recurrence(unit, caller, side, of, body.every, body.quantity_t, body.until)
    return created(f"/v1/{side}s/{of}/recurrence", RecurrenceOut.of(set_to, language_of(request)))


@routes.post("/v1/lots/<lot_id>/photos", "photos.add", PhotoOut, status=201, multipart=True)
def add_photo(unit: Unit, caller: Caller, lot_id: str, file: Upload) -> Answer:
    """Add a photo (JPEG, PNG or WebP) to a lot; one that it has already is the same photo."""
    photo = service.attach(unit, caller, lot_id, "photo", file.once(picture))
    out = PhotoOut.of(lot_id, photo)
    return created(out.url, out)


@routes.get("/v1/lots/<lot_id>/photos", "photos.read", PageOut[PhotoOut])
def list_photos(unit: Unit, caller: Caller, lot_id: str, query: AttachedQuery) -> PageOut[PhotoOut]:
    """List a lot's photos."""
    lot, page = views.list_attached(unit, caller, lot_id, True, query.cursor, query.limit)
    return page_of(page, lambda photo: PhotoOut.of(lot.id, photo))


@routes.get("/v1/lots/<lot_id>/photos/<photo_id>", "photos.read")
def read_photo(unit: Unit, caller: Caller, lot_id: str, photo_id: str, request: Request) -> Answer:
    """A photo's picture."""
    return _bytes(views.read_photo(unit, caller, lot_id, photo_id, False), request, "inline")


@routes.get("/v1/lots/<lot_id>/photos/<photo_id>/thumbnail", "photos.read")
def read_thumbnail(unit: Unit, caller: Caller, lot_id: str, photo_id: str, request: Request) -> Answer:
    """A photo's picture, small."""
    return _bytes(views.read_photo(unit, caller, lot_id, photo_id, True), request, "inline")


@routes.delete("/v1/lots/<lot_id>/photos/<photo_id>", "photos.remove")
def remove_photo(unit: Unit, caller: Caller, lot_id: str, photo_id: str) -> Answer:
    """Take a photo off a lot."""
    service.detach(unit, caller, lot_id, photo_id, "photos")
    return Answer(None, 204)


@routes.post("/v1/lots/<lot_id>/documents", "documents.add", DocumentOut, status=201, multipart=True)
def add_document(unit: Unit, caller: Caller, lot_id: str, query: DocumentQuery, file: Upload) -> Answer:
    """Add a document (PDF, JPEG or PNG) to a lot; one that it has already is the same document."""
    out = DocumentOut.of(lot_id, service.attach(unit, caller, lot_id, query.kind, file.once(paper)))
    return created(out.url, out)


@routes.get("/v1/lots/<lot_id>/documents", "documents.list", PageOut[DocumentOut])
def list_documents(unit: Unit, caller: Caller, lot_id: str, query: AttachedQuery) -> PageOut[DocumentOut]:
    """List a lot's documents; strangers see which there are."""
    lot, page = views.list_attached(unit, caller, lot_id, False, query.cursor, query.limit)
    return page_of(page, lambda document: DocumentOut.of(lot.id, document))


@routes.get("/v1/lots/<lot_id>/documents/<document_id>", "documents.read")
def read_document(unit: Unit, caller: Caller, lot_id: str, document_id: str, request: Request) -> Answer:
    """A document's content, for its owner and whoever trades the lot."""
    document, file = views.read_paper(unit, caller, lot_id, document_id)
    ending = "pdf" if file.content_type == PDF else "jpg"
    return _bytes(file, request, f'attachment; filename="{document.kind}-{document.id}.{ending}"')


@routes.delete("/v1/lots/<lot_id>/documents/<document_id>", "documents.remove")
def remove_document(unit: Unit, caller: Caller, lot_id: str, document_id: str) -> Answer:
    """Take a document off a lot."""
    service.detach(unit, caller, lot_id, document_id, "documents")
    return Answer(None, 204)


def _bytes(file: AttachmentFile, request: Request, disposition: str) -> Answer:
    """Bytes that never change under their address; 304 where the caller has them."""
    headers = {
        "ETag": f'"{file.sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Type": file.content_type,
        "Content-Disposition": disposition,
        "X-Content-Type-Options": "nosniff",
    }
    known = request.headers.get("If-None-Match") == headers["ETag"]
    return Answer(None if known else file.content, 304 if known else 200, headers)


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


@routes.post("/v1/demands/<demand_id>/copy", "demands.copy", DemandOut, status=201)
def copy_demand(unit: Unit, caller: Caller, demand_id: str, body: DemandPatch) -> Answer:
    """Ask for this again: a new draft with its window moved to now, and the changes of the body."""
    demand = service.copy_demand(unit, caller, demand_id, body.revise)
    return created(f"/v1/demands/{demand.id}", DemandOut.of(demand, True))


@routes.post("/v1/demands/<demand_id>/recurrence", "recurrences.set", RecurrenceOut, status=201)
def set_demand_recurrence(unit: Unit, caller: Caller, demand_id: str, body: RecurrenceIn, request: Request) -> Answer:
    """Post the demand again every day, week or month."""
    return _recurring(unit, caller, "demand", demand_id, body, request)


@routes.get("/v1/demands/<demand_id>/recurrence", "recurrences.read", RecurrenceOut)
def read_demand_recurrence(unit: Unit, caller: Caller, demand_id: str, request: Request) -> RecurrenceOut:
    """When the demand is posted again."""
    return RecurrenceOut.of(views.read_recurrence(unit, caller, "demand", demand_id), language_of(request))


@routes.delete("/v1/demands/<demand_id>/recurrence", "recurrences.remove")
def remove_demand_recurrence(unit: Unit, caller: Caller, demand_id: str) -> Answer:
    """Post the demand again no more; what was made of it stays."""
    service.remove_recurrence(unit, caller, "demand", demand_id)
    return Answer(None, 204)


@routes.get("/v1/counterparties", "counterparties.list", PageOut[CounterpartyOut])
def list_counterparties(unit: Unit, caller: Caller, query: CounterpartiesQuery) -> PageOut[CounterpartyOut]:
    """List one's favourite and blocked counterparties."""
    page = views.list_counterparties(unit, caller, query.where(), query.cursor, query.limit)
    return page_of(page, CounterpartyOut.of)


@routes.put("/v1/counterparties/<organisation_id>", "counterparties.set", CounterpartyOut)
def set_counterparty(unit: Unit, caller: Caller, organisation_id: str, body: CounterpartyIn) -> CounterpartyOut:
    """Make an organisation a favourite, or one not to trade with; the organisation is not told."""
    return CounterpartyOut.of(service.set_standing(unit, caller, organisation_id, body.standing))


@routes.get("/v1/search/lots", "search.read", FoundLots)
def search_lots(unit: Unit, caller: Caller, query: LotSearchQuery) -> FoundLots:
    """Search open lots."""
    to = views.destination(unit, caller, query.to_site) if query.to_site else query.to
    found = views.search(unit, caller, "lots", query.criteria(to), query.cursor, query.limit, query.explain)
    return FoundLots.of(found)


@routes.get("/v1/search/demands", "search.read", FoundDemands)
def search_demands(unit: Unit, caller: Caller, query: SearchQuery) -> FoundDemands:
    """Search open demands."""
    found = views.search(unit, caller, "demands", query.criteria(), query.cursor, query.limit, query.explain)
    return FoundDemands.of(found)


@routes.get("/v1/search/suggest", "search.read", SuggestOut)
def suggest(query: SuggestQuery) -> SuggestOut:
    """Type-ahead over materials, grades and places."""
    found = views.suggest(query.q, query.limit)
    items = [
        SuggestionOut(kind=one.kind, value=one.value, name_zh=one.name_zh, name_en=one.name_en, text=one.text) for one in found
    ]
    return SuggestOut(items=items)


@routes.post("/v1/saved-searches", "saved_searches.create", SavedSearchOut, status=201)
def create_saved_search(unit: Unit, caller: Caller, body: SavedSearchIn) -> Answer:
    """Keep a search, and say how to hear of what newly fits it."""
    saved = service.create_saved_search(unit, caller, body.kind, body.draft())
    return created(f"/v1/saved-searches/{saved.id}", SavedSearchOut.of(saved))


@routes.get("/v1/saved-searches", "saved_searches.list", PageOut[SavedSearchOut])
def list_saved_searches(unit: Unit, caller: Caller, query: SavedSearchesQuery) -> PageOut[SavedSearchOut]:
    """List one's own saved searches."""
    return page_of(views.list_saved_searches(unit, caller, query.where(), query.cursor, query.limit), SavedSearchOut.of)


@routes.get("/v1/saved-searches/<search_id>", "saved_searches.read", SavedSearchOut)
def read_saved_search(unit: Unit, caller: Caller, search_id: str) -> SavedSearchOut:
    """Read a saved search."""
    return SavedSearchOut.of(views.read_saved_search(unit, caller, search_id))


@routes.patch("/v1/saved-searches/<search_id>", "saved_searches.change", SavedSearchOut)
def change_saved_search(
    unit: Unit, caller: Caller, search_id: str, body: SavedSearchPatch, match: Precondition
) -> SavedSearchOut:
    """Change a saved search."""
    return SavedSearchOut.of(service.change_saved_search(unit, caller, search_id, match.check, body.revise))


@routes.delete("/v1/saved-searches/<search_id>", "saved_searches.delete")
def delete_saved_search(unit: Unit, caller: Caller, search_id: str) -> Answer:
    """Delete a saved search."""
    service.delete_saved_search(unit, caller, search_id)
    return Answer(None, 204)


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
