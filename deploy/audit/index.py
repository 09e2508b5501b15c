"""The search index against listings: by id, version and content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.audit.difference import Difference, missing, stray, unlike
from deploy.audit.evidence import Evidence
from services.listings.views import KINDS, expected
from shared.mongo import Database


def index(evidence: Evidence) -> Iterator[Difference]:
    """Each published lot and demand is in the index as its version has it, and nothing else is."""
    database = Database(evidence.settings, "listings")
    try:
        for kind in KINDS.values():
            there = kind.index(evidence.settings)
            place = f"index {there.alias}"
            found = _read(there)
            for document in expected(database.read(), kind):
                row = found.pop(document.id, None)
                if row is None:
                    yield missing(place, document.id, f"listings.{kind.name} has it at version {document.version}")
                    continue
                fields = {"version": document.version, **document.source}
                if fields["status"] != "open":
                    row.pop("compliant", None)  # nobody searches it any more: a site's later news leave it alone
                    fields.pop("compliant", None)
                yield from unlike(place, document.id, fields, row)
                for name in row.keys() - fields.keys():
                    yield Difference(place, document.id, name, "nothing", str(row[name]))
            for identifier in found:
                yield stray(place, identifier, f"listings.{kind.name} has none")
    finally:
        database.close()


def _read(there: Any) -> dict[str, dict[str, Any]]:
    """The documents by id, their version among the fields; none where there is no index yet."""
    if not there.client.indices.exists_alias(name=there.alias):
        return {}
    there.refresh()
    return {identifier: {**source, "version": version} for identifier, version, source in there.all()}
