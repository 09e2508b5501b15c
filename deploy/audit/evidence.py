"""What the audit looks at: every topic from its beginning, then every room's database at one moment (a snapshot)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from deploy.audit.difference import Difference
from shared.bus.envelope import Envelope, EventIsUnreadable, open_envelope, signature
from shared.bus.reading import Offsets, read_since
from shared.clock import iso
from shared.mongo import Changed, Database, Row, seal_of
from shared.settings import ROOMS, Settings

Table = dict[str, Row]
"""The documents of a collection by id."""
WORKERS = frozenset({"leases", "pulses"})
"""Who works now: renewed every few seconds, gone with the process."""
UNSEALED = WORKERS | {"outbox"}
"""`outbox` rows are compared with the topic instead."""
MARKS = frozenset({"inbox", "idempotency"})
"""Collections of which the ids alone are kept."""
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Told:
    """An event as its topic has it; `type` is without `huanliu.` and `.v1`."""

    id: str
    room: str
    type: str
    key: str
    at: datetime
    data: bytes
    digest: bytes

    @property
    def said(self) -> dict[str, Any]:
        """Its data."""
        found: dict[str, Any] = orjson.loads(self.data)
        return found

    @property
    def aggregate(self) -> str:
        return self.type.split(".", 1)[0]


@dataclass
class Evidence:
    """`told` is in order per key; `broken` are the differences found while reading: seals and signatures."""

    settings: Settings
    told: dict[str, Told] = field(default_factory=dict)
    tables: dict[tuple[str, str], Table] = field(default_factory=dict)
    marks: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    broken: list[Difference] = field(default_factory=list)
    documents: int = 0

    def table(self, room: str, collection: str) -> Table:
        """Empty where the room has no such collection."""
        return self.tables.get((room, collection), {})

    def of(self, *types: str) -> Iterator[Told]:
        """The events of these types, or of these aggregates."""
        wanted = set(types)
        return (one for one in self.told.values() if one.type in wanted or one.aggregate in wanted)


def gather(settings: Settings, done: Offsets | None = None) -> Evidence:
    """Read everything; `done` is told how far the topics were. Raises KafkaError and PyMongoError."""
    evidence = Evidence(settings)
    read_topics(evidence, {} if done is None else done)
    database = Database(settings, ROOMS[0])
    try:
        read_rooms(evidence, database)
    finally:
        database.close()
    return evidence


def read_rooms(evidence: Evidence, database: Database, only: Changed | None = None) -> None:
    """Every document of every room, as they are at one moment; or those of these ids."""
    with database.client.start_session(snapshot=True) as moment:
        for room in ROOMS:
            mongo = database.client.get_database(evidence.settings.database(room))
            for collection in sorted(mongo.list_collection_names()):
                if only is None:
                    take(evidence, room, collection, mongo[collection].find({}, session=moment, batch_size=BATCH))
                elif ids := sorted(only.get((mongo.name, collection), ())):
                    for some in (ids[at : at + BATCH] for at in range(0, len(ids), BATCH)):
                        rows = mongo[collection].find({"_id": {"$in": some}}, session=moment, batch_size=BATCH)
                        take(evidence, room, collection, rows)


def read_topics(evidence: Evidence, done: Offsets) -> None:
    """What the topics hold from `done` on, which moves on with what is read."""
    settings = evidence.settings
    rooms = {settings.topic(room): room for room in ROOMS}
    for record in read_since(settings, rooms, done):
        topic, room = record.topic, rooms[record.topic]
        place = f"{record.partition}/{record.offset}"
        try:
            envelope = open_envelope(record)
        except EventIsUnreadable as fault:
            evidence.broken.append(Difference(topic, place, "is no event", "CloudEvents 1.0", str(fault)))
            continue
        told = _told(envelope, room, topic)
        signed = signature(settings.secret_key, envelope.id, envelope.type, envelope.subject, envelope.data)
        if signed != envelope.signature:
            evidence.broken.append(Difference(topic, place, "is not signed by this instance", signed, envelope.signature))
            continue
        known = evidence.told.setdefault(told.id, told)
        if known.digest != told.digest:
            evidence.broken.append(Difference(topic, told.id, "was published twice with different content"))


def _told(envelope: Envelope, room: str, topic: str) -> Told:
    short = envelope.type.removeprefix("huanliu.").rsplit(".", 1)[0]
    digest = digest_of(topic, envelope.type, envelope.subject, iso(envelope.at), envelope.traceparent, envelope.data)
    return Told(envelope.id, room, short, envelope.subject, envelope.at, envelope.data, digest)


def digest_of(topic: str, type_: str, key: str, at: str, traceparent: str, data: bytes) -> bytes:
    """What must be the same in the outbox and in the topic."""
    head = "\n".join((topic, type_, key, at, traceparent, ""))
    return hashlib.blake2b(head.encode() + data, digest_size=16).digest()


def take(evidence: Evidence, room: str, collection: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add documents, and what their seals say of them."""
    place = f"{room}.{collection}"
    table = evidence.tables.setdefault((room, collection), {})
    marks = evidence.marks.setdefault((room, collection), set())
    for row in rows:
        evidence.documents += 1
        identifier = str(row["_id"])
        if collection not in UNSEALED:
            seal = seal_of(row, evidence.settings.secret_key)
            if row.get("seal") != seal:
                evidence.broken.append(Difference(place, identifier, "seal", seal, str(row.get("seal"))))
        if collection in MARKS:
            marks.add(identifier)
        else:
            # Packed bytes are what the seal covers; nothing else can be read from them, and they are most of a clearing.
            table[identifier] = {name: value for name, value in row.items() if not isinstance(value, bytes)}
