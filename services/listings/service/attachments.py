"""Attaching photos and papers to a lot, and taking them off again. Bytes lie in documents of the room: see decision 15."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Literal

from services.listings.model import Attachment, AttachmentFile
from services.listings.model.attachment import Kind, thumbnail_id
from services.listings.service.trust import must_not_be_suspended
from services.listings.store import ATTACHMENT_FILES, LOTS
from shared.auth import Caller, authorise
from shared.ids import new_id
from shared.mongo import Unit
from shared.pictures import JPEG, File

Sort = Literal["photos", "documents"]


def attach(unit: Unit, caller: Caller, lot_id: str, kind: Kind, read: Callable[[], File]) -> Attachment:
    """Add a photo or a paper to one's lot; what the lot has already is not added again. `read` makes sure what was sent, and is
    asked only where the caller may send it. Raises NotFound, NotAllowed, WrongState and what `read` raises."""
    lot = LOTS.get(unit, lot_id)
    authorise(caller, "photos.add" if kind == "photo" else "documents.add", lot.relations(caller.organisation_id))
    must_not_be_suspended(unit, caller)
    lot.must_not_be_closed()
    file = read()
    offered = Attachment(
        id=new_id(),
        kind=kind,
        content_type=file.content_type,
        bytes=len(file.content),
        sha256=file.sha256,
        width=file.width,
        height=file.height,
        created_at=unit.now,
    )
    kept, events = lot.attach(offered, unit.now)
    if kept is offered:
        LOTS.save(unit, lot)
        unit.emit(*events)
        ATTACHMENT_FILES.add(unit, _file(lot_id, kept.id, file.content_type, file.content))
        if file.thumbnail is not None:
            ATTACHMENT_FILES.add(unit, _file(lot_id, thumbnail_id(kept.id), JPEG, file.thumbnail))
    return kept


def detach(unit: Unit, caller: Caller, lot_id: str, attachment_id: str, sort: Sort) -> None:
    """Take a photo or a paper off one's lot, its bytes too. Raises NotFound, NotAllowed, WrongState."""
    lot = LOTS.get(unit, lot_id)
    authorise(caller, f"{sort}.remove", lot.relations(caller.organisation_id))
    must_not_be_suspended(unit, caller)
    gone = lot.attachment(attachment_id, sort == "photos")
    unit.emit(*lot.detach(gone, unit.now))
    LOTS.save(unit, lot)
    for identifier in gone.file_ids:
        ATTACHMENT_FILES.delete(unit, identifier)


def _file(lot_id: str, identifier: str, content_type: str, content: bytes) -> AttachmentFile:
    digest = hashlib.sha256(content).hexdigest()
    return AttachmentFile(id=identifier, lot_id=lot_id, content_type=content_type, sha256=digest, content=content)
