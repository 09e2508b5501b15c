"""The read side: lists, who am I, the published keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.accounts import credentials
from services.accounts.model import ApiKey, Organisation, Site, User
from services.accounts.store import API_KEYS, ORGANISATIONS, SITES, USERS, signing_key
from shared import geo
from shared.auth import Caller, authorise
from shared.mongo import Database, Page, Unit


@dataclass(frozen=True)
class Me:
    """A signed-in user and the organisation as it is now."""

    user: User
    organisation: Organisation


def me(unit: Unit, caller: Caller) -> Me:
    """Raises NotFound for a token whose user accounts has never had."""
    return Me(USERS.get(unit, caller.user_id), ORGANISATIONS.get(unit, caller.organisation_id))


def organisation(unit: Unit, caller: Caller, identifier: str) -> Organisation:
    """Raises NotFound where it is neither the caller's own nor the caller the operator."""
    authorise(caller, "organisations.read", {"own"} if identifier == caller.organisation_id else set())
    return ORGANISATIONS.get(unit, identifier)


def known_organisation(unit: Unit, caller: Caller, identifier: str) -> Organisation:
    """Raises NotFound where there is none."""
    authorise(caller, "organisations.known", set())
    return ORGANISATIONS.get(unit, identifier)


def organisations(unit: Unit, filters: Mapping[str, str | None], cursor: str | None, limit: int) -> Page[Organisation]:
    return ORGANISATIONS.page(unit, _where(filters), cursor, limit)


def api_keys(unit: Unit, caller: Caller, cursor: str | None, limit: int) -> Page[ApiKey]:
    return API_KEYS.page(unit, {"organisation_id": caller.organisation_id}, cursor, limit)


def api_key(unit: Unit, caller: Caller, identifier: str) -> ApiKey:
    """Raises NotFound where it is another organisation's."""
    found = API_KEYS.get(unit, identifier)
    authorise(caller, "api_keys.read", {"own"} if found.organisation_id == caller.organisation_id else set())
    return found


def site(unit: Unit, caller: Caller, identifier: str) -> Site:
    """Raises NotFound where it is neither the caller's own nor the caller the operator."""
    found = SITES.get(unit, identifier)
    authorise(caller, "sites.read", {"own"} if found.organisation_id == caller.organisation_id else set())
    return found


def sites(unit: Unit, caller: Caller, filters: Mapping[str, str | None], cursor: str | None, limit: int) -> Page[Site]:
    """The caller's own; the operator's view is of all."""
    where = _where(filters)
    if caller.role != "operator":
        where = {"$and": [where, {"organisation_id": caller.organisation_id}]}
    return SITES.page(unit, where, cursor, limit)


def jwks(database: Database) -> dict[str, list[dict[str, str]]]:
    """The keys that verify access tokens (RFC 7517)."""
    return credentials.public_keys(signing_key(database))


def _where(filters: Mapping[str, str | None]) -> dict[str, Any]:
    """Equal to each filter that is given; a region takes in all below it."""
    where: dict[str, Any] = {name: value for name, value in filters.items() if value is not None}
    if region := where.pop("region", None):
        where["region"] = {"$regex": f"^{geo.prefix(region)}"}
    return where
