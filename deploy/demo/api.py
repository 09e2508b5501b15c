"""A small client of the public HTTP API: signs accounts in, keeps their tokens fresh, waits where the API says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

import httpx

Json = dict[str, Any]
Files = Mapping[str, tuple[str, bytes]]
"""Field of a form: name and content of its file."""
T = TypeVar("T")
THREADS = 8
PATIENCE_S = 120
"""How long a call is tried again while the API says 429, 502, 503 or 504, or does not answer."""
REFRESH_BEFORE_S = 120
WAIT_S = 0.25
_LATER = (429, 502, 503, 504)


class ApiRefused(Exception):
    """The API said no: `status`, and the problem's `type`, `detail` and `errors`."""

    def __init__(self, method: str, path: str, status: int, problem: Json) -> None:
        self.status, self.problem = status, problem
        said = problem.get("detail") or problem.get("title") or ""
        faults = "; ".join(f"{fault.get('pointer')}: {fault.get('message')}" for fault in problem.get("errors") or [])
        super().__init__(f"{method} {path} answered {status} {said} {faults}".strip())

    @property
    def kind(self) -> str:
        """The last part of the problem's type, `wrong-state` for example."""
        return str(self.problem.get("type", "")).rstrip("/").rsplit("/", 1)[-1]


@dataclass
class Tokens:
    """An account's tokens; `good_until` is of the monotonic clock."""

    access: str
    refresh: str
    good_until: float


class Api:
    """Calls the gateway at `base_url`. Safe to share between threads; close it when done."""

    def __init__(
        self,
        base_url: str,
        password: str,
        patience_s: float = PATIENCE_S,
        sign_in: Callable[[str], Tokens] | None = None,
    ) -> None:
        """Signs in over HTTP with `password`, unless `sign_in` gives an account's tokens another way."""
        limits = httpx.Limits(max_connections=4 * THREADS, max_keepalive_connections=4 * THREADS)
        english = {"Accept-Language": "en"}
        self._http = httpx.Client(base_url=base_url, timeout=30, limits=limits, trust_env=False, headers=english)
        self._password, self._patience_s = password, patience_s
        self._given_sign_in = sign_in
        self._sessions: dict[str, Tokens] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self.stopped = threading.Event()
        """Set it to make waiting calls give up."""

    def close(self) -> None:
        """Lets go of the connections."""
        self._http.close()

    def get(self, path: str, email: str = "", **params: Any) -> Json:
        """The JSON answer of a GET."""
        return self._call("GET", path, email, None, "", params)

    def post(self, path: str, email: str = "", body: Json | None = None, key: str = "") -> Json:
        """The JSON answer of a POST; with a `key` it is safe to try again."""
        return self._call("POST", path, email, body, key, {})

    def upload(self, path: str, email: str, name: str, content: bytes, **params: Any) -> Json:
        """The JSON answer to a file, sent as the field `file`."""
        return self._call("POST", path, email, None, "", params, {"file": (name, content)})

    def fetch(self, path: str, email: str, into: BinaryIO, **params: Any) -> None:
        """Writes what a GET answers, as it comes."""
        headers = {"Authorization": f"Bearer {self._token(email)}"}
        try:
            with self._http.stream("GET", path, headers=headers, params=dict(params) or None) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise ApiRefused("GET", path, answer.status_code, _problem(answer))
                for piece in answer.iter_bytes():
                    into.write(piece)
        except httpx.TransportError as error:
            raise ApiRefused("GET", path, 0, {"title": f"broke off: {error}"}) from error

    def items(self, path: str, email: str, pages: int = 1_000, **params: Any) -> Iterator[Json]:
        """Every item of a list, newest first, over at most `pages` pages."""
        cursor: str | None = None
        for _ in range(pages):
            more = {"cursor": cursor} if cursor else {}
            answer = self.get(path, email, **params, **more)
            yield from answer["items"]
            cursor = answer.get("next_cursor")
            if cursor is None:
                return

    def organisation_id(self, email: str) -> str:
        """The id of the account's organisation."""
        me = self.get("/v1/me", email)
        nested = me.get("organisation")
        return str(nested["id"] if isinstance(nested, dict) else me["organisation_id"])

    def _call(
        self,
        method: str,
        path: str,
        email: str,
        body: Json | None,
        key: str,
        params: Mapping[str, Any],
        files: Files | None = None,
    ) -> Json:
        give_up = time.monotonic() + self._patience_s
        renewed = False
        while True:
            headers = {"Idempotency-Key": key} if key else {}
            if email:
                headers["Authorization"] = f"Bearer {self._token(email)}"
            answer = self._send(method, path, headers, body, params, files)
            if answer is not None and answer.status_code == 401 and email and not renewed:
                renewed = True
                with self._guard:
                    self._sessions.pop(email, None)
                continue
            if answer is not None and answer.status_code not in _LATER:
                return _result(method, path, answer)
            pause = _retry_after(answer)
            if time.monotonic() + pause > give_up or self.stopped.wait(pause):
                raise ApiRefused(method, path, answer.status_code if answer else 0, _problem(answer))

    def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Json | None,
        params: Mapping[str, Any],
        files: Files | None,
    ) -> httpx.Response | None:
        try:
            return self._http.request(method, path, headers=headers, json=body, params=dict(params) or None, files=files)
        except httpx.TransportError:
            return None

    def _token(self, email: str) -> str:
        with self._guard:
            lock = self._locks.setdefault(email, threading.Lock())
        with lock:
            session = self._sessions.get(email)
            if session is None or time.monotonic() > session.good_until:
                session = self._renew(session) or self._sign_in(email)
                self._sessions[email] = session
            return session.access

    def _renew(self, session: Tokens | None) -> Tokens | None:
        if session is None or not session.refresh:
            return None
        try:
            answer = self._call("POST", "/v1/tokens/refresh", "", {"refresh_token": session.refresh}, "", {})
        except ApiRefused:
            return None
        return _session(answer)

    def _sign_in(self, email: str) -> Tokens:
        if self._given_sign_in is not None:
            return self._given_sign_in(email)
        body = {"email": email, "password": self._password}
        return _session(self._call("POST", "/v1/tokens", "", body, "", {}))


def _session(answer: Json) -> Tokens:
    lifetime_s = float(answer["expires_in"])
    good_until = time.monotonic() + max(lifetime_s / 2, lifetime_s - REFRESH_BEFORE_S)
    return Tokens(answer["access_token"], answer.get("refresh_token", ""), good_until)


def _result(method: str, path: str, answer: httpx.Response) -> Json:
    if answer.status_code >= 400:
        raise ApiRefused(method, path, answer.status_code, _problem(answer))
    result: Json = answer.json() if answer.content else {}
    return result


def _problem(answer: httpx.Response | None) -> Json:
    if answer is None:
        return {"title": "no answer"}
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"title": answer.text[:200]}


def _retry_after(answer: httpx.Response | None) -> float:
    try:
        return max(WAIT_S, float(answer.headers["Retry-After"])) if answer else WAIT_S
    except (KeyError, ValueError):
        return WAIT_S


def in_parallel(work: Callable[[T], object], things: Iterable[T], threads: int = THREADS) -> None:
    """Does `work` on each of `things`, several at a time; the first failure stops the rest and is raised."""
    with ThreadPoolExecutor(threads, thread_name_prefix="demo") as pool:
        done, waiting = wait([pool.submit(work, thing) for thing in things], return_when=FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
        for future in done:
            future.result()
