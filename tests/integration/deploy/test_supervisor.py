"""An instance's life: up, processes killed, a second start, the supervisor killed, down. Tiny programs, real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.children import Identity
from deploy.commands.status import read
from deploy.instance import Instance, Member
from deploy.probes import is_ready
from deploy.servers.base import free_ports
from shared.settings import environment

ROOT = Path(__file__).parents[3]


def until(holds: Callable[[], object], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


class Tiny:
    """One tiny instance and the processes it was ever seen to have."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_ports(1)[0]
        self.seen: set[Identity] = set()
        self.supervisor: subprocess.Popen[str] | None = None

    def spawn(self, *options: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "tests.fixtures.tiny", "--port", str(self.port), "--data", str(self.data), *options]
        return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def up(self, *options: str, within_s: float = 60) -> Instance:
        self.supervisor = self.spawn(*options)
        until(lambda: self.ready(), within_s)
        return self.state()

    def ready(self) -> bool:
        assert self.supervisor is not None
        assert self.supervisor.poll() is None, self.supervisor.communicate()[0]
        instance = Instance.load(self.data)
        return instance is not None and instance.state == "ready" and instance.supervisor.pid == self.supervisor.pid

    def state(self) -> Instance:
        instance = Instance.load(self.data)
        assert instance is not None
        self.seen |= {member.identity for member in instance.members}
        return instance

    def member(self, name: str) -> Member:
        return next(member for member in self.state().members if member.name == name)

    def end(self, number: signal.Signals) -> str:
        assert self.supervisor is not None
        if self.supervisor.stdout is None or self.supervisor.stdout.closed:
            return ""
        self.supervisor.send_signal(number)
        return self.supervisor.communicate(timeout=25)[0]

    def left(self) -> list[Identity]:
        return [identity for identity in self.seen if identity.runs()]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "deploy.cli", *words, "--data", str(self.data)]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, env=environment({"COLUMNS": "200"}))


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    instance = Tiny(tmp_path / "an instance")
    yield instance
    if instance.supervisor:
        instance.end(signal.SIGTERM)
    instance.command("down")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything(tiny: Tiny, number: signal.Signals) -> None:
    instance = tiny.up()
    assert {member.name for member in instance.members} == {"accounts", "accounts-worker", "gateway"}
    assert all(is_ready(member.probe) for member in instance.members)
    begun = time.monotonic()
    said = tiny.end(number)
    assert f"http://127.0.0.1:{tiny.port}" in said
    assert tiny.supervisor is not None and tiny.supervisor.returncode == 0
    assert time.monotonic() - begun < 20
    assert tiny.left() == []
    assert Instance.load(tiny.data) is None


def test_a_killed_process_is_started_again(tiny: Tiny) -> None:
    tiny.up()
    for name in ("accounts-worker", "accounts"):
        before = tiny.member(name)
        os.kill(before.pid, signal.SIGKILL)
        until(lambda name=name, before=before: tiny.member(name).pid != before.pid, 5)  # type: ignore[misc]
        until(lambda name=name: is_ready(tiny.member(name).probe), 10)  # type: ignore[misc]
        assert tiny.member(name).restarts == 1


def test_a_second_start_is_refused_and_disturbs_nothing(tiny: Tiny) -> None:
    tiny.up()
    said, _ = (second := tiny.spawn()).communicate(timeout=20)
    assert second.returncode == 1
    assert "huanliu down" in said
    other = Tiny(tiny.data.with_name("other"))
    other.port = tiny.port
    said, _ = (third := other.spawn()).communicate(timeout=20)
    assert third.returncode == 1
    assert f"Port {tiny.port} is in use" in said
    assert not other.data.exists()
    assert tiny.ready()


def test_a_killed_supervisor_leaves_nothing_that_blocks_the_next_start(tiny: Tiny) -> None:
    tiny.up()
    tiny.end(signal.SIGKILL)
    tiny.up()
    assert len(tiny.left()) == 3  # those of the second life only
    tiny.end(signal.SIGTERM)
    assert tiny.left() == []


def test_orphans_that_outlive_their_supervisor_are_stopped_by_down(tiny: Tiny) -> None:
    tiny.up()
    state = tiny.state()
    tiny.end(signal.SIGKILL)
    until(lambda: not tiny.left())
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as orphan:
        identity = Identity.of(orphan.pid)
        state.members = [Member("accounts", "web", identity.pid, identity.created)]
        state.save(tiny.data)
        assert tiny.command("down").returncode == 0
        assert orphan.wait(5) == -signal.SIGTERM


def test_status_and_down_by_command(tiny: Tiny) -> None:
    assert tiny.command("status").returncode == 1
    tiny.up()
    done = tiny.command("status", "--json")
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    assert shown["state"] == "ready"
    assert {row["name"]: row["health"] for row in shown["processes"]} == dict.fromkeys(
        ("accounts", "accounts-worker", "gateway"), "ready"
    )
    assert all(row["memory_mb"] > 10 and row["restarts"] == 0 for row in shown["processes"])
    assert shown["lag"] is None  # this instance has no Kafka
    assert tiny.command("down").returncode == 0
    assert tiny.left() == []
    again = tiny.command("down")
    assert (again.returncode, "Nothing runs" in again.stdout) == (0, True)


def test_a_program_that_ends_at_once_is_a_sentence_and_nothing_is_left(tiny: Tiny) -> None:
    begun = tiny.spawn("--broken")
    said, _ = begun.communicate(timeout=60)
    assert begun.returncode == 1
    assert "accounts ends as soon as it starts" in said
    assert Instance.load(tiny.data) is None


@pytest.mark.timeout(900)
def test_real_servers_are_kept_alive_and_keep_their_data(tiny: Tiny) -> None:
    tiny.up("--with-servers", within_s=150)
    for name in ("mongodb", "kafka", "elasticsearch"):
        before = tiny.member(name)
        os.killpg(before.pid, signal.SIGKILL)
        until(lambda name=name, before=before: tiny.member(name).pid != before.pid, 10)  # type: ignore[misc]
    until(lambda: all(row["health"] == "ready" for row in read(tiny.state())["processes"]), 90)
    begun = time.monotonic()
    tiny.end(signal.SIGINT)
    assert time.monotonic() - begun < 20
    assert tiny.left() == []
    tiny.up("--with-servers", within_s=150)  # on other ports, so that MongoDB's set is given its new address
    assert {member.kind for member in tiny.state().members} >= {"server", "gateway"}
