"""Photos and papers of a lot."""

from __future__ import annotations

from flask import Request

from services.listings import service, views
from services.listings.schemas import (
    AttachedQuery,
    DocumentOut,
    DocumentQuery,
    PhotoOut,
)
from shared.auth import Caller
from shared.http import Answer, PageOut, Routes, Upload, created, file_answer, page_of
from shared.mongo import Unit
from shared.pictures import PDF, paper, picture

routes = Routes("listings")


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
    return file_answer(views.read_photo(unit, caller, lot_id, photo_id, False), request, "inline")


@routes.get("/v1/lots/<lot_id>/photos/<photo_id>/thumbnail", "photos.read")
def read_thumbnail(unit: Unit, caller: Caller, lot_id: str, photo_id: str, request: Request) -> Answer:
    """A photo's picture, small."""
    return file_answer(views.read_photo(unit, caller, lot_id, photo_id, True), request, "inline")


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
    return file_answer(file, request, f'attachment; filename="{document.kind}-{document.id}.{ending}"')


@routes.delete("/v1/lots/<lot_id>/documents/<document_id>", "documents.remove")
def remove_document(unit: Unit, caller: Caller, lot_id: str, document_id: str) -> Answer:
    """Take a document off a lot."""
    service.detach(unit, caller, lot_id, document_id, "documents")
    return Answer(None, 204)
