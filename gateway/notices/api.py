"""The routes of notices; what a stream does, in a process of its own, is in `gateway/stream.py`."""

from __future__ import annotations

from flask import Request

from gateway import handover
from gateway.handover import Asked
from gateway.notices import service, views
from gateway.notices.schemas import (
    DeliveriesQuery,
    DeliveryOut,
    NewWebhookOut,
    NoticeOut,
    NoticesQuery,
    RecipientOut,
    RecipientPatch,
    StreamQuery,
    WebhookIn,
    WebhookOut,
    WebhookPatch,
)
from shared.auth import Caller
from shared.http import Answer, ListQuery, PageOut, Precondition, Routes, page_of
from shared.mongo import Unit
from shared.problem import InputIsInvalid

routes = Routes("gateway")


@routes.get("/v1/stream", "stream.read")
def open_stream(unit: Unit, caller: Caller, query: StreamQuery, request: Request) -> Answer:
    """Server-Sent Events of what concerns the caller; `Last-Event-ID` resumes"""
    last = request.headers.get("Last-Event-ID", query.last_event_id).strip()
    if last and not (last.isdecimal() and len(last) <= 16):
        raise InputIsInvalid([("/Last-Event-ID", "应为本流给出的编号", "Give an id that this stream gave")])
    patterns = tuple(one for one in query.types.split(",") if one)
    life_s = unit.settings.token_minutes * 60  # no stream outlives the token that opened it by more than its life
    if request.method != "HEAD":
        asked = Asked(caller.user_id, views.audience_of(caller), patterns, int(last) if last else None, life_s)
        handover.take(request.environ, handover.ask(unit.settings.data, asked))
    headers = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Answer(b"", 200, headers)


@routes.get("/v1/notices", "notices.list", PageOut[NoticeOut])
def list_notices(unit: Unit, caller: Caller, query: NoticesQuery) -> PageOut[NoticeOut]:
    """What concerned the caller in the last fourteen days, newest first."""
    return page_of(views.list_notices(unit, caller, query.type, query.cursor, query.limit), NoticeOut.of)


@routes.get("/v1/notices/settings", "notices.settings", RecipientOut)
def read_settings(unit: Unit, caller: Caller) -> RecipientOut:
    """How the organisation gets messages."""
    return RecipientOut.of(service.recipient(unit, caller))


@routes.patch("/v1/notices/settings", "notices.settings", RecipientOut)
def change_settings(unit: Unit, caller: Caller, body: RecipientPatch, match: Precondition) -> RecipientOut:
    """Messages at once, daily or not at all; quiet hours; the language."""
    return RecipientOut.of(service.change_recipient(unit, caller, match.check, body.model_dump(exclude_none=True)))


@routes.post("/v1/webhooks", "webhooks.create", NewWebhookOut, status=201, secret=True)
def create_webhook(unit: Unit, caller: Caller, body: WebhookIn) -> Answer:
    """Have notices sent to a program; the secret that signs them is shown this once"""
    hook = service.create_webhook(unit, caller, body.url, body.types)
    return _secret(NewWebhookOut.made(hook, unit.settings.secret_key), 201, {"Location": f"/v1/webhooks/{hook.id}"})


@routes.get("/v1/webhooks", "webhooks.list", PageOut[WebhookOut])
def list_webhooks(unit: Unit, caller: Caller, query: ListQuery) -> PageOut[WebhookOut]:
    """The organisation's webhooks."""
    return page_of(views.list_webhooks(unit, caller, query.cursor, query.limit), WebhookOut.of)


@routes.get("/v1/webhooks/<webhook_id>", "webhooks.read", WebhookOut)
def read_webhook(unit: Unit, caller: Caller, webhook_id: str) -> WebhookOut:
    """Read a webhook."""
    return WebhookOut.of(views.read_webhook(unit, caller, webhook_id))


@routes.patch("/v1/webhooks/<webhook_id>", "webhooks.change", WebhookOut)
def change_webhook(unit: Unit, caller: Caller, webhook_id: str, body: WebhookPatch, match: Precondition) -> WebhookOut:
    """Change its address or types, pause it, or let it go on."""
    return WebhookOut.of(service.change_webhook(unit, caller, webhook_id, match.check, body.model_dump(exclude_none=True)))


@routes.post("/v1/webhooks/<webhook_id>/rotate", "webhooks.change", NewWebhookOut, secret=True)
def rotate_webhook(unit: Unit, caller: Caller, webhook_id: str) -> Answer:
    """A new secret; for a day the old one signs as well"""
    return _secret(NewWebhookOut.made(service.rotate_webhook(unit, caller, webhook_id), unit.settings.secret_key), 200, {})


@routes.post("/v1/webhooks/<webhook_id>/ping", "webhooks.change", DeliveryOut)
def ping_webhook(unit: Unit, caller: Caller, webhook_id: str) -> DeliveryOut:
    """Send a `webhook.ping`, to try the receiver."""
    return DeliveryOut.of(service.ping_webhook(unit, caller, webhook_id))


@routes.delete("/v1/webhooks/<webhook_id>", "webhooks.change")
def delete_webhook(unit: Unit, caller: Caller, webhook_id: str) -> Answer:
    """End a webhook."""
    service.delete_webhook(unit, caller, webhook_id)
    return Answer(None, 204)


@routes.get("/v1/webhooks/<webhook_id>/deliveries", "webhooks.read", PageOut[DeliveryOut])
def list_deliveries(unit: Unit, caller: Caller, webhook_id: str, query: DeliveriesQuery) -> PageOut[DeliveryOut]:
    """What was sent and what became of it, newest first."""
    page = views.list_deliveries(unit, caller, webhook_id, query.status, query.cursor, query.limit)
    return page_of(page, DeliveryOut.of)


@routes.post("/v1/webhooks/<webhook_id>/deliveries/<delivery_id>/retry", "webhooks.change", DeliveryOut)
def retry_delivery(unit: Unit, caller: Caller, webhook_id: str, delivery_id: str) -> DeliveryOut:
    """Send one again that was delivered or given up."""
    return DeliveryOut.of(service.retry_delivery(unit, caller, webhook_id, delivery_id))


def _secret(body: NewWebhookOut, status: int, headers: dict[str, str]) -> Answer:
    return Answer(body, status, {**headers, "Cache-Control": "no-store"})
