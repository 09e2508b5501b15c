"""Who calls: API keys become access tokens here; for rate limits a token's subject, once it is verified, or the address.

Rooms verify every token themselves; the gateway's look at it decides nothing but whose budget the request takes.
"""

from __future__ import annotations

import hashlib

from flask import Request

from gateway.forward import Forwarder
from gateway.remembered import Remembered
from shared.auth.tokens import Verifier
from shared.clock import utc_now
from shared.problem import ServiceIsUnavailable, SignInIsNeeded

API_KEY_PREFIX = "hlk_"
RENEW_BEFORE_S = 30
"""A cached token is exchanged anew while it still has this long to live, so that none expires on its way."""
REMEMBER_S = 60


class Identities:
    """Tokens of API keys and subjects of tokens, remembered by digest."""

    def __init__(self, forwarder: Forwarder) -> None:
        settings = forwarder.settings
        keys_url = f"{settings.rooms.get('accounts', 'http://127.0.0.1:1')}/v1/keys"
        self.forwarder = forwarder
        self.verifier = Verifier(keys_url, settings.data / "keys" / "gateway.json", utc_now)
        self._tokens: Remembered[str] = Remembered()
        self._subjects: Remembered[str] = Remembered()

    def token_for(self, request: Request) -> str | None:
        """The access token that an API key stands for; None where the request carries none. Raises SignInIsNeeded."""
        credential = credential_of(request)
        if credential is None or not credential.startswith(API_KEY_PREFIX):
            return None
        digest = _digest(credential)
        token = self._tokens.get(digest)
        if token is None:
            answer = self.forwarder.post("accounts", "/v1/api-keys/exchange", {"api_key": credential})
            if answer.status_code in (401, 422):
                raise SignInIsNeeded(zh="API 密钥无效或已吊销", en="The API key is not valid or was revoked")
            if answer.status_code != 200:
                raise ServiceIsUnavailable(zh="暂时无法验证 API 密钥", en="API keys can't be verified for now")
            made = answer.json()
            token = str(made["access_token"])
            self._tokens.put(digest, token, made["expires_in"] - RENEW_BEFORE_S)
        return token

    def budget(self, request: Request) -> str:
        """Whose budget a request takes: a user's, or the address's where nobody is known for certain."""
        credential = credential_of(request)
        if credential is not None:
            digest = _digest(credential)
            if credential.startswith(API_KEY_PREFIX):
                token = self._tokens.get(digest)
                subject = self._subject(token) if token else None
            else:
                subject = self._subject(credential)
            if subject is not None:
                return f"user:{subject}"
        return f"address:{request.remote_addr}"

    def _subject(self, token: str) -> str | None:
        digest = _digest(token)
        subject = self._subjects.get(digest)
        if subject is None:
            try:
                subject = self.verifier.caller(token).user_id
            except (SignInIsNeeded, ServiceIsUnavailable):
                return None
            self._subjects.put(digest, subject, REMEMBER_S)
        return subject


def credential_of(request: Request) -> str | None:
    """What stands after `Bearer`."""
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    return credential.strip() or None if scheme.lower() == "bearer" else None


def _digest(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()
