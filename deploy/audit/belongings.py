"""What belongs to a lot or demand within listings: files of its photos and papers, and the recurrence that it was made by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.audit.difference import Difference, compared, missing
from deploy.audit.evidence import Evidence
from shared.mongo import Row

FILES = "listings.attachment_files"
RECURRENCES = "listings.recurrences"


def files(evidence: Evidence) -> Iterator[Difference]:
    """Every photo and paper that a lot names has its bytes, a picture its thumbnail too, and no bytes lie there for nothing."""
    expected: dict[str, Row] = {}
    thumbnails: dict[str, Row] = {}
    for lot_id, lot in evidence.table("listings", "lots").items():
        for one in lot.get("attachments", ()):
            expected[one["id"]] = _file(lot_id, one)
            if one["width"] is not None:
                thumbnails[f"{one['id']}.thumbnail"] = {"lot_id": lot_id, "content_type": "image/jpeg"}
    rows = evidence.table("listings", "attachment_files")
    small = {identifier: row for identifier, row in rows.items() if identifier.endswith(".thumbnail")}
    whole = {identifier: row for identifier, row in rows.items() if identifier not in small}
    yield from compared(FILES, expected, whole, "listings.lots")
    yield from compared(FILES, thumbnails, small, "listings.lots")


def _file(lot_id: str, attachment: dict[str, Any]) -> Row:
    return {"lot_id": lot_id, "content_type": attachment["content_type"], "sha256": attachment["sha256"]}


def recurrences(evidence: Evidence) -> Iterator[Difference]:
    """Each copy of a period has the recurrence that made it, which counts as many as there are and is past the last of them;
    each recurrence has the lot or demand that it is made after."""
    rows = evidence.table("listings", "recurrences")
    periods: dict[str, list[str]] = {}
    for collection in ("lots", "demands"):
        for row in evidence.table("listings", collection).values():
            if row.get("period") is not None:
                periods.setdefault(row["copied_from"], []).append(row["period"])
    for identifier, made in periods.items():
        if identifier not in rows:
            yield missing(RECURRENCES, identifier, f"{len(made)} copies were made by it")
        elif rows[identifier]["made"] != len(made):
            yield Difference(RECURRENCES, identifier, "made", str(len(made)), str(rows[identifier]["made"]))
        elif (rows[identifier]["last_period"] or "") < max(made):
            yield Difference(RECURRENCES, identifier, "last_period", max(made), str(rows[identifier]["last_period"]))
    for identifier, row in rows.items():
        if identifier not in evidence.table("listings", f"{row['side']}s"):
            yield missing(f"listings.{row['side']}s", identifier, "there is a recurrence of it")
        if row["made"] and identifier not in periods:
            yield Difference(RECURRENCES, identifier, "made", "0", str(row["made"]))
