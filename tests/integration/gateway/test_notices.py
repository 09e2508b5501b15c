"""The log of notices on a real MongoDB, and its readers: streams over real HTTP, webhooks to a real receiver, messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest
from flask import Flask, Response, request

from gateway import handover, stream
from gateway.app import create_app
from gateway.handover import Asked
from gateway.notices import delivering, service
from gateway.notices.handlers import EVENTS
from gateway.notices.model import RETRIES, Note
from gateway.notices.store import DELIVERIES, DOCUMENTS, MESSAGES, NOTICES, WEBHOOKS
from shared.bus.documents import BUS_DOCUMENTS
from shared.clock import utc_now
from shared.events import Event
from shared.events.accounts import OrganisationRegistered
from shared.events.listings import QuantityReserved
from shared.events.matching import ProposalAccepted, ProposalMade
from shared.events.regions import ReportMade
from shared.events.trading import TradeAgreed, TradePaid, TradePaymentWithdrawn, TradeSettled
from shared.ids import new_id
from shared.mongo import Cause, Database
from shared.problem import ServiceIsUnavailable
from shared.settings import Settings
from tests.fixtures.identity import SignedIn, sign_in
from tests.fixtures.streams import streaming
from tests.fixtures.trades import terms
from tests.fixtures.web import served

pytestmark = [pytest.mark.mongodb]
FIGURES = {"net_kg": 1, "settled_kg": 1, "deducted_kg": 0, "amount_fen": 100, "vat_fen": 0, "freight_fen": 0}


class Post:
    """A gateway with the worker's half played by hand, a seller, a buyer, and a receiver of webhooks."""

    def __init__(self, settings: Settings, receiver: str) -> None:
        self.ahead = timedelta()
        host = receiver.removeprefix("http://")
        self.settings = settings.model_copy(update={"webhook_hosts": host})
        self.database = Database(self.settings, "gateway", lambda: utc_now() + self.ahead)
        self.database.prepare([*BUS_DOCUMENTS, *DOCUMENTS])
        self.seller, self.buyer = sign_in(settings, "collector"), sign_in(settings, "buyer")
        self.receiver = receiver
        self.app = create_app(self.settings)
        self.client: Any = self.app.test_client()

    def tell(self, *events: Event) -> None:
        for event in events:
            self.database.write(lambda unit, event=event: EVENTS[type(event)](unit, event))  # type: ignore[misc]

    def agreed(self, **changes: Any) -> TradeAgreed:
        parties = {"seller_id": self.seller.caller.organisation_id, "buyer_id": self.buyer.caller.organisation_id}
        frozen = terms(**{**parties, **changes})
        event = TradeAgreed(id=new_id(), version=1, at=utc_now(), proposal_id=new_id(), terms=frozen, status="agreed")
        self.tell(event)
        return event

    def many(self, count: int) -> None:
        """So many notices to the seller, in one transaction."""
        notes = [
            Note("trade.agreed", (self.seller.caller.organisation_id,), f"/v1/trades/{n}", {"more": 2000 * "x"})
            for n in range(count)
        ]
        self.database.write(lambda unit: [service.tell(unit, note) for note in notes])

    def made(self) -> tuple[ProposalMade, QuantityReserved]:
        parties = {"seller_id": self.seller.caller.organisation_id, "buyer_id": self.buyer.caller.organisation_id}
        figures = {"surplus_fen": 2, "seller_gain_fen": 1, "buyer_gain_fen": 1}
        versions = {"lot_terms_version": 1, "demand_terms_version": 1}
        ids = {"id": new_id(), "version": 1, "at": self.database.clock()}
        made = ProposalMade(**ids, terms=terms(**parties), clearing_id="c", status="made", **figures, **versions)
        reserved = QuantityReserved(**ids, lot_id="l", demand_id="d", kg=1, lot=None, demand=None)
        return made, reserved

    def ok(self, method: str, path: str, who: SignedIn, status: int = 200, **kwargs: Any) -> Any:
        headers = {**who.headers, **kwargs.pop("headers", {})}
        answer = self.client.open(path, method=method, headers=headers, **kwargs)
        assert answer.status_code == status, answer.text
        return answer.json if answer.data else None

    def hook(self, **body: Any) -> Any:
        return self.ok("POST", "/v1/webhooks", self.seller, 201, json={"url": f"{self.receiver}/hook", **body})

    def send(self) -> None:
        service.fan_out(self.database)
        delivering.deliver_due(self.database)


class Receiver:
    """Keeps what it is sent and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer: Callable[[], Response] = lambda: Response(status=204)
        self.app = Flask("receiver", static_folder=None)
        self.app.add_url_rule("/hook", "hook", self._take, methods=["POST"])
        self.app.add_url_rule("/elsewhere", "elsewhere", self._take, methods=["GET", "POST"])

    def _take(self) -> Response:
        self.got.append((dict(request.headers), request.get_data()))
        return self.answer()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def post(settings: Settings, receiver: Receiver) -> Iterator[Post]:
    with served(receiver.app) as address:
        made = Post(settings, address)
        yield made
        for close in made.app.extensions["huanliu.close"]:
            close()
        made.database.client.drop_database(made.database.mongo.name)
        made.database.close()


def types_of(post: Post) -> list[str]:
    return [one.type for one in NOTICES.select(post.database.read(), {}, [("seq", 1)])]


@pytest.mark.parametrize("first", [0, 1])
def test_a_proposal_shows_once_it_is_made_and_reserved_in_any_order(post: Post, first: int) -> None:
    events = post.made()
    post.tell(events[first])
    assert types_of(post) == []
    post.tell(events[1 - first])
    assert types_of(post) == ["proposal.made"]
    (notice,) = post.ok("GET", "/v1/notices", post.seller)["items"]
    assert notice["subject"] == f"/v1/proposals/{events[0].id}" and notice["data"]["status"] == "proposed"
    assert post.ok("GET", "/v1/notices", sign_in(post.settings, "collector"))["items"] == []


def test_numbers_follow_the_order_of_commits_whoever_writes(post: Post) -> None:
    threads = [threading.Thread(target=lambda: [post.agreed() for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seqs = [one.seq for one in NOTICES.select(post.database.read(), {}, [("seq", 1)])]
    assert seqs == list(range(1, 41))


def test_who_has_not_decided_is_reminded_before_the_proposal_lapses(post: Post) -> None:
    made, reserved = post.made()
    post.tell(made, reserved)
    accepted = {**made.model_dump(exclude={"replaces"}), "version": 3, "status": "proposed", "seller_accepted_at": utc_now()}
    post.tell(ProposalAccepted(**accepted))
    service.remind_due(post.database)
    assert types_of(post) == ["proposal.made", "proposal.accepted"]
    post.ahead = timedelta(seconds=post.settings.proposal_ttl_s * 0.9)
    service.remind_due(post.database), service.remind_due(post.database)
    assert types_of(post)[2:] == ["proposal.expiring"]
    buyer, seller = (post.ok("GET", "/v1/notices?type=proposal.expiring", one)["items"] for one in (post.buyer, post.seller))
    assert len(buyer) == 1 and seller == []


def test_the_buyer_is_reminded_of_money_that_is_due(post: Post) -> None:
    trade = post.agreed()
    settled = TradeSettled(**{**trade.model_dump(), "version": 3, "status": "settled"}, **FIGURES)
    post.tell(settled)
    post.ahead = timedelta(days=post.settings.payment_days) - timedelta(hours=23)
    service.remind_due(post.database)
    assert types_of(post)[-1] == "trade.due"


def test_who_has_paid_is_not_reminded_until_that_is_taken_back(post: Post) -> None:
    trade = post.agreed()
    facts = {**trade.model_dump(), "status": "settled"}
    post.tell(TradeSettled(**{**facts, "version": 3}, **FIGURES))
    post.tell(TradePaid(**{**facts, "version": 4}, paid_at=utc_now()))
    post.ahead = timedelta(days=post.settings.payment_days) - timedelta(hours=23)
    service.remind_due(post.database)
    assert types_of(post)[-1] == "trade.paid"
    post.tell(TradePaymentWithdrawn(**{**facts, "version": 5}))
    service.remind_due(post.database)
    assert types_of(post)[-2:] == ["trade.payment_withdrawn", "trade.due"]


def entries(lines: Iterator[str], count: int) -> list[dict[str, Any]]:
    """So many entries of a stream, each with its id."""
    found: list[dict[str, Any]] = []
    last = ""
    for line in lines:
        if line.startswith("id: "):
            last = line.removeprefix("id: ")
        if line.startswith("data: "):
            found.append({**json.loads(line.removeprefix("data: ")), "seen_as": last})
            if len(found) == count:
                return found
    raise AssertionError(f"the stream ended after {found}")


def test_a_stream_shows_what_happens_and_resumes_where_it_was(post: Post) -> None:
    before = post.agreed()
    with streaming(post.settings), served(post.app) as address, httpx.Client(timeout=20, trust_env=False) as client:
        with client.stream("GET", f"{address}/v1/stream", headers=post.seller.headers) as answer:
            assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            assert next(lines).startswith("retry: ")
            post.agreed(seller_id=new_id(), buyer_id=new_id())  # concerns others
            trade = post.agreed()
            (one,) = entries(lines, 1)
        assert (one["type"], one["subject"], one["seen_as"]) == ("trade.agreed", f"/v1/trades/{trade.id}", one["id"])
        third = post.agreed()
        headers = {**post.seller.headers, "Last-Event-ID": "0"}
        with client.stream("GET", f"{address}/v1/stream?types=trade.*", headers=headers) as answer:
            seen = entries(answer.iter_lines(), 3)
        assert [one["subject"].rsplit("/", 1)[1] for one in seen] == [before.id, trade.id, third.id]


def test_streams_ask_who_is_there_and_what_they_are_given(post: Post) -> None:
    assert post.client.get("/v1/stream").status_code == 401
    post.ok("GET", "/v1/stream?types=x&nonsense=1", post.seller, 422)
    post.ok("GET", "/v1/stream", post.seller, 422, headers={"Last-Event-ID": "yesterday"})


def test_streams_that_are_left_make_room(post: Post) -> None:
    with streaming(post.settings), served(post.app) as address, httpx.Client(timeout=20, trust_env=False) as client:
        url, headers = f"{address}/v1/stream", post.seller.headers

        def ten_fit() -> bool:
            post.agreed()
            opened = [client.send(client.build_request("GET", url, headers=headers), stream=True) for _ in range(10)]
            fit = all(one.status_code == 200 for one in opened)
            assert not fit or client.get(url, headers=headers).status_code == 429
            for one in opened:
                one.close()
            return fit

        assert ten_fit()
        _until(ten_fit)


def test_without_the_process_of_streams_there_are_none_and_then_they_go_on(post: Post) -> None:
    with served(post.app) as address, httpx.Client(timeout=20, trust_env=False) as client:
        url, headers = f"{address}/v1/stream", post.seller.headers
        assert client.get(url, headers=headers).status_code == 503
        with ExitStack() as process:
            process.enter_context(streaming(post.settings))
            with client.stream("GET", url, headers=headers) as answer:
                lines = answer.iter_lines()
                post.agreed()
                (seen,) = entries(lines, 1)
                process.close()
                assert "".join(lines) == ""  # the answer ends in order
        post.agreed()
        with streaming(post.settings), client.stream("GET", url, headers={**headers, "Last-Event-ID": seen["id"]}) as answer:
            assert entries(answer.iter_lines(), 1)[0]["id"] == str(int(seen["id"]) + 1)
        assert client.get(url, headers=headers).status_code == 503


def test_who_reads_slowly_misses_nothing_and_holds_up_nobody(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HELD_BYTES", 2_000)
    monkeypatch.setattr(stream, "AT_ONCE", 5)
    with streaming(post.settings) as streams, served(post.app) as address:
        host, port = address.removeprefix("http://").split(":")
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel's least
        slow.settimeout(20)
        slow.connect((host, int(port)))
        token = post.seller.headers["Authorization"]
        slow.sendall(f"GET /v1/stream HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n".encode())
        with httpx.stream("GET", f"{address}/v1/stream", headers=post.seller.headers, timeout=20) as quick:
            lines = quick.iter_lines()
            for _ in range(20):
                post.many(500)
                assert len(entries(lines, 500)) == 500
                if any(one.is_full for one in streams._streams):
                    break
            else:
                raise AssertionError("nothing waited for the slow reader")
        end = post.database.mongo["marks"].find_one({"_id": "log"})["seq"]
        said = b""
        while f"id: {end}\n".encode() not in said:
            piece = slow.recv(65_536)
            assert piece, said[-300:]
            said += piece
        slow.close()
    seen = [int(line.removeprefix("id: ")) for line in said.decode().splitlines() if line.startswith("id: ")]
    assert seen == list(range(1, end + 1))


def test_a_place_that_nobody_takes_is_free_again(post: Post) -> None:
    asked = Asked("somebody", ("o",), (), None, 60)
    with streaming(post.settings, most=3):
        for _ in range(5):
            places = [handover.ask(post.settings.data, asked) for _ in range(3)]
            with pytest.raises(ServiceIsUnavailable):
                handover.ask(post.settings.data, asked)
            for place in places:
                place.close()
            _until(lambda: _fits(post, asked))


def _fits(post: Post, asked: Asked) -> bool:
    try:
        handover.ask(post.settings.data, asked).close()
    except ServiceIsUnavailable:
        return False
    return True


def _until(happens: Callable[[], bool]) -> None:
    deadline = utc_now() + timedelta(seconds=20)
    while not happens():
        assert utc_now() < deadline


def test_a_webhook_gets_signed_notices_exactly_as_its_secret_says(post: Post, receiver: Receiver) -> None:
    post.agreed()
    hook = post.hook(types=["trade.*"])
    trade = post.agreed()
    post.send(), post.send()
    ((headers, body),) = receiver.got
    assert json.loads(body)["data"]["subject"] == f"/v1/trades/{trade.id}"
    key = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    digest = hmac.digest(key, signed, hashlib.sha256)
    assert headers["Webhook-Signature"] == f"v1,{base64.b64encode(digest).decode()}"
    (row,) = post.ok("GET", f"/v1/webhooks/{hook['id']}/deliveries", post.seller)["items"]
    assert (row["status"], row["answered"], row["attempts"]) == ("delivered", 204, 1)
    assert "secret" not in post.ok("GET", f"/v1/webhooks/{hook['id']}", post.seller)


def test_a_failed_delivery_comes_again_with_the_same_id_and_a_redirect_is_a_failure(post: Post, receiver: Receiver) -> None:
    post.hook()
    receiver.answer = lambda: Response(status=302, headers={"Location": "/elsewhere"})
    post.agreed()
    post.send(), post.send()
    assert len(receiver.got) == 1, "neither followed nor tried again at once"
    receiver.answer = lambda: Response(status=200)
    post.ahead = RETRIES[0] + timedelta(seconds=1)
    post.send()
    ids = {headers["Webhook-Id"] for headers, _ in receiver.got}
    (delivery,) = DELIVERIES.select(post.database.read(), {})
    assert (len(receiver.got), len(ids), delivery.status, delivery.attempts) == (2, 1, "delivered", 2)


def test_a_receiver_that_is_gone_is_called_no_more_and_its_owner_is_told(post: Post, receiver: Receiver) -> None:
    hook = post.hook()
    receiver.answer = lambda: Response(status=410)
    post.agreed()
    post.send()
    post.agreed()
    post.send()
    assert len(receiver.got) == 1 and WEBHOOKS.get(post.database.read(), hook["id"]).status == "disabled"
    assert types_of(post)[-2:] == ["webhook.disabled", "trade.agreed"]
    read = post.client.get(f"/v1/webhooks/{hook['id']}", headers=post.seller.headers)
    again = {"If-Match": read.headers["ETag"]}
    assert (
        post.ok("PATCH", f"/v1/webhooks/{hook['id']}", post.seller, json={"status": "active"}, headers=again)["reason"] is None
    )


def test_a_ping_and_a_retry_are_sent_at_once(post: Post, receiver: Receiver) -> None:
    hook = post.hook(types=["lot.closed"])
    path = f"/v1/webhooks/{hook['id']}"
    sent = post.ok("POST", f"{path}/ping", post.seller)
    post.ok("POST", f"{path}/deliveries/{sent['id']}/retry", post.seller, 409)
    post.send()
    post.ok("POST", f"{path}/deliveries/{sent['id']}/retry", post.seller)
    post.send()
    assert [json.loads(body)["type"] for _, body in receiver.got] == ["webhook.ping"] * 2
    rotated = post.ok("POST", f"{path}/rotate", post.seller)
    assert rotated["secret"] != hook["secret"]
    post.ok("POST", f"{path}/ping", post.seller)
    post.send()
    assert len(receiver.got[-1][0]["Webhook-Signature"].split()) == 2


def test_a_webhook_is_its_organisations_alone(post: Post) -> None:
    path = f"/v1/webhooks/{post.hook()['id']}"
    for method, tail in (("GET", ""), ("DELETE", ""), ("POST", "/ping"), ("POST", "/rotate"), ("GET", "/deliveries")):
        assert post.client.open(path + tail, method=method, headers=post.buyer.headers).status_code == 404
    assert post.client.delete(path, headers=post.seller.headers).status_code == 204
    assert post.client.get(path, headers=post.seller.headers).status_code == 404


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://example.com/", "http://127.0.0.1:1/hook", "https://localhost/"])
def test_a_webhook_that_points_inside_is_refused(post: Post, url: str) -> None:
    problem = post.ok("POST", "/v1/webhooks", post.seller, 422, json={"url": url})
    assert problem["errors"][0]["pointer"] == "/url"


def test_messages_reach_the_contact_by_the_organisations_wishes(post: Post) -> None:
    registered = OrganisationRegistered(
        id=post.seller.caller.organisation_id, version=1, at=utc_now(), name="n", role="collector", region="420100",
        status="pending", contact="+8613800000000",
    )  # fmt: skip
    post.tell(registered)
    read = post.client.get("/v1/notices/settings", headers=post.seller.headers)
    wishes = {"language": "en", "quiet_from": "00:00", "quiet_until": "00:00"}
    match = {"If-Match": read.headers["ETag"]}
    post.ok("PATCH", "/v1/notices/settings", post.seller, json=wishes, headers=match)
    post.agreed(), post.agreed()
    service.fan_out(post.database), service.fan_out(post.database)
    post.ahead = timedelta(seconds=1)
    delivering.send_messages(post.database), delivering.send_messages(post.database)
    (line,) = (post.settings.data / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    sent = json.loads(line)
    assert sent["to"] == "+8613800000000" and sent["text"].count("A trade is agreed") == 2
    assert {one.status for one in MESSAGES.select(post.database.read(), {})} == {"sent"}


def test_what_a_new_consumer_reads_of_days_gone_by_is_no_news(post: Post) -> None:
    trade = post.agreed()
    old = Cause(new_id(), utc_now() - timedelta(days=2))
    post.database.write(lambda unit: EVENTS[TradeAgreed](unit, trade), cause=old)
    assert types_of(post) == ["trade.agreed"]


def test_a_receiver_that_hangs_has_few_deliveries_at_once(post: Post, receiver: Receiver) -> None:
    post.hook()
    for _ in range(6):
        post.agreed()
    service.fan_out(post.database)
    assert len(post.database.write(delivering._take_some)) == 4
    post.ahead = timedelta(seconds=61)
    delivering.deliver_due(post.database)
    assert len(receiver.got) == 6, "what a sender that died had taken is sent after its lease"


def test_a_return_is_told_to_who_asked_for_it_and_its_readers(post: Post) -> None:
    told = [post.seller, post.buyer]
    for who in told:
        names = {"name": "x", "role": "buyer", "region": "420100", "status": "verified", "contact": "a@example.com"}
        post.tell(OrganisationRegistered(id=who.caller.organisation_id, version=1, at=utc_now(), **names))
    asked, reader = (who.caller.organisation_id for who in told)
    place = {"region": "420100", "name_zh": "湖北省武汉市", "name_en": "Wuhan, Hubei", "month": "2026-10"}
    made = ReportMade(id=new_id(), version=2, at=utc_now(), organisation_id=asked, readers=(reader,), **place)
    post.tell(made)
    [notice] = [one for one in NOTICES.select(post.database.read(), {}) if one.type == "report.made"]
    assert (notice.subject, set(notice.audience)) == (f"/v1/reports/{made.id}", {asked, reader})
    service.fan_out(post.database)
    messages = MESSAGES.select(post.database.read(), {"notice_id": notice.id})
    assert {one.organisation_id for one in messages} == {asked, reader}
    assert messages[0].zh == f"湖北省武汉市 2026-10 月报已生成（/v1/reports/{made.id}）"
    assert messages[0].en == f"The monthly report of Wuhan, Hubei for 2026-10 is ready (/v1/reports/{made.id})"
