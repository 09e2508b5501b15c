"""The routes of accounts."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Request

from services.accounts import credentials, service, views
from services.accounts.schemas import (
    AccessOut,
    ApiKeyIn,
    ApiKeyOut,
    ExchangeIn,
    JwksOut,
    KnownOut,
    MeOut,
    NewApiKeyOut,
    OrganisationIn,
    OrganisationOut,
    OrganisationQuery,
    RefreshIn,
    SignInIn,
    SiteIn,
    SiteOut,
    SitePatch,
    SiteQuery,
    TokensOut,
)
from shared.auth import Caller
from shared.http import Answer, ListQuery, PageOut, Precondition, Routes, created, page_of
from shared.http.wire import language_of
from shared.mongo import Unit

routes = Routes("accounts")


@routes.post("/v1/organisations", "organisations.register", OrganisationOut, status=201)
def register_organisation(unit: Unit, body: OrganisationIn) -> Answer:
    """Register an organisation with its first user"""
    made = service.register(unit, body.to_registration())
    return created(f"/v1/organisations/{made.id}", OrganisationOut.of(made))


@routes.get("/v1/organisations", "organisations.list", PageOut[OrganisationOut])
def list_organisations(unit: Unit, query: OrganisationQuery) -> PageOut[OrganisationOut]:
    """Every organisation, newest first"""
    page = views.organisations(unit, _filters(query), query.cursor, query.limit)
    return page_of(page, OrganisationOut.of)


@routes.get("/v1/organisations/<organisation_id>", "organisations.read", OrganisationOut)
def read_organisation(unit: Unit, caller: Caller, organisation_id: str) -> OrganisationOut:
    """One organisation"""
    return OrganisationOut.of(views.organisation(unit, caller, organisation_id))


@routes.get("/v1/organisations/<organisation_id>/known", "organisations.known", KnownOut)
def know_organisation(unit: Unit, caller: Caller, organisation_id: str) -> KnownOut:
    """Whether there is such an organisation: for the gateway, which does not pass this path on"""
    return KnownOut(id=views.known_organisation(unit, caller, organisation_id).id)


@routes.post("/v1/organisations/<organisation_id>/verify", "organisations.verify", OrganisationOut)
def verify_organisation(unit: Unit, caller: Caller, organisation_id: str) -> OrganisationOut:
    """Let an organisation publish, trade and haul"""
    return OrganisationOut.of(service.verify_organisation(unit, caller, organisation_id))


@routes.post("/v1/organisations/<organisation_id>/suspend", "organisations.suspend", OrganisationOut)
def suspend_organisation(unit: Unit, caller: Caller, organisation_id: str) -> OrganisationOut:
    """Shut an organisation out until it is verified again"""
    return OrganisationOut.of(service.suspend_organisation(unit, caller, organisation_id))


@routes.get("/v1/me", "me.read", MeOut)
def read_me(unit: Unit, caller: Caller) -> MeOut:
    """Who the caller is"""
    return MeOut.of(views.me(unit, caller))


@routes.post("/v1/tokens", "tokens.issue", TokensOut, secret=True)
def issue_tokens(unit: Unit, body: SignInIn) -> Answer:
    """Sign in"""
    email = credentials.normal_email(body.email) if body.email is not None else None
    phone = credentials.normal_phone(body.phone) if body.phone is not None else None
    return _unkept(TokensOut.of(service.sign_in(unit, email, phone, body.password)))


@routes.post("/v1/tokens/refresh", "tokens.refresh", TokensOut, secret=True)
def refresh_tokens(unit: Unit, body: RefreshIn, request: Request) -> Answer:
    """Trade a refresh token for new tokens; it is good for one use"""
    tokens = service.refresh(unit, body.refresh_token)
    if tokens is not None:
        return _unkept(TokensOut.of(tokens))
    # The refusal is an answer and no exception, so that the revocation of the session is committed with it.
    problem = service.session_is_over()
    headers = {**problem.headers, "Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    return Answer(orjson.dumps(problem.body(language_of(request))), problem.status, headers)


@routes.post("/v1/tokens/revoke", "tokens.revoke")
def revoke_tokens(unit: Unit, body: RefreshIn) -> Answer:
    """Sign out: the refresh token's session gives no more tokens; an access token lives out its minutes"""
    service.sign_out(unit, body.refresh_token)
    return Answer(None, 204)


@routes.get("/v1/keys", "keys.read", JwksOut)
def read_keys(unit: Unit) -> dict[str, Any]:
    """The public keys that verify access tokens (JWKS)"""
    return views.jwks(unit.database)


@routes.post("/v1/api-keys", "api_keys.create", NewApiKeyOut, status=201, secret=True)
def create_api_key(unit: Unit, caller: Caller, body: ApiKeyIn) -> Answer:
    """A key that programs send as a Bearer token; it is shown this once"""
    key, secret = service.create_api_key(unit, caller, body.name)
    return Answer(NewApiKeyOut.made(key, secret), 201, {"Location": f"/v1/api-keys/{key.id}", "Cache-Control": "no-store"})


@routes.get("/v1/api-keys", "api_keys.list", PageOut[ApiKeyOut])
def list_api_keys(unit: Unit, caller: Caller, query: ListQuery) -> PageOut[ApiKeyOut]:
    """The organisation's keys, newest first"""
    return page_of(views.api_keys(unit, caller, query.cursor, query.limit), ApiKeyOut.of)


@routes.get("/v1/api-keys/<key_id>", "api_keys.read", ApiKeyOut)
def read_api_key(unit: Unit, caller: Caller, key_id: str) -> ApiKeyOut:
    """One key, without its secret"""
    return ApiKeyOut.of(views.api_key(unit, caller, key_id))


@routes.post("/v1/api-keys/<key_id>/revoke", "api_keys.revoke", ApiKeyOut)
def revoke_api_key(unit: Unit, caller: Caller, key_id: str) -> ApiKeyOut:
    """End a key"""
    return ApiKeyOut.of(service.revoke_api_key(unit, caller, key_id))


@routes.post("/v1/api-keys/exchange", "api_keys.exchange", AccessOut, secret=True)
def exchange_api_key(unit: Unit, body: ExchangeIn) -> Answer:
    """An access token for a key: for the gateway, which does not pass this path on"""
    tokens = service.exchange_api_key(unit, body.api_key)
    return _unkept(AccessOut(access_token=tokens.access_token, expires_in=tokens.expires_in))


@routes.post("/v1/sites", "sites.create", SiteOut, status=201)
def create_site(unit: Unit, caller: Caller, body: SiteIn) -> Answer:
    """A yard, plant, distribution centre or park"""
    site = service.open_site(unit, caller, body.to_terms())
    return created(f"/v1/sites/{site.id}", SiteOut.of(site))


@routes.get("/v1/sites", "sites.list", PageOut[SiteOut])
def list_sites(unit: Unit, caller: Caller, query: SiteQuery) -> PageOut[SiteOut]:
    """The organisation's sites, newest first"""
    return page_of(views.sites(unit, caller, _filters(query), query.cursor, query.limit), SiteOut.of)


@routes.get("/v1/sites/<site_id>", "sites.read", SiteOut)
def read_site(unit: Unit, caller: Caller, site_id: str) -> SiteOut:
    """One site"""
    return SiteOut.of(views.site(unit, caller, site_id))


@routes.patch("/v1/sites/<site_id>", "sites.change", SiteOut)
def change_site(unit: Unit, caller: Caller, site_id: str, match: Precondition, body: SitePatch) -> SiteOut:
    """Change what is named"""
    site = service.site_to_change(unit, caller, site_id)
    match.check(site.version)
    return SiteOut.of(service.change_site(unit, site, body.to_change()))


def _filters(query: ListQuery) -> dict[str, str | None]:
    return query.model_dump(exclude={"limit", "cursor"})


def _unkept(body: TokensOut | AccessOut) -> Answer:
    """Secrets stay out of every cache (RFC 6749, 5.1)."""
    return Answer(body, 200, {"Cache-Control": "no-store"})
