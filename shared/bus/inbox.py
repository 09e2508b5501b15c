"""The inbox: which events a consumer has applied, marked in the same transaction as their effect. Marks are kept for good,
since topics are (`protocol.md` 6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shared.mongo import Unit, sealed


def already_applied(unit: Unit, consumer: str, ids: Collection[str]) -> set[str]:
    """Those of `ids` that `consumer` has applied."""
    keys = [f"{consumer}:{one}" for one in ids]
    rows = unit.collection("inbox").find({"_id": {"$in": keys}}, {"_id": 1}, session=unit.session)
    return {row["_id"].removeprefix(f"{consumer}:") for row in rows}


def mark(unit: Unit, consumer: str, origins: Mapping[str, str]) -> None:
    """Mark events by id, each with where it was read. Two consumers of the same event meet here: the later transaction fails
    and is run again."""
    if origins:
        key = unit.settings.secret_key
        rows = [sealed({"_id": f"{consumer}:{one}", "at": unit.now, "origin": at}, key) for one, at in origins.items()]
        unit.collection("inbox").insert_many(rows, session=unit.session)
