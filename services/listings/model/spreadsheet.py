"""An import of lots from a spreadsheet: what of it is done, and what was wrong with the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ERRORS_KEPT = 1000


@dataclass
class RowFault:
    """What is wrong with one cell: `line` counts from 1 with the header, `column` is the header's text."""

    line: int
    column: str
    value: str
    zh: str
    en: str


@dataclass(kw_only=True)
class Import:
    """`sha256` is the file's: an organisation's same file is the same import. `next_row` is the first one not yet done."""

    id: str
    version: int = 1
    organisation_id: str
    user_id: str
    filename: str
    sha256: str
    publish: bool
    status: Literal["running", "done", "failed"] = "running"
    next_row: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    errors: list[RowFault] = field(default_factory=list)
    created_at: datetime
    updated_at: datetime

    def reject(self, faults: list[RowFault]) -> None:
        """One row with at least one fault; beyond `ERRORS_KEPT` faults rows are counted alone."""
        self.rows_rejected += 1
        self.errors += faults[: max(0, ERRORS_KEPT - len(self.errors))]

    def fail(self, zh: str, en: str, now: datetime) -> None:
        """Nothing (more) of it can be used."""
        self.errors.append(RowFault(1, "", "", zh, en))
        self.status = "failed"
        self.touch(now)

    def touch(self, now: datetime) -> None:
        self.version += 1
        self.updated_at = now


@dataclass
class ImportFile:
    """The file of the import with the same id, as it was sent."""

    id: str
    version: int
    content: bytes
