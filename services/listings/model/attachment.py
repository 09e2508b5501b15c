"""What is attached to a lot: photos that show it, papers that say something of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PaperKind = Literal["test_report", "ticket", "import_standard", "other"]
Kind = Literal["photo"] | PaperKind

MOST = 12
"""So many photos and so many papers of a lot."""


@dataclass(kw_only=True)
class Attachment:
    """What is known of a file; its bytes are an `AttachmentFile`. `sha256` is that of what is kept, not of what was sent;
    `width` and `height` are a picture's."""

    id: str
    kind: Kind
    content_type: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    created_at: datetime

    @property
    def is_photo(self) -> bool:
        return self.kind == "photo"

    @property
    def file_ids(self) -> tuple[str, ...]:
        """Of its bytes, and of its thumbnail's where it has one."""
        return (self.id, thumbnail_id(self.id)) if self.width is not None else (self.id,)


@dataclass(kw_only=True)
class AttachmentFile:
    """The bytes of an attachment, or of its thumbnail. Written once."""

    id: str
    version: int = 1
    lot_id: str
    content_type: str
    sha256: str
    content: bytes


def thumbnail_id(attachment_id: str) -> str:
    return f"{attachment_id}.thumbnail"
