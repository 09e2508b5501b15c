"""The console's first page, its live part, and the page of the API. Nothing on them comes from another origin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from flask import Flask, Response, make_response, render_template, request, send_from_directory

from gateway.console.board import Board, Market
from gateway.console.texts import Texts, language_of, texts
from gateway.forward import Forwarder
from gateway.health import demo_is_loaded
from gateway.limits import Limits
from gateway.openapi import Document, listing
from shared.auth.caller import ROLES
from shared.problem import NotFound, ServiceIsUnavailable

HERE = Path(__file__).parent
DEMO_DOMAIN = "huanliu.example"
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Persona:
    """A demo account, as the sign-in button needs it."""

    role: str
    email: str
    name: str


class Console:
    """The pages' views."""

    def __init__(self, forwarder: Forwarder, document: Document) -> None:
        self.settings, self.document = forwarder.settings, document
        self.market = Market(forwarder)

    def home(self) -> Response:
        """`/`: the market live, and sign-in."""
        words = texts(language_of(request))
        return _page("home.html", words, board=self._board(words), personas=self._personas(words), password=self._password())

    def live(self) -> Response:
        """The part of `/` that changes, as HTML."""
        words = texts(language_of(request))
        return _page("board.html", words, board=self._board(words))

    def docs(self) -> Response:
        """`/docs`: every operation and shape of `/openapi.json`."""
        words = texts(language_of(request))
        try:
            found = self.document.get()
        except ServiceIsUnavailable:
            found = {"paths": {}, "components": {"schemas": {}}}
        shapes = sorted(cast(dict[str, Any], found["components"]["schemas"]).items())
        return _page("docs.html", words, groups=listing(found), shapes=shapes)

    @staticmethod
    def asset(name: str) -> Response:
        """A file of the console's own."""
        if not (HERE / "static" / name).is_file():
            raise NotFound
        return send_from_directory(HERE / "static", name, max_age=300)

    def _board(self, words: Texts) -> Board:
        loading = self.settings.demo and not demo_is_loaded(self.settings)
        return self.market.board(words, demo_is_loading=loading)

    def _personas(self, words: Texts) -> list[Persona]:
        if not demo_is_loaded(self.settings):
            return []
        return [Persona(role, f"{role}@{DEMO_DOMAIN}", words[f"role_{role}"]) for role in ROLES]

    def _password(self) -> str:
        """The demo's password is no secret: `up` prints it, and loads the demo on a loopback address only."""
        return self.settings.demo_password if demo_is_loaded(self.settings) else ""


def _page(template: str, words: Texts, **values: Any) -> Response:
    response = make_response(render_template(template, t=words, lang=words.language, **values))
    response.headers.update(SECURITY)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = words.language
    if request.args.get("lang") and request.cookies.get("lang") != request.args["lang"]:
        response.set_cookie("lang", words["code"], max_age=31_536_000, samesite="Lax", httponly=True, path="/")
    return response


def register(app: Flask, forwarder: Forwarder, document: Document, limits: Limits) -> None:
    """Adds the pages to the gateway."""
    console = Console(forwarder, document)
    app.template_folder = str(HERE / "templates")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    def home() -> Response:
        return console.home()

    def live() -> Response:
        return console.live()

    def docs() -> Response:
        return console.docs()

    app.add_url_rule("/", "home", limits.calls(home))
    app.add_url_rule("/console/live", "console_live", limits.calls(live))
    app.add_url_rule("/docs", "docs", limits.calls(docs))
    app.add_url_rule("/console/static/<name>", "console_static", console.asset)
