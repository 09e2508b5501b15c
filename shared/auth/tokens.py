"""Access tokens: signed by accounts with Ed25519, verified everywhere by its published keys (`protocol.md` 10)."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from shared.auth.caller import ROLES, Caller
from shared.clock import Clock
from shared.problem import ServiceIsUnavailable, SignInIsNeeded

ALGORITHM = "Ed25519"
ISSUER = "huanliu"
AUDIENCE = "huanliu"
REFETCH_S = 10


class KeysAreOutOfReach(Exception):
    """Accounts does not answer."""


def issue(key: OKPKey, caller: Caller, now: float, lifetime_s: int, jti: str) -> str:
    """An access token for `caller`; `now` is a UNIX time."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": caller.user_id,
        "org": caller.organisation_id,
        "role": caller.role,
        "region": caller.region,
        "name": caller.name,
        "iat": int(now),
        "exp": int(now) + lifetime_s,
        "jti": jti,
    }
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": "at+jwt"}, claims, key, algorithms=[ALGORITHM])


class Verifier:
    """Verifies tokens by accounts' keys, kept on disk and fetched again on an unknown key id, at most every 10 s."""

    def __init__(self, keys_url: str, cache: Path, clock: Clock, fetch: Callable[[], bytes] | None = None) -> None:
        """`fetch` gets the JWKS where it is not at `keys_url`: accounts has it in its own database."""
        self.keys_url, self.cache, self.clock = keys_url, cache, clock
        self._fetch = fetch or self._get
        self._keys: dict[str, OKPKey] = {}
        self._fetched = float("-inf")
        self._lock = threading.Lock()

    def caller(self, token: str) -> Caller:
        """Raises SignInIsNeeded for a token that is not ours, altered or past its time."""
        key = self._key(self._key_id(token))
        try:
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
            registry = jwt.JWTClaimsRegistry(
                now=lambda: int(self.clock().timestamp()),
                iss={"essential": True, "value": ISSUER},
                aud={"essential": True, "value": AUDIENCE},
                exp={"essential": True},
            )
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise _bad_token() from error
        if claims.get("role") not in ROLES:
            raise _bad_token()
        return Caller(claims["sub"], claims["org"], claims["role"], claims["region"], claims.get("name", ""))

    @staticmethod
    def _key_id(token: str) -> str:
        try:
            header = token.split(".", 1)[0]
            decoded = orjson.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
            return str(decoded["kid"])
        except (ValueError, KeyError, TypeError) as error:
            raise _bad_token() from error

    def _key(self, kid: str) -> OKPKey:
        key = self._keys.get(kid)
        if key is None:
            with self._lock:
                key = self._keys.get(kid) or self._load(kid)
        return key

    def _load(self, kid: str) -> OKPKey:
        if self.cache.exists():
            self._adopt(self.cache.read_bytes())
        if kid not in self._keys and time.monotonic() - self._fetched >= REFETCH_S:
            try:
                answer = self._fetch()
            except KeysAreOutOfReach as error:
                if not self._keys:
                    raise ServiceIsUnavailable(
                        zh="暂时无法验证登录凭证", en="Tokens can't be verified for now; accounts does not answer"
                    ) from error
                raise _bad_token() from error
            self._fetched = time.monotonic()
            self._adopt(answer)
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            self.cache.write_bytes(answer)
        if kid not in self._keys:
            raise _bad_token()
        return self._keys[kid]

    def _get(self) -> bytes:
        import httpx  # most processes find the keys on disk and never need it

        try:
            return httpx.get(self.keys_url, timeout=2).raise_for_status().content
        except httpx.HTTPError as error:
            raise KeysAreOutOfReach(str(error)) from error

    def _adopt(self, document: bytes) -> None:
        for key in KeySet.import_key_set(orjson.loads(document)).keys:
            if isinstance(key, OKPKey) and key.kid:
                self._keys[key.kid] = key


def _bad_token() -> SignInIsNeeded:
    return SignInIsNeeded(zh="登录凭证无效或已过期，请重新登录", en="The token is not valid or has expired; sign in again")
