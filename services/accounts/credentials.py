"""Secrets: password hashes, the random tokens that are kept as digests only, and the signing key at rest."""

from __future__ import annotations

import hashlib
import re
import secrets
from functools import cache

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from joserfc import jwe
from joserfc.jwk import KeySet, OctKey, OKPKey

API_KEY_PREFIX = "hlk_"
REFRESH_PREFIX = "hlr_"
HINT_LENGTH = 10
PASSWORD_MIN = 8
PASSWORD_MAX = 256
"""Characters; the upper bound keeps hashing cheap for whoever sends a novel."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""The least that OWASP's password storage cheat sheet accepts for Argon2id (19 MiB, two passes, one lane)."""
_AT_REST = {"alg": "dir", "enc": "A256GCM"}
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_PHONE = re.compile(r"\+?\d{5,15}")


def hash_password(password: str) -> str:
    """Argon2id with a salt of its own."""
    return _HASHER.hash(password)


def password_fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the one; as slow for nobody's password (`stored` None), so that time tells no account apart."""
    try:
        return _HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))


def normal_email(text: str) -> str | None:
    """As it is kept and looked up, or None for what is no address."""
    email = text.strip().lower()
    return email if _EMAIL.fullmatch(email) else None


def normal_phone(text: str) -> str | None:
    """Digits, without spaces, hyphens and China's +86; None for what is no number."""
    phone = re.sub(r"[\s-]", "", text).removeprefix("+86")
    return phone if _PHONE.fullmatch(phone) else None


def new_api_key() -> str:
    return API_KEY_PREFIX + secrets.token_urlsafe(32)


def new_refresh_token() -> str:
    return REFRESH_PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a random token; 256 bits of chance need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_signing_key() -> OKPKey:
    """Ed25519; its key id is its RFC 7638 thumbprint."""
    return OKPKey.generate_key("Ed25519", auto_kid=True)


def seal_key(key: OKPKey, secret: str) -> str:
    """The private key as a compact JWE, readable with the instance's secret alone."""
    plain = orjson.dumps(key.as_dict(private=True))
    return jwe.encrypt_compact(_AT_REST, plain, _secret_key(secret), algorithms=["dir", "A256GCM"])


def open_key(sealed: str, secret: str) -> OKPKey:
    """The key that `seal_key` sealed. Raises JoseError where the secret is another."""
    plain = jwe.decrypt_compact(sealed, _secret_key(secret), algorithms=["dir", "A256GCM"]).plaintext
    return OKPKey.import_key(orjson.loads(plain or b"{}"))


def public_keys(key: OKPKey) -> dict[str, list[dict[str, str]]]:
    """The JWKS (RFC 7517) that everybody may read."""
    published: dict[str, list[dict[str, str]]] = KeySet([key]).as_dict(private=False)  # type: ignore[assignment]
    return published


def _secret_key(secret: str) -> OctKey:
    return OctKey.import_key(hashlib.blake2b(secret.encode(), digest_size=32, person=b"signing-key").digest())
