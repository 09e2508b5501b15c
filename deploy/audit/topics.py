"""Topics against databases: what is published, what was applied, and the last state each event told of its aggregate."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

from deploy.audit.difference import Difference, missing, stray, unlike
from deploy.audit.evidence import Evidence, Told, digest_of
from shared.clock import iso, utc_now
from shared.events import Event
from shared.mongo import Row
from shared.settings import ROOMS

OUTBOX_IS_KEPT = timedelta(days=13)
"""A day less than the outbox keeps what is published."""


def relayed(evidence: Evidence) -> Iterator[Difference]:
    """Every outbox row is in its topic with the same content, and no event is there that no room sent."""
    since = utc_now() - OUTBOX_IS_KEPT
    for room in ROOMS:
        rows = evidence.table(room, "outbox")
        for identifier, row in rows.items():
            told = evidence.told.get(identifier)
            if told is None:
                yield missing(row["topic"], identifier, f"{row['type']} of {row['key']} is in {room}.outbox")
                continue
            sent = digest_of(row["topic"], row["type"], row["key"], iso(row["at"]), row["traceparent"], row["data"].encode())
            if sent != told.digest:
                yield Difference(f"{room}.outbox", identifier, "differs from its topic", told.digest.hex(), sent.hex())
        for told in evidence.told.values():
            if told.room == room and told.at > since and told.id not in rows:
                yield missing(f"{room}.outbox", told.id, f"{told.type} of {told.key} is in the topic")


def applied(evidence: Evidence) -> Iterator[Difference]:
    """Every consumer applied every event that concerns it, once, unless an operator discarded it."""
    for room in ROOMS:
        letters = evidence.table(room, "dead_letters").values()
        marks = evidence.marks.get((room, "inbox"), set())
        known: set[str] = set()
        for consumer, handled in _consumers(room).items():
            given_up = {_event_id(row): row["status"] for row in letters if row["consumer"] == consumer}
            for told in evidence.told.values():
                known.add(mark := f"{consumer}:{told.id}")
                if f"huanliu.{told.type}.v1" not in handled or mark in marks or given_up.get(told.id) == "discarded":
                    continue
                fate = given_up.get(told.id, "not applied")
                yield missing(f"{room}.inbox", told.id, f"{told.type} of {told.key}: {fate} by {consumer}")
        for mark in marks - known:
            yield stray(f"{room}.inbox", mark.removeprefix(f"{room}:"), "no topic has this event")


def _consumers(room: str) -> dict[str, set[str]]:
    """The consumers of a room that mark an inbox, and the types each handles."""
    handlers = import_module(f"services.{room}.handlers")
    tables: dict[str, Iterable[type[Event]]] = {room: handlers.EVENTS, **getattr(handlers, "BESIDE", {})}
    return {consumer: {kind.TYPE for kind in kinds} for consumer, kinds in tables.items()}


def _event_id(letter: Row) -> str:
    for name, value in letter["headers"]:
        if name == "ce_id":
            return base64.b64decode(value).decode("utf-8", "replace")
    return ""


@dataclass(frozen=True)
class Kept:
    """A collection whose documents tell their state by events. `silent` are the fields that may move, with the version,
    without an event; `unsaid` those that its events name for something else; `drafts` the states no event tells of."""

    room: str
    collection: str
    types: tuple[str, ...]
    silent: frozenset[str] | None = None
    unsaid: frozenset[str] = frozenset()
    drafts: frozenset[str] = frozenset()
    complete: bool = True
    """Whether every document has an event."""


_QUANTITIES = frozenset({"version", "quantity_kg", "available_kg", "reserved_kg", "consumed_kg", "unsold_kg"})
_DECIDED = frozenset({"status", "reason", "expires_at", "seller_accepted_at", "buyer_accepted_at"})
KEPT: tuple[Kept, ...] = (
    Kept("accounts", "organisations", ("organisation",)),
    Kept("accounts", "sites", ("site.changed",)),
    Kept("listings", "lots", ("lot",), unsaid=_QUANTITIES, drafts=frozenset({"draft"})),
    Kept("listings", "demands", ("demand",), unsaid=_QUANTITIES, drafts=frozenset({"draft"})),
    Kept("listings", "counterparties", ("counterparty.changed",)),
    Kept("matching", "proposals", ("proposal",), silent=_DECIDED),
    Kept("matching", "tenders", ("tender",), silent=frozenset({"status"})),
    Kept("matching", "agreements", ("agreement",), silent=frozenset()),
    Kept("matching", "clearings", ("clearing.completed",), drafts=frozenset({"requested"})),
    Kept("matching", "prices", ("price.published",), silent=frozenset(), unsaid=frozenset({"firms"}), complete=False),
    Kept("trading", "trades", ("trade",), silent=frozenset({"status"})),
    Kept("logistics", "shipments", ("shipment", "position"), silent=frozenset({"status"})),
    Kept("logistics", "haulages", ("haulage",), complete=False),
    Kept("regions", "facts", ("volume.posted",)),
    Kept("regions", "targets", ("target.changed",)),
    Kept("regions", "reports", ("report.made",), drafts=frozenset({"queued"})),
    Kept("regions", "allowance_rules", ("allowance_rule.changed",)),
    Kept("regions", "allowances", ("allowance.changed",)),
    Kept("regions", "alarm_rules", ("alarm_rule.changed",)),
    Kept("regions", "alarms", ("alarm",), unsaid=frozenset({"organisation_id", "user_id"})),
)


def states(evidence: Evidence) -> Iterator[Difference]:
    """The last thing told of an aggregate is what its room holds, and everything that a room tells of exists."""
    for kept in KEPT:
        place = f"{kept.room}.{kept.collection}"
        rows = evidence.table(kept.room, kept.collection)
        last = latest(evidence.of(*kept.types))
        for identifier, (version, said) in last.items():
            if identifier not in rows:
                yield missing(place, identifier, f"the topic told of version {version}")
            else:
                yield from _state(kept, place, identifier, said, flat(rows[identifier]))
        if kept.complete:
            for identifier in rows.keys() - last.keys():
                if rows[identifier].get("status") not in kept.drafts and not rows[identifier].get("waiting"):
                    yield stray(place, identifier, "no event tells of it")


def _state(kept: Kept, place: str, identifier: str, said: dict[str, Any], row: Row) -> Iterator[Difference]:
    version = said.pop("version")
    unsaid = kept.unsaid
    if "version" not in unsaid and row.get("version") != version:
        if kept.silent is None or row.get("version", 0) < version:
            yield Difference(place, identifier, "version", str(version), str(row.get("version")))
        unsaid = unsaid | (kept.silent or frozenset())
    yield from unlike(place, identifier, {name: said[name] for name in said if name in row and name not in unsaid}, row)


def latest(events: Iterator[Told]) -> dict[str, tuple[int, dict[str, Any]]]:
    """By aggregate the highest version told and what was said with it."""
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for told in events:
        said = told.said
        known = found.get(told.key)
        if known is None or known[0] < said["version"]:
            found[told.key] = (said["version"], said)
    return found


def flat(row: Mapping[str, Any]) -> Row:
    """A document with the parts of a lot's or demand's terms beside its own fields, as events name them."""
    terms = row.get("terms")
    inner = terms if isinstance(terms, Mapping) else {}
    return {**inner, **row, "id": row["_id"]}
