"""Files as rooms keep them: a line in what they belong to, and their bytes in sealed documents of their own (decision 15)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from shared.ids import new_id
from shared.pictures import JPEG, File


@dataclass(kw_only=True)
class KeptFile:
    """What is known of a file; its bytes are a `FileContent`. `sha256` is that of what is kept, not of what was sent; `width`
    and `height` are a picture's."""

    id: str
    content_type: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    created_at: datetime

    @classmethod
    def of(cls, file: File, now: datetime, **more: Any) -> Self:
        """A new one of what was sent; `more` are the fields of its own kind."""
        return cls(
            id=new_id(),
            content_type=file.content_type,
            bytes=len(file.content),
            sha256=file.sha256,
            width=file.width,
            height=file.height,
            created_at=now,
            **more,
        )

    @property
    def file_ids(self) -> tuple[str, ...]:
        """Of its bytes, and of its thumbnail's where it has one."""
        return (self.id, thumbnail_id(self.id)) if self.width is not None else (self.id,)


@dataclass(kw_only=True)
class FileContent:
    """The bytes of a file, or of its thumbnail. Written once."""

    id: str
    version: int = 1
    content_type: str
    sha256: str
    content: bytes


def thumbnail_id(file_id: str) -> str:
    return f"{file_id}.thumbnail"


def contents(file_id: str, file: File) -> Iterator[FileContent]:
    """The file's bytes, and its thumbnail's where it has one."""
    yield FileContent(id=file_id, content_type=file.content_type, sha256=file.sha256, content=file.content)
    if file.thumbnail is not None:
        digest = hashlib.sha256(file.thumbnail).hexdigest()
        yield FileContent(id=thumbnail_id(file_id), content_type=JPEG, sha256=digest, content=file.thumbnail)
