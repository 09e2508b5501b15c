"""MongoDB for one room: a database, its transactions, and repositories of plain dataclasses.

mongoengine declares collections, fields and indexes; it has no sessions, so reading and writing go through the driver with
the transaction's session. Every document carries a `seal`, a keyed digest of its content, so that `huanliu audit` finds a
document that was altered behind the room's back.
"""

from __future__ import annotations

from shared.mongo.changes import Changed, Changes, ChangesAreLost
from shared.mongo.database import UNREACHABLE, Database
from shared.mongo.documents import Row, Sealed, pack, seal_of, sealed, unpack
from shared.mongo.repository import Page, Repository, make_cursor, read_cursor
from shared.mongo.unit import Cause, Unit

__all__ = [
    "UNREACHABLE",
    "Cause",
    "Changed",
    "Changes",
    "ChangesAreLost",
    "Database",
    "Page",
    "Repository",
    "Row",
    "Sealed",
    "Unit",
    "make_cursor",
    "pack",
    "read_cursor",
    "seal_of",
    "sealed",
    "unpack",
]
