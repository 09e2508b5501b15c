"""The collections of notices, in the gateway's database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from gateway.notices.model import Delivery, Mark, Matter, Message, Notice, Recipient, Webhook
from shared.mongo import Repository, Sealed, Unit

KEPT_DAYS = 14
"""How far back a stream can be resumed, and how long ended deliveries and messages can be looked at."""
KEPT_S = KEPT_DAYS * 86_400


class NoticeDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "notices",
        "indexes": [["audience", "seq"], {"fields": ["at"], "expireAfterSeconds": KEPT_S}],
    }


class MarkDocument(Sealed):
    meta = {"collection": "marks", "indexes": []}  # noqa: RUF012


class MatterDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "matters",
        "indexes": ["remind_at", {"fields": ["touched_at"], "expireAfterSeconds": 3 * KEPT_S}],
    }


class WebhookDocument(Sealed):
    meta = {"collection": "webhooks", "indexes": [["organisation_id", "id"]]}  # noqa: RUF012


class DeliveryDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "deliveries",
        "indexes": [["webhook_id", "id"], "next_at", {"fields": ["ended_at"], "expireAfterSeconds": KEPT_S}],
    }


class RecipientDocument(Sealed):
    meta = {"collection": "recipients", "indexes": []}  # noqa: RUF012


class MessageDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "messages",
        "indexes": [["status", "send_at"], {"fields": ["sent_at"], "expireAfterSeconds": KEPT_S}],
    }


NOTICES = Repository(NoticeDocument, Notice)
MARKS = Repository(MarkDocument, Mark)
MATTERS = Repository(MatterDocument, Matter)
WEBHOOKS = Repository(WebhookDocument, Webhook)
DELIVERIES = Repository(DeliveryDocument, Delivery)
RECIPIENTS = Repository(RecipientDocument, Recipient)
MESSAGES = Repository(MessageDocument, Message)
DOCUMENTS: tuple[type[Sealed], ...] = (
    NoticeDocument,
    MarkDocument,
    MatterDocument,
    WebhookDocument,
    DeliveryDocument,
    RecipientDocument,
    MessageDocument,
)
BY_ID: tuple[Repository[Any], ...] = (MATTERS,)
"""What events name, read before each batch of them."""
LOG, FAN_OUT = "log", "fan-out"


def mark(unit: Unit, name: str) -> Mark:
    return MARKS.find(unit, name) or Mark(name)


def after(unit: Unit, seq: int, limit: int, audience: Collection[str] | None = None) -> list[Notice]:
    """The log's next entries, for these readers or for all."""
    where: dict[str, Any] = {"seq": {"$gt": seq}}
    if audience is not None:
        where["audience"] = {"$in": list(audience)}
    return NOTICES.select(unit, where, [("seq", 1)], limit)


def oldest(unit: Unit) -> int:
    """The number of the first entry that is still kept; 0 of an empty log."""
    return next((one.seq for one in NOTICES.select(unit, {}, [("_id", 1)], 1)), 0)


def active_webhooks(unit: Unit, organisation_ids: Collection[str]) -> list[Webhook]:
    return WEBHOOKS.select(unit, {"organisation_id": {"$in": list(organisation_ids)}, "status": "active"})


def due_matters(unit: Unit, now: datetime, limit: int) -> list[Matter]:
    return MATTERS.select(unit, {"remind_at": {"$lte": now}}, [("remind_at", 1)], limit)


def due_deliveries(unit: Unit, now: datetime, limit: int) -> list[Delivery]:
    return DELIVERIES.select(unit, {"next_at": {"$lte": now}}, [("next_at", 1)], limit)


def due_messages(unit: Unit, now: datetime, limit: int) -> list[Message]:
    return MESSAGES.select(unit, {"status": "pending", "send_at": {"$lte": now}}, [("send_at", 1)], limit)
