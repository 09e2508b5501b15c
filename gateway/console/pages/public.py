"""Pages for everybody: the market, signing in, the API, and a reader's choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import Response

from gateway.console import signing_in
from gateway.console.board import Board
from gateway.console.client import ApiRefused, Reply
from gateway.console.formats import regions_by_province
from gateway.console.pages import events
from gateway.console.registry import Page
from gateway.console.sessions import COOKIE
from gateway.console.visit import THEMES, Form, Visit, home_of, inside, remember, secure
from gateway.health import demo_is_loaded
from gateway.openapi import listing
from shared.auth.caller import ROLES
from shared.problem import NotFound, ServiceIsUnavailable

REGISTERED = ("role", "name", "region", "person", "account", "password")
"""The fields of a registration."""


@dataclass(frozen=True)
class Persona:
    """A demo account, as its button needs it."""

    role: str
    name: str


def market(visit: Visit) -> Response:
    """`/`: the market live, and sign-in."""
    return visit.render("home.html", board=_board(visit), personas=_personas(visit), form=Form(), next_path="", kept="")


def live(visit: Visit) -> Response:
    """The part of `/` that changes, as HTML."""
    return visit.render("board.html", board=_board(visit))


def docs(visit: Visit) -> Response:
    """`/docs`: every operation and shape of `/openapi.json`."""
    try:
        found = visit.house.document.get()
    except ServiceIsUnavailable:
        found = {"paths": {}, "components": {"schemas": {}}}
    shapes = sorted(cast(dict[str, Any], found["components"]["schemas"]).items())
    return visit.render("docs.html", groups=listing(found), shapes=shapes)


def sign_in(visit: Visit) -> Response:
    """`/sign-in`: by account and password, or as a persona of the demo; then on to where the user wanted to go."""
    if visit.request.method != "POST":
        if visit.user is not None:
            return visit.go(visit.home)
        return sign_in_page(visit, inside(visit.request.args.get("next")))
    typed = visit.request.form
    next_path, kept = inside(typed.get("next")), typed.get("kept", "")
    account, password = typed.get("account", "").strip(), typed.get("password", "")
    role = typed.get("persona")
    if role is not None and demo_is_loaded(visit.house.settings):
        account, password = signing_in.persona(role) or "", visit.house.settings.demo_password
    form = Form({"account": account})
    if not account or not password:
        form.problem = visit.t["sign_in_both"]
        return sign_in_page(visit, next_path, kept, 422, form)
    made = signing_in.sign_in(visit.house, visit.api, account, password, next_path.partition("?")[0] if kept else "", kept)
    return _begun(visit, made, next_path) if isinstance(made, str) else _not_begun(visit, made, form, next_path, kept)


def register(visit: Visit) -> Response:
    """`/register`: an organisation and its first person, who is signed in at once."""
    if visit.user is not None:
        return visit.go(visit.home)
    form = visit.form()
    if visit.request.method == "POST":
        account = form.value("account").strip()
        reply = visit.api.post("/v1/organisations", _registration(form, account), key=form.value("form_key"))
        if reply.is_ok:
            made = signing_in.sign_in(visit.house, visit.api, account, form.value("password"))
            if not isinstance(made, str):  # it stands; who can't be signed in now may do so later
                return _not_begun(visit, made, Form({"account": account}))
            visit.house.sessions.say(made, {"text": visit.t["register_said"], "undo": ""})
            return _begun(visit, made, "")
        form.refuse(reply, {"/user/name": "person", "/user/email": "account", "/user/phone": "account"}, REGISTERED)
    return visit.render(
        "register.html",
        422 if form.is_faulty else 200,
        form=form,
        roles=[(one, visit.t[f"register_as_{one}"]) for one in ("collector", "buyer", "carrier")],
        places=regions_by_province(visit.t.code),
    )


def _registration(form: Form, account: str) -> dict[str, Any]:
    """As the API takes it, without what was left empty: that it says to be missing."""
    user = {"name": form.value("person"), "password": form.value("password")}
    user["email" if "@" in account else "phone"] = account
    about = {name: form.value(name) for name in ("role", "name", "region")}
    return {**_given(about), "user": _given(user)}


def _given(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in typed.items() if text.strip()}


def _begun(visit: Visit, key: str, next_path: str) -> Response:
    found = visit.house.sessions.find(key, lambda _: None)
    response = visit.go(next_path or home_of(visit.areas, None if found is None else found.session.role))
    is_secure = visit.request.is_secure
    response.set_cookie(COOKIE, key, max_age=14 * 86_400, secure=is_secure, httponly=True, samesite="Lax", path="/")
    return response


def _not_begun(visit: Visit, refused: Reply, form: Form, next_path: str = "", kept: str = "") -> Response:
    form.problem = str(refused.problem.get("detail") or refused.problem.get("title") or refused.status)
    return sign_in_page(visit, next_path, kept, refused.status, form)


def sign_in_page(visit: Visit, next_path: str = "", kept: str = "", status: int = 200, form: Form | None = None) -> Response:
    """The page of its own; `kept` is what had been typed when the session was found to have ended."""
    values = {"personas": _personas(visit), "form": form or Form(), "next_path": next_path, "kept": kept}
    return visit.render("public/sign_in.html", status, **values)


def sign_out(visit: Visit) -> Response:
    """Ends the session here and its tokens at accounts."""
    if visit.user is not None:
        signing_in.sign_out(visit.house, visit.api, visit.user.key)
    response = visit.go("/")
    response.delete_cookie(COOKIE, path="/")
    return response


def choose(visit: Visit) -> Response:
    """Light or dark."""
    theme = visit.request.form.get("theme", "auto")
    response = visit.go(inside(visit.request.form.get("next")) or visit.home)
    if theme in THEMES:
        remember(response, "theme", theme)
    return response


MEDIA = (("lots", "photos"), ("lots", "documents"), ("shipments", "photos"))


def media(visit: Visit, path: str) -> Response:
    """A photo or paper of a lot or a load, as the API gives it to whoever is signed in."""
    parts = path.split("/")
    if len(parts) not in (4, 5) or (parts[0], parts[2]) not in MEDIA:
        raise NotFound
    reply = visit.api.file(f"/v1/{path}")
    if not reply.is_ok:
        raise ApiRefused(reply)
    kind = reply.headers.get("content-type", "")
    if kind not in ("image/jpeg", "image/png", "image/webp", "application/pdf"):
        raise NotFound
    response = Response(reply.content, content_type=kind)
    secure(response)
    response.headers["Cache-Control"] = "private, max-age=3600"
    if parts[2] == "documents":
        response.headers["Content-Disposition"] = "attachment"
    return response


def _board(visit: Visit) -> Board:
    settings = visit.house.settings
    return visit.house.market.board(visit.t, demo_is_loading=settings.demo and not demo_is_loaded(settings))


def _personas(visit: Visit) -> list[Persona]:
    if not demo_is_loaded(visit.house.settings):
        return []
    return [Persona(role, visit.t[f"role_{role}"]) for role in ROLES]


PAGES = (
    Page("/", market, word="nav_market", icon="market", group="group_public"),
    Page("/console/live", live),
    Page("/docs", docs, word="nav_docs", icon="code", group="group_public"),
    Page("/events", events.events),
    Page("/asyncapi.json", events.machine_readable),
    Page("/sign-in", sign_in, posts=True),
    Page("/register", register, posts=True),
    Page("/sign-out", sign_out, posts=True),
    Page("/console/media/<path:path>", media, ROLES),
    Page("/console/choices", choose, posts=True),
)
