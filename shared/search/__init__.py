"""Elasticsearch: an index behind an alias, written with the aggregate's version as external version, rebuilt without a gap.

The alias `huanliu-lots` names the index that is searched; while a new one is built, the alias `huanliu-lots-building` names
it, and every write goes to both. Nothing is ever deleted from an index by an event: closed documents are filtered out
(`protocol.md` 7).
"""

from __future__ import annotations

from shared.search.analyser import ANALYSERS, STANDARD, analyser_of
from shared.search.index import AT_ONCE, REFRESH_S, SMALL, UNREACHABLE, Document, Index, IndexIsMissing, versions, write
from shared.search.points import PointInTimeIsGone, PointsInTime

__all__ = [
    "ANALYSERS",
    "AT_ONCE",
    "REFRESH_S",
    "SMALL",
    "STANDARD",
    "UNREACHABLE",
    "Document",
    "Index",
    "IndexIsMissing",
    "PointInTimeIsGone",
    "PointsInTime",
    "analyser_of",
    "versions",
    "write",
]
