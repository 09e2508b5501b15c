"""Notices without servers: what is told, when, and where a webhook may point."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.notices.audience import TELLERS, note_of
from gateway.notices.delivering import secret_of, shown, signature
from gateway.notices.model import OVERLAP, RETRIES, Delivery, Notice, Recipient, Webhook, wanted
from gateway.notices.reach import Refused, check_url, target_of
from gateway.notices.wording import MESSAGES_OF, message_of
from shared.events.regions import AlarmRaised, VolumePosted
from shared.events.trading import TradeSettled
from tests.fixtures.trades import terms

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
"""Noon in China."""


def a_hook(**changes: object) -> Webhook:
    values = {"url": "https://example.com/hook", "types": [], "since_seq": 0, "created_at": NOW, "updated_at": NOW}
    return Webhook(**{"id": "hook", "version": 1, "organisation_id": "mill", **values, **changes})  # type: ignore[arg-type]


def settled() -> TradeSettled:
    frozen = terms(seller_id="yard", buyer_id="mill", kg=30_500)
    figures = {"net_kg": 1, "settled_kg": 1, "deducted_kg": 0, "amount_fen": 6_405_000, "vat_fen": 0, "freight_fen": 0}
    return TradeSettled(id="trade", version=3, at=NOW, proposal_id="p", terms=frozen, status="settled", **figures)


def test_a_trade_is_told_to_its_parties_and_says_nothing_of_who_or_where_they_are() -> None:
    note = note_of(settled())
    assert (note.type, note.audience, note.subject) == ("trade.settled", ("yard", "mill"), "/v1/trades/trade")
    assert note.data == {
        "proposal_id": "p", "grade": "steel.hms1", "quantity_t": 30.5, "status": "settled", "amount_cny": 64_050.0,
    }  # fmt: skip


def test_a_posting_is_told_to_both_regions_and_all_they_lie_in_without_its_tonnes() -> None:
    posted = VolumePosted(
        id="e", version=1, at=NOW, lot_id="l", cause="x", grade="steel.hms1", region="420115", to_region="320312", listed_kg=7
    )
    note = note_of(posted)
    assert set(note.audience) == {f"region:{code}" for code in (420115, 420100, 420000, 320312, 320300, 320000)}
    assert note.data == {"grade": "steel.hms1"}


def test_an_alarm_is_told_to_those_it_concerns_and_to_a_webhook_that_wants_alarms() -> None:
    facts = {"rule_id": "r", "kind": "stock", "name": "存量", "region": "420100", "subject_id": "s", "value": 130, "limit": 120}
    texts = {"unit": "kg", "zh": "存量 130 吨", "en": "130 t lie there", "status": "raised"}
    raised = AlarmRaised(id="a", version=1, at=NOW, audience=("park", "yard"), **facts, **texts)
    note = note_of(raised)
    assert (note.type, note.audience, note.subject) == ("alarm.raised", ("park", "yard"), "/v1/alarms/a")
    notice = Notice.of(note, 9, NOW)
    assert message_of(notice) == ("预警「存量」：存量 130 吨（/v1/alarms/a）", "Alarm «存量»: 130 t lie there (/v1/alarms/a)")
    assert a_hook(organisation_id="yard", types=["alarm.*"]).wants(notice)
    assert not a_hook(organisation_id="mill", types=["alarm.*"]).wants(notice)


class Every:
    """An event that has every field."""

    def __getattr__(self, name: str) -> object:
        odd = {"terms": self, "readers": ("reader",)}
        return odd.get(name, "420115" if name.endswith("region") else 7)


def test_no_notice_names_a_party_or_a_place_beyond_its_region() -> None:
    """What may be told, by name; a new field has to be thought of here."""
    told = {"status", "closed_reason", "available_t", "lot_id", "demand_id", "grade", "quantity_t", "price_cny_per_t", "reason"}
    told |= {"saved_search_id", "name", "region", "alert"}  # of one's own saved search
    told |= {"proposal_id", "trade_id", "from_region", "to_region", "month_t", "material", "proposals", "matched_t"}
    told |= {"name_zh", "name_en", "month"}  # of the region of a return
    told |= {"period", "allowed_t", "left_t"}  # of one's own allowance
    told |= {"kind", "zh", "en", "severity"}  # of an alarm, whose audience may read all of it
    for tell in TELLERS.values():
        _, _, data = tell(Every())
        assert set(data) <= told


@pytest.mark.parametrize(
    ("patterns", "fits"),
    [
        ([], True),
        (["trade.settled"], True),
        (["trade.*"], True),
        (["trade.agreed"], False),
        (["trad.*"], False),
        (["lot.*"], False),
    ],
)
def test_types_are_wanted_by_name_or_by_their_first_part(patterns: list[str], fits: int) -> None:
    assert wanted(patterns, "trade.settled") == fits


def test_a_webhook_gets_what_concerns_its_organisation_after_it_was_made() -> None:
    notices = [Notice.of(note_of(settled()), seq, NOW) for seq in (4, 5)]
    assert [a_hook(since_seq=4).wants(one) for one in notices] == [False, True]
    assert not a_hook(organisation_id="other").wants(notices[1]) and not a_hook(status="paused").wants(notices[1])


def test_a_delivery_is_tried_by_the_schedule_and_given_up_after_it() -> None:
    delivery = Delivery("d", 1, "hook", "mill", "n", "trade.settled", "{}", NOW, NOW)
    for pause in RETRIES:
        delivery.failed(500, "no", NOW)
        assert delivery.next_at == NOW + pause and delivery.status == "pending"
    delivery.failed(500, "no", NOW)
    assert (delivery.status, delivery.next_at, delivery.attempts) == ("failed", None, len(RETRIES) + 1)
    delivery.again(NOW)
    assert (delivery.status, delivery.next_at, delivery.attempts) == ("pending", NOW, 0)


def test_after_a_rotation_both_secrets_sign_for_a_day() -> None:
    hook = a_hook()
    assert hook.generations(NOW) == [1]
    hook.rotate(NOW)
    assert hook.generations(NOW + OVERLAP / 2) == [2, 1] and hook.generations(NOW + OVERLAP) == [2]
    assert secret_of(hook, 1, "key") != secret_of(hook, 2, "key") != secret_of(hook, 2, "other key")


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """Worked out apart: HMAC-SHA256 of id.timestamp.body by the bytes that `whsec_…` encodes."""
    secret = secret_of(a_hook(), 1, "key")
    body = '{"type":"trade.settled"}'
    raw = base64.b64decode(shown(secret).removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(raw, f"msg.1700000000.{body}".encode(), hashlib.sha256)).decode()
    assert signature(secret, "msg", 1_700_000_000, body) == f"v1,{expected}"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/",
        "https://192.168.0.9:8443/x", "https://169.254.169.254/latest", "https://[::1]/", "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/", "https://[2002:0a00:0001::]/", "https://100.64.0.1/", "https://0.0.0.0/",
        "https://224.0.0.1/", "https://user:pw@example.com/", "https://example.com/#x", "https://printer.local/",
        "https://db.internal/", "https://intranet/", "https://example.com:99999/", "https://", "nonsense", "https://[bad/",
    ],
)  # fmt: skip
def test_a_webhook_must_not_point_inside(url: str) -> None:
    with pytest.raises(Refused):
        check_url(url, frozenset())


def test_a_name_that_resolves_inside_is_refused_when_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: what the name says at the moment of the call counts, and the connection goes to that address."""
    answers = iter([["93.184.215.14"], ["93.184.215.14", "10.0.0.7"]])
    monkeypatch.setattr(
        "gateway.notices.reach.socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (one, 443)) for one in next(answers)]
    )
    target = target_of("https://hooks.example.com/x?y=1", frozenset())
    assert (target.url, target.host) == ("https://93.184.215.14:443/x?y=1", "hooks.example.com")
    with pytest.raises(Refused):
        target_of("https://hooks.example.com/x", frozenset())


def test_a_receiver_that_the_operator_names_may_be_private() -> None:
    assert check_url("http://127.0.0.1:9000/hook", frozenset({"127.0.0.1:9000"}))
    with pytest.raises(Refused):
        check_url("http://127.0.0.1:9001/hook", frozenset({"127.0.0.1:9000"}))


@pytest.mark.parametrize(
    ("hour", "sent_after_h"),
    [(12, 0), (21, 0), (22, 9), (23, 8), (3, 4), (7, 0)],
)
def test_messages_wait_for_the_end_of_quiet_hours(hour: int, sent_after_h: int) -> None:
    now = datetime(2026, 11, 24, hour, tzinfo=UTC) - timedelta(hours=8)
    assert Recipient("mill", "a@b").send_at(now) == now + timedelta(hours=sent_after_h)


@given(st.integers(0, 366 * 86_400))
def test_a_digest_goes_out_at_eight(second: int) -> None:
    now = NOW + timedelta(seconds=second)
    at = Recipient("mill", "a@b", when="daily").send_at(now)
    assert at is not None and now < at <= now + timedelta(days=1) and at.astimezone(UTC).hour == 0
    assert Recipient("mill", "a@b").send_at(now, daily=True) == at
    assert Recipient("mill", "a@b", when="off").send_at(now) is None
    assert Recipient("mill", "a@b", quiet_from="00:00", quiet_until="00:00").send_at(now) == now


def test_a_message_names_the_grade_and_where_to_look() -> None:
    zh, en = message_of(Notice.of(note_of(settled()), 1, NOW))
    assert zh == "已结算：重废，货款 64,050.00 元（/v1/trades/trade）" and "Heavy melting steel" in en
    assert all(zh and en for zh, en in MESSAGES_OF.values())


def test_a_reminder_says_the_sum_and_the_minute_as_people_write_them() -> None:
    note = note_of(settled())
    due = replace(note, type="trade.due", data={**note.data, "due_at": "2026-12-01T20:30:00.000Z"})
    zh, en = message_of(Notice.of(due, 1, NOW))
    assert zh == "货款 64,050.00 元应在 2026-12-02 04:30（北京时间）前付清（/v1/trades/trade）"
    assert en == "CNY 64,050.00 is due by 2026-12-02 04:30, Beijing time (/v1/trades/trade)"
