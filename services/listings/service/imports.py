"""Imports of lots from spreadsheets: taken in by a request, read and worked off by a timer some rows at a time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from services.listings.importing import (
    FileIsUnreadable,
    Line,
    Row,
    columns_of,
    is_zip,
    look_over,
    nearest,
    nearest_grades,
    open_sheet,
    read_row,
)
from services.listings.model import (
    Import,
    ImportPart,
    ImportRejects,
    ImportRows,
    Lot,
    LotDraft,
    Place,
    RejectedRow,
    RowFault,
)
from services.listings.model.allowance import AllowanceIsPassed
from services.listings.model.spreadsheet import ERRORS_KEPT
from services.listings.service.allowances import must_be_allowed
from services.listings.service.trust import is_suspended, must_not_be_suspended
from services.listings.store import (
    IMPORT_PARTS,
    IMPORT_REJECTS,
    IMPORT_ROWS,
    IMPORTS,
    LOTS,
    add_import,
    file_of,
    forget_import,
)
from shared import parties
from shared.auth import Caller
from shared.events import Event
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.problem import InputIsInvalid

ROWS_AT_ONCE = 1000
TEXT_AT_ONCE = 2_000_000
"""Characters: rows that are worked off together are one document."""
PART_BYTES = 1_048_576
NEWS = timedelta(seconds=2)
SLICE_S = 5.0
"""So long a worker is busy before it looks whether it is to stop."""
DraftOf = Callable[[dict[str, Any]], LotDraft]
"""A row's values as a lot's draft; raises InputIsInvalid by the rules of a lot sent as JSON."""


@dataclass(frozen=True)
class Checked:
    """A row and the lot it would be, or why not."""

    line: int
    cells: list[str]
    offer: tuple[LotDraft, Place] | None
    faults: list[RowFault]
    at_known_site: bool = True


def create_import(unit: Unit, caller: Caller, filename: str, content: bytes, publish: bool, dry_run: bool) -> Import:
    """Take a file in. The same file of the same organisation is the import that it already made; a dry run is always a new
    one. Raises InputIsInvalid, OrganisationIsNotVerified."""
    must_not_be_suspended(unit, caller)
    if publish:
        parties.must_be_verified(unit, caller)
    if not content.strip():
        raise InputIsInvalid([("/file", "文件为空", "The file is empty")])
    try:
        if is_zip(content):
            look_over(content)
    except FileIsUnreadable as error:
        raise InputIsInvalid([("/file", error.zh, error.en)]) from error
    identifier = new_id()
    digest = hashlib.sha256(content + identifier.encode() if dry_run else content).hexdigest()
    known = IMPORTS.find_one(unit, {"organisation_id": caller.organisation_id, "sha256": digest})
    if known is not None:
        return known
    imported = Import(
        id=identifier,
        organisation_id=caller.organisation_id,
        user_id=caller.user_id,
        filename=filename[:200],
        sha256=digest,
        publish=publish,
        dry_run=dry_run,
        created_at=unit.now,
        updated_at=unit.now,
    )
    parts = [content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)]
    add_import(unit, imported, (ImportPart(f"{identifier}.{n}", 1, identifier, n, part) for n, part in enumerate(parts)))
    return imported


def work_off_imports(database: Database, draft_of: DraftOf, within_s: float = SLICE_S) -> None:
    """Carry the running imports on, some rows of each in turn, until they are done or the time is up; one that was cut off goes
    on where its last transaction ended."""
    until = time.monotonic() + within_s
    with ThreadPoolExecutor(1, "imports-ahead") as pool:
        ahead = Ahead(database, draft_of, pool)
        while running := IMPORTS.select(database.read(), {"status": "running"}, [("_id", 1)]):
            waiting = 0
            for imported in running:
                if imported.rows_total is None:
                    _read_in(database, imported)
                else:
                    waiting += not _work_off(database, imported, ahead)
                if time.monotonic() >= until:
                    return
            if waiting == len(running):
                return


@dataclass
class Ahead:
    """Looks at rows before their turn: while MongoDB writes some, the next are read."""

    database: Database
    draft_of: DraftOf
    pool: ThreadPoolExecutor
    looks: dict[str, tuple[int, Future[list[Checked]]]] = field(default_factory=dict)

    def checked(self, imported: Import) -> list[Checked]:
        """The rows whose turn it is; none where they are lost. Those that follow are looked at from now on."""
        begun, look = self.looks.pop(imported.id, (-1, None))
        first = imported.next_row
        rows = look.result() if look is not None and begun == first else self._look(imported, first)
        follows = first + len(rows)
        if rows and follows < (imported.rows_total or 0):
            self.looks[imported.id] = (follows, self.pool.submit(self._look, imported, follows))
        return rows

    def _look(self, imported: Import, first: int) -> list[Checked]:
        reading = self.database.read()
        rows = IMPORT_ROWS.find(reading, f"{imported.id}.{first}")
        sites = parties.SITES.select(reading, {"organisation_id": imported.organisation_id})
        return list(_checked(imported, rows, sites, self.draft_of)) if rows else []


def _read_in(database: Database, imported: Import) -> None:
    """Read the file from end to end and keep its rows; where it breaks off anywhere nothing of it stays."""
    try:
        sheet = open_sheet(file_of(database.read(), imported.id))
        total = 0
        for lines in _batches(sheet.rows):
            rows = ImportRows(
                f"{imported.id}.{total}", 1, imported.id, total, [line for line, _ in lines], [cells for _, cells in lines]
            )
            if not database.write(lambda unit, rows=rows: _keep(unit, rows)):  # type: ignore[misc]
                return
            total += len(lines)
    except FileIsUnreadable as error:
        zh, en = error.zh, error.en
        database.write(lambda unit: _fail(unit, imported.id, zh, en))
        return
    database.write(lambda unit: _begin(unit, imported.id, sheet.header, total))


def _batches(rows: Iterator[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    size = 0
    for line, cells in rows:
        batch.append((line, cells))
        size += sum(map(len, cells))
        if len(batch) == ROWS_AT_ONCE or size > TEXT_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _keep(unit: Unit, rows: ImportRows) -> bool:
    """Whether the import still waits for them: another worker may have been faster. The import is written with them, so that
    two workers can't both go on."""
    imported = IMPORTS.get(unit, rows.import_id)
    if imported.status != "running" or imported.rows_total is not None:
        return False
    IMPORT_ROWS.save(unit, rows)
    imported.touch(unit.now)
    IMPORTS.save(unit, imported)
    return True


def _begin(unit: Unit, import_id: str, header: list[str], total: int) -> None:
    imported = IMPORTS.get(unit, import_id)
    if imported.status == "running" and imported.rows_total is None:
        imported.begin(header, total, unit.now)
        IMPORTS.save(unit, imported)
        forget_import(unit, import_id, IMPORT_PARTS)


def _fail(unit: Unit, import_id: str, zh: str, en: str) -> None:
    imported = IMPORTS.get(unit, import_id)
    imported.fail(zh, en, unit.now)
    IMPORTS.save(unit, imported)
    forget_import(unit, import_id, IMPORT_PARTS, IMPORT_ROWS)


def _work_off(database: Database, imported: Import, ahead: Ahead) -> bool:
    """The next rows, looked at before, in one transaction with the note that they are done. False where they wait: a site that
    is not known here may just have been made elsewhere (`protocol.md` 1)."""
    checked = ahead.checked(imported)
    if database.clock() - imported.created_at < NEWS and not all(row.at_known_site for row in checked):
        return False
    database.write(lambda unit: _some(unit, imported.id, imported.next_row, checked))
    return True


def _some(unit: Unit, import_id: str, first: int, checked: Sequence[Checked]) -> None:
    """Write what was found right from row `first` on, unless another worker has; keep what was found wrong."""
    imported = IMPORTS.get(unit, import_id)
    if imported.status != "running" or imported.next_row != first:
        return
    if not checked:
        _fail(unit, import_id, "文件的行已丢失，请重新上传", "The rows of the file are lost; send it again")
    elif is_suspended(unit, imported.organisation_id):
        _fail(unit, import_id, "单位已被暂停", "The organisation is suspended")
    else:
        _write(unit, imported, checked)


def _write(unit: Unit, imported: Import, checked: Sequence[Checked]) -> None:
    first, key = imported.next_row, f"{imported.id}.{imported.next_row}"
    lots: list[Lot] = []
    events: list[Event] = []
    rejects: list[RejectedRow] = []
    for row in checked:
        faults = row.faults if row.offer is None else _offer(unit, imported, row, row.offer, lots, events)
        if faults:
            imported.reject(faults)
            rejects.append(RejectedRow(row.line, row.cells, faults))
        else:
            imported.rows_accepted += 1
    if not imported.dry_run:
        LOTS.add(unit, *lots)
        unit.emit(*events)
    if rejects:
        IMPORT_REJECTS.add(unit, ImportRejects(key, 1, imported.id, first, rejects))
    imported.move_to(first + len(checked), unit.now)
    IMPORTS.save(unit, imported)
    IMPORT_ROWS.delete(unit, key)


def _offer(
    unit: Unit, imported: Import, row: Checked, offer: tuple[LotDraft, Place], lots: list[Lot], events: list[Event]
) -> list[RowFault]:
    """Add the lot and what it gives rise to, or say why it can't be one now."""
    try:
        lot = Lot.new(new_id(), imported.organisation_id, *offer, unit.now)
        if imported.publish:
            told = lot.publish(unit.now)
            must_be_allowed(unit, lot, beside=lots)
            events += told
    except AllowanceIsPassed as error:
        return _faults(imported, row, [("/quantity_t", error.zh, error.en)])
    except InputIsInvalid as error:
        return _faults(imported, row, error.faults)
    lots.append(lot)
    return []


def _faults(imported: Import, row: Checked, faults: Sequence[tuple[str, str, str]]) -> list[RowFault]:
    columns = columns_of(imported.header)
    raw = {one.field: row.cells[one.at] for one in columns if one.at < len(row.cells)}
    return [_fault(row.line, {one.field: one.header for one in columns}, raw, fault) for fault in faults]


def _checked(imported: Import, rows: ImportRows, sites: Sequence[parties.KnownSite], draft_of: DraftOf) -> Iterator[Checked]:
    """Each row by the rules of a lot sent as JSON, with every fault of every cell."""
    columns = columns_of(imported.header)
    headers = {column.field: column.header for column in columns}
    suggests = len(imported.errors) < ERRORS_KEPT
    for line, cells in zip(rows.lines, rows.cells, strict=True):
        row = read_row(columns, line, cells)
        offer, found = _draft(row, sites, imported.id, draft_of)
        faults = [*row.faults, *(_fault(line, headers, row.raw, fault) for fault in found)]
        if suggests:
            _suggest(faults, headers, row, sites)
        known = not any(pointer in ("/site", "/site_id") for pointer, _, _ in found)
        yield Checked(line, cells, None if faults else offer, faults, known)


def _draft(
    row: Row, sites: Sequence[parties.KnownSite], none_named: str, draft_of: DraftOf
) -> tuple[tuple[LotDraft, Place] | None, list[tuple[str, str, str]]]:
    """What the row offers and where, and the faults of every cell but those that could not be read at all."""
    values = dict(row.values)
    name = values.pop("site", None)
    site, faults = _site(values.get("site_id"), name, sites)
    values["site_id"] = site.id if site else none_named
    try:
        draft = draft_of(values)
    except InputIsInvalid as error:
        return None, [*faults, *(one for one in error.faults if _field(one[0]) not in row.unread)]
    return (draft, Place(site.id, site.region, site.position)) if site else None, faults


def _site(
    site_id: str | None, name: str | None, sites: Sequence[parties.KnownSite]
) -> tuple[parties.KnownSite | None, list[tuple[str, str, str]]]:
    """The site a row names, by its id where it has one; without a name the only one there is."""
    if site_id is None and name is None and len(sites) == 1:
        return sites[0], []
    found = [one for one in sites if (one.name == name if site_id is None else one.id == site_id)]
    if len(found) == 1:
        return found[0], []
    pointer = "/site_id" if site_id else "/site"
    if found:
        return None, [(pointer, "有多个同名场站，请用 site_id", "Several of your sites have this name; use site_id")]
    return None, [(pointer, "本单位没有此场站", "Your organisation has no such site")]


def _field(pointer: str) -> str:
    """`/grade`, `/quality/moisture_pct` and `/on_behalf_of/phone` by the names of their columns."""
    return pointer.removeprefix("/quality").strip("/").replace("/", ".")


def _fault(line: int, headers: Mapping[str, str], raw: Mapping[str, str], fault: tuple[str, str, str]) -> RowFault:
    pointer, zh, en = fault
    name = _field(pointer)
    return RowFault(line, headers.get(name, name), raw.get(name, "")[:200], zh, en)


def _suggest(faults: list[RowFault], headers: Mapping[str, str], row: Row, sites: Sequence[parties.KnownSite]) -> None:
    for fault in faults:
        if fault.column == headers.get("grade") and row.raw.get("grade"):
            fault.suggestion = nearest_grades(row.raw["grade"])
        elif fault.column in (headers.get("site"), "site"):
            names = [one.name for one in sites]
            fault.suggestion = " / ".join(nearest(row.raw.get("site", ""), names) or names[:3]) or None
