"""The read side of notices."""

from __future__ import annotations

from typing import Any

from gateway.notices.model import REGION, ROLE, Delivery, Notice, Webhook
from gateway.notices.store import DELIVERIES, LOG, NOTICES, WEBHOOKS, after, mark, oldest
from shared.auth import Caller, authorise
from shared.mongo import Page, Unit


def audience_of(caller: Caller) -> tuple[str, ...]:
    """Whose notices a caller reads: its organisation's, its role's, and a park operator's or operator's its region's."""
    region = (f"{REGION}{caller.region}",) if caller.role in ("park_operator", "operator") else ()
    return (caller.organisation_id, f"{ROLE}{caller.role}", *region)


def list_notices(unit: Unit, caller: Caller, kind: str | None, cursor: str | None, limit: int) -> Page[Notice]:
    where: dict[str, Any] = {"audience": {"$in": list(audience_of(caller))}}
    if kind is not None:
        where["type"] = {"$regex": f"^{kind.removesuffix('*').replace('.', chr(92) + '.')}"} if kind.endswith("*") else kind
    return NOTICES.page(unit, where, cursor, limit)


def list_webhooks(unit: Unit, caller: Caller, cursor: str | None, limit: int) -> Page[Webhook]:
    return WEBHOOKS.page(unit, {"organisation_id": caller.organisation_id}, cursor, limit)


def webhook(unit: Unit, caller: Caller, webhook_id: str, action: str) -> Webhook:
    """For a reader or for the one who changes it. Raises NotFound."""
    hook = WEBHOOKS.find(unit, webhook_id)
    own = hook is not None and hook.organisation_id == caller.organisation_id
    authorise(caller, action, {"own"} if own else set())
    return WEBHOOKS.get(unit, webhook_id)


def read_webhook(unit: Unit, caller: Caller, webhook_id: str) -> Webhook:
    """Raises NotFound."""
    return webhook(unit, caller, webhook_id, "webhooks.read")


def list_deliveries(
    unit: Unit, caller: Caller, webhook_id: str, status: str | None, cursor: str | None, limit: int
) -> Page[Delivery]:
    """The log of a webhook, newest first. Raises NotFound."""
    hook = webhook(unit, caller, webhook_id, "webhooks.read")
    where = {"webhook_id": hook.id} | ({"status": status} if status else {})
    return DELIVERIES.page(unit, where, cursor, limit)


def end_of_log(unit: Unit) -> int:
    return mark(unit, LOG).seq


def missed(unit: Unit, seq: int) -> bool:
    """Whether something after `seq` is kept no more."""
    first = oldest(unit)
    return seq + 1 < first


read_log = after

__all__ = [
    "audience_of",
    "end_of_log",
    "list_deliveries",
    "list_notices",
    "list_webhooks",
    "missed",
    "read_log",
    "read_webhook",
]
