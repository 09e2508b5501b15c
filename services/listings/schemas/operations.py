"""Shapes of what the operator asks this room alone."""

from __future__ import annotations

from services.listings.views import Indexed
from shared.http import Shape


class IndexedOut(Shape):
    """`version` is what the index has of the lot, null where it has none; `database_version` what stands in the database."""

    index: str
    version: int | None
    database_version: int

    @classmethod
    def of(cls, found: Indexed) -> IndexedOut:
        return cls(index=found.index, version=found.version, database_version=found.database_version)
