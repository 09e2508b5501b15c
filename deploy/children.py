"""Child processes: each in a session of its own, known by pid and start time, stopped by process group."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.errors import CannotGoOn
from deploy.servers.base import Command
from shared.settings import environment

LEASH = Path(__file__).with_name("leash.py")
KILLED_WITHIN_S = 2  # the kernel frees a large process's memory first


@dataclass(frozen=True)
class Identity:
    """One process for certain: pids are used again, a pid with its start time is not."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Identity:
        """The identity of a process that runs."""
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The process, if it still runs."""
        try:
            process = psutil.Process(self.pid)
            # create_time is derived from the boot time, which some kernels shift by a tick
            same = abs(process.create_time() - self.created) < 1.0
            # a Java process whose first thread has ended reads as a zombie while the others still shut it down
            ended = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
            return process if same and not ended else None
        except psutil.NoSuchProcess:
            return None

    def runs(self) -> bool:
        """Whether it still runs."""
        return self.process() is not None


def start(command: Command, log: Path, leashed: bool = True) -> subprocess.Popen[bytes]:
    """Starts `command` in its own session, its output appended to `log`. Leashed, it ends with this process.

    Call it from the main thread: the kernel counts the death of the thread that forked as the parent's.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    parent, user = os.getpid() if leashed else 0, command.user or 0
    argv = [sys.executable, "-I", "-S", str(LEASH), str(parent), str(user), *command.argv]
    with log.open("ab") as sink:
        try:
            return subprocess.Popen(
                argv,
                env=environment(command.env, command.without),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as fault:
            raise CannotGoOn(f"Cannot start {command.argv[0]}: {fault.strerror}.") from fault


def kill_group(group: int) -> None:
    """Kills what a process of ours, which has just ended, left in its process group."""
    _signal(group, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def stop(identities: Iterable[Identity], within_s: float, reap: Callable[[], object] = lambda: None) -> None:
    """Asks processes to stop, waits, and kills what has not stopped, with whatever they left in their groups."""
    asked = [identity for identity in identities if identity.runs()]
    for identity in asked:
        _signal(identity.pid, signal.SIGTERM)
    _wait(asked, within_s, reap)
    for identity in asked:
        _signal(identity.pid, signal.SIGKILL)
    _wait(asked, KILLED_WITHIN_S, reap)


def _wait(identities: Iterable[Identity], within_s: float, reap: Callable[[], object]) -> None:
    deadline = time.monotonic() + within_s
    reap()
    while any(identity.runs() for identity in identities) and time.monotonic() < deadline:
        time.sleep(0.05)
        reap()
    reap()  # what ended after the last look


def tail(log: Path, lines: int = 6) -> str:
    """The last lines of a log, to show with a failure."""
    try:
        text = log.read_bytes()[-4000:].decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])
