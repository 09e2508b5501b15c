"""Processes killed at the worst moments: nothing is lost, nothing takes effect twice, order holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.bus.consumer import Consumer
from shared.bus.outbox import Relay, backlog
from shared.settings import Settings
from tests.fixtures.bus import EVENTS, emit, emit_many, killed_at, registered, room, running, tallies, until

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka]


@pytest.mark.parametrize("when", ["before publish", "before mark"])
def test_relay_killed_between_commit_and_publish(settings: Settings, tmp_path: Path, when: str) -> None:
    database = room(settings)
    ids = emit_many(database, organisations=6, versions=5)
    killed_at(settings, tmp_path, "relay", when)
    assert backlog(database) == 30
    database.mongo["leases"].update_one({"_id": "relay"}, {"$set": {"until": database.clock()}})
    with running(Relay(database), Consumer(database, "accounts", EVENTS)):
        until(lambda: backlog(database) == 0 and sum(map(len, tallies(database).values())) >= 30)
    assert tallies(database) == {identifier: [1, 2, 3, 4, 5] for identifier in ids}


@pytest.mark.parametrize("when", ["mid-batch", "before commit of offsets"])
def test_consumer_killed_mid_batch(settings: Settings, tmp_path: Path, when: str) -> None:
    database = room(settings)
    ids = emit_many(database, organisations=6, versions=5)
    with running(Relay(database)):
        until(lambda: backlog(database) == 0)
    killed_at(settings, tmp_path, "consumer", when)
    with running(Consumer(database, "accounts", EVENTS)):
        until(lambda: sum(map(len, tallies(database).values())) >= 30, seconds=60)
    assert tallies(database) == {identifier: [1, 2, 3, 4, 5] for identifier in ids}


def test_without_the_inbox_the_same_trial_fails(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: it is the inbox that keeps an event from taking effect twice."""
    database = room(settings)
    emit(database, *[registered(f"organisation-{number}") for number in range(10)])
    with running(Relay(database)):
        until(lambda: backlog(database) == 0)
    killed_at(settings, tmp_path, "consumer", "before commit of offsets")
    monkeypatch.setattr("shared.bus.inbox.already_applied", lambda *_: set())
    monkeypatch.setattr("shared.bus.inbox.mark", lambda *_: None)
    with running(Consumer(database, "accounts", EVENTS)):
        until(lambda: any(len(versions) > 1 for versions in tallies(database).values()), seconds=60)
    assert max(len(versions) for versions in tallies(database).values()) > 1


def test_kafka_down_events_wait_in_the_outbox(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"kafka_brokers": "127.0.0.1:9"})
    database = room(nowhere)
    relay = Relay(database)
    with running(relay):
        ids = emit_many(database, organisations=3, versions=2)
        until(lambda: relay.error is not None, seconds=40)
        assert backlog(database) == 6
    back = room(settings)
    with running(Relay(back), Consumer(back, "accounts", EVENTS)):
        until(lambda: sum(map(len, tallies(back).values())) >= 6)
    assert tallies(back) == {identifier: [1, 2] for identifier in ids}
