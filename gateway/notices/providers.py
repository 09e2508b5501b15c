"""What carries messages to people: e-mail, text messages, or a file to try the market out with."""

from __future__ import annotations

import ipaddress
import json
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx

from gateway.notices.model import Recipient
from shared.settings import Settings

TIMEOUT_S = 10.0


class MessageIsNotSent(Exception):
    """The provider did not take it; it is tried again."""


class Provider(Protocol):
    """What carries messages to people."""

    def send(self, recipient: Recipient, text: str) -> None:
        """Raises MessageIsNotSent."""


class FileProvider:
    """Appends each message as a line of JSON: for trying the market out, and for tests."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, recipient: Recipient, text: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = {"to": recipient.contact, "organisation_id": recipient.id, "language": recipient.language, "text": text}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


class SmtpProvider:
    """E-mail by the server at `smtp[s]://user:password@host:port`, encrypted wherever the server can, and then to none but the
    host: its certificate must be good (`SSL_CERT_FILE` names other authorities). A password goes to another machine encrypted
    or not at all."""

    def __init__(self, url: str, sender: str) -> None:
        self.parts, self.sender = urlsplit(url), sender

    def _connected(self, secure: bool) -> smtplib.SMTP:
        host, port = self.parts.hostname or "", self.parts.port or (465 if secure else 25)
        if secure:
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=TIMEOUT_S)

    def send(self, recipient: Recipient, text: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = self.sender, recipient.contact
        mail["Subject"] = text.splitlines()[0][:120]
        mail.set_content(text)
        secure = self.parts.scheme == "smtps"
        try:
            with self._connected(secure) as server:
                server.ehlo()
                if not secure and server.has_extn("starttls"):
                    server.starttls(context=ssl.create_default_context())
                    server.ehlo()
                    secure = True
                if self.parts.username and not secure and not _is_here(self.parts.hostname or ""):
                    raise MessageIsNotSent("the server offers no encryption, and the password is not sent without it")
                if self.parts.username:
                    server.login(unquote(self.parts.username), unquote(self.parts.password or ""))
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise MessageIsNotSent(f"{type(error).__name__}: {error}") from error


def _is_here(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class SmsProvider:
    """Text messages by a gateway that takes `{"to", "text"}` as JSON with a bearer token. Where a provider's own form of
    request is another, a few lines behind such an address, or a class like this one, carry them."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.headers = url, {"authorization": f"Bearer {token}"} if token else {}

    def send(self, recipient: Recipient, text: str) -> None:
        body = {"to": recipient.contact, "text": text}
        try:
            answer = httpx.post(self.url, json=body, headers=self.headers, timeout=TIMEOUT_S, trust_env=False)
        except httpx.HTTPError as error:
            raise MessageIsNotSent(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise MessageIsNotSent(f"answered {answer.status_code}: {answer.text[:200]}")


@dataclass(frozen=True)
class ByContact:
    """An e-mail address is written to, a telephone number gets a text message."""

    mail: Provider
    sms: Provider

    def send(self, recipient: Recipient, text: str) -> None:
        (self.mail if "@" in recipient.contact else self.sms).send(recipient, text)


def provider_of(settings: Settings) -> Provider:
    """By the settings; what has no server goes into a file in the data folder."""
    file = FileProvider(settings.data / "messages.jsonl")
    return ByContact(
        mail=SmtpProvider(settings.smtp_url, settings.mail_from) if settings.smtp_url else file,
        sms=SmsProvider(settings.sms_url, settings.sms_token) if settings.sms_url else file,
    )
