"""CloudEvents 1.0 in Kafka binary mode: an outbox row as headers and bytes, and back.

A header `signature` (HMAC-SHA-256 with the instance's secret) lets a consumer tell an event of this system from a forged one.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import ValidationError

from shared.clock import iso
from shared.events import REGISTRY, Event

Headers = list[tuple[str, bytes]]


class Record(Protocol):
    """What kafka-python's consumer returns."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class EventIsUnreadable(Exception):
    """A record that is no event of ours; its texts are the dead letter's reason."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Envelope:
    """A record's CloudEvents attributes; `data` is still bytes."""

    id: str
    type: str
    subject: str
    at: datetime
    traceparent: str
    data: bytes
    signature: str
    origin: str
    """Where it was read: topic/partition/offset."""


def signature(secret: str, identifier: str, type_: str, subject: str, data: bytes) -> str:
    message = b"\n".join([identifier.encode(), type_.encode(), subject.encode(), data])
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def headers_of(row: dict[str, Any], secret: str) -> Headers:
    """The headers of an outbox row."""
    data = row["data"].encode()
    room = REGISTRY[row["type"]].ROOM
    values = {
        "ce_specversion": "1.0",
        "ce_id": row["_id"],
        "ce_type": row["type"],
        "ce_source": f"/huanliu/{room}",
        "ce_subject": row["key"],
        "ce_time": iso(row["at"]),
        "ce_sequence": str(row["version"]),
        "content-type": "application/json",
        "traceparent": row["traceparent"],
        "signature": signature(secret, row["_id"], row["type"], row["key"], data),
    }
    return [(name, value.encode()) for name, value in values.items()]


def origin_of(record: Record) -> str:
    """Its place: topic/partition/offset."""
    return f"{record.topic}/{record.partition}/{record.offset}"


def type_of(record: Record) -> str | None:
    """The event type in the headers, or None."""
    for name, value in record.headers or ():
        if name == "ce_type":
            return value.decode("utf-8", "replace")
    return None


def open_envelope(record: Record) -> Envelope:
    """Raises EventIsUnreadable where a header is missing or no text, or there is no body."""
    try:
        headers = {name: value.decode("utf-8") for name, value in record.headers or ()}
    except (UnicodeDecodeError, AttributeError) as error:
        raise EventIsUnreadable(f"消息头不是 UTF-8 文本：{error}", f"a header is no UTF-8 text: {error}") from error
    missing = [n for n in ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time") if not headers.get(n)]
    if missing:
        raise EventIsUnreadable(f"缺少消息头：{', '.join(missing)}", f"missing headers: {', '.join(missing)}")
    if headers["ce_specversion"] != "1.0":
        version = headers["ce_specversion"]
        raise EventIsUnreadable(f"不认识的 CloudEvents 版本 {version}", f"CloudEvents version {version} is unknown")
    if record.value is None:
        raise EventIsUnreadable("消息没有内容", "the record has no body")
    try:
        at = datetime.fromisoformat(headers["ce_time"])
    except ValueError as error:
        told = headers["ce_time"]
        raise EventIsUnreadable(f"ce_time 不是时间：{told}", f"ce_time is no time: {told}") from error
    return Envelope(
        headers["ce_id"],
        headers["ce_type"],
        headers["ce_subject"],
        at,
        headers.get("traceparent", ""),
        record.value,
        headers.get("signature", ""),
        origin_of(record),
    )


def parse(envelope: Envelope, secret: str) -> Event:
    """The event in an envelope. Raises EventIsUnreadable for an unknown type, a bad signature or data its schema forbids."""
    kind = REGISTRY.get(envelope.type)
    if kind is None:
        raise EventIsUnreadable(f"不认识的事件类型 {envelope.type}", f"unknown event type {envelope.type}")
    expected = signature(secret, envelope.id, envelope.type, envelope.subject, envelope.data)
    if not hmac.compare_digest(expected, envelope.signature):
        raise EventIsUnreadable(
            "签名缺失或不对：不是本系统的事件", "the signature is missing or wrong: not an event of this system"
        )
    try:
        event = kind.model_validate_json(envelope.data)
    except ValidationError as error:
        raise EventIsUnreadable(
            f"内容不符合 {envelope.type} 的格式：{error}", f"the data breaks the schema of {envelope.type}: {error}"
        ) from error
    if event.id != envelope.subject:
        raise EventIsUnreadable(
            f"消息的主体 {envelope.subject} 不是聚合 {event.id}",
            f"the subject {envelope.subject} is not the aggregate {event.id}",
        )
    return event
