"""Signing in and out by the API's own doors."""

from __future__ import annotations

from gateway.console.client import Api, Caller, Reply
from gateway.console.house import House
from gateway.console.sessions import Refused, Tokens
from shared.auth.caller import ROLES

DEMO_DOMAIN = "huanliu.example"


def tokens_of(reply: Reply) -> Tokens:
    """Raises ApiRefused."""
    body = reply.body
    return Tokens(body["access_token"], body["refresh_token"], int(body["expires_in"]))


def renewal(caller: Caller, refresh_token: str) -> Tokens | Refused | None:
    """New tokens; Refused where the session was ended elsewhere; None while accounts does not answer."""
    reply = Api(caller, None, "en", "127.0.0.1").post("/v1/tokens/refresh", {"refresh_token": refresh_token})
    if reply.is_ok:
        return tokens_of(reply)
    return Refused() if reply.status in (401, 403, 422) else None


def sign_in(house: House, api: Api, account: str, password: str, kept_path: str = "", kept: str = "") -> str | Reply:
    """The key of a new session, or the refusal."""
    name = "email" if "@" in account else "phone"
    reply = api.post("/v1/tokens", {name: account, "password": password})
    if not reply.is_ok:
        return reply
    tokens = tokens_of(reply)
    me = Api(house.caller, tokens.access, "en", "127.0.0.1").get("/v1/me")
    return house.sessions.begin(tokens, me.body, kept_path, kept) if me.is_ok else me


def sign_out(house: House, api: Api, key: str) -> None:
    """Ends the session here, and its tokens at accounts; were accounts away, they are lost with the session all the same."""
    refresh_token = house.sessions.end(key)
    if refresh_token is not None:
        api.post("/v1/tokens/revoke", {"refresh_token": refresh_token})


def persona(role: str) -> str | None:
    """The demo's account of this role."""
    return f"{role}@{DEMO_DOMAIN}" if role in ROLES else None
