"""Attaching photos and papers to a lot, and taking them off again. Bytes lie in documents of the room: see decision 15."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from services.listings.model import Attachment, AttachmentFile
from services.listings.model.attachment import Kind
from services.listings.service.trust import must_not_be_suspended
from services.listings.store import ATTACHMENT_FILES, LOTS
from shared.auth import Caller, authorise
from shared.files import contents
from shared.mongo import Unit
from shared.pictures import File

Sort = Literal["photos", "documents"]


def attach(unit: Unit, caller: Caller, lot_id: str, kind: Kind, read: Callable[[], File]) -> Attachment:
    """Add a photo or a paper to one's lot; what the lot has already is not added again. `read` makes sure what was sent, and is
    asked only where the caller may send it. Raises NotFound, NotAllowed, WrongState and what `read` raises."""
    lot = LOTS.get(unit, lot_id)
    authorise(caller, "photos.add" if kind == "photo" else "documents.add", lot.relations(caller.organisation_id))
    must_not_be_suspended(unit, caller)
    lot.must_not_be_closed()
    file = read()
    offered = Attachment.of(file, unit.now, kind=kind)
    kept, events = lot.attach(offered, unit.now)
    if kept is offered:
        LOTS.save(unit, lot)
        unit.emit(*events)
        ATTACHMENT_FILES.add(unit, *(AttachmentFile(lot_id=lot_id, **vars(one)) for one in contents(kept.id, file)))
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
