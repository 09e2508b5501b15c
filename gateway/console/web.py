"""The console on the gateway: every page of the registry at its address, and what stands before each of them."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from flask import Flask, Request, Response, request

from gateway.console import assets, formats, hauls, maps, pages, signing_in
from gateway.console.board import Market
from gateway.console.client import ApiRefused, Caller
from gateway.console.house import House
from gateway.console.registry import Area, Page
from gateway.console.sessions import COOKIE, Sessions, SignedIn
from gateway.console.visit import Visit, is_passing, secure
from gateway.forward import Forwarder
from gateway.limits import Limits
from gateway.openapi import Document
from gateway.routes import JSON_LIMIT, UPLOAD_LIMIT
from shared.http.app import problem_of
from shared.mongo import UNREACHABLE, Database
from shared.problem import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SQUEEZE_FROM = 1_000
"""Bytes."""


class Console:
    """Pages, sessions and files."""

    def __init__(self, forwarder: Forwarder, document: Document, database: Database, app: Callable[[], WSGIApplication]):
        maps.check(forwarder.settings.map_layer)
        caller = Caller(app)
        self.house = House(forwarder.settings, Market(forwarder), document, Sessions(database), caller)
        self.areas: Sequence[Area] = pages.AREAS

    def close(self) -> None:
        """Let go of the threads."""
        self.house.caller.close()

    def user(self, asked: Request) -> SignedIn | None:
        """Who is signed in by the request's cookie."""
        caller = self.house.caller
        return self.house.sessions.find(asked.cookies.get(COOKIE), lambda token: signing_in.renewal(caller, token))

    def stream_token(self, asked: Request) -> str | None:
        """The token of a page of ours that listens: browsers cannot give a stream a header. Only for a stream, which changes
        nothing, and never for another origin's page."""
        if asked.path != "/v1/stream" or asked.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return None
        found = None if "Authorization" in asked.headers else self.user(asked)
        return None if found is None else found.token

    def show(self, area: Area, page: Page, parts: dict[str, Any]) -> Response:
        """The page, or what stands in its place."""
        try:
            visit = Visit(self.house, request, area, page, self.areas, self.user(request))
        except UNREACHABLE:
            return self._fault(Visit(self.house, request, area, page, self.areas, None), 503)
        try:
            return squeezed(request, self._answer(visit, page, parts))
        except ApiRefused as refused:
            return self._refused(visit, refused)
        except Exception as error:  # noqa: BLE001 - a person gets a page; `problem_of` logs what nobody foresaw
            problem = problem_of(error)
            return self._fault(visit, problem.status, problem.zh if visit.t.code == "zh" else problem.en)

    def fail(self, problem: Problem) -> Response | None:
        """The page in place of what was asked for, where a browser asked; None for a program, which takes anything, or JSON."""
        kinds = ("application/json", "text/html")
        if request.method not in ("GET", "POST") or request.accept_mimetypes.best_match(kinds) != "text/html":
            return None
        request.max_content_length = UPLOAD_LIMIT

        def nowhere(_visit: Visit) -> Response:
            raise problem

        public = next(area for area in self.areas if area.name == "public")
        return self.show(public, Page(request.path, nowhere), {})

    def _answer(self, visit: Visit, page: Page, parts: dict[str, Any]) -> Response:
        if page.roles and visit.user is None:
            return self._sign_in_first(visit)
        if page.roles and visit.role not in page.roles:
            return visit.render("parts/no_permission.html", 403, roles=page.roles)
        if request.method == "POST" and not visit.is_meant:
            return visit.render("parts/stale_form.html", 403)
        return page.view(visit, **parts)

    def _refused(self, visit: Visit, refused: ApiRefused) -> Response:
        status = refused.reply.status
        if status == 401:
            return self._sign_in_first(visit)
        problem = refused.reply.problem
        detail = problem.get("detail", "")
        return self._fault(visit, status, "" if detail == problem.get("title") else str(detail))

    @staticmethod
    def _fault(visit: Visit, status: int, detail: str = "") -> Response:
        """What was sent is kept where it may be taken in a moment."""
        is_kept = False
        if is_passing(status):
            with contextlib.suppress(*UNREACHABLE):
                is_kept = visit.keep()
        return squeezed(
            request, visit.render("parts/fault.html", status, problem_status=status, detail=detail, is_kept=is_kept)
        )

    @staticmethod
    def _sign_in_first(visit: Visit) -> Response:
        """What was typed is kept: it comes back on the same page after signing in."""
        path = request.full_path.rstrip("?")
        if visit.is_part:
            response = Response("", 200)
            response.headers["HX-Redirect"] = "/sign-in"
            return response
        if request.method != "POST":
            response = Response("", 303)
            response.headers["Location"] = f"/sign-in?{urlencode({'next': path})}"
            secure(response)
            return response
        typed = {name: value for name, value in request.form.items() if name != "csrf"}
        public = next(area for area in visit.areas if area.name == "public")
        door = next(page for page in public.pages if page.path == "/sign-in")
        visit = Visit(visit.house, request, public, door, visit.areas, None)
        return pages.sign_in_page(visit, next_path=path, kept=orjson.dumps(typed).decode(), status=401)


def squeezed(asked: Request, response: Response) -> Response:
    """Compressed where the browser takes it and it gains something."""
    if response.is_streamed or "gzip" not in asked.headers.get("Accept-Encoding", ""):
        return response
    if len(response.get_data()) >= SQUEEZE_FROM and "Content-Encoding" not in response.headers:
        response.set_data(gzip.compress(response.get_data(), 5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
    return response


def register(
    app: Flask, forwarder: Forwarder, document: Document, limits: Limits, database: Database, inner: WSGIApplication
) -> Console:
    """Adds the pages to the gateway; `inner` is the gateway without its limit of requests at a time."""
    console = Console(forwarder, document, database, lambda: inner)
    app.template_folder = str(assets.HERE / "templates")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=assets.address)
    app.jinja_env.filters.update(tonnes=formats.tonnes, money=formats.money, figure=formats.number)
    app.jinja_env.filters.update(material=formats.material_name, region=formats.region_name, load_tone=hauls.tone)
    app.jinja_env.filters.update(just_before=formats.just_before)
    app.jinja_env.globals.update(
        grade_name=formats.material_name,
        region_name=formats.region_name,
        attribute_name=formats.attribute_name,
        traits_of=formats.traits_of,
    )
    for area in console.areas:
        for page in area.pages:
            _add(app, limits, console, area, page)

    def file(digest: str, name: str) -> Response:
        return assets.serve(request, digest, name)

    app.add_url_rule(f"{assets.PREFIX}/<digest>/<path:name>", "console_asset", file)
    return console


def _add(app: Flask, limits: Limits, console: Console, area: Area, page: Page) -> None:
    limit = UPLOAD_LIMIT if page.files else JSON_LIMIT

    def show(**parts: Any) -> Response:
        request.max_content_length = limit
        return console.show(area, page, parts)

    show.__name__ = f"console {page.path}"  # a limit belongs to a name
    methods = ["GET", "POST"] if page.posts else ["GET"]
    app.add_url_rule(page.path, f"console {page.path}", limits.calls(show), methods=methods)
