"""The inbox: which events a consumer has applied, marked in the same transaction as their effect. Marks are kept for good,
since topics are (`protocol.md` 6)."""

from __future__ import annotations

from collections.abc import Collection

from shared.mongo import Unit, sealed


def already_applied(unit: Unit, consumer: str, ids: Collection[str]) -> set[str]:
    """Those of `ids` that `consumer` has applied."""
    keys = [f"{consumer}:{one}" for one in ids]
    rows = unit.collection("inbox").find({"_id": {"$in": keys}}, {"_id": 1}, session=unit.session)
    return {row["_id"].removeprefix(f"{consumer}:") for row in rows}


def mark(unit: Unit, consumer: str, ids: Collection[str]) -> None:
    """Two consumers of the same event meet here: the later transaction fails and is run again."""
    if ids:
        rows = [sealed({"_id": f"{consumer}:{one}", "at": unit.now}, unit.settings.secret_key) for one in ids]
        unit.collection("inbox").insert_many(rows, session=unit.session)
