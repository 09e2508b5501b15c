"""The sessions of people at the console, in the gateway's database. Who reads it can sign in as nobody: see `sessions.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from shared.mongo import Repository, Sealed


@dataclass
class Session:
    """`id` is the digest of what the cookie holds; `tokens` are encrypted by it. `version` counts what was written."""

    id: str
    version: int
    user_id: str
    role: str
    name: str
    organisation_id: str
    organisation: str
    tokens: str
    token_ends_at: datetime
    begun_at: datetime
    seen_at: datetime
    ends_at: datetime
    renewing_until: datetime | None = None
    toasts: list[dict[str, str]] = field(default_factory=list)
    """What the next page says."""
    kept_path: str = ""
    kept: str = ""
    """What was typed into the form of that page when the session before this one had ended (JSON)."""


class SessionDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "console_sessions",
        "indexes": [{"fields": ["ends_at"], "expireAfterSeconds": 0}],
    }


SESSIONS = Repository(SessionDocument, Session)
DOCUMENTS: tuple[type[Sealed], ...] = (SessionDocument,)
