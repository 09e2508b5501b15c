"""What each check must be given to judge a part of everything: a lot and what is about it, a trade and its loads.

A check reads tables and events and compares them by id. What it says of one group — all that carries the same lot, trade or
event — follows from that group's rows and events alone; so when something of a group changes, the check is run on the group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from deploy.audit.copies import COPIES
from deploy.audit.topics import KEPT
from shared.settings import ROOMS

Key = Callable[[Mapping[str, Any]], Iterator[str]]
"""The groups to which a row or an event belongs."""
Place = tuple[str, str]
"""Room and collection."""


@cache
def by(*paths: str) -> Key:
    """The group is named by the first of the paths that is there: `lot_id`, or `terms.lot_id`. Of an event `key` is its
    aggregate."""

    def key(row: Mapping[str, Any]) -> Iterator[str]:
        for path in paths:
            value: Any = row
            for part in path.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            if value is not None:
                yield str(value)
                return

    return key


ITSELF = by("_id")
"""Each row and each event is a group of its own, which its id names."""
KEY = by("key")
LOT = by("lot_id", "terms.lot_id", "key")
EVERY = "*"
"""Events of all types."""


def marked(row: Mapping[str, Any]) -> Iterator[str]:
    """The event that an inbox mark is of."""
    yield row["_id"].rsplit(":", 1)[1]


def template(row: Mapping[str, Any]) -> Iterator[str]:
    """A lot or demand concerns its own recurrence and the one that made it."""
    yield row["_id"]
    if row.get("copied_from"):
        yield row["copied_from"]


def priced(said: Mapping[str, Any]) -> Iterator[str]:
    """The grade in its region."""
    yield f"{said['region']}:{said['grade']}"


@dataclass(frozen=True)
class Scope:
    """How what one check reads falls into groups. `beside` is read whole: a change there concerns every group. `named` are
    rows that others of the group name: the table, and where it is named."""

    check: str
    rows: Mapping[Place, Key]
    events: Mapping[str, Key] = field(default_factory=dict)
    beside: tuple[Place, ...] = ()
    named: tuple[tuple[Place, Place, Key], ...] = ()
    marks: Mapping[Place, Key] = field(default_factory=dict)


def _in_rooms(*collections: str) -> dict[Place, Key]:
    return {(room, collection): ITSELF for room in ROOMS for collection in collections}


POSTED = ("shipment.loaded", "shipment.received", "shipment.corrected", "quantity.reserved", "quantity.released")
COUNTED = ("shipment.loaded", "shipment.received", "shipment.corrected", "shipment.refused", "quantity.released", "trade")
SHIPMENTS, TRADES = ("logistics", "shipments"), ("trading", "trades")
LOTS, DEMANDS, RESERVATIONS = ("listings", "lots"), ("listings", "demands"), ("listings", "reservations")
SCOPES: tuple[Scope, ...] = (
    Scope("outbox and topics", _in_rooms("outbox"), {EVERY: ITSELF}),
    Scope(
        "topics and inboxes",
        {},
        {EVERY: ITSELF},
        beside=tuple((room, "dead_letters") for room in ROOMS),
        marks={(room, "inbox"): marked for room in ROOMS},
    ),
    Scope(
        "topics and states",
        {(kept.room, kept.collection): ITSELF for kept in KEPT},
        {kind: KEY for kept in KEPT for kind in kept.types},
    ),
    Scope("quantities", {LOTS: ITSELF, RESERVATIONS: by("lot_id")}),
    Scope("quantities", {DEMANDS: ITSELF, RESERVATIONS: by("demand_id")}),
    Scope("reservations", {RESERVATIONS: ITSELF}, {"quantity": KEY}),
    Scope("balances", {LOTS: ITSELF}, {"lot": KEY, "quantity": by("lot.id")}),
    Scope("balances", {DEMANDS: ITSELF}, {"demand": KEY, "quantity": by("demand.id")}),
    Scope("ledger: postings", {("regions", "postings"): by("lot_id")}, {"lot": KEY, **dict.fromkeys(POSTED, LOT)}),
    Scope(
        "ledger: accounts",
        {("regions", "postings"): by("lot_id"), ("regions", "lot_accounts"): ITSELF, LOTS: ITSELF},
        {"lot.published": KEY},
    ),
    Scope("volumes: facts", {("regions", "facts"): by("lot_id")}, {"lot": KEY, **dict.fromkeys(COUNTED, LOT)}),
    Scope("volumes: told", {("regions", "facts"): ITSELF}, {"volume.posted": KEY}),
    Scope("volumes: form", {("regions", "forms"): ITSELF}),
    Scope(
        "allowances",
        {LOTS: by("seller_id"), ("regions", "allowances"): by("organisation_id")},
        dict.fromkeys(("shipment.received", "shipment.corrected"), by("seller_id")),
        beside=(("regions", "allowance_rules"), ("regions", "rule_books")),
    ),
    Scope(
        "verified use",
        {("regions", "uses"): ITSELF, SHIPMENTS: ITSELF},
        dict.fromkeys(("shipment.received", "shipment.corrected"), KEY),
    ),
    Scope(
        "watched lots",
        {LOTS: ITSELF, ("regions", "watched_lots"): ITSELF},
        dict.fromkeys(("shipment.loaded", "quantity.consumed", "quantity.released"), by("lot_id")),
    ),
    Scope(
        "watched lots",
        {DEMANDS: ITSELF, ("regions", "demand_sites"): ITSELF},
        {"shipment.received": by("demand_id")},
    ),
    Scope("last prices", {("regions", "known_prices"): ITSELF}, {"price.published": priced}),
    Scope("proposals and trades", {("matching", "proposals"): ITSELF, RESERVATIONS: ITSELF, TRADES: by("proposal_id")}),
    Scope("tenders and proposals", {("matching", "tenders"): by("proposal_id", "_id"), ("matching", "proposals"): ITSELF}),
    Scope(
        "call-offs and loads",
        {("matching", "proposals"): ITSELF, ("matching", "call_offs"): ITSELF, SHIPMENTS: by("proposal_id")},
    ),
    Scope("agreements and call-offs", {("matching", "agreements"): ITSELF, ("matching", "call_offs"): by("agreement_id")}),
    Scope("trades and loads", {TRADES: ITSELF, SHIPMENTS: by("trade_id"), ("logistics", "haulages"): ITSELF}),
    Scope(
        "loads and tickets",
        {SHIPMENTS: ITSELF, ("logistics", "tickets"): by("shipment_id")},
        named=((TRADES, SHIPMENTS, by("trade_id")),),
    ),
    Scope("copies of parties", _in_rooms("organisations", "sites", "known_parties", "known_sites")),
    Scope(
        "copies",
        {place: ITSELF for copy in COPIES for place in ((copy.room, copy.collection), copy.of)},
    ),
    Scope("users", {("accounts", "organisations"): ITSELF, ("accounts", "users"): by("organisation_id")}),
    Scope(
        "files of lots and loads",
        {
            **{LOTS: ITSELF, ("listings", "attachment_files"): by("lot_id")},
            **{SHIPMENTS: ITSELF, ("logistics", "photo_files"): by("shipment_id")},
        },
    ),
    Scope("recurrences", {("listings", "recurrences"): ITSELF, LOTS: template, DEMANDS: template}),
    Scope(
        "reports",
        {("regions", "reports"): ITSELF, ("regions", "report_files"): by("report_id")},
        beside=(("regions", "report_schedules"),),
    ),
)
