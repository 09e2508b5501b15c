"""Sending: webhook deliveries by HTTP and messages by a provider. A row is taken in one transaction, sent outside any, and what
came of it is written in another; a sender that dies in between leaves it to be sent again, so receivers go by `webhook-id`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import httpx
import structlog

from gateway.notices.model import Delivery, Message, Note, Webhook
from gateway.notices.providers import MessageIsNotSent, provider_of
from gateway.notices.reach import Refused, target_of
from gateway.notices.service import tell
from gateway.notices.store import DELIVERIES, MESSAGES, RECIPIENTS, WEBHOOKS, due_deliveries, due_messages
from shared.mongo import Database, Unit
from shared.settings import Settings

AT_ONCE = 32
OF_ONE_WEBHOOK = 4
"""At once, so that a receiver that hangs does not keep the others waiting."""
TIMEOUT_S = 10.0
ANSWER_READ = 4096
MOST_ATTEMPTS = 5
log = structlog.get_logger("notices")


def secret_of(hook: Webhook, generation: int, key: str) -> bytes:
    """The secret of a webhook: derived, so that no database holds it."""
    return hmac.new(key.encode(), f"webhook:{hook.id}:{generation}".encode(), hashlib.sha256).digest()


def shown(secret: bytes) -> str:
    """As receivers' libraries take it (Standard Webhooks)."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def signature(secret: bytes, identifier: str, timestamp: int, body: str) -> str:
    """Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`."""
    digest = hmac.new(secret, f"{identifier}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def deliver_due(database: Database) -> None:
    """The timer: every delivery that is due, several at a time."""
    if not due_deliveries(database.read(), database.clock(), 1):
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while taken := database.write(_take_some):
            send = partial(_send, database.settings, database.clock())
            for outcome in pool.map(send, *zip(*taken, strict=True)):
                database.write(lambda unit, one=outcome: _record(unit, *one))  # type: ignore[misc]


def _take_some(unit: Unit) -> list[tuple[Delivery, Webhook | None]]:
    by_webhook: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in due_deliveries(unit, unit.now, 8 * AT_ONCE):
        by_webhook[delivery.webhook_id].append(delivery)
    due = [one for rows in by_webhook.values() for one in rows[:OF_ONE_WEBHOOK]][:AT_ONCE]
    for delivery in due:
        delivery.take(unit.now)
        DELIVERIES.save(unit, delivery)
    hooks = WEBHOOKS.many(unit, {one.webhook_id for one in due})
    return [(one, hooks.get(one.webhook_id)) for one in due]


Outcome = tuple[str, int | None, str]
"""A delivery's id, the status answered, what went wrong (empty: nothing)."""


def _send(settings: Settings, now: datetime, delivery: Delivery, hook: Webhook | None) -> Outcome:
    if hook is None or hook.status != "active":
        return delivery.id, None, "gone"
    secrets = [secret_of(hook, one, settings.secret_key) for one in hook.generations(now)]
    timestamp = int(now.timestamp())
    signed = [signature(secret, delivery.id, timestamp, delivery.body) for secret in secrets]
    headers = {
        "content-type": "application/json",
        "user-agent": "Huanliu-Webhooks/1",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
    try:
        target = target_of(hook.url, settings.private_webhooks)
        with (
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST",
                target.url,
                content=delivery.body.encode(),
                headers={**headers, "host": target.host},
                extensions={"sni_hostname": target.name},
            ) as answer,
        ):
            said = next(answer.iter_raw(ANSWER_READ), b"")[:200].decode("utf-8", "replace")
            status = answer.status_code
    except (httpx.HTTPError, OSError, Refused) as error:
        return delivery.id, None, f"{type(error).__name__}: {error}"[:300]
    return delivery.id, status, "" if 200 <= status < 300 else f"answered {status}: {said}"


def _record(unit: Unit, delivery_id: str, status: int | None, error: str) -> None:
    delivery = DELIVERIES.get(unit, delivery_id)
    hook = WEBHOOKS.find(unit, delivery.webhook_id)
    if status is None and error == "gone":
        delivery.give_up("the webhook is not active", unit.now)
    elif not error and status is not None:
        delivery.done(status, unit.now)
    else:
        delivery.failed(status, error, unit.now)
    DELIVERIES.save(unit, delivery)
    if hook is not None and (status == 410 or delivery.status == "failed") and hook.status == "active":
        why = "the receiver answered 410 Gone" if status == 410 else f"given up after {delivery.attempts} attempts"
        hook.disable(why, unit.now)
        WEBHOOKS.save(unit, hook)
        tell(unit, Note("webhook.disabled", (hook.organisation_id,), f"/v1/webhooks/{hook.id}", {"reason": str(hook.reason)}))


def send_messages(database: Database) -> None:
    """The timer: what is due, one message to each recipient with all that waits for it."""
    provider = provider_of(database.settings)
    due = due_messages(database.read(), database.clock(), 1000)
    by_recipient: dict[str, list[Message]] = defaultdict(list)
    for message in due:
        by_recipient[message.organisation_id].append(message)
    for organisation_id, messages in by_recipient.items():
        recipient = RECIPIENTS.find(database.read(), organisation_id)
        error = None
        try:
            if recipient is None:
                raise MessageIsNotSent("nobody is known there")
            provider.send(recipient, "\n".join(one.en if recipient.language == "en" else one.zh for one in messages))
        except MessageIsNotSent as fault:
            error = str(fault)
            log.warning("message not sent", organisation=organisation_id, error=error)
        database.write(lambda unit, of=messages, why=error: _sent(unit, of, why))  # type: ignore[misc]


def _sent(unit: Unit, messages: list[Message], error: str | None) -> None:
    for message in messages:
        message.sent(unit.now, error, MOST_ATTEMPTS)
        MESSAGES.save(unit, message)


__all__ = ["deliver_due", "secret_of", "send_messages", "shown", "signature"]
