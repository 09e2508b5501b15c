"""The documents of listings, and how they are found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pymongo.errors import DuplicateKeyError

from services.listings.model import Demand, Import, ImportFile, Listing, Lot, Reservation
from shared import parties
from shared.mongo import Repository, Sealed, Unit
from shared.problem import RequestIsStillRunning

L = TypeVar("L", bound=Listing)


class LotDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "lots",
        "indexes": [["seller_id", "-id"], ["status", "terms.available_until"], ["site_id", "status"], ["updated_at", "id"]],
    }


class DemandDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "demands",
        "indexes": [["buyer_id", "-id"], ["status", "terms.deliver_until"], ["site_id", "status"], ["updated_at", "id"]],
    }


class ReservationDocument(Sealed):
    meta = {"collection": "reservations", "indexes": ["lot_id", "demand_id"]}  # noqa: RUF012


class ImportDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "imports",
        "indexes": [{"fields": ["organisation_id", "sha256"], "unique": True}, "status"],
    }


class ImportFileDocument(Sealed):
    meta = {"collection": "import_files", "indexes": []}  # noqa: RUF012


LOTS = Repository(LotDocument, Lot)
DEMANDS = Repository(DemandDocument, Demand)
RESERVATIONS = Repository(ReservationDocument, Reservation)
IMPORTS = Repository(ImportDocument, Import)
IMPORT_FILES = Repository(ImportFileDocument, ImportFile)
DOCUMENTS: tuple[type[Sealed], ...] = (
    LotDocument,
    DemandDocument,
    ReservationDocument,
    ImportDocument,
    ImportFileDocument,
    *parties.DOCUMENTS,
)
BY_ID: tuple[Repository[Any], ...] = (LOTS, DEMANDS, RESERVATIONS, *parties.BY_ID)
"""What events name, read before each batch of them."""


def add_import(unit: Unit, imported: Import, file: ImportFile) -> None:
    """Raises RequestIsStillRunning where another request has just brought the same file."""
    try:
        IMPORTS.add(unit, imported)
        unit.flush()
    except DuplicateKeyError as error:
        raise RequestIsStillRunning(
            zh="同一文件正在上传, 请稍后重试", en="This file is just being uploaded; try again"
        ) from error
    IMPORT_FILES.add(unit, file)


def due_lots(unit: Unit, now: datetime, limit: int) -> list[Lot]:
    """Open lots whose window is over and that have something to expire: what is wholly promised waits for its outcome."""
    return LOTS.select(unit, _due("terms.available_until", now), limit=limit)


def due_demands(unit: Unit, now: datetime, limit: int) -> list[Demand]:
    """As `due_lots`."""
    return DEMANDS.select(unit, _due("terms.deliver_until", now), limit=limit)


def _due(field: str, now: datetime) -> dict[str, object]:
    return {"status": "open", field: {"$lte": now}, "$or": [{"available_kg": {"$gt": 0}}, {"reserved_kg": 0}]}


def published(unit: Unit, repository: Repository[L], batch: int = 1000) -> Iterator[L]:
    """Every lot or demand that was ever open, oldest first, read in batches."""
    last = ""
    while True:
        found = repository.select(unit, {"_id": {"$gt": last}, "status": {"$ne": "draft"}}, [("_id", 1)], batch)
        yield from found
        if len(found) < batch:
            return
        last = found[-1].id


def published_count(unit: Unit, repository: Repository[L]) -> int:
    """How many `published` gives."""
    return unit.collection(repository.name).count_documents({"status": {"$ne": "draft"}})


@dataclass(frozen=True, slots=True)
class Change:
    """That a lot or demand was last changed then, to that version."""

    id: str
    version: int
    at: datetime


def changed_since(unit: Unit, repository: Repository[L], since: datetime, after: str, limit: int) -> list[Change]:
    """What was changed later than `since`, or then with an id above `after`, and is no draft; oldest change first."""
    later = [{"updated_at": {"$gt": since}}, {"updated_at": since, "_id": {"$gt": after}}]
    order = [("updated_at", 1), ("_id", 1)]
    fields = {"version": 1, "updated_at": 1}
    rows = unit.collection(repository.name).find({"$or": later, "status": {"$ne": "draft"}}, fields, sort=order, limit=limit)
    return [Change(row["_id"], row["version"], row["updated_at"]) for row in rows]


def partners(unit: Unit, organisation_id: str, side: str, identifiers: list[str]) -> set[str]:
    """Those of the lots (`side` is `lot`) or demands (`demand`) with which the organisation has a trade."""
    key, party = ("lot_id", "buyer_id") if side == "lot" else ("demand_id", "seller_id")
    found = RESERVATIONS.select(unit, {key: {"$in": identifiers}, party: organisation_id, "agreed": True})
    return {one.lot_id if side == "lot" else one.demand_id for one in found}
