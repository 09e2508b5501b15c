"""Shapes of notices, webhooks, deliveries and the settings of messages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from gateway.notices.delivering import secret_of, shown
from gateway.notices.model import Delivery, Notice, Recipient, Webhook
from shared.http import ListQuery, Query, Shape
from shared.http.shapes import Time

TypePattern = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.(\*|[a-z_]+)$", max_length=60)]
"""`trade.settled`, or `trade.*`."""
Types = Annotated[list[TypePattern], Field(max_length=50)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class NoticesQuery(ListQuery):
    type: TypePattern | None = None


class StreamQuery(Query):
    """`types`: comma-separated patterns. `last_event_id` is for clients that can't set the header."""

    types: str = ""
    last_event_id: Annotated[str, StringConstraints(pattern=r"^\d{0,16}$")] = ""


class NoticeOut(Shape):
    """Something that concerns the caller; `subject` is the path to read, `id` resumes a stream."""

    id: str
    type: str
    at: Time
    subject: str
    data: dict[str, Any]

    @classmethod
    def of(cls, notice: Notice) -> NoticeOut:
        return cls(id=str(notice.seq), type=notice.type, at=notice.at, subject=notice.subject, data=notice.data)


class WebhookIn(Shape):
    """`types` empty: everything that concerns the organisation."""

    url: Annotated[str, StringConstraints(max_length=2000)]
    types: Types = Field(default_factory=list)


class WebhookPatch(Shape):
    """What is left out stays."""

    url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    types: Types | None = None
    status: Literal["active", "paused"] | None = None


class WebhookOut(Shape):
    """`reason` says why a webhook was disabled; PATCH `status` to `active` to go on."""

    id: str
    version: int
    url: str
    types: list[str]
    status: Literal["active", "paused", "disabled"]
    reason: str | None
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, hook: Webhook) -> WebhookOut:
        return cls(**_facts(hook))


class NewWebhookOut(WebhookOut):
    """With its secret, which is shown when it is made or rotated and at no other time (Standard Webhooks)."""

    secret: str

    @classmethod
    def made(cls, hook: Webhook, key: str) -> NewWebhookOut:
        return cls(**_facts(hook), secret=shown(secret_of(hook, hook.generation, key)))


def _facts(hook: Webhook) -> dict[str, Any]:
    names = ("id", "version", "url", "types", "status", "reason", "created_at", "updated_at")
    return {name: getattr(hook, name) for name in names}


class DeliveriesQuery(ListQuery):
    status: Literal["pending", "delivered", "failed"] | None = None


class DeliveryOut(Shape):
    """One notice on its way to one webhook. `answered`: the status of the last attempt's answer."""

    id: str
    version: int
    webhook_id: str
    type: str
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    answered: int | None
    error: str | None
    created_at: Time
    next_at: Time | None
    ended_at: Time | None

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        return cls(**{name: getattr(delivery, name) for name in cls.model_fields})


class RecipientPatch(Shape):
    """What is left out stays. Times of day are of Asia/Shanghai; from = until: no quiet hours; an urgent alarm is sent in
    them too."""

    when: Literal["at_once", "daily", "off"] | None = None
    language: Literal["zh-CN", "en"] | None = None
    quiet_from: TimeOfDay | None = None
    quiet_until: TimeOfDay | None = None


class RecipientOut(Shape):
    """How the organisation gets messages by e-mail or telephone; `daily` is one message at 08:00."""

    version: int
    contact: str
    when: Literal["at_once", "daily", "off"]
    language: Literal["zh-CN", "en"]
    quiet_from: str
    quiet_until: str

    @classmethod
    def of(cls, found: Recipient) -> RecipientOut:
        return cls(**{name: getattr(found, name) for name in cls.model_fields})
