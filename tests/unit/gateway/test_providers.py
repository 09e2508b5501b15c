"""What carries messages to people, against receivers of the test's own."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from gateway.notices.model import Recipient
from gateway.notices.providers import MessageIsNotSent, provider_of
from shared.settings import Settings

YARD = Recipient("yard", "+8613800000000")
MILL = Recipient("mill", "buyer@huanliu.example", language="en")


class SmsGateway(BaseHTTPRequestHandler):
    """Keeps what it is sent; a text «no» it refuses."""

    got: ClassVar[list[tuple[str | None, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((self.headers["Authorization"], body))
        self.send_response(503 if body["text"] == "no" else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


class MailServer(socketserver.StreamRequestHandler):
    """The few words of SMTP that a letter needs."""

    got: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                letter = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.got.append(letter.decode())
            if word == b"QUIT":
                self.wfile.write(b"221 good-bye\r\n")
                return
            refused = word == b"RCPT" and b"nobody@" in line
            self.wfile.write(b"550 no such person\r\n" if refused else b"250 yes\r\n")


@contextmanager
def served(server: socketserver.TCPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_without_servers_everything_goes_into_the_file(tmp_path: Path) -> None:
    provider = provider_of(Settings(data=tmp_path))
    provider.send(YARD, "成交")
    provider.send(MILL, "agreed")
    lines = [json.loads(line) for line in (tmp_path / "messages.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["to"], line["text"]) for line in lines] == [(YARD.contact, "成交"), (MILL.contact, "agreed")]


def test_a_telephone_number_gets_a_text_message(tmp_path: Path) -> None:
    with served(HTTPServer(("127.0.0.1", 0), SmsGateway)) as address:
        provider = provider_of(Settings(data=tmp_path, sms_url=f"http://{address}/send", sms_token="key"))
        provider.send(YARD, "撮合方案即将过期")
        provider.send(MILL, "by file: no mail server is named")
        with pytest.raises(MessageIsNotSent, match="503"):
            provider.send(YARD, "no")
    assert SmsGateway.got[0] == ("Bearer key", {"to": YARD.contact, "text": "撮合方案即将过期"})
    assert MILL.contact in (tmp_path / "messages.jsonl").read_text(encoding="utf-8")
    with pytest.raises(MessageIsNotSent, match="ConnectError"):
        provider.send(YARD, "nobody is there any more")


def test_an_address_gets_a_letter(tmp_path: Path) -> None:
    with served(socketserver.TCPServer(("127.0.0.1", 0), MailServer)) as address:
        provider = provider_of(Settings(data=tmp_path, smtp_url=f"smtp://{address}", mail_from="market@huanliu.example"))
        provider.send(MILL, "CNY 64050 is due\nread /v1/trades/1")
        with pytest.raises(MessageIsNotSent, match="550"):
            provider.send(Recipient("gone", "nobody@huanliu.example"), "x")
    (letter,) = MailServer.got
    assert "Subject: CNY 64050 is due" in letter and f"To: {MILL.contact}" in letter and "read /v1/trades/1" in letter
    with pytest.raises(MessageIsNotSent):
        provider.send(MILL, "nobody is there any more")
