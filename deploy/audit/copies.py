"""What rooms keep of other rooms' things, held against the things themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from deploy.audit.difference import Difference, compared
from deploy.audit.evidence import Evidence
from shared.clock import utc_now
from shared.mongo import Row
from shared.settings import ROOMS

PARTY = ("version", "name", "role", "region", "status", "contact")
SITE = ("version", "organisation_id", "name", "kind", "region", "position", "park_id", "compliance", "stock_limit_kg")
TERMS = ("grade", "kg", "price_fen_per_t")
PASSING = timedelta(days=29)
"""A day less than passing copies are kept."""


def parties(evidence: Evidence) -> Iterator[Difference]:
    """Each room's copies of organisations and sites are accounts' own."""
    for collection, copy, names in (("organisations", "known_parties", PARTY), ("sites", "known_sites", SITE)):
        own = evidence.table("accounts", collection)
        expected = {identifier: {name: row.get(name) for name in names} for identifier, row in own.items()}
        for room in ROOMS:
            if (room, copy) in evidence.tables:
                yield from compared(f"{room}.{copy}", expected, evidence.table(room, copy), f"accounts.{collection}")


def _listing(kind: str) -> Callable[[Row], Row]:
    return lambda row: {
        "kind": kind,
        "version": row["version"],
        "status": row["status"],
        "available_kg": row["available_kg"],
    }


def _trade(row: Row) -> Row:
    terms = row["terms"]
    ends = {"from_region": terms["origin"]["region"], "to_region": terms["destination"]["region"]}
    return {**{name: terms[name] for name in TERMS}, **ends}


def _book(row: Row) -> Row:
    terms = {"terms_version": row["terms_version"], "region": row["region"], "site_id": row["site_id"]}
    state = {"available_kg": row["available_kg"], "open": row["status"] == "open"}
    return {"quantity_version": row["version"], **terms, **state}


def _clearing(row: Row) -> Row:
    names = ("version", "material", "proposals", "matched_kg", "surplus_fen", "objective_fen", "bound_fen", "duration_ms")
    return {name: row[name] for name in names}


def _block(row: Row) -> Row:
    names = ("version", "organisation_id", "counterparty_id")
    return {**{name: row[name] for name in names}, "blocked": row["standing"] == "blocked"}


def _allowance(row: Row) -> Row:
    names = ("version", "organisation_id", "region", "start", "end", "allowed_kg")
    return {**{name: row[name] for name in names}, "grade": row["material"], "standing": row["status"] == "standing"}


def _allowance_rule(row: Row) -> Row:
    names = ("region", "material", "initial_kg", "period", "start", "end")
    return {"version": row["version"], "status": row["status"], **{name: row["terms"][name] for name in names}}


def _allowed(row: Row) -> Row:
    return {name: row[name] for name in ("version", "allowed_kg")}


def _evidence(row: Row) -> Row:
    return {"version": 1, "created_at": row["completed_at"]}


@dataclass(frozen=True)
class Copy:
    """A copy, whose thing it is, and how the thing reads there; `passing` copies are dropped after thirty days."""

    room: str
    collection: str
    of: tuple[str, str]
    reads: Callable[[Row], Row]
    among: str | None = None
    passing: bool = False


COPIES: tuple[Copy, ...] = (
    Copy("regions", "known_listings", ("listings", "lots"), _listing("lot"), "lot"),
    Copy("regions", "known_listings", ("listings", "demands"), _listing("demand"), "demand"),
    Copy("regions", "known_trades", ("trading", "trades"), _trade),
    Copy("regions", "known_clearings", ("matching", "clearings"), _clearing, passing=True),
    Copy("matching", "clearing_evidence", ("matching", "clearings"), _evidence, passing=True),
    Copy("matching", "allowances", ("regions", "allowances"), _allowance),
    Copy("listings", "known_allowance_rules", ("regions", "allowance_rules"), _allowance_rule),
    Copy("listings", "known_allowances", ("regions", "allowances"), _allowed),
    Copy("matching", "blocks", ("listings", "counterparties"), _block),
    Copy("matching", "book_lots", ("listings", "lots"), _book),
    Copy("matching", "book_demands", ("listings", "demands"), _book),
)


def copies(evidence: Evidence) -> Iterator[Difference]:
    """A copy says what its thing says; drafts and requests were never told of."""
    for copy in COPIES:
        room, collection = copy.of
        own = {
            identifier: copy.reads(row)
            for identifier, row in evidence.table(room, collection).items()
            if row.get("status") not in ("draft", "requested")
        }
        rows = evidence.table(copy.room, copy.collection)
        if copy.among is not None:
            rows = {identifier: row for identifier, row in rows.items() if row.get("kind") == copy.among}
        if copy.passing:
            young = utc_now() - PASSING
            things = evidence.table(room, collection)
            own = {one: row for one, row in own.items() if one in rows or things[one]["completed_at"] > young}
        yield from compared(f"{copy.room}.{copy.collection}", own, rows, f"{room}.{collection}")


def users(evidence: Evidence) -> Iterator[Difference]:
    """Every user belongs to an organisation, and every organisation has one who can sign in."""
    organisations = evidence.table("accounts", "organisations")
    manned = {row["organisation_id"] for row in evidence.table("accounts", "users").values()}
    for identifier in organisations.keys() - manned:
        yield Difference("accounts.users", identifier, "is missing", "a user of this organisation", "nobody")
    for identifier in manned - organisations.keys():
        yield Difference("accounts.organisations", identifier, "is missing", "its users", "nothing")
