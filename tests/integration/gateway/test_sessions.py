"""Sessions at the console: what a cookie is worth, to whom, and for how long."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.console import sessions
from gateway.console.sessions import COOKIE, IDLE, LIFE, Refused, Sessions, Tokens
from shared.clock import utc_now
from shared.mongo import Database
from tests.fixtures.streams import streaming
from tests.fixtures.web import served
from tests.integration.accounts.conftest import PASSWORD
from tests.integration.gateway.conftest import House

pytestmark = pytest.mark.mongodb
PAGE = "/collector/yards"  # which asks accounts alone
ORIGIN = {"Origin": "http://localhost"}
ME = {"id": "u", "role": "buyer", "name": "n", "organisation": {"id": "o", "name": "on"}}


def csrf_of(page: Any) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


def signed_in(house: House, role: str = "collector") -> str:
    """An account whose client is signed in; its e-mail."""
    email: str = house.accounts.account(role)[0].email or ""
    answer = house.client.post("/sign-in", data={"account": email, "password": PASSWORD}, headers=ORIGIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{role}"), answer.text
    return email


def test_signing_in_and_out(house: House) -> None:
    assert house.client.get(PAGE).headers["Location"] == "/sign-in?next=%2Fcollector%2Fyards"
    signed_in(house)
    cookie = house.client.get_cookie(COOKIE)
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    page = house.client.get(PAGE)
    assert page.status_code == 200
    assert house.client.get("/buyer").status_code == 403
    assert house.client.get("/sign-in").headers["Location"] == "/collector"
    key = cookie.value
    out = house.client.post("/sign-out", data={"csrf": csrf_of(page)}, headers=ORIGIN)
    assert out.status_code == 303
    house.client.set_cookie(COOKIE, key)
    assert house.client.get(PAGE).status_code == 303
    (session,) = list(house.accounts.database.mongo["sessions"].find({"revoked_at": {"$ne": None}}))
    assert session["user_id"]


def test_what_is_kept_gives_nobody_a_token(house: House) -> None:
    signed_in(house)
    key = house.client.get_cookie(COOKIE).value
    database = Database(house.settings, "gateway")
    (row,) = list(database.mongo["console_sessions"].find({}))
    database.close()
    assert key not in str(row)
    assert "eyJ" not in str(row)


def test_another_sites_form_changes_nothing(house: House) -> None:
    signed_in(house)
    page = house.client.get(PAGE)
    csrf = csrf_of(page)
    for headers, data in (
        ({"Origin": "https://evil.example"}, {"csrf": csrf}),
        ({}, {"csrf": csrf}),
        ({"Sec-Fetch-Site": "cross-site"}, {"csrf": csrf}),
        (ORIGIN, {}),
        (ORIGIN, {"csrf": "x." + csrf.partition(".")[2]}),
    ):
        assert house.client.post("/sign-out", data=data, headers=headers).status_code == 403
    assert house.client.get(PAGE).status_code == 200
    nobody = house.second_worker()
    account = {"account": "a@b.example", "password": "p"}
    assert nobody.post("/sign-in", data=account, headers={"Origin": "https://evil.example"}).status_code == 403


def test_a_wrong_password_keeps_the_account(house: House) -> None:
    answer = house.client.post("/sign-in", data={"account": "<b>@x.example", "password": "wrong"}, headers=ORIGIN)
    assert answer.status_code in (401, 422)
    assert "&lt;b&gt;@x.example" in answer.text
    assert house.client.get_cookie(COOKIE) is None
    assert house.client.post("/sign-in", data={"account": "only"}, headers=ORIGIN).status_code == 422


def test_the_stream_takes_the_cookie_of_our_own_page_alone(house: House) -> None:
    assert house.client.get("/v1/stream?types=x").status_code == 401
    signed_in(house)
    cookie = {"Cookie": f"{COOKIE}={house.client.get_cookie(COOKIE).value}", "Sec-Fetch-Site": "same-origin"}
    with streaming(house.settings), served(house.app) as address, httpx.Client(trust_env=False) as browser:
        with browser.stream("GET", f"{address}/v1/stream?types=x", headers=cookie) as own:
            assert own.status_code == 200
        with browser.stream("GET", f"{address}/v1/stream?types=x", headers={**cookie, "Sec-Fetch-Site": "cross-site"}) as other:
            assert other.status_code == 401
    assert house.client.get("/v1/stream?types=x", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 401
    assert house.client.get("/v1/me").status_code == 401
    assert house.client.post("/v1/sites", json={}).status_code == 401


def test_a_room_that_answers_nonsense_is_a_page_that_says_so(house: House) -> None:
    signed_in(house)
    page = house.client.get("/collector")
    assert (page.status_code, page.mimetype) == (500, "text/html")
    assert "服务暂时没有应答" in page.text


def test_a_form_that_came_too_often_is_kept_and_sent_again_as_the_same(make_house: Callable[..., House]) -> None:
    house = make_house(rate_limit_per_minute=30)
    signed_in(house)
    csrf = csrf_of(house.client.get(PAGE))
    for _ in range(31):
        refused = house.client.get(PAGE, headers={"Accept": "text/html"})
    assert (refused.status_code, refused.mimetype) == (429, "text/html")
    typed = {"csrf": csrf, "form_key": "the-same", "name": "江边场站"}
    sent = house.client.post(PAGE, data=typed, headers={**ORIGIN, "Accept": "text/html,*/*;q=0.8"})
    assert (sent.status_code, sent.mimetype) == (429, "text/html")
    assert "刚才提交的内容还在" in sent.text and int(sent.headers["Retry-After"]) > 0
    house.settings = house.settings.model_copy(update={"rate_limit_per_minute": 6000})
    later = house.second_worker()
    later.set_cookie(COOKIE, house.client.get_cookie(COOKIE).value)
    page = later.get(PAGE).text
    assert "江边场站" in page and 'name="form_key" value="the-same"' in page
    assert "江边场站" not in later.get(PAGE).text


class Clock:
    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(house: House, clock: Clock) -> Any:
    database = Database(house.settings, "gateway", clock)
    yield Sessions(database)
    database.close()


def never(_: str) -> None:
    raise AssertionError("nothing is to be renewed")


def test_a_session_ends_when_it_is_idle_and_when_it_is_old(kept: Sessions, clock: Clock) -> None:
    key = kept.begin(Tokens("a", "r", 10**8), ME)
    assert kept.find(key, never) is not None
    assert kept.find("another", never) is None
    clock.now += IDLE
    assert kept.find(key, never) is None
    key = kept.begin(Tokens("a", "r", 10**8), ME)
    for _ in range(int(LIFE / (IDLE / 2)) - 1):
        clock.now += IDLE / 2
        assert kept.find(key, never) is not None
    clock.now += IDLE / 2
    assert kept.find(key, never) is None


def test_tokens_are_renewed_once_however_many_ask(kept: Sessions, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    key = kept.begin(Tokens("a", "r", 600), ME)
    clock.now += timedelta(seconds=700)
    asked: list[str] = []
    gate = threading.Barrier(4)

    def renew(refresh: str) -> Tokens:
        asked.append(refresh)
        return Tokens("b", "s", 600)

    found: list[str] = []

    def ask() -> None:
        gate.wait()
        signed = kept.find(key, renew)
        found.append("" if signed is None else signed.token)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (asked, found) == (["r"], ["b"] * 4)


def test_a_session_that_accounts_ended_is_ended(kept: Sessions, clock: Clock) -> None:
    key = kept.begin(Tokens("a", "r", 600), ME)
    clock.now += timedelta(seconds=500)
    assert kept.find(key, lambda _: None) is not None, "accounts is away, the token lives"
    clock.now += sessions.RENEWAL
    assert kept.find(key, lambda _: Refused()) is None
    assert kept.find(key, never) is None


def test_what_was_typed_comes_back_after_signing_in(house: House) -> None:
    email = signed_in(house)
    page = house.client.get(PAGE)
    house.client.delete_cookie(COOKIE)
    answer = house.client.post("/console/choices", data={"csrf": csrf_of(page), "theme": "dark"}, headers=ORIGIN)
    assert answer.status_code == 303, "a reader's choice needs nobody signed in"
    typed = {"account": email, "password": PASSWORD, "next": "/collector?x=1", "kept": '{"quantity": "3"}'}
    back = house.client.post("/sign-in", data=typed, headers=ORIGIN)
    assert back.headers["Location"] == "/collector?x=1"
    database = Database(house.settings, "gateway")
    (row,) = list(database.mongo["console_sessions"].find({"kept_path": "/collector"}))
    database.close()
    assert row["kept"] == '{"quantity": "3"}'
