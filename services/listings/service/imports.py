"""Imports of lots from spreadsheets: taken in by a request, worked off by a timer some rows at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from services.listings.importing import XLSX, FileIsUnreadable, Row, Sheet, read_sheet
from services.listings.model import Import, ImportFile, Lot, LotDraft, Place, RowFault
from services.listings.service.trust import is_suspended, must_not_be_suspended
from services.listings.store import IMPORT_FILES, IMPORTS, LOTS, add_import
from shared import parties
from shared.auth import Caller
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.problem import InputIsInvalid, MediaTypeIsNotSupported

ROWS_AT_ONCE = 200
DraftOf = Callable[[dict[str, Any]], LotDraft]
"""A row's values as a lot's draft; raises InputIsInvalid by the rules of a lot sent as JSON."""


def create_import(unit: Unit, caller: Caller, filename: str, content: bytes, publish: bool) -> Import:
    """Take a file in. The same file of the same organisation is the import that it already made. Raises
    MediaTypeIsNotSupported, InputIsInvalid, OrganisationIsNotVerified."""
    must_not_be_suspended(unit, caller)
    if publish:
        parties.must_be_verified(unit, caller)
    if content.startswith(XLSX):
        raise MediaTypeIsNotSupported(
            zh="暂不支持 XLSX, 请在表格软件中另存为 CSV 后上传",
            en="XLSX is not taken yet; save the sheet as CSV and send that",
        )
    if not content.strip():
        raise InputIsInvalid([("/file", "文件为空", "The file is empty")])
    digest = hashlib.sha256(content).hexdigest()
    known = IMPORTS.find_one(unit, {"organisation_id": caller.organisation_id, "sha256": digest})
    if known is not None:
        return known
    imported = Import(
        id=new_id(),
        organisation_id=caller.organisation_id,
        user_id=caller.user_id,
        filename=filename[:200],
        sha256=digest,
        publish=publish,
        created_at=unit.now,
        updated_at=unit.now,
    )
    add_import(unit, imported, ImportFile(imported.id, 1, content))
    return imported


def work_off_imports(database: Database, draft_of: DraftOf) -> None:
    """Carry every running import on to its end; one that was cut off goes on where its last transaction ended."""
    for running in IMPORTS.select(database.read(), {"status": "running"}, [("_id", 1)]):
        sheet = _sheet(database, running)
        while sheet is not None and database.write(lambda unit, one=running, of=sheet: _some(unit, one.id, of, draft_of)):  # type: ignore[misc]
            pass


def _sheet(database: Database, running: Import) -> Sheet | None:
    try:
        return read_sheet(IMPORT_FILES.get(database.read(), running.id).content)
    except FileIsUnreadable as error:
        zh, en = error.zh, error.en
    database.write(lambda unit: _fail(unit, running.id, zh, en))
    return None


def _fail(unit: Unit, import_id: str, zh: str, en: str) -> None:
    imported = IMPORTS.get(unit, import_id)
    imported.fail(zh, en, unit.now)
    IMPORTS.save(unit, imported)


def _some(unit: Unit, import_id: str, sheet: Sheet, draft_of: DraftOf) -> bool:
    """The next rows, in one transaction with the note that they are done. Returns whether there are more."""
    imported = IMPORTS.get(unit, import_id)
    if imported.status != "running":
        return False
    if is_suspended(unit, imported.organisation_id):
        _fail(unit, import_id, "单位已被暂停", "The organisation is suspended")
        return False
    sites = parties.SITES.select(unit, {"organisation_id": imported.organisation_id})
    lots: list[Lot] = []
    for row in sheet.rows[imported.next_row : imported.next_row + ROWS_AT_ONCE]:
        try:
            lots.append(_lot(unit, imported, row, sites, draft_of))
            imported.rows_accepted += 1
        except InputIsInvalid as error:
            imported.reject([*row.faults, *(_fault(sheet, row, *fault) for fault in error.faults)])
    LOTS.add(unit, *lots)
    imported.next_row += ROWS_AT_ONCE
    if imported.next_row >= len(sheet.rows):
        imported.status = "done"
    imported.touch(unit.now)
    IMPORTS.save(unit, imported)
    return imported.status == "running"


def _lot(unit: Unit, imported: Import, row: Row, sites: list[parties.KnownSite], draft_of: DraftOf) -> Lot:
    """Raises InputIsInvalid with the faults of every cell but those that could not be read at all."""
    values = dict(row.values)
    name = values.pop("site", None)
    site, faults = _site(values.get("site_id"), name, sites)
    values["site_id"] = site.id if site else imported.id
    unread = {f"/{field}" for field, text in row.raw.items() if text and field not in row.values}
    try:
        draft = draft_of(values)
    except InputIsInvalid as error:
        raise InputIsInvalid([*faults, *(one for one in error.faults if one[0] not in unread)]) from None
    if faults or row.faults or site is None:
        raise InputIsInvalid(faults)
    lot = Lot.new(new_id(), imported.organisation_id, draft, Place(site.id, site.region, site.position), unit.now)
    if imported.publish:
        unit.emit(*lot.publish(unit.now))
    return lot


def _site(
    site_id: str | None, name: str | None, sites: list[parties.KnownSite]
) -> tuple[parties.KnownSite | None, list[tuple[str, str, str]]]:
    """The site a row names; without a name the only one there is."""
    if site_id is None and name is None and len(sites) == 1:
        return sites[0], []
    found = [one for one in sites if one.id == site_id or one.name == name]
    if len(found) == 1:
        return found[0], []
    pointer = "/site_id" if site_id else "/site"
    if found:
        return None, [(pointer, "有多个同名场站, 请用 site_id", "Several of your sites have this name; use site_id")]
    return None, [(pointer, "本单位没有此场站", "Your organisation has no such site")]


def _fault(sheet: Sheet, row: Row, pointer: str, zh: str, en: str) -> RowFault:
    field = pointer.removeprefix("/quality").split("/")[1]
    return RowFault(row.line, sheet.headers.get(field, field), row.raw.get(field, "")[:200], zh, en)
