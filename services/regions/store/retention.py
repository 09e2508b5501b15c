"""What is kept of the volumes by the hour and by the day."""

from __future__ import annotations

from services.regions.model import RETENTION, Retention
from shared.mongo import Repository, Sealed, Unit


class RetentionDocument(Sealed):
    meta = {"collection": "retentions", "indexes": []}  # noqa: RUF012


RETENTIONS = Repository(RetentionDocument, Retention)


def retention_of(unit: Unit) -> Retention:
    return RETENTIONS.find(unit, RETENTION) or Retention()
