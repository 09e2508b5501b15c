"""One request for a page: who asks, in which language, and what the view needs to answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import orjson
from flask import Request, Response, make_response, redirect, render_template

from gateway.console.client import Api, ApiRefused, Reply
from gateway.console.hauls import moment
from gateway.console.house import House
from gateway.console.registry import Area, Page, rail
from gateway.console.sessions import MOST_KEPT, SignedIn
from gateway.console.texts import Texts, language_of, texts
from shared.clock import iso, utc_now
from shared.ids import new_id
from shared.sheets import Cell, csv_pieces

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
}
"""`same-origin` and not `no-referrer`, under which browsers hide the origin of our own forms from us."""
THEMES = ("auto", "light", "dark")


def is_passing(status: int, kind: str = "") -> bool:
    """Whether the same request may well be taken in a moment: nobody answered, or too many asked."""
    return status >= 500 or status == 429 or kind == "request-in-progress"


@dataclass
class Form:
    """What was typed, and the faults found in it. Fields of the API are named by JSON pointers: `/quality/moisture_pct`."""

    values: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    """What is wrong with the whole."""
    loose: list[str] = field(default_factory=list)
    """What is wrong with something that the form does not ask for."""
    again: str = ""
    """The Idempotency-Key under which this may have been sent already; its next sending has it as well."""
    is_passing: bool = False
    """Whether it was refused for a moment only."""
    is_repeat: bool = False
    """Whether it was taken before, with other contents."""
    moved: dict[str, str] = field(default_factory=dict)
    """What another change, which came first, made of the fields it touched."""

    def value(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def number(self, name: str) -> float | str | None:
        """A number where one was typed, with or without separators; else what was typed, for the API to refuse."""
        return typed_number(self.values.get(name, ""))

    def fault(self, name: str) -> str:
        return self.faults.get(name, "")

    @property
    def is_faulty(self) -> bool:
        return bool(self.faults or self.problem or self.loose)

    def begin(self, found: Reply, there: Mapping[str, str]) -> None:
        """A form that changes what was `found`, which is `there` as it would be typed: opened with it, unless it was sent. Its
        hidden fields (see `hidden` in kit.html) hold the version and the values that it was opened with."""
        if "etag" not in self.values:
            self.values = {**there, "etag": found.etag, "opened": orjson.dumps(there).decode(), **self.values}

    def catch_up(self, found: Reply, there: Mapping[str, str]) -> None:
        """Another change came first. What was not touched here becomes what is there now; what was typed stays, and its next
        sending is a change of the version found."""
        opened, self.moved = _opened(self.value("opened")), {}
        for name in {*opened, *there}:
            before, now = opened.get(name, ""), there.get(name, "")
            if now != before:
                self.moved[name] = now
                if self.value(name).replace("\r\n", "\n") == before:
                    self.values[name] = now
        self.values |= {"etag": found.etag, "opened": orjson.dumps(there).decode()}

    def refuse(self, reply: Reply, fields: dict[str, str] | None = None, known: Sequence[str] = ()) -> Form:
        """Adopts the faults of a refusal: `/quantity_t` stands at the field `quantity_t`, unless `fields` names another for
        the pointer; what belongs to no field of `known` (where given) stands at the top. Other problems than 422 do as well."""
        if reply.status == 401:
            raise ApiRefused(reply)
        kind, errors = str(reply.problem.get("type")), reply.problem.get("errors") or []
        for error in errors:
            pointer, message = str(error["pointer"]), str(error["message"])
            name = (fields or {}).get(pointer) or pointer.strip("/").split("/")[-1]
            if not name:
                self.problem = message
            elif known and name not in known:
                self.loose.append(message)
            else:
                self.faults.setdefault(name, message)
        if not errors:
            self.problem = str(reply.problem.get("detail") or reply.problem.get("title") or reply.status)
        self.is_passing, self.is_repeat = is_passing(reply.status, kind), kind == "idempotency-key-reused"
        self.again = self.value("form_key") if self.is_passing else ""
        return self


class Visit:
    """`api` speaks in the user's name; `t` has the words of the page's area."""

    def __init__(
        self, house: House, request: Request, area: Area, page: Page, areas: Sequence[Area], user: SignedIn | None
    ) -> None:
        self.house, self.request, self.area, self.page, self.areas, self.user = house, request, area, page, areas, user
        self.t: Texts = texts(language_of(request), area.name)

    @cached_property
    def api(self) -> Api:
        token = None if self.user is None else self.user.token
        return Api(self.house.caller, token, self.t.language, self.request.remote_addr or "")

    @property
    def role(self) -> str | None:
        return None if self.user is None else self.user.session.role

    @property
    def organisation_id(self) -> str:
        return "" if self.user is None else self.user.session.organisation_id

    @property
    def now(self) -> datetime:
        return utc_now()

    @cached_property
    def csrf(self) -> str:
        return "" if self.user is None else self.house.sessions.csrf(self.user.key)

    @property
    def is_meant(self) -> bool:
        """Whether what changes something comes from our own pages, with the session's token."""
        if self.user is None:
            return is_own(self.request)
        given = self.request.headers.get("X-CSRF") or self.request.form.get("csrf", "")
        return is_own(self.request) and self.house.sessions.is_csrf(self.user.key, given)

    @property
    def is_part(self) -> bool:
        """Whether htmx asks for a part of the page."""
        return self.request.headers.get("HX-Request") == "true"

    @property
    def home(self) -> str:
        """Where this user's work begins."""
        return home_of(self.areas, self.role)

    def form(self) -> Form:
        """What was sent; else what was typed here before a session ended; else nothing."""
        if self.request.method == "POST":
            return Form({name: value for name, value in self.request.form.items() if name != "csrf"})
        if self.user is not None and self.user.session.kept_path == self.request.path:
            kept = orjson.loads(self.user.session.kept)
            self.house.sessions.keep(self.user.key, "", "")
            return Form(kept, again=str(kept.get("form_key", "")))
        return Form()

    def keep(self) -> bool:
        """Keeps what was sent for the page's next opening, whose form sends it as the same; whether that was possible."""
        if self.request.method != "POST" or self.user is None or not self.is_meant:
            return False
        typed = orjson.dumps({name: value for name, value in self.request.form.items() if name != "csrf"}).decode()
        if len(typed) > MOST_KEPT:
            return False
        self.house.sessions.keep(self.user.key, self.request.path, typed)
        return True

    def change(self, path: str, body: Any, form: Form, typed: Callable[[Any], Mapping[str, str]]) -> Reply:
        """Changes what lies at `path`, in the version that the form was opened with. Where another change came first and
        touched nothing that the form shows, this one is made after all; else the refusal, and the form has caught up."""
        reply = self.api.patch(path, body, form.value("etag"))
        if reply.status == 412:
            found = self.api.get(path)
            form.catch_up(found, typed(found.body))
            if not form.moved:
                reply = self.api.patch(path, body, found.etag)
        return reply

    def send_photos(self, path: str) -> Reply | None:
        """Sends the form's `photos` on; the first refusal."""
        for one in self.request.files.getlist("photos"):
            if one.filename:
                kind = one.mimetype or "application/octet-stream"
                reply = self.api.upload(path, {"file": (one.stream, one.filename, kind)})
                if not reply.is_ok:
                    return reply
        return None

    def report(self, load_id: str, step: str, form: Form, **details: Any) -> Reply:
        """Reports a step of a load, no earlier than its last. The form's key is the step's alone: the next one is another
        request, also where this one's answer was lost and its key is given again."""
        events = self.api.get(f"/v1/shipments/{load_id}").body["events"]
        at = max([utc_now(), *(moment(one["at"]) for one in events[-1:])])
        key = form.value("form_key")
        body = {"type": step, "at": iso(at), **details}
        return self.api.post(f"/v1/shipments/{load_id}/events", body, key and f"{key}:{step}")

    def change_photos(self, path: str, form: Form, here: str) -> Response | None:
        """Adds the form's `photos` to what lies at `path`, or takes its `photo_id` off; None where it was refused, with the
        reason in `form`."""
        if form.value("do") == "photo":
            refused, said = self.send_photos(f"{path}/photos"), self.t["said_photo"]
        else:
            reply = self.api.delete(f"{path}/photos/{form.value('photo_id')}")
            refused, said = None if reply.is_ok else reply, self.t["said_unphoto"]
        if refused is None:
            return self.go(here, said)
        form.refuse(refused, known=("photos",))
        return None

    def render(self, template: str, status: int = 200, /, **values: Any) -> Response:
        """The page: `<area>/<template>`, or `parts/<name>` as it is."""
        name = template if "/" in template else f"{self.area.name}/{template}"
        given, form = self._given(), values.get("form")
        if isinstance(form, Form) and form.again:
            given["form_key"] = form.again
        response = make_response(render_template(name, **given, **values), status)
        self._finish(response)
        return response

    def go(self, path: str, toast: str = "", undo: str = "") -> Response:
        """Go on to another page, which says `toast`; `undo` is the path that takes it back when posted to."""
        if toast and self.user is not None:
            self.house.sessions.say(self.user.key, {"text": toast, "undo": undo})
        if self.is_part:
            response = make_response("", 200)
            response.headers["HX-Redirect"] = path
        else:
            response = make_response(redirect(path, 303))
        self._finish(response)
        return response

    def send(self, content: bytes, kind: str, name: str = "") -> Response:
        """A file: shown, or kept under `name`."""
        response = Response(content, content_type=kind)
        if name:
            response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        self._finish(response)
        return response

    def table(self, rows: Iterable[Sequence[Cell]], name: str) -> Response:
        """A table behind a chart, as CSV; the first row has the names of the columns."""
        return self.send(b"".join(csv_pieces(rows)), "text/csv; charset=utf-8", name)

    def _given(self) -> dict[str, Any]:
        toasts = [] if self.user is None or self.is_part else list(self.user.session.toasts)
        if toasts and self.user is not None:
            self.house.sessions.said(self.user.key)
        theme = self.request.cookies.get("theme", "auto")
        items = rail(self.areas, self.role)
        return {
            "visit": self,
            "t": self.t,
            "lang": self.t.language,
            "csrf": self.csrf,
            "user": None if self.user is None else self.user.session,
            "theme": theme if theme in THEMES else "auto",
            "rail": [(page, texts(self.t.code, area.name)[page.word], area) for area, page in items],
            "toasts": toasts,
            "form_key": new_id(),
        }

    def _finish(self, response: Response) -> None:
        secure(response)
        response.headers["Content-Language"] = self.t.language
        chosen = self.request.args.get("lang")
        if chosen and self.request.cookies.get("lang") != chosen:
            remember(response, "lang", self.t.code)


def _opened(text: str) -> dict[str, str]:
    """What a form was opened with; nothing where it does not say."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def typed_number(text: str) -> float | str | None:
    """See `Form.number`; None of nothing."""
    plain = text.strip().replace(",", "").replace("，", "")
    try:
        return float(plain) if plain else None
    except ValueError:
        return text


def secure(response: Response) -> None:
    """The headers of every page."""
    response.headers.update(SECURITY)
    response.headers["Cache-Control"] = "no-store"


def remember(response: Response, name: str, value: str) -> None:
    """A choice of the reader's, in a cookie for a year."""
    response.set_cookie(name, value, max_age=31_536_000, samesite="Lax", httponly=True, path="/")


def home_of(areas: Sequence[Area], role: str | None) -> str:
    """The first page of the role's area; the market for nobody."""
    return next((area.home for area in areas if role is not None and role in area.pages[0].roles), "/")


def is_own(request: Request) -> bool:
    """Whether a request that changes something comes from our own pages."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.host
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def inside(path: str | None) -> str:
    """A path of ours to go on to; empty for anything else."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or any(one in path for one in "\r\n\\"):
        return ""
    return path
