"""The collections that the bus keeps in every room's database. Web processes prepare them, too, and load no Kafka client."""

from __future__ import annotations

from shared.mongo import Sealed


class OutboxDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "outbox",
        "indexes": [
            {"fields": ["pending", "version", "_id"], "partialFilterExpression": {"pending": True}},
            "key",
            {"fields": ["sent_at"], "expireAfterSeconds": 14 * 86400},
        ],
    }


class LeaseDocument(Sealed):
    meta = {"collection": "leases", "indexes": []}  # noqa: RUF012


class InboxDocument(Sealed):
    meta = {"collection": "inbox", "indexes": []}  # noqa: RUF012


class DeadLetterDocument(Sealed):
    meta = {"collection": "dead_letters", "indexes": ["status"]}  # noqa: RUF012


class PulseDocument(Sealed):
    meta = {"collection": "pulses", "indexes": [{"fields": ["at"], "expireAfterSeconds": 60}]}  # noqa: RUF012


BUS_DOCUMENTS: tuple[type[Sealed], ...] = (OutboxDocument, InboxDocument, LeaseDocument, DeadLetterDocument, PulseDocument)
