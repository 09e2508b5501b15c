"""Reading what is attached to a lot: whoever may see a lot sees its photos and which papers there are; the papers themselves
name firms and places, so only those who may know them open them."""

from __future__ import annotations

from services.listings.model import Attachment, AttachmentFile, Lot
from services.listings.store import ATTACHMENT_FILES, LOTS, partners
from shared.auth import Caller, Relation, authorise
from shared.files import thumbnail_id
from shared.mongo import Page, Unit, make_cursor, read_cursor


def list_attached(
    unit: Unit, caller: Caller, lot_id: str, photos: bool, cursor: str | None, limit: int
) -> tuple[Lot, Page[Attachment]]:
    """The photos or the papers of a lot, newest first. Raises NotFound, InputIsInvalid."""
    lot = _lot(unit, caller, lot_id, "photos.read" if photos else "documents.list")
    before = read_cursor(cursor) if cursor else None
    kept = [one for one in reversed(lot.attachments) if one.is_photo == photos and (before is None or one.id < before)]
    return lot, Page(kept[:limit], make_cursor(kept[limit - 1].id) if len(kept) > limit else None)


def read_photo(unit: Unit, caller: Caller, lot_id: str, photo_id: str, thumbnail: bool) -> AttachmentFile:
    """Raises NotFound."""
    photo = _lot(unit, caller, lot_id, "photos.read").attachment(photo_id, True)
    return ATTACHMENT_FILES.get(unit, thumbnail_id(photo.id) if thumbnail else photo.id)


def read_paper(unit: Unit, caller: Caller, lot_id: str, document_id: str) -> tuple[Attachment, AttachmentFile]:
    """Raises NotFound, NotAllowed."""
    paper = _lot(unit, caller, lot_id, "documents.read").attachment(document_id, False)
    return paper, ATTACHMENT_FILES.get(unit, paper.id)


def _lot(unit: Unit, caller: Caller, lot_id: str, action: str) -> Lot:
    lot = LOTS.get(unit, lot_id)
    trades = lot.owner_id != caller.organisation_id and bool(partners(unit, caller.organisation_id, "lot", [lot.id]))
    relations: set[Relation] = lot.relations(caller.organisation_id, trades)
    authorise(caller, action, relations | {"buyer"} if trades else relations)
    return lot
