"""The state of the ledger and the volumes as one hash, and the pause in which a rebuilt one takes its place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson

from shared.mongo import Database, Row, Unit, sealed

REBUILT = ("postings", "lot_accounts", "region_accounts", "facts", "cells")
"""What follows from the topics alone, in whatever order they are read."""
NOT_HASHED = frozenset({"version", "seal"})
"""How often a document was written depends on how events met."""
BATCH = 2_000
PAUSE = "pause"
PAUSED_FOR = timedelta(minutes=15)


def state_hash(database: Database, report: Callable[[int], None] = lambda done: None) -> str:
    """One hash over every posting, account, fact and cell: the sum of their digests, so that no order is needed. Told how many
    documents are done."""
    total = done = 0
    for name in REBUILT:
        for row in database.mongo[name].find({}, batch_size=BATCH):
            total += int.from_bytes(_digest(name, row), "big")
            done += 1
            if done % BATCH == 0:
                report(done)
    report(done)
    return f"{total % 2**128:032x}"


def count_state(database: Database) -> int:
    """About how many documents `state_hash` reads."""
    return sum(database.mongo[name].estimated_document_count() for name in REBUILT)


def _digest(name: str, row: Row) -> bytes:
    content = {field: value for field, value in row.items() if field not in NOT_HASHED}
    data = orjson.dumps([name, content], default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.blake2b(data, digest_size=16).digest()


def applied(database: Database, consumer: str) -> set[str]:
    """The ids of the events that the room has applied."""
    prefix = f"{consumer}:"
    rows: Any = database.mongo["inbox"].find({"_id": {"$regex": f"^{prefix}"}}, {"_id": 1}, batch_size=50_000)
    return {row["_id"].removeprefix(prefix) for row in rows}


def pause(database: Database) -> None:
    """Let the room's consumer stand still; it goes on by itself after `PAUSED_FOR`, should nobody end the pause."""
    until = database.clock() + PAUSED_FOR
    row = sealed({"_id": PAUSE, "version": 1, "until": until}, database.settings.secret_key)
    database.mongo["pauses"].replace_one({"_id": PAUSE}, row, upsert=True)


def end_pause(database: Database) -> None:
    database.mongo["pauses"].delete_one({"_id": PAUSE})


def is_paused(unit: Unit) -> bool:
    """Whether a rebuilt state is about to take the place of this one."""
    row = unit.collection("pauses").find_one({"_id": PAUSE})
    return row is not None and row["until"] > unit.now


def take_place(database: Database, rebuilt: Database) -> None:
    """Put the rebuilt collections in place of the room's own; each at once, all while the consumer stands still."""
    for name in REBUILT:
        if name in rebuilt.mongo.list_collection_names():
            ours, theirs = f"{database.mongo.name}.{name}", f"{rebuilt.mongo.name}.{name}"
            database.client.admin.command("renameCollection", theirs, to=ours, dropTarget=True)
