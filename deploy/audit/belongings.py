"""What belongs to a lot, a demand or a load within its room: files of photos and papers, the recurrence that made it."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.audit.difference import Difference, compared, missing
from deploy.audit.evidence import Evidence
from shared.mongo import Row

RECURRENCES = "listings.recurrences"
FILES = (
    ("listings", "lots", "attachments", "attachment_files", "lot_id"),
    ("logistics", "shipments", "photos", "photo_files", "shipment_id"),
)
"""Room, what has files, its field of them, the collection of their bytes, and whose they are."""


def files(evidence: Evidence) -> Iterator[Difference]:
    """Every photo and paper that a lot or a load names has its bytes, a picture its thumbnail too, and no bytes lie there for
    nothing."""
    for room, owners, name, kept, of in FILES:
        expected: dict[str, Row] = {}
        thumbnails: dict[str, Row] = {}
        for identifier, owner in evidence.table(room, owners).items():
            for one in owner.get(name, ()):
                expected[one["id"]] = {of: identifier, "content_type": one["content_type"], "sha256": one["sha256"]}
                if one["width"] is not None:
                    thumbnails[f"{one['id']}.thumbnail"] = {of: identifier, "content_type": "image/jpeg"}
        rows = evidence.table(room, kept)
        small = {key: row for key, row in rows.items() if key.endswith(".thumbnail")}
        whole = {key: row for key, row in rows.items() if key not in small}
        yield from compared(f"{room}.{kept}", expected, whole, f"{room}.{owners}")
        yield from compared(f"{room}.{kept}", thumbnails, small, f"{room}.{owners}")


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
