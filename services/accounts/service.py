"""One function per use case. The transaction is the caller's: the dispatcher's, or the operator's command's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.accounts import credentials
from services.accounts.model import (
    ApiKey,
    Organisation,
    RefreshToken,
    Session,
    Site,
    SiteChange,
    SiteTerms,
    Status,
    User,
)
from services.accounts.store import (
    API_KEYS,
    ORGANISATIONS,
    REFRESH_TOKENS,
    SESSIONS,
    SITES,
    USERS,
    add_user,
    find_user,
    signing_key,
)
from shared.auth import Caller, Role, authorise
from shared.auth.tokens import issue
from shared.ids import new_id
from shared.mongo import Unit
from shared.problem import InputIsInvalid, SignInIsNeeded


@dataclass(frozen=True)
class Registration:
    """A new organisation with its first user; `email` or `phone` is given, both in normal form."""

    name: str
    role: Role
    region: str
    user_name: str
    email: str | None
    phone: str | None
    password: str


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives; `refresh_token` is None where a key was exchanged."""

    access_token: str
    expires_in: int
    refresh_token: str | None = None


def register(unit: Unit, registration: Registration) -> Organisation:
    """A pending organisation. Raises AlreadyExists."""
    return _register(unit, registration, "pending")[0]


def create_account(unit: Unit, role: Role, email: str, name: str, region: str, password: str) -> tuple[User, Organisation]:
    """A verified organisation of its own for the operator's command, of any role. Raises AlreadyExists."""
    organisation, user = _register(unit, Registration(name, role, region, name, email, None, password), "verified")
    return user, organisation


def ensure_account(
    unit: Unit, role: Role, email: str, name: str, region: str, password_hash: str, site: SiteTerms | None
) -> tuple[str, str | None]:
    """The ids of the organisation and of its site, made verified and with one user where nobody has that address yet.

    For a market loaded by the operator, so that hundreds of organisations cost one password hash.
    """
    user = find_user(unit, email, None)
    if user is not None:
        kept = SITES.find_one(unit, {"organisation_id": user.organisation_id})
        return user.organisation_id, kept.id if kept else None
    given = Registration(name, role, region, name, email, None, "")
    organisation, _ = _register(unit, given, "verified", password_hash)
    if site is None:
        return organisation.id, None
    opened, events = Site.open(organisation.id, site, unit.now)
    SITES.save(unit, opened)
    unit.emit(*events)
    return organisation.id, opened.id


def token_for(unit: Unit, email: str) -> Tokens:
    """An access token without a password, for the operator's own commands on the machine. Raises SignInIsNeeded."""
    user = find_user(unit, email, None)
    if user is None:
        raise SignInIsNeeded(zh="没有这个账号", en="No account has that name")
    return _access(unit, user, _active(unit, user))


def _register(unit: Unit, given: Registration, status: Status, password_hash: str | None = None) -> tuple[Organisation, User]:
    contact = given.email or given.phone or ""
    organisation, events = Organisation.register(given.name, given.role, given.region, contact, unit.now, status)
    password_hash = password_hash or credentials.hash_password(given.password)
    user = User(new_id(), 1, organisation.id, given.user_name, given.email, given.phone, password_hash, unit.now)
    add_user(unit, user)
    ORGANISATIONS.save(unit, organisation)
    unit.emit(*events)
    return organisation, user


def verify_organisation(unit: Unit, caller: Caller, identifier: str) -> Organisation:
    """Raises NotFound, WrongState."""
    organisation = _for_operator(unit, caller, identifier, "organisations.verify")
    unit.emit(*organisation.verify(unit.now))
    ORGANISATIONS.save(unit, organisation)
    return organisation


def suspend_organisation(unit: Unit, caller: Caller, identifier: str) -> Organisation:
    """Raises NotFound, WrongState. Its users get no more tokens."""
    organisation = _for_operator(unit, caller, identifier, "organisations.suspend")
    unit.emit(*organisation.suspend(unit.now))
    ORGANISATIONS.save(unit, organisation)
    return organisation


def _for_operator(unit: Unit, caller: Caller, identifier: str, action: str) -> Organisation:
    authorise(caller, action, {"own"} if identifier == caller.organisation_id else set())
    return ORGANISATIONS.get(unit, identifier)


def sign_in(unit: Unit, email: str | None, phone: str | None, password: str) -> Tokens:
    """Raises SignInIsNeeded, which never tells what of it was wrong."""
    user = find_user(unit, email, phone)
    fits = credentials.password_fits(user.password_hash if user else None, password)
    if user is None or not fits:
        raise SignInIsNeeded(zh="账号或密码不正确", en="No account has that name and password")
    organisation = _active(unit, user)
    session = Session(new_id(), 1, user.id, unit.now + timedelta(days=unit.settings.refresh_days))
    SESSIONS.save(unit, session)
    return _tokens(unit, user, organisation, session)


def refresh(unit: Unit, token: str) -> Tokens | None:
    """New tokens for a refresh token, which is used up by it.

    None where the token was used before: somebody has a copy, so the whole session is revoked, and that must be committed.
    Raises SignInIsNeeded for every other token that is no good.
    """
    kept = REFRESH_TOKENS.find(unit, credentials.digest(token))
    session = SESSIONS.find(unit, kept.session_id) if kept else None
    if kept is None or session is None or session.revoked_at is not None or kept.expires_at <= unit.now:
        raise session_is_over()
    if kept.used_at is not None:
        session.revoke(unit.now)
        SESSIONS.save(unit, session)
        return None
    user = USERS.get(unit, session.user_id)
    organisation = _active(unit, user)
    kept.use(unit.now)
    REFRESH_TOKENS.save(unit, kept)
    return _tokens(unit, user, organisation, session)


def sign_out(unit: Unit, token: str) -> None:
    """Ends the session of a refresh token, used up or not; of any other there is nothing to end (RFC 7009)."""
    kept = REFRESH_TOKENS.find(unit, credentials.digest(token))
    session = SESSIONS.find(unit, kept.session_id) if kept else None
    if session is not None and session.revoked_at is None:
        session.revoke(unit.now)
        SESSIONS.save(unit, session)


def session_is_over() -> SignInIsNeeded:
    return SignInIsNeeded(zh="登录已失效，请重新登录", en="This session is over; sign in again")


def _active(unit: Unit, user: User) -> Organisation:
    organisation = ORGANISATIONS.get(unit, user.organisation_id)
    if organisation.status == "suspended":
        raise SignInIsNeeded(
            zh="单位已被暂停，请联系平台运营方", en="Your organisation is suspended; ask the marketplace operator"
        )
    return organisation


def _tokens(unit: Unit, user: User, organisation: Organisation, session: Session) -> Tokens:
    token = credentials.new_refresh_token()
    REFRESH_TOKENS.save(unit, RefreshToken(credentials.digest(token), 1, session.id, session.expires_at))
    access = _access(unit, user, organisation)
    return Tokens(access.access_token, access.expires_in, token)


def _access(unit: Unit, user: User, organisation: Organisation) -> Tokens:
    caller = Caller(user.id, organisation.id, organisation.role, organisation.region, user.name)
    lifetime_s = unit.settings.token_minutes * 60
    key = signing_key(unit.database)
    return Tokens(issue(key, caller, unit.now.timestamp(), lifetime_s, new_id()), lifetime_s)


def create_api_key(unit: Unit, caller: Caller, name: str) -> tuple[ApiKey, str]:
    """The key is said once, here; only its digest is kept."""
    secret = credentials.new_api_key()
    key = ApiKey(
        new_id(),
        1,
        caller.user_id,
        caller.organisation_id,
        name,
        credentials.digest(secret),
        secret[: credentials.HINT_LENGTH],
        unit.now,
    )
    API_KEYS.save(unit, key)
    return key, secret


def revoke_api_key(unit: Unit, caller: Caller, identifier: str) -> ApiKey:
    """Raises NotFound, WrongState. An access token that it was exchanged for still lives its minutes."""
    key = API_KEYS.get(unit, identifier)
    authorise(caller, "api_keys.revoke", {"own"} if key.organisation_id == caller.organisation_id else set())
    key.revoke(unit.now)
    API_KEYS.save(unit, key)
    return key


def exchange_api_key(unit: Unit, secret: str) -> Tokens:
    """An access token for a key. Raises SignInIsNeeded."""
    key = API_KEYS.find_one(unit, {"digest": credentials.digest(secret)})
    if key is None or key.revoked_at is not None:
        raise SignInIsNeeded(zh="API 密钥无效或已吊销", en="The API key is not valid or was revoked")
    user = USERS.get(unit, key.user_id)
    organisation = _active(unit, user)
    key.last_used_at = unit.now
    API_KEYS.save(unit, key)
    return _access(unit, user, organisation)


def open_site(unit: Unit, caller: Caller, terms: SiteTerms) -> Site:
    """Raises InputIsInvalid where `park_id` is no park."""
    _park_must_exist(unit, terms.park_id)
    site, events = Site.open(caller.organisation_id, terms, unit.now)
    SITES.save(unit, site)
    unit.emit(*events)
    return site


def site_to_change(unit: Unit, caller: Caller, identifier: str) -> Site:
    """Raises NotFound, NotAllowed."""
    site = SITES.get(unit, identifier)
    authorise(caller, "sites.change", {"own"} if site.organisation_id == caller.organisation_id else set())
    return site


def change_site(unit: Unit, site: Site, change: SiteChange) -> Site:
    """`site` is what `site_to_change` gave. Raises InputIsInvalid where the new `park_id` is no park."""
    if "park_id" in change.given:
        _park_must_exist(unit, change.terms.park_id, itself=site.id)
    events = site.change(change, unit.now)
    if events:
        SITES.save(unit, site)
        unit.emit(*events)
    return site


def _park_must_exist(unit: Unit, park_id: str | None, itself: str | None = None) -> None:
    if park_id is None:
        return
    park = SITES.find(unit, park_id)
    if park is None or park.kind != "park" or park.id == itself:
        raise InputIsInvalid([("/park_id", "没有这个园区", "There is no such park")])
