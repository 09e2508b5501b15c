"""Who is signed in at the console.

The browser holds an opaque random key in a cookie that no script can read. The gateway keeps the session under the key's
digest, and the tokens encrypted by a key that is made of it and of the instance's secret: neither the database nor the
secret alone gives a token away. Access tokens are renewed before they end, by one request at a time, since a refresh token
is good for one use.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken

from gateway.console.store import SESSIONS, Session
from shared.mongo import Database, Unit

COOKIE = "huanliu_session"
IDLE = timedelta(hours=24)
LIFE = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=5)
RENEW_BEFORE = timedelta(seconds=120)
RENEWAL = timedelta(seconds=10)
"""How long one request may take to renew the tokens before another tries."""
WAIT_S = 0.05
MOST_KEPT = 65_536
"""Characters of a form that outlive a session."""


@dataclass(frozen=True)
class Tokens:
    """As `POST /v1/tokens` gives them."""

    access: str
    refresh: str
    lives_s: int


@dataclass(frozen=True)
class Refused:
    """Accounts does not take the refresh token any more."""


Renew = Callable[[str], "Tokens | Refused | None"]
"""New tokens for a refresh token; None while accounts does not answer."""


@dataclass
class SignedIn:
    """A session in use by one request: the cookie's key, what is kept, and a token that lives."""

    key: str
    session: Session
    token: str


class Sessions:
    """Sessions in the gateway's database."""

    def __init__(self, database: Database) -> None:
        self.database, self.secret = database, database.settings.secret_key

    def begin(self, tokens: Tokens, me: dict[str, Any], kept_path: str = "", kept: str = "") -> str:
        """The key of a new session."""
        key = secrets.token_urlsafe(32)
        now = self.database.clock()
        session = Session(
            id=_digest(key),
            version=1,
            user_id=me["id"],
            role=me["role"],
            name=me["name"],
            organisation_id=me["organisation"]["id"],
            organisation=me["organisation"]["name"],
            tokens=self._lock(key, tokens),
            token_ends_at=now + timedelta(seconds=tokens.lives_s),
            begun_at=now,
            seen_at=now,
            ends_at=now + IDLE,
            kept_path=kept_path,
            kept=kept if len(kept) <= MOST_KEPT else "",
        )
        self.database.write(lambda unit: SESSIONS.add(unit, session))
        return key

    def find(self, key: str | None, renew: Renew) -> SignedIn | None:
        """The session of a cookie with a token that lives; None where it has ended."""
        if not key:
            return None
        session = SESSIONS.find(self.database.read(), _digest(key))
        now = self.database.clock()
        if session is None or now >= session.ends_at:
            return None
        if now > session.seen_at + SEEN_EVERY:
            self._change(session.id, lambda one: _seen(one, self.database))
        if now >= session.token_ends_at - RENEW_BEFORE:
            renewed = self._renew(key, session, renew)
            if renewed is None:
                return None
            session = renewed
        tokens = self._unlock(key, session)
        return None if tokens is None else SignedIn(key, session, tokens.access)

    def end(self, key: str) -> str | None:
        """Ends the session; its refresh token, to be revoked."""
        session = SESSIONS.find(self.database.read(), _digest(key))
        if session is None:
            return None
        self.database.write(lambda unit: SESSIONS.delete(unit, session.id))
        tokens = self._unlock(key, session)
        return None if tokens is None else tokens.refresh

    def say(self, key: str, toast: dict[str, str]) -> None:
        """Have the next page say something."""
        self._change(_digest(key), lambda one: one.toasts.append(toast))

    def said(self, key: str) -> None:
        """The page has said what it was to say."""
        self._change(_digest(key), lambda one: one.toasts.clear())

    def keep(self, key: str, path: str, kept: str) -> None:
        """Keep what was typed for the page at `path`; an empty path lets go of it."""

        def change(one: Session) -> None:
            one.kept_path, one.kept = path, kept

        self._change(_digest(key), change)

    def csrf(self, key: str) -> str:
        """A token for this session's forms; another each time, so that compressing the page tells nothing of it."""
        nonce = secrets.token_urlsafe(12)
        return f"{nonce}.{self._mark(key, nonce)}"

    def is_csrf(self, key: str, given: str) -> bool:
        """Whether `csrf` made it for this session."""
        nonce, _, mark = given.partition(".")
        return hmac.compare_digest(mark.encode(), self._mark(key, nonce).encode())

    def _mark(self, key: str, nonce: str) -> str:
        return hmac.new(self.secret.encode(), f"csrf:{nonce}:{key}".encode(), hashlib.sha256).hexdigest()

    def _renew(self, key: str, session: Session, renew: Renew) -> Session | None:
        """One request renews, the others go on with the old token while it lives, or wait."""
        while not self._take(session.id):
            again = SESSIONS.find(self.database.read(), session.id)
            now = self.database.clock()
            if again is None or now < again.token_ends_at - timedelta(seconds=1):
                return again
            time.sleep(WAIT_S)
        current = SESSIONS.find(self.database.read(), session.id)
        tokens = None if current is None else self._unlock(key, current)
        if current is None or tokens is None:
            return None
        if self.database.clock() < current.token_ends_at - RENEW_BEFORE:  # another was first
            return self._change(session.id, _let_go)
        made = renew(tokens.refresh)
        if isinstance(made, Refused):
            self.database.write(lambda unit: SESSIONS.delete(unit, session.id))
            return None
        if made is None:
            return self._change(session.id, _let_go)
        ends = self.database.clock() + timedelta(seconds=made.lives_s)
        sealed = self._lock(key, made)

        def change(one: Session) -> None:
            one.tokens, one.token_ends_at, one.renewing_until = sealed, ends, None

        return self._change(session.id, change)

    def _take(self, identifier: str) -> bool:
        def work(unit: Unit) -> bool:
            one = SESSIONS.find(unit, identifier)
            if one is None:
                return True  # it has ended: who asks finds out
            if one.renewing_until is not None and unit.now < one.renewing_until:
                return False
            one.renewing_until, one.version = unit.now + RENEWAL, one.version + 1
            SESSIONS.save(unit, one)
            return True

        return self.database.write(work)

    def _change(self, identifier: str, change: Callable[[Session], None]) -> Session | None:
        def work(unit: Unit) -> Session | None:
            one = SESSIONS.find(unit, identifier)
            if one is not None:
                change(one)
                one.version += 1
                SESSIONS.save(unit, one)
            return one

        return self.database.write(work)

    def _box(self, key: str) -> Fernet:
        made = hmac.new(self.secret.encode(), b"tokens:" + key.encode(), hashlib.sha256).digest()
        return Fernet(base64.urlsafe_b64encode(made))

    def _lock(self, key: str, tokens: Tokens) -> str:
        return self._box(key).encrypt(orjson.dumps([tokens.access, tokens.refresh])).decode()

    def _unlock(self, key: str, session: Session) -> Tokens | None:
        """None where the instance has another secret than when the session began."""
        try:
            access, refresh = orjson.loads(self._box(key).decrypt(session.tokens.encode()))
        except InvalidToken:
            return None
        return Tokens(access, refresh, 0)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _seen(one: Session, database: Database) -> None:
    one.seen_at = database.clock()
    one.ends_at = min(one.seen_at + IDLE, one.begun_at + LIFE)


def _let_go(one: Session) -> None:
    one.renewing_until = None
