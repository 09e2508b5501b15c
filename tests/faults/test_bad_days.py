"""Whole servers gone: what must go on goes on, what can't says so, and everything recovers by itself.

An instance on servers of its own, which are stopped and continued (SIGSTOP) or killed by their process id.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.instance import running
from deploy.servers.base import free_ports
from shared.bus.outbox import backlog
from shared.mongo import Database
from tests.fixtures.live import Live, Person, demand_of, huanliu, lot_of

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """An instance with servers that nobody else uses."""
    data = tmp_path_factory.mktemp("alone") / "data"
    (port,) = free_ports(1)
    env = {"HUANLIU_CLEARING_INTERVAL_S": "1"}
    done = huanliu("up", "--no-demo", "--detach", "--port", str(port), data=data, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    yield Live(f"http://127.0.0.1:{port}", data)
    assert huanliu("down", data=data).returncode == 0


@pytest.fixture(scope="module")
def people(alone: Live) -> tuple[Person, Person]:
    operator = alone.create("operator")
    collector = alone.with_site(alone.register("collector", operator), 30.5928, 114.3055, "420102")
    buyer = alone.with_site(alone.register("buyer", operator), 30.3919, 114.8947, "420704")
    lot = collector.ok("POST", "/v1/lots", lot_of(collector))
    found_in_search(buyer, "steel.hms1", lot["id"])
    return collector, buyer


def found_in_search(person: Person, grade: str, lot_id: str) -> None:
    """Search comes back by itself and has the lot; until then it says 503."""
    deadline = time.monotonic() + 90
    while True:
        answer = person.call("GET", f"/v1/search/lots?grade={grade}")
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200 and lot_id in [hit["id"] for hit in answer.json()["items"]]:
            return
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)


@contextmanager
def away(data: Path, server: str) -> Iterator[None]:
    """The server's processes stand still, as in a long pause or behind a cut cable."""
    member = next(one for one in running(data).members if one.name == server)
    process = member.identity.process()
    assert process is not None
    stopped = [process, *process.children(recursive=True)]
    for one in stopped:
        os.kill(one.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in stopped:
            os.kill(one.pid, signal.SIGCONT)


def test_without_elasticsearch_writes_go_on_and_the_index_catches_up(alone: Live, people: tuple[Person, Person]) -> None:
    collector, buyer = people
    with away(alone.data, "elasticsearch"):
        lot = collector.ok("POST", "/v1/lots", lot_of(collector, grade="steel.cast_iron"))
        answer = buyer.call("GET", "/v1/search/lots?grade=steel.cast_iron")
        assert answer.status_code == 503 and answer.headers["Retry-After"]
        assert answer.headers["Content-Type"] == "application/problem+json"
        ready = buyer.call("GET", "/health/ready")
        assert ready.status_code == 200 and ready.json()["status"] == "degraded"
    found_in_search(buyer, "steel.cast_iron", lot["id"])


def test_without_kafka_writes_go_on_and_events_flow_when_it_is_back(alone: Live, people: tuple[Person, Person]) -> None:
    collector, buyer = people
    listings = Database(alone.settings, "listings")
    with away(alone.data, "kafka"):
        lots = [collector.ok("POST", "/v1/lots", lot_of(collector, grade="steel.light")) for _ in range(5)]
        demand = buyer.ok("POST", "/v1/demands", demand_of(buyer, grades=["steel.light"]))
        assert backlog(listings) >= 6
    for lot in lots:
        collector.until(f"/v1/proposals?lot_id={lot['id']}", lambda page: page["items"], seconds=90)
    assert buyer.ok("GET", f"/v1/proposals?demand_id={demand['id']}")["items"]
    deadline = time.monotonic() + 60
    while backlog(listings):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_without_mongodb_503_and_recovery_by_itself(alone: Live, people: tuple[Person, Person]) -> None:
    collector, _ = people
    body = lot_of(collector, grade="steel.bundle")
    with away(alone.data, "mongodb"):
        answer = collector.call("POST", "/v1/lots", body, Idempotency_Key="over the outage")
        assert answer.status_code == 503 and answer.headers["Retry-After"], answer.text
    member = next(one for one in running(alone.data).members if one.name == "mongodb")
    os.kill(member.pid, signal.SIGKILL)
    deadline = time.monotonic() + 90
    while True:
        answer = collector.call("POST", "/v1/lots", body, Idempotency_Key="over the outage")
        if answer.status_code == 201:
            break
        assert answer.status_code == 503 and answer.headers["Retry-After"], answer.text
        assert time.monotonic() < deadline
        time.sleep(0.2)
    lots = collector.ok("GET", "/v1/lots?grade=steel.bundle")["items"]
    assert [lot["id"] for lot in lots] == [answer.json()["id"]]


def test_after_all_that_the_audit_finds_nothing(alone: Live, people: tuple[Person, Person]) -> None:
    done = huanliu("audit", "--json", data=alone.data)
    assert done.returncode == 0, done.stdout + done.stderr
