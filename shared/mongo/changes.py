"""Which documents were written, by whomever, since a moment: a change stream over several databases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from pymongo.errors import OperationFailure

from shared.mongo.database import Database

AWAIT_MS = 300
BATCH = 5_000
LOST = frozenset({136, 280, 286})
"""CappedPositionLost, ChangeStreamFatalError, ChangeStreamHistoryLost: the server no longer has what came since."""
Changed = dict[tuple[str, str], set[str]]
"""Database and collection → the ids of documents that were written or deleted."""


class ChangesAreLost(Exception):
    """What came since can't be told any more: read everything anew."""


class Changes:
    """`begin` notes the moment; each `take` gives what was written since the last and moves on. What is written while it is
    taken is in this one or in the next."""

    def __init__(self, database: Database, names: Collection[str], without: Collection[str]) -> None:
        self.database = database
        ours = {"$in": sorted(names)}
        self._pipeline: list[dict[str, Any]] = [
            {"$match": {"$or": [{"ns.db": ours}, {"to.db": ours}], "ns.coll": {"$nin": sorted(without)}}},
            {"$project": {"ns": 1, "documentKey": 1, "operationType": 1}},
        ]
        self._token: Any = None

    def begin(self) -> None:
        """From now on."""
        with self.database.client.watch(self._pipeline, max_await_time_ms=AWAIT_MS) as stream:
            self._token = stream.resume_token

    def take(self) -> Changed:
        """Raises ChangesAreLost, also where a whole collection was dropped or took another's place."""
        found: Changed = defaultdict(set)
        try:
            with self.database.client.watch(
                self._pipeline, resume_after=self._token, max_await_time_ms=AWAIT_MS, batch_size=BATCH
            ) as stream:
                while (change := stream.try_next()) is not None:
                    if "documentKey" not in change:
                        raise ChangesAreLost(f"{change['operationType']} of {change['ns']}")
                    place = change["ns"]
                    found[place["db"], place["coll"]].add(str(change["documentKey"]["_id"]))
                self._token = stream.resume_token
        except OperationFailure as error:
            if error.code in LOST:
                raise ChangesAreLost(str(error)) from error
            raise
        return found
