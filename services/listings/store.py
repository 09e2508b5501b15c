"""The documents of listings, and how they are found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pymongo.errors import DuplicateKeyError

from services.listings.model import (
    AttachmentFile,
    Counterparty,
    Demand,
    Import,
    ImportPart,
    ImportRejects,
    ImportRows,
    Listing,
    Lot,
    Recurrence,
    RejectedRow,
    Reservation,
    Revisions,
    SavedSearch,
)
from services.listings.model.allowance import Allowance, AllowanceRule, AllowanceTurn
from services.listings.model.counterparty import Standing
from shared import geo, parties
from shared.clock import Period
from shared.mongo import Repository, Sealed, Unit
from shared.problem import RequestIsStillRunning

L = TypeVar("L", bound=Listing)


ONE_A_PERIOD = {
    "fields": ["copied_from", "period"],
    "unique": True,
    "partialFilterExpression": {"period": {"$type": "string"}},
}
"""What a recurrence makes is there once for each period."""


class LotDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "lots",
        "indexes": [
            ["seller_id", "-id"],
            ["status", "terms.available_until"],
            ["site_id", "status"],
            ["updated_at", "id"],
            ["seller_id", "terms.grade", "published_at"],
            ONE_A_PERIOD,
        ],
    }


class DemandDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "demands",
        "indexes": [
            ["buyer_id", "-id"],
            ["status", "terms.deliver_until"],
            ["site_id", "status"],
            ["updated_at", "id"],
            ONE_A_PERIOD,
        ],
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


class AttachmentFileDocument(Sealed):
    meta = {"collection": "attachment_files", "indexes": ["lot_id"]}  # noqa: RUF012


class RecurrenceDocument(Sealed):
    meta = {"collection": "recurrences", "indexes": [["status", "next_at"]]}  # noqa: RUF012


class CounterpartyDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "counterparties",
        "indexes": [
            {"fields": ["organisation_id", "counterparty_id"], "unique": True},
            ["organisation_id", "standing"],
            ["counterparty_id", "standing"],
        ],
    }


class AllowanceRuleDocument(Sealed):
    meta = {"collection": "known_allowance_rules", "indexes": [["material", "status"]]}  # noqa: RUF012


class AllowanceDocument(Sealed):
    meta = {"collection": "known_allowances", "indexes": []}  # noqa: RUF012


class AllowanceTurnDocument(Sealed):
    meta = {"collection": "allowance_turns", "indexes": []}  # noqa: RUF012


class SavedSearchDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "saved_searches",
        "indexes": [
            ["organisation_id", "-id"],
            "revision",
            {"fields": ["removed_at"], "expireAfterSeconds": 7 * 86400},
        ],
    }


class RevisionsDocument(Sealed):
    meta = {"collection": "revisions", "indexes": []}  # noqa: RUF012


LOTS = Repository(LotDocument, Lot)
DEMANDS = Repository(DemandDocument, Demand)
RESERVATIONS = Repository(ReservationDocument, Reservation)
IMPORTS = Repository(ImportDocument, Import)
ATTACHMENT_FILES = Repository(AttachmentFileDocument, AttachmentFile)
RECURRENCES = Repository(RecurrenceDocument, Recurrence)
ALLOWANCE_RULES = Repository(AllowanceRuleDocument, AllowanceRule)
ALLOWANCES = Repository(AllowanceDocument, Allowance)
ALLOWANCE_TURNS = Repository(AllowanceTurnDocument, AllowanceTurn)
COUNTERPARTIES = Repository(CounterpartyDocument, Counterparty)
SAVED_SEARCHES = Repository(SavedSearchDocument, SavedSearch)
REVISIONS = Repository(RevisionsDocument, Revisions)
IMPORT_PARTS = Repository(ImportPartDocument, ImportPart)
IMPORT_ROWS = Repository(ImportRowsDocument, ImportRows)
IMPORT_REJECTS = Repository(ImportRejectsDocument, ImportRejects)
DOCUMENTS: tuple[type[Sealed], ...] = (
    LotDocument,
    DemandDocument,
    ReservationDocument,
    ImportDocument,
    AttachmentFileDocument,
    RecurrenceDocument,
    CounterpartyDocument,
    AllowanceRuleDocument,
    AllowanceDocument,
    AllowanceTurnDocument,
    SavedSearchDocument,
    RevisionsDocument,
    ImportPartDocument,
    ImportRowsDocument,
    ImportRejectsDocument,
    *parties.DOCUMENTS,
)
BY_ID: tuple[Repository[Any], ...] = (LOTS, DEMANDS, RESERVATIONS, *parties.BY_ID)
"""What events name, read before each batch of them."""
ARRIVING: tuple[Repository[Any], ...] = (LOTS, DEMANDS, parties.SITES)
"""As `BY_ID`, of events of lots and demands alone."""


def add_import(unit: Unit, imported: Import, parts: Iterable[ImportPart]) -> None:
    """Raises RequestIsStillRunning where another request has just brought the same file."""
    try:
        IMPORTS.add(unit, imported)
        unit.flush()
    except DuplicateKeyError as error:
        raise RequestIsStillRunning(
            zh="同一文件正在上传，请稍后重试", en="This file is just being uploaded; try again"
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


def ending_lots(unit: Unit, now: datetime, before: timedelta, limit: int) -> list[Lot]:
    """Open lots whose window ends within `before` and whose owner was not warned of that end."""
    return LOTS.select(unit, _ending("terms.available_until", now, before), limit=limit)


def ending_demands(unit: Unit, now: datetime, before: timedelta, limit: int) -> list[Demand]:
    """As `ending_lots`."""
    return DEMANDS.select(unit, _ending("terms.deliver_until", now, before), limit=limit)


def _ending(field: str, now: datetime, before: timedelta) -> dict[str, object]:
    unwarned = {"$ne": ["$warned_until", f"${field}"]}
    return {"status": "open", field: {"$gt": now, "$lte": now + before}, "$expr": unwarned}


def due_recurrences(unit: Unit, now: datetime, limit: int) -> list[Recurrence]:
    """Those of which a period has come, the longest waiting first."""
    return RECURRENCES.select(unit, {"status": "running", "next_at": {"$lte": now}}, [("next_at", 1)], limit)


def is_made(unit: Unit, repository: Repository[Any], listing_id: str, period: str) -> bool:
    """Whether the copy of this period is there."""
    return repository.find_one(unit, {"copied_from": listing_id, "period": period}) is not None


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


def standing_with(unit: Unit, organisation_id: str, standing: Standing) -> list[str]:
    """The organisations that this one has said so of."""
    found = COUNTERPARTIES.select(unit, {"organisation_id": organisation_id, "standing": standing})
    return [one.counterparty_id for one in found]


def kept_apart(unit: Unit, organisation_ids: Iterable[str]) -> set[frozenset[str]]:
    """The pairs with one of these organisations in which one has blocked the other."""
    named = {"$in": list(organisation_ids)}
    found = COUNTERPARTIES.select(
        unit, {"$or": [{"organisation_id": named}, {"counterparty_id": named}], "standing": "blocked"}
    )
    return {frozenset((pair.organisation_id, pair.counterparty_id)) for pair in found}


def standing_rules_for(unit: Unit, grade: str) -> list[AllowanceRule]:
    """The rules of allowances that limit new output of the grade somewhere."""
    return ALLOWANCE_RULES.select_once(unit, {"material": grade, "status": "standing"})


def used_of(unit: Unit, lot: Lot, region: str, period: Period, promised: bool) -> int:
    """The kilograms of new output that the other lots of the lot's seller, of its grade and in the region, have used of the
    period; of these, `promised`, those reserved or sold alone."""
    where = {
        "_id": {"$ne": lot.id},
        "seller_id": lot.seller_id,
        "terms.grade": lot.terms.grade,
        "terms.stock": {"$ne": "stock"},
        "region": {"$regex": f"^{geo.prefix(region)}"},
        "published_at": {"$gte": period.start, "$lt": period.end},
    }
    parts = ["$reserved_kg", "$consumed_kg", *([] if promised else ["$available_kg"])]
    pipeline: list[dict[str, Any]] = [{"$match": where}, {"$group": {"_id": None, "kg": {"$sum": {"$add": parts}}}}]
    return next((int(row["kg"]) for row in unit.collection(LOTS.name).aggregate(pipeline, session=unit.session)), 0)


def next_revision(unit: Unit) -> int:
    """The number of a change of a saved search: whoever reads all up to a number has missed none with a lower one."""
    counter = REVISIONS.find(unit, Revisions.id) or Revisions()
    revision = counter.next()
    REVISIONS.save(unit, counter)
    return revision


def saved_searches_of(unit: Unit, organisation_id: str) -> list[SavedSearch]:
    """All that an organisation has."""
    return SAVED_SEARCHES.select(unit, {"organisation_id": organisation_id, "removed_at": None})


def saved_searches_since(unit: Unit, revision: int, limit: int) -> list[SavedSearch]:
    """The next that changed after `revision`, in the order in which they did, those that were removed among them."""
    return SAVED_SEARCHES.select(unit, {"revision": {"$gt": revision}}, [("revision", 1)], limit)


def suspended(unit: Unit, organisation_ids: set[str]) -> set[str]:
    """Those of the organisations that are."""
    where = {"_id": {"$in": sorted(organisation_ids)}, "status": "suspended"}
    return {row["_id"] for row in unit.collection(parties.PARTIES.name).find(where, {"_id": 1}, session=unit.session)}
