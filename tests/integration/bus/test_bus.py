"""The bus on real MongoDB and Kafka: what commits is published, in order, and takes effect once."""

from __future__ import annotations

import time
from unittest.mock import patch

import pytest

from shared.bus import dead_letters, parking
from shared.bus.consumer import Consumer
from shared.bus.envelope import Record, headers_of
from shared.bus.outbox import Relay, backlog
from shared.bus.producer import ensure_topics, make_producer, publish
from shared.ids import new_id, new_traceparent
from shared.mongo import Unit
from shared.settings import Settings
from tests.fixtures.bus import EVENTS, TALLIES, Tally, emit, emit_many, records, registered, room, running, tallies, until

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka]


def test_events_arrive_once_and_in_order_per_aggregate(settings: Settings) -> None:
    database = room(settings)
    with running(Relay(database), Consumer(database, "accounts", EVENTS)):
        ids = emit_many(database, organisations=12, versions=8)
        until(lambda: sum(map(len, tallies(database).values())) >= 96)
        time.sleep(0.5)
    assert tallies(database) == {identifier: list(range(1, 9)) for identifier in ids}
    assert backlog(database) == 0
    published = records(settings, settings.topic("accounts"))
    assert len(published) == 96
    for identifier in ids:
        mine = [dict(record.headers) for record in published if record.key == identifier.encode()]
        assert [int(headers["ce_sequence"]) for headers in mine] == list(range(1, 9))


def test_what_rolls_back_is_not_published(settings: Settings) -> None:
    database = room(settings)

    def fail() -> None:
        def work(unit):  # type: ignore[no-untyped-def]
            unit.emit(registered(new_id()))
            unit.flush()
            raise RuntimeError("the use case failed")

        with pytest.raises(RuntimeError):
            database.write(work)

    fail()
    assert database.mongo["outbox"].count_documents({}) == 0


def test_a_query_asked_once_is_asked_again_when_its_kind_is_written(settings: Settings) -> None:
    database = room(settings)

    def work(unit: Unit) -> tuple[int, int, int]:
        first, again = (len(TALLIES.select_once(unit, {"mark": "all"})) for _ in range(2))
        TALLIES.save(unit, Tally("new"))
        unit.flush()
        unit.collection("tallies").update_one({"_id": "new"}, {"$set": {"mark": "all"}}, session=unit.session)
        return first, again, len(TALLIES.select_once(unit, {"mark": "all"}))

    with patch.object(TALLIES, "select", wraps=TALLIES.select) as select:
        assert database.write(work) == (0, 0, 1)
    assert select.call_count == 2


def test_a_cloudevent_carries_the_trace_of_its_request(settings: Settings) -> None:
    database = room(settings)
    trace = new_traceparent()
    identifier = new_id()
    with running(Relay(database)):
        emit(database, registered(identifier), trace=trace)
        until(lambda: backlog(database) == 0)
    (record,) = records(settings, settings.topic("accounts"))
    headers = {name: value.decode() for name, value in record.headers}
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == "huanliu.organisation.registered.v1"
    assert headers["ce_source"] == "/huanliu/accounts"
    assert headers["ce_subject"] == identifier == record.key.decode()
    assert headers["content-type"] == "application/json"
    assert headers["traceparent"].split("-")[1] == trace.split("-")[1]
    assert headers["traceparent"] != trace


def test_protocol_5_only_one_relay_publishes(settings: Settings) -> None:
    database = room(settings)
    with running(Relay(database), Relay(database)):
        emit_many(database, organisations=5, versions=4)
        until(lambda: backlog(database) == 0)
        time.sleep(0.5)
    assert len(records(settings, settings.topic("accounts"))) == 20


def test_protocol_5_a_relay_that_lost_its_lease_marks_nothing(settings: Settings) -> None:
    database = room(settings)
    paused, fresh = Relay(database), Relay(database)
    assert paused._take_lease()
    database.mongo["leases"].update_one({"_id": "relay"}, {"$set": {"until": database.clock()}})
    time.sleep(0.01)
    assert fresh._take_lease()
    assert fresh.fence > paused.fence
    from shared.bus.outbox import LeaseIsLost

    with pytest.raises(LeaseIsLost):
        paused._keep_lease()
    assert not paused._take_lease()


def _poison(settings: Settings, value: bytes | None, headers: list[tuple[str, bytes]], key: bytes | None = b"k") -> None:
    ensure_topics(settings, [settings.topic("accounts")])
    producer = make_producer(settings)
    producer.send(settings.topic("accounts"), key=key, value=value, headers=headers, partition=0).get(timeout=20)
    producer.close()


def _headers(settings: Settings, **changes: str) -> list[tuple[str, bytes]]:
    row = {"_id": new_id(), "type": "huanliu.organisation.registered.v1", "key": "k", "version": 1, "data": "{}"}
    row |= {"traceparent": new_traceparent(), "at": registered("x").at}
    base = dict(headers_of(row, settings.secret_key))
    return list((base | {name: value.encode() for name, value in changes.items()}).items())


def test_protocol_6_poison_is_parked_with_its_cause_and_its_neighbours_go_on(settings: Settings) -> None:
    database = room(settings)
    _poison(settings, b"{not json", _headers(settings))
    _poison(settings, b"\xff\xfe", _headers(settings))
    _poison(settings, None, _headers(settings))
    _poison(settings, b"{}", [])
    _poison(settings, b"{}", _headers(settings, ce_type="huanliu.unheard.of.v9"))
    _poison(settings, b"{}", _headers(settings, signature="00"))
    _poison(settings, b"{}", [*_headers(settings), ("bad", b"\xff")])
    identifier = new_id()
    with running(Relay(database), Consumer(database, "accounts", EVENTS)):
        emit(database, registered(new_id(), name="poison"), registered(identifier))
        until(lambda: identifier in tallies(database) and len(dead_letters.listed(database)) == 8)
    letters = dead_letters.listed(database, "parked")
    reasons = " | ".join(letter.reason for letter in letters)
    for cause in ("no body", "missing headers", "unknown event type", "signature", "no UTF-8", "can't be applied"):
        assert cause in reasons
    chinese = " | ".join(letter.reason_zh for letter in letters)
    for cause in ("没有内容", "缺少消息头", "不认识的事件类型", "签名", "不是 UTF-8", "can't be applied"):
        assert cause in chinese
    parked = records(settings, parking.dead_topic(settings.topic("accounts"), "accounts"))
    assert len(parked) == 8
    assert all(dict(record.headers)["dead-reason"] for record in parked)


def test_a_replay_applies_once_after_the_fault_is_mended(settings: Settings) -> None:
    database = room(settings)
    identifier = new_id()
    broken = {next(iter(EVENTS)): lambda unit, event: 1 / 0}
    with running(Relay(database), Consumer(database, "accounts", broken)):
        emit(database, registered(identifier))
        until(lambda: len(dead_letters.listed(database, "parked")) == 1)
    (letter,) = dead_letters.listed(database)
    assert "ZeroDivisionError" in letter.reason
    dead_letters.request_replay(database, letter.id)
    with running(Consumer(database, "accounts", EVENTS)):
        until(lambda: dead_letters.listed(database)[0].status == "replayed")
    assert tallies(database) == {identifier: [1]}
    with pytest.raises(Exception, match="replayed already"):
        dead_letters.request_replay(database, letter.id)


def test_protocol_6_the_same_event_twice_takes_effect_once(settings: Settings) -> None:
    database = room(settings)
    identifier = new_id()
    emit(database, registered(identifier))
    row = database.mongo["outbox"].find_one({})
    ensure_topics(settings, [settings.topic("accounts")])
    producer = make_producer(settings)
    publish(producer, [row, row], settings.secret_key)
    producer.close()
    again: list[Record] = records(settings, settings.topic("accounts"))
    with running(Relay(database), Consumer(database, "accounts", EVENTS)):
        until(lambda: backlog(database) == 0 and identifier in tallies(database))
        time.sleep(0.5)
    Consumer(database, "accounts", EVENTS).handle(again)
    assert tallies(database) == {identifier: [1]}
