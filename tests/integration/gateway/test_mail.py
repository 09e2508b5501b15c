"""Messages by e-mail, to a real SMTP server: alarms in the reader's language, sign-in, refusals, a server that is away."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.servers.base import free_ports
from gateway.notices import delivering, providers, service
from gateway.notices.handlers import EVENTS
from gateway.notices.model import Message, Recipient
from gateway.notices.store import DOCUMENTS, MESSAGES, RECIPIENTS
from shared.bus.documents import BUS_DOCUMENTS
from shared.clock import SHANGHAI, utc_now
from shared.events.accounts import OrganisationRegistered
from shared.events.regions import AlarmCleared, AlarmEscalated, AlarmRaised
from shared.ids import new_id
from shared.mongo import Database
from shared.settings import Settings

pytestmark = pytest.mark.mongodb
LOGIN = ("post-office", "a p@ss:word")


class Mailbox:
    """A server's handler: keeps what it takes; `refuses` is what it says instead."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.refuses = ""

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:
        if self.refuses:
            return self.refuses
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.got.append(mail)
        return "250 OK"


def signed_in(server: object, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == LOGIN
    return AuthResult(success=good, handled=False)  # so that the server says so


@contextmanager
def listening(box: Mailbox, port: int, **settings: Any) -> Iterator[None]:
    controller = Controller(box, hostname="127.0.0.1", port=port, **settings)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


class Office:
    """The worker's half of notices, played by hand, with mail to one park operator."""

    def __init__(self, settings: Settings, smtp_url: str) -> None:
        self.ahead = timedelta()
        changed = {"smtp_url": smtp_url, "mail_from": "huanliu@market.example"}
        self.database = Database(settings.model_copy(update=changed), "gateway", lambda: utc_now() + self.ahead)
        self.database.prepare([*BUS_DOCUMENTS, *DOCUMENTS])
        self.park = new_id()
        registered = {"id": self.park, "version": 1, "at": utc_now(), "name": "园区", "role": "park_operator"}
        self.tell(OrganisationRegistered(**registered, region="420000", status="pending", contact="park@huanliu.example"))
        self.wish(quiet_from="00:00", quiet_until="00:00")

    def tell(self, event: Any) -> None:
        self.database.write(lambda unit: EVENTS[type(event)](unit, event))

    def wish(self, **wishes: str) -> None:
        recipient = RECIPIENTS.get(self.database.read(), self.park)
        for name, value in wishes.items():
            setattr(recipient, name, value)
        self.database.write(lambda unit: RECIPIENTS.save(unit, recipient))

    def alarm(self, kind: Any = AlarmRaised, **changes: Any) -> None:
        values = {"id": new_id(), "version": 1, "at": utc_now(), "rule_id": "r", "kind": "stock", "name": "存量超许可"}
        values |= {"region": "420100", "subject_id": "s", "audience": (self.park,), "value": 130_000, "limit": 120_000}
        texts = {
            "zh": "场站「一号堆场」存量 130 吨, 许可 120 吨",
            "en": "130 t lie at the site «One», whose permit is for 120 t",
        }
        self.tell(kind(**{**values, **texts, "unit": "kg", "status": "raised", **changes}))
        service.fan_out(self.database)

    def send(self) -> list[Message]:
        self.ahead += timedelta(seconds=1)
        delivering.send_messages(self.database)
        return MESSAGES.select(self.database.read(), {})


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def office(settings: Settings, port: int) -> Iterator[Office]:
    made = Office(settings, f"smtp://127.0.0.1:{port}")
    yield made
    made.database.client.drop_database(made.database.mongo.name)
    made.database.close()


def test_an_alarm_goes_to_the_park_operator_by_mail(office: Office, box: Mailbox, port: int) -> None:
    with listening(box, port):
        office.alarm()
        assert {one.status for one in office.send()} == {"sent"}
        office.wish(language="en")
        office.alarm(AlarmEscalated)
        office.alarm(AlarmCleared, status="cleared")
        office.send()
    first, second = box.got
    assert (first["To"], first["From"]) == ("park@huanliu.example", "huanliu@market.example")
    assert str(first["Subject"]).startswith("预警「存量超许可」：场站「一号堆场」存量 130 吨")
    text = second.get_content()
    assert "Nobody has taken on the alarm" in text and "130 t lie at the site" in text and "is cleared" in text
    assert "/v1/alarms/" in text


def test_in_quiet_hours_an_urgent_alarm_goes_out_and_others_wait(office: Office, box: Mailbox, port: int) -> None:
    office.wish(quiet_from="00:00", quiet_until="23:59")
    midnight = utc_now().astimezone(SHANGHAI).time() >= time(23, 59)
    with listening(box, port):
        office.alarm(name="一般")
        office.alarm(name="紧急", severity="urgent")
        office.alarm(AlarmCleared, name="紧急", severity="urgent", status="cleared")
        office.alarm(AlarmEscalated, name="无人处理", severity="urgent")
        office.send()
        office.wish(when="off")
        office.alarm(name="不要", severity="urgent")
        office.send()
    texts = "".join(mail.get_content() for mail in box.got)
    assert "紧急" in texts and "无人处理" in texts and "不要" not in texts
    assert midnight or ("一般" not in texts and "已解除" not in texts)


def certified(folder: Path, host: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's certificate for an address, signed by itself, in `folder/cert.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post-office")])
    now = utc_now()
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(secret)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_it_goes_encrypted_to_a_server_that_can_and_whose_certificate_is_good(
    settings: Settings, box: Mailbox, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = certified(tmp_path)
    login = {"authenticator": signed_in, "auth_required": True, "auth_require_tls": True, "require_starttls": True}
    office = Office(settings, f"smtp://post-office:a%20p%40ss%3Aword@127.0.0.1:{port}")
    with listening(box, port, tls_context=context, **login):
        office.alarm()
        [unknown] = office.send()
        assert unknown.status == "pending" and "CERTIFICATE_VERIFY_FAILED" in str(unknown.error)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        office.ahead += timedelta(minutes=1)
        [sent] = office.send()
    assert (sent.status, sent.error, len(box.got)) == ("sent", None, 1)
    office.database.client.drop_database(office.database.mongo.name)
    office.database.close()


def test_a_password_is_not_sent_to_another_machine_in_the_clear(
    box: Mailbox, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = providers.SmtpProvider(f"smtp://post-office:secret@mail.example:{port}", "huanliu@market.example")
    here = smtplib.SMTP
    monkeypatch.setattr(providers.smtplib, "SMTP", lambda host, port, timeout: here("127.0.0.1", port, timeout=timeout))
    with listening(box, port), pytest.raises(providers.MessageIsNotSent, match="no encryption"):
        provider.send(Recipient(new_id(), "park@huanliu.example"), "text")
    assert box.got == []


def test_what_is_due_together_goes_out_together_and_once(office: Office, box: Mailbox, port: int) -> None:
    with listening(box, port):
        for _ in range(3):
            office.alarm()
        office.send()
        office.send()
    [mail] = box.got
    assert mail.get_content().count("预警「存量超许可」") == 3


def test_a_server_that_is_away_or_refuses_is_tried_again(office: Office, box: Mailbox, port: int) -> None:
    office.alarm()
    [waiting] = office.send()
    assert (waiting.status, waiting.attempts) == ("pending", 1) and "refused" in str(waiting.error).lower()
    box.refuses = "451 4.3.0 try again later"
    with listening(box, port):
        office.ahead += timedelta(minutes=1)
        [refused] = office.send()
        assert (refused.status, refused.attempts) == ("pending", 2) and "451" in str(refused.error)
        box.refuses = ""
        office.ahead += timedelta(minutes=10)
        [sent] = office.send()
    assert (sent.status, sent.error, len(box.got)) == ("sent", None, 1)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # over loopback, in a test
def test_it_signs_in_as_the_setting_says(settings: Settings, box: Mailbox, port: int) -> None:
    login = {"authenticator": signed_in, "auth_required": True, "auth_require_tls": False}
    with listening(box, port, **login):
        office = Office(settings, f"smtp://post-office:a%20p%40ss%3Aword@127.0.0.1:{port}")
        office.alarm()
        office.send()
        stranger = Office(settings, f"smtp://post-office:wrong@127.0.0.1:{port}")
        stranger.alarm()
        [failed] = [one for one in stranger.send() if one.status == "pending"]
        office.database.client.drop_database(office.database.mongo.name)
        office.database.close()
        stranger.database.close()
    assert len(box.got) == 1
    assert "SMTPAuthenticationError" in str(failed.error)
