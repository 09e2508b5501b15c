"""Identifiers: UUIDv7, so that ids sort by the time they were made."""

from __future__ import annotations

import secrets

import uuid_utils


def new_id() -> str:
    """A new UUIDv7 in its 36-character form."""
    return str(uuid_utils.uuid7())


def new_traceparent() -> str:
    """A new W3C `traceparent` with the sampled flag."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_traceparent(parent: str) -> str:
    """The same trace with a new span, for the next hop; a new trace where `parent` is not one."""
    parts = parent.split("-")
    if len(parts) != 4 or len(parts[1]) != 32 or len(parts[2]) != 16:
        return new_traceparent()
    return f"00-{parts[1]}-{secrets.token_hex(8)}-{parts[3]}"
