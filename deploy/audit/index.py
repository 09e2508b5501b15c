"""The search index against listings: by id, version and content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from deploy.audit.difference import Difference, missing, stray, unlike
from deploy.audit.evidence import Evidence
from services.listings.views import KINDS, expected, expected_of
from shared.mongo import Database, Row
from shared.search import Document, Index
from shared.settings import Settings


def index(evidence: Evidence) -> Iterator[Difference]:
    """Each published lot and demand is in the index as its version has it, and nothing else is."""
    database = Database(evidence.settings, "listings")
    try:
        for kind in KINDS.values():
            there = kind.index(evidence.settings)
            yield from _held(kind.name, there.alias, _read(there), expected(database.read(), kind))
    finally:
        database.close()


def index_of(settings: Settings, ids: Mapping[str, Sequence[str]]) -> Iterator[Difference]:
    """As `index`, of these lots and demands."""
    database = Database(settings, "listings")
    try:
        for name, some in ids.items():
            kind = KINDS[name]
            there = kind.index(settings)
            if some and there.client.indices.exists_alias(name=there.alias):
                found = {identifier: {**source, "version": version} for identifier, version, source in there.some(some)}
                yield from _held(name, there.alias, found, expected_of(database.read(), kind, some))
    finally:
        database.close()


def _held(name: str, alias: str, found: dict[str, Row], documents: Iterable[Document]) -> Iterator[Difference]:
    place = f"index {alias}"
    for document in documents:
        row = found.pop(document.id, None)
        if row is None:
            yield missing(place, document.id, f"listings.{name} has it at version {document.version}")
            continue
        fields = {"version": document.version, **document.source}
        if fields["status"] != "open":
            row.pop("compliant", None)  # nobody searches it any more: a site's later news leave it alone
            fields.pop("compliant", None)
        yield from unlike(place, document.id, fields, row)
        for field in row.keys() - fields.keys():
            yield Difference(place, document.id, field, "nothing", str(row[field]))
    for identifier in found:
        yield stray(place, identifier, f"listings.{name} has none")


def _read(there: Index) -> dict[str, Row]:
    """The documents by id, their version among the fields; none where there is no index yet."""
    if not there.client.indices.exists_alias(name=there.alias):
        return {}
    there.refresh()
    return {identifier: {**source, "version": version} for identifier, version, source in there.all()}
