"""The documents of listings, and how they are found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from pymongo.errors import DuplicateKeyError

from services.listings.model import (
    Demand,
    Import,
    ImportPart,
    ImportRejects,
    ImportRows,
    Listing,
    Lot,
    RejectedRow,
    Reservation,
)
from shared import parties
from shared.mongo import Repository, Sealed, Unit
from shared.problem import RequestIsStillRunning

L = TypeVar("L", bound=Listing)


class LotDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "lots",
        "indexes": [["seller_id", "-id"], ["status", "terms.available_until"], ["site_id", "status"]],
    }


class DemandDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "demands",
        "indexes": [["buyer_id", "-id"], ["status", "terms.deliver_until"], ["site_id", "status"]],
    }


class ReservationDocument(Sealed):
    meta = {"collection": "reservations", "indexes": ["lot_id", "demand_id"]}  # noqa: RUF012


class ImportDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "imports",
        "indexes": [{"fields": ["organisation_id", "sha256"], "unique": True}, "status"],
    }


class ImportPartDocument(Sealed):
    meta = {"collection": "import_parts", "indexes": [["import_id", "number"]]}  # noqa: RUF012


class ImportRowsDocument(Sealed):
    meta = {"collection": "import_rows", "indexes": ["import_id"]}  # noqa: RUF012


class ImportRejectsDocument(Sealed):
    meta = {"collection": "import_rejects", "indexes": [["import_id", "first"]]}  # noqa: RUF012


LOTS = Repository(LotDocument, Lot)
DEMANDS = Repository(DemandDocument, Demand)
RESERVATIONS = Repository(ReservationDocument, Reservation)
IMPORTS = Repository(ImportDocument, Import)
IMPORT_PARTS = Repository(ImportPartDocument, ImportPart)
IMPORT_ROWS = Repository(ImportRowsDocument, ImportRows)
IMPORT_REJECTS = Repository(ImportRejectsDocument, ImportRejects)
DOCUMENTS: tuple[type[Sealed], ...] = (
    LotDocument,
    DemandDocument,
    ReservationDocument,
    ImportDocument,
    ImportPartDocument,
    ImportRowsDocument,
    ImportRejectsDocument,
    *parties.DOCUMENTS,
)
BY_ID: tuple[Repository[Any], ...] = (LOTS, DEMANDS, RESERVATIONS, *parties.BY_ID)
"""What events name, read before each batch of them."""


def add_import(unit: Unit, imported: Import, parts: Iterable[ImportPart]) -> None:
    """Raises RequestIsStillRunning where another request has just brought the same file."""
    try:
        IMPORTS.add(unit, imported)
        unit.flush()
    except DuplicateKeyError as error:
        raise RequestIsStillRunning(
            zh="同一文件正在上传, 请稍后重试", en="This file is just being uploaded; try again"
        ) from error
    IMPORT_PARTS.add(unit, *parts)


def forget_import(unit: Unit, import_id: str, *repositories: Repository[Any]) -> None:
    """Delete what these keep of an import."""
    for repository in repositories:
        unit.collection(repository.name).delete_many({"import_id": import_id}, session=unit.session)


def file_of(unit: Unit, import_id: str) -> bytes:
    """The file of an import that is not read yet."""
    return b"".join(one.content for one in IMPORT_PARTS.select(unit, {"import_id": import_id}, [("number", 1)]))


def rejected(unit: Unit, import_id: str) -> Iterator[RejectedRow]:
    """The rejected rows of an import in the file's order, read a document at a time."""
    last = -1
    while found := IMPORT_REJECTS.select(unit, {"import_id": import_id, "first": {"$gt": last}}, [("first", 1)], 1):
        yield from found[0].rows
        last = found[0].first


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


def each(unit: Unit, repository: Repository[L], where: dict[str, Any], batch: int = 500) -> Iterator[L]:
    """All that `where` selects, newest first, read in batches."""
    last: dict[str, Any] = {}
    while found := repository.select(unit, {"$and": [where, last]}, [("_id", -1)], batch):
        yield from found
        last = {"_id": {"$lt": found[-1].id}}


def declared(unit: Unit, where: dict[str, Any]) -> set[str]:
    """The quality attributes that any of the lots declares."""
    stages: list[dict[str, Any]] = [
        {"$match": where},
        {"$project": {"declared": {"$objectToArray": "$terms.quality"}}},
        {"$unwind": "$declared"},
        {"$group": {"_id": "$declared.k"}},
    ]
    return {row["_id"] for row in unit.collection(LOTS.name).aggregate(stages)}


def published_count(unit: Unit, repository: Repository[L]) -> int:
    """How many `published` gives."""
    return unit.collection(repository.name).count_documents({"status": {"$ne": "draft"}})


def partners(unit: Unit, organisation_id: str, side: str, identifiers: list[str]) -> set[str]:
    """Those of the lots (`side` is `lot`) or demands (`demand`) with which the organisation has a trade."""
    key, party = ("lot_id", "buyer_id") if side == "lot" else ("demand_id", "seller_id")
    found = RESERVATIONS.select(unit, {key: {"$in": identifiers}, party: organisation_id, "agreed": True})
    return {one.lot_id if side == "lot" else one.demand_id for one in found}
