"""The collections of accounts. Two writers of the same e-mail address or telephone number meet in a unique index."""

from __future__ import annotations

from joserfc.jwk import OKPKey
from pymongo.errors import DuplicateKeyError

from services.accounts import credentials
from services.accounts.model import ApiKey, Organisation, RefreshToken, Session, SigningKey, Site, User
from shared.mongo import Database, Repository, Sealed, Unit
from shared.problem import AlreadyExists

ONE_KEY = "ed25519"
"""The signing key's id: whoever makes it first has made it for all."""


def _unique(field: str) -> dict[str, object]:
    return {"fields": [field], "unique": True, "partialFilterExpression": {field: {"$type": "string"}}}


class OrganisationDocument(Sealed):
    meta = {"collection": "organisations", "indexes": ["status"]}  # noqa: RUF012


class UserDocument(Sealed):
    meta = {"collection": "users", "indexes": [_unique("email"), _unique("phone"), "organisation_id"]}  # noqa: RUF012


class SessionDocument(Sealed):
    meta = {"collection": "sessions", "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}]}  # noqa: RUF012


class RefreshTokenDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "refresh_tokens",
        "indexes": ["session_id", {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }


class ApiKeyDocument(Sealed):
    meta = {"collection": "api_keys", "indexes": [_unique("digest"), "organisation_id"]}  # noqa: RUF012


class SigningKeyDocument(Sealed):
    meta = {"collection": "signing_keys", "indexes": []}  # noqa: RUF012


class SiteDocument(Sealed):
    meta = {"collection": "sites", "indexes": ["organisation_id", "park_id"]}  # noqa: RUF012


ORGANISATIONS = Repository(OrganisationDocument, Organisation)
USERS = Repository(UserDocument, User)
SESSIONS = Repository(SessionDocument, Session)
REFRESH_TOKENS = Repository(RefreshTokenDocument, RefreshToken)
API_KEYS = Repository(ApiKeyDocument, ApiKey)
SIGNING_KEYS = Repository(SigningKeyDocument, SigningKey)
SITES = Repository(SiteDocument, Site)

DOCUMENTS: tuple[type[Sealed], ...] = (
    OrganisationDocument,
    UserDocument,
    SessionDocument,
    RefreshTokenDocument,
    ApiKeyDocument,
    SigningKeyDocument,
    SiteDocument,
)


def find_user(unit: Unit, email: str | None, phone: str | None) -> User | None:
    """By either; both are unique."""
    if email is not None:
        return USERS.find_one(unit, {"email": email})
    return USERS.find_one(unit, {"phone": phone}) if phone is not None else None


def add_user(unit: Unit, user: User) -> None:
    """Raises AlreadyExists where the e-mail address or telephone number is taken."""
    if find_user(unit, user.email, None) or find_user(unit, None, user.phone):
        raise _taken()
    try:
        unit.collection(USERS.name).insert_one(USERS.row(unit, user), session=unit.session)
    except DuplicateKeyError as error:
        raise _taken() from error


def _taken() -> AlreadyExists:
    return AlreadyExists(
        zh="该邮箱或手机号已注册，请直接登录", en="That e-mail address or telephone number is registered already; sign in"
    )


def signing_key(database: Database) -> OKPKey:
    """The instance's one key, made by whoever needs it first. Outside any transaction, for it never changes."""
    unit = database.read()
    kept = SIGNING_KEYS.find(unit, ONE_KEY) or _make_key(unit)
    return credentials.open_key(kept.sealed_jwk, unit.settings.secret_key)


def _make_key(unit: Unit) -> SigningKey:
    sealed = credentials.seal_key(credentials.new_signing_key(), unit.settings.secret_key)
    made = SigningKey(ONE_KEY, 1, sealed, unit.now)
    try:
        unit.collection(SIGNING_KEYS.name).insert_one(SIGNING_KEYS.row(unit, made))
    except DuplicateKeyError:
        return SIGNING_KEYS.get(unit, ONE_KEY)
    return made
