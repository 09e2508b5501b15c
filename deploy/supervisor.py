"""Starts an instance, keeps its processes alive, stops it in order. One supervisor holds one data folder."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from deploy.children import Identity, kill_group, start, stop, tail
from deploy.errors import CannotGoOn
from deploy.instance import GATEWAY, SERVER, Instance, Member
from deploy.probes import is_ready
from deploy.processes import Process, processes
from deploy.report import Report
from deploy.servers.base import Command, Server
from deploy.servers.bring_up import BringUp
from shared.settings import Settings

ROOMS_WITHIN_S = 300
DEMO_WITHIN_S = 1800
"""The demo's load is real work through the public API: a slow machine takes its time, and a fault ends it sooner."""
TRIES_AT_START = 5
SERVICES_STOP_WITHIN_S = 10
SETTLED_S = 10
"""A process that lived this long and dies is started again at once; one that dies sooner waits longer each time."""
Plan = Callable[[Settings, tuple[int, ...]], list[Process]]


class Stopped(BaseException):
    """SIGINT or SIGTERM arrived. Not an Exception, so that nothing on the way down takes it for a fault."""


@dataclass
class Child:
    """A process of ours: how it is started, and the one that runs now."""

    member: Member
    command: Callable[[], Command]
    popen: subprocess.Popen[bytes]
    metrics: bool = False
    started: float = 0
    failures: int = 0
    again_at: float = 0

    def died(self, now: float) -> None:
        """Notes when it may be started again."""
        self.failures = 0 if now - self.started > SETTLED_S else self.failures + 1
        self.again_at = now + (min(10.0, 0.25 * 2**self.failures) if self.failures else 0)


class Supervisor:
    """The processes of one instance. All methods run in the main thread, to whose life the children are tied."""

    def __init__(self, settings: Settings, instance: Instance, report: Report, plan: Plan = processes) -> None:
        self.settings, self.instance, self.report, self.plan = settings, instance, report, plan
        self.data = settings.data
        self.logs = self.data / "logs"
        self.children: dict[str, Child] = {}
        self.met: set[str] = set()
        self.rising: BringUp | None = None

    def bring_up(self, servers: list[Server], ports: tuple[int, ...]) -> None:
        """Starts servers and processes; returns when the gateway is ready. Raises CannotGoOn."""
        self.rising = BringUp(servers, self.logs, self.report.server)
        with self.report.waiting("starting MongoDB, Kafka and Elasticsearch"):
            # Elasticsearch is the slowest and the only one that every process can do without for a while.
            while not self.rising.is_ready(*(server.name for server in servers if server.name != "elasticsearch")):
                self._step()
        with self.report.waiting("starting the rooms and the gateway"):
            for process in self.plan(self.settings, ports):
                self._start(process)
            self._save()
            self._until_ready(ROOMS_WITHIN_S, lambda: self._unready(without=GATEWAY), lambda: None)
            self.report.line("the rooms are ready")
        with self.report.waiting("loading the demo market" if self.settings.demo else "waiting for the gateway") as say:
            self._until_ready(
                DEMO_WITHIN_S, self._unready, lambda: say(tail(self._log("demo"), 1).rpartition("step=")[2].strip(" '"))
            )
        self.instance.state = "ready"
        self._save()

    def _until_ready(self, within_s: float, unready: Callable[[], list[str]], each_time: Callable[[], None]) -> None:
        assert self.rising is not None
        deadline = time.monotonic() + within_s
        while late := unready() or ([] if self.rising.is_ready() else ["elasticsearch"]):
            each_time()
            self._step()
            if time.monotonic() > deadline:
                raise CannotGoOn(f"Not ready within {within_s} s: {', '.join(late)}; see the logs in {self.logs}.")

    def watch(self) -> None:
        """Keeps everything alive until a signal ends it."""
        while True:
            self._revive()
            time.sleep(0.2)

    def shut_down(self) -> None:
        """Stops the services, then Elasticsearch, Kafka, MongoDB."""
        self.instance.state = "stopping"
        self._save()
        services = [child for child in self.children.values() if child.member.kind != SERVER]
        stop([child.member.identity for child in services], SERVICES_STOP_WITHIN_S, lambda: _reap(services))
        if self.rising:
            self.rising.stop()  # those that were never handed to us, because the start was broken off
        for name in ("elasticsearch", "kafka", "mongodb"):
            if child := self.children.get(name):
                stop([child.member.identity], 4, child.popen.poll)
        self.instance.forget(self.data)

    def _step(self) -> None:
        assert self.rising is not None
        before = len(self.instance.members)
        self.rising.step()
        for server in self.rising.servers:
            popen = self.rising.processes.get(server.name)
            if popen and server.name not in self.children:
                identity = Identity.of(popen.pid)
                member = Member(server.name, SERVER, identity.pid, identity.created, server.ports[0])
                self._take(Child(member, server.command, popen, started=time.monotonic()))
        if len(self.instance.members) != before:
            self._save()
        self._revive()
        for child in self.children.values():
            if child.member.restarts >= TRIES_AT_START:
                log = self._log(child.member.name)
                raise CannotGoOn(f"{child.member.name} ends as soon as it starts; see {log}:\n{tail(log)}")
        time.sleep(0.15)

    def _start(self, process: Process) -> None:
        popen = self._spawn(process.name, process.command, process.metrics)
        identity = Identity.of(popen.pid)
        member = Member(process.name, process.kind, identity.pid, identity.created, process.port, process.probe)
        self._take(Child(member, lambda: process.command, popen, process.metrics, time.monotonic()))

    def _take(self, child: Child) -> None:
        self.children[child.member.name] = child
        self.instance.members.append(child.member)

    def _spawn(self, name: str, command: Command, metrics: bool) -> subprocess.Popen[bytes]:
        if metrics:
            folder = self.data / "metrics" / name
            shutil.rmtree(folder, ignore_errors=True)  # what another life of it counted would be added to this one's
            folder.mkdir(parents=True)
            command = Command(
                command.argv, {**command.env, "PROMETHEUS_MULTIPROC_DIR": str(folder)}, command.without, command.cwd
            )
        return start(command, self._log(name))

    def _revive(self) -> None:
        """Starts again what has ended, with back-off; what it left in its process group is killed first."""
        now = time.monotonic()
        for child in self.children.values():
            if child.popen.poll() is None:
                continue
            if not child.again_at:
                child.died(now)
                self.report.line(f"{child.member.name} ended (exit {child.popen.returncode}) and is started again")
            if now >= child.again_at:
                kill_group(child.member.pid)
                child.popen = self._spawn(child.member.name, child.command(), child.metrics)
                identity = Identity.of(child.popen.pid)
                child.member.pid, child.member.created = identity.pid, identity.created
                child.member.restarts += 1
                child.started, child.again_at = now, 0
                self._save()

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _save(self) -> None:
        self.instance.save(self.data)

    def _unready(self, without: str = "") -> list[str]:
        """Those that never answered their probe yet; who once did is not asked again, for answering costs them work."""
        late = {name: child.member for name, child in self.children.items() if name not in self.met and child.member.probe}
        self.met |= {name for name, member in late.items() if member.kind != without and is_ready(member.probe)}
        return [name for name, member in late.items() if member.kind != without and name not in self.met]


def clear_orphans(data: Path) -> None:
    """Stops what a killed supervisor left below `data`: call it while holding the data folder."""
    instance = Instance.load(data)
    if instance is None:
        return
    services = [member.identity for member in instance.members if member.kind != SERVER]
    stop(services, SERVICES_STOP_WITHIN_S)
    for name in ("elasticsearch", "kafka", "mongodb"):
        stop([member.identity for member in instance.members if member.name == name], 4)
    instance.forget(data)


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Within, the first SIGINT or SIGTERM raises Stopped; later ones are ignored, for stopping is under way."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        raise Stopped

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _reap(children: list[Child]) -> None:
    for child in children:
        child.popen.poll()
