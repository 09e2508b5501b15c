"""Use cases of notices: hearing events, reminding, and what people decide about webhooks and messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson

from gateway.notices.audience import note_of
from gateway.notices.model import MOST_WEBHOOKS, Delivery, Matter, Message, Note, Notice, Recipient, Webhook
from gateway.notices.reach import Refused, check_url
from gateway.notices.store import (
    DELIVERIES,
    FAN_OUT,
    LOG,
    MARKS,
    MATTERS,
    MESSAGES,
    NOTICES,
    RECIPIENTS,
    WEBHOOKS,
    active_webhooks,
    after,
    due_matters,
    mark,
)
from gateway.notices.views import webhook
from gateway.notices.wording import MESSAGES_OF, message_of
from shared.auth import Caller, authorise
from shared.clock import iso
from shared.events import Event
from shared.events.accounts import OrganisationRegistered
from shared.events.listings import QuantityReserved
from shared.events.trading import TradePaid, TradePaymentWithdrawn, TradeSettled
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.problem import InputIsInvalid, WrongState

REMINDED_AT = 5 / 6
"""Of a proposal's time to decide: the rest is left to do so."""
BEFORE_PAYMENT = timedelta(hours=24)
NEWS = timedelta(days=1)
AT_ONCE = 200
URGENT = frozenset({"alarm.raised", "alarm.escalated"})
"""What may be so urgent that it waits neither for the morning nor for the digest; that it is over can wait."""


def tell(unit: Unit, note: Note) -> None:
    """Add it to the log. Whoever writes the log writes its end as well, so its numbers follow the order of commits. What a new
    consumer reads of days gone by is no news."""
    if unit.cause is not None and unit.now - unit.cause.at > NEWS:
        return
    end = mark(unit, LOG)
    end.seq += 1
    MARKS.save(unit, end)
    NOTICES.add(unit, Notice.of(note, end.seq, unit.now))


def hear(unit: Unit, event: Event) -> None:
    """What concerns somebody at once."""
    tell(unit, note_of(event))


def hear_made(unit: Unit, event: Any) -> None:
    """A proposal shows once listings has reserved its tonnes."""
    matter, note = _matter(unit, event.id), note_of(event)
    matter.note = replace(note, data={**note.data, "status": "proposed"})  # as it reads once it is reserved
    _show(unit, matter)


def hear_reserved(unit: Unit, event: QuantityReserved) -> None:
    """As `hear_made`: the two come by different topics, in any order."""
    matter = _matter(unit, event.id)
    matter.reserved_at = event.at
    _show(unit, matter)


def _show(unit: Unit, matter: Matter) -> None:
    if matter.shows and matter.note is not None and matter.reserved_at is not None:
        tell(unit, matter.note)
        lifetime = timedelta(seconds=unit.settings.proposal_ttl_s)
        matter.remind_at = matter.reserved_at + REMINDED_AT * lifetime
        matter.reminder = replace(matter.note, type="proposal.expiring")
    MATTERS.save(unit, matter)


def hear_decided(unit: Unit, event: Any) -> None:
    """One side accepted it, or it ended: who has decided is reminded no more."""
    tell(unit, note_of(event))
    matter = _matter(unit, event.id)
    decided = {event.terms.seller_id: event.seller_accepted_at, event.terms.buyer_id: event.buyer_accepted_at}
    if event.status not in ("made", "proposed"):
        matter.end()
    elif matter.reminder is not None:
        undecided = tuple(one for one in matter.reminder.audience if decided.get(one) is None)
        matter.reminder = replace(matter.reminder, audience=undecided)
    MATTERS.save(unit, matter)


def hear_settled(unit: Unit, event: TradeSettled) -> None:
    """The buyer is reminded a day before the money is due."""
    note = note_of(event)
    tell(unit, note)
    matter = _matter(unit, event.id)
    due_at = event.at + timedelta(days=unit.settings.payment_days)
    data = {**note.data, "due_at": iso(due_at)}
    matter.reminder = replace(note, type="trade.due", audience=(event.terms.buyer_id,), data=data)
    matter.remind_at = due_at - BEFORE_PAYMENT
    MATTERS.save(unit, matter)


def hear_paid(unit: Unit, event: TradePaid) -> None:
    """A buyer who has paid is reminded no more."""
    tell(unit, note_of(event))
    _remind(unit, event.id, None)


def hear_unpaid(unit: Unit, event: TradePaymentWithdrawn) -> None:
    """As before it was confirmed."""
    tell(unit, note_of(event))
    reminder = _matter(unit, event.id).reminder
    if reminder is not None:
        _remind(unit, event.id, datetime.fromisoformat(reminder.data["due_at"]) - BEFORE_PAYMENT)


def _remind(unit: Unit, identifier: str, at: datetime | None) -> None:
    matter = _matter(unit, identifier)
    matter.remind_at = at
    MATTERS.save(unit, matter)


def hear_registered(unit: Unit, event: OrganisationRegistered) -> None:
    """Messages go to the organisation's contact."""
    recipient = RECIPIENTS.find(unit, event.id) or Recipient(event.id, event.contact)
    recipient.contact = event.contact
    RECIPIENTS.save(unit, recipient)


def _matter(unit: Unit, identifier: str) -> Matter:
    matter = MATTERS.find(unit, identifier) or Matter(identifier)
    matter.touched_at = unit.now
    return matter


def remind_due(database: Database) -> None:
    """The timer: what somebody should do before long."""
    if due_matters(database.read(), database.clock(), 1):
        while database.write(_remind_some) == AT_ONCE:
            pass


def _remind_some(unit: Unit) -> int:
    due = due_matters(unit, unit.now, AT_ONCE)
    for matter in due:
        if matter.reminder is not None and matter.reminder.audience:
            tell(unit, matter.reminder)
        matter.remind_at = None
        MATTERS.save(unit, matter)
    return len(due)


def fan_out(database: Database) -> None:
    """The timer: what is new in the log becomes deliveries and messages, each exactly once."""
    if after(database.read(), mark(database.read(), FAN_OUT).seq, 1):  # most times there is nothing: no transaction
        while database.write(_fan_out_some) == AT_ONCE:
            pass


def _fan_out_some(unit: Unit) -> int:
    read = mark(unit, FAN_OUT)
    notices = after(unit, read.seq, AT_ONCE)
    if not notices:
        return 0
    webhooks = active_webhooks(unit, {one for notice in notices for one in notice.audience})
    told = RECIPIENTS.many(unit, {one for notice in notices if notice.type in MESSAGES_OF for one in notice.audience})
    for notice in notices:
        DELIVERIES.add(unit, *(_delivery(hook, notice, unit) for hook in webhooks if hook.wants(notice)))
        if notice.type in MESSAGES_OF:
            found = (_message(told[one], notice, unit) for one in notice.audience if one in told)
            MESSAGES.add(unit, *(one for one in found if one is not None))
    read.seq = notices[-1].seq
    MARKS.save(unit, read)
    return len(notices)


def _delivery(hook: Webhook, notice: Notice, unit: Unit) -> Delivery:
    data = {"subject": notice.subject, **notice.data}
    return _sent(unit, hook, notice.id, notice.type, {"type": notice.type, "timestamp": iso(notice.at), "data": data})


def _sent(unit: Unit, hook: Webhook, notice_id: str, kind: str, body: dict[str, Any]) -> Delivery:
    text = orjson.dumps(body).decode()
    return Delivery(new_id(), 1, hook.id, hook.organisation_id, notice_id, kind, text, unit.now, unit.now)


def _message(recipient: Recipient, notice: Notice, unit: Unit) -> Message | None:
    urgent = notice.type in URGENT and notice.data.get("severity") == "urgent"
    at = recipient.send_at(unit.now, daily=notice.data.get("alert") == "daily", urgent=urgent)
    if at is None:
        return None
    zh, en = message_of(notice)
    return Message(f"{notice.id}:{recipient.id}", recipient.id, notice.id, zh, en, unit.now, at)


def create_webhook(unit: Unit, caller: Caller, url: str, types: list[str]) -> Webhook:
    """It gets what happens from now on. Raises InputIsInvalid where it must not be called, WrongState for too many."""
    _must_be_reachable(unit, url)
    if len(WEBHOOKS.select(unit, {"organisation_id": caller.organisation_id})) >= MOST_WEBHOOKS:
        raise WrongState(zh=f"最多 {MOST_WEBHOOKS} 个推送地址", en=f"An organisation has at most {MOST_WEBHOOKS} webhooks")
    end = mark(unit, LOG).seq
    hook = Webhook(new_id(), 1, caller.organisation_id, url, types, unit.now, unit.now, since_seq=end)
    WEBHOOKS.add(unit, hook)
    return hook


def change_webhook(unit: Unit, caller: Caller, webhook_id: str, check: Any, changes: dict[str, Any]) -> Webhook:
    """Raises VersionIsStale, InputIsInvalid."""
    hook = webhook(unit, caller, webhook_id, "webhooks.change")
    check(hook.version)
    status: Literal["active", "paused"] = "paused" if hook.status == "paused" else "active"
    url = changes.get("url", hook.url)
    _must_be_reachable(unit, url)
    hook.change(url, changes.get("types", hook.types), changes.get("status", status), unit.now)
    WEBHOOKS.save(unit, hook)
    return hook


def rotate_webhook(unit: Unit, caller: Caller, webhook_id: str) -> Webhook:
    """A new secret; the old one signs as well for a day."""
    hook = webhook(unit, caller, webhook_id, "webhooks.change")
    hook.rotate(unit.now)
    WEBHOOKS.save(unit, hook)
    return hook


def delete_webhook(unit: Unit, caller: Caller, webhook_id: str) -> None:
    """What was not sent yet never will be."""
    WEBHOOKS.delete(unit, webhook(unit, caller, webhook_id, "webhooks.change").id)


def ping_webhook(unit: Unit, caller: Caller, webhook_id: str) -> Delivery:
    """A delivery that says nothing, to try the receiver."""
    hook = webhook(unit, caller, webhook_id, "webhooks.change")
    body = {"type": "webhook.ping", "timestamp": iso(unit.now), "data": {"subject": f"/v1/webhooks/{hook.id}"}}
    delivery = _sent(unit, hook, "", "webhook.ping", body)
    DELIVERIES.add(unit, delivery)
    return delivery


def retry_delivery(unit: Unit, caller: Caller, webhook_id: str, delivery_id: str) -> Delivery:
    """Raises NotFound, WrongState where it is still on its way."""
    hook = webhook(unit, caller, webhook_id, "webhooks.change")
    delivery = DELIVERIES.get(unit, delivery_id)
    authorise(caller, "webhooks.change", {"own"} if delivery.webhook_id == hook.id else set())
    if delivery.status == "pending":
        raise WrongState(zh="这条通知还在发送中", en="This delivery is still on its way")
    delivery.again(unit.now)
    DELIVERIES.save(unit, delivery)
    return delivery


def recipient(unit: Unit, caller: Caller) -> Recipient:
    """How the caller's organisation wants messages."""
    return RECIPIENTS.find(unit, caller.organisation_id) or Recipient(caller.organisation_id, "")


def change_recipient(unit: Unit, caller: Caller, check: Any, changes: dict[str, Any]) -> Recipient:
    """Raises VersionIsStale."""
    found = recipient(unit, caller)
    check(found.version)
    for name, value in changes.items():
        setattr(found, name, value)
    found.version += 1
    RECIPIENTS.save(unit, found)
    return found


def _must_be_reachable(unit: Unit, url: str) -> None:
    try:
        check_url(url, unit.settings.private_webhooks)
    except Refused as why:
        raise InputIsInvalid([("/url", why.zh, why.en)]) from why
