"""What is attached to a lot: photos that show it, papers that say something of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.files import FileContent, KeptFile

PaperKind = Literal["test_report", "ticket", "import_standard", "other"]
Kind = Literal["photo"] | PaperKind

MOST = 12
"""So many photos and so many papers of a lot."""


@dataclass(kw_only=True)
class Attachment(KeptFile):
    """What is known of a photo or paper; its bytes are an `AttachmentFile`."""

    kind: Kind

    @property
    def is_photo(self) -> bool:
        return self.kind == "photo"


@dataclass(kw_only=True)
class AttachmentFile(FileContent):
    """The bytes of an attachment, or of its thumbnail."""

    lot_id: str
