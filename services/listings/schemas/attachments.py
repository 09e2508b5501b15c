"""Shapes of photos and papers."""

from __future__ import annotations

from services.listings.model import Attachment
from services.listings.model.attachment import PaperKind
from shared.http import ListQuery, Query, Shape
from shared.http.shapes import Time


class AttachedQuery(ListQuery):
    """A page of a lot's photos or papers."""


class DocumentQuery(Query):
    """What the paper is."""

    kind: PaperKind


def photo_url(lot_id: str, photo_id: str) -> str:
    return f"/v1/lots/{lot_id}/photos/{photo_id}"


def document_url(lot_id: str, document_id: str) -> str:
    return f"/v1/lots/{lot_id}/documents/{document_id}"


class PhotoShown(Shape):
    """A photo as its lot shows it."""

    id: str
    url: str
    thumbnail_url: str
    width: int
    height: int

    @classmethod
    def of(cls, lot_id: str, photo: Attachment) -> PhotoShown:
        url = photo_url(lot_id, photo.id)
        width, height = photo.width or 0, photo.height or 0
        return cls(id=photo.id, url=url, thumbnail_url=f"{url}/thumbnail", width=width, height=height)


class DocumentShown(Shape):
    """A paper as its lot shows it; who may open it is another matter."""

    id: str
    kind: PaperKind
    url: str

    @classmethod
    def of(cls, lot_id: str, paper: Attachment) -> DocumentShown:
        return cls(id=paper.id, kind=_kind(paper), url=document_url(lot_id, paper.id))


class PhotoOut(Shape):
    """A photo; `bytes`, `sha256`, `width` and `height` are of what `url` gives, which is not the file that was sent."""

    id: str
    content_type: str
    bytes: int
    width: int
    height: int
    sha256: str
    created_at: Time
    url: str
    thumbnail_url: str

    @classmethod
    def of(cls, lot_id: str, photo: Attachment) -> PhotoOut:
        return cls(
            **PhotoShown.of(lot_id, photo).model_dump(),
            content_type=photo.content_type,
            bytes=photo.bytes,
            sha256=photo.sha256,
            created_at=photo.created_at,
        )


class DocumentOut(Shape):
    """A paper; `bytes` and `sha256` are of what `url` gives: a PDF as it was sent, a picture of a paper drawn anew."""

    id: str
    kind: PaperKind
    content_type: str
    bytes: int
    sha256: str
    created_at: Time
    url: str

    @classmethod
    def of(cls, lot_id: str, paper: Attachment) -> DocumentOut:
        return cls(
            **DocumentShown.of(lot_id, paper).model_dump(),
            content_type=paper.content_type,
            bytes=paper.bytes,
            sha256=paper.sha256,
            created_at=paper.created_at,
        )


def _kind(paper: Attachment) -> PaperKind:
    if paper.kind == "photo":
        raise ValueError(f"{paper.id} is a photo, not a paper")
    return paper.kind
