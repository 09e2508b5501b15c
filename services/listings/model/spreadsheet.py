"""An import of lots from a spreadsheet: what of it is done, and what was wrong with the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ERRORS_KEPT = 1000


@dataclass
class RowFault:
    """What is wrong with one cell: `line` counts from 1 with the header, `column` is the header's text, `suggestion` what may
    have been meant."""

    line: int
    column: str
    value: str
    zh: str
    en: str
    suggestion: str | None = None


@dataclass(kw_only=True)
class Import:
    """`sha256` is the file's: an organisation's same file is the same import; a dry run's is nobody's same file. `header` and
    `rows_total` are known once the file is read, and `next_row` is the first row not yet done."""

    id: str
    version: int = 1
    organisation_id: str
    user_id: str
    filename: str
    sha256: str
    publish: bool
    dry_run: bool = False
    status: Literal["running", "done", "failed"] = "running"
    header: list[str] = field(default_factory=list)
    rows_total: int | None = None
    next_row: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    errors: list[RowFault] = field(default_factory=list)
    created_at: datetime
    updated_at: datetime

    @property
    def rows_done(self) -> int:
        return self.rows_accepted + self.rows_rejected

    def begin(self, header: list[str], rows_total: int, now: datetime) -> None:
        """The file is read."""
        self.header, self.rows_total = header, rows_total
        self.move_to(0, now)

    def move_to(self, next_row: int, now: datetime) -> None:
        """The rows before `next_row` are done."""
        self.next_row = next_row
        if next_row == self.rows_total:
            self.status = "done"
        self.touch(now)

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
class ImportPart:
    """A piece of the file of an import, as it was sent; gone once the file is read."""

    id: str
    version: int
    import_id: str
    number: int
    content: bytes


@dataclass
class ImportRows:
    """Rows of an import that are to be worked off together, from the one numbered `first` on: their lines in the file and the
    texts of their cells. Gone once they are done."""

    id: str
    version: int
    import_id: str
    first: int
    lines: list[int]
    cells: list[list[str]]


@dataclass
class RejectedRow:
    """A row as it came and what is wrong with it."""

    line: int
    cells: list[str]
    faults: list[RowFault]


@dataclass
class ImportRejects:
    """The rejected ones of the rows from `first` on that were worked off together."""

    id: str
    version: int
    import_id: str
    first: int
    rows: list[RejectedRow]
