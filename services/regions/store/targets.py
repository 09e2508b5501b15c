"""Targets of regions."""

from __future__ import annotations

from services.regions.model import Target
from shared.mongo import Repository, Sealed


class TargetDocument(Sealed):
    meta = {"collection": "targets", "indexes": [("terms.region", "id")]}  # noqa: RUF012


TARGETS = Repository(TargetDocument, Target)
