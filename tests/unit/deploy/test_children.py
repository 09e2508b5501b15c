"""Child processes: known for certain, stopped with all they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from deploy.children import LEASH, Identity, start, stop, tail
from deploy.servers.base import Command


def python(code: str) -> Command:
    return Command((sys.executable, "-c", code))


def wait_for(log: Path, text: str) -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if log.is_file() and text in log.read_text():
            return log.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{text!r} did not appear in {log}")


def test_a_process_is_told_to_stop_and_stops(tmp_path: Path) -> None:
    child = start(Command(("sleep", "60")), tmp_path / "log")
    identity = Identity.of(child.pid)
    assert identity.runs()
    begun = time.monotonic()
    stop([identity], 5, child.poll)
    assert not identity.runs()
    assert child.returncode == -signal.SIGTERM
    assert time.monotonic() - begun < 2


def test_one_that_does_not_listen_is_killed_with_its_children(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import signal, subprocess, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('child', subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    child = start(python(code), log)
    grandchild = Identity.of(int(wait_for(log, "\n").split()[1]))
    stop([Identity.of(child.pid)], 0.3, child.poll)
    assert child.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 3
    while grandchild.runs() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not grandchild.runs()


def test_one_that_ends_right_after_a_look_is_reaped(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = start(Command(("sh", "-c", "trap '' TERM; echo ready; sleep 60")), log)
    wait_for(log, "ready")
    identity = Identity.of(child.pid)
    had_ended = False

    def look() -> None:
        nonlocal had_ended
        if had_ended:
            child.poll()
        deadline = time.monotonic() + 0.2
        while identity.runs() and time.monotonic() < deadline:
            time.sleep(0.005)
        had_ended = not identity.runs()

    stop([identity], 0.1, look)
    assert child.returncode == -signal.SIGKILL


def test_a_pid_that_was_given_to_another_process_is_left_alone(tmp_path: Path) -> None:
    child = start(Command(("sleep", "60")), tmp_path / "log")
    real = Identity.of(child.pid)
    stop([Identity(child.pid, real.created - 100)], 0.2)
    assert real.runs()
    stop([real], 5, child.poll)


def test_a_leashed_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import os, subprocess, sys, time; "
        f"argv = [sys.executable, '-I', '-S', {str(LEASH)!r}, str(os.getpid()), '0', 'sleep', '60']; "
        "print('pid', subprocess.Popen(argv).pid,"
        " flush=True); time.sleep(60)"
    )
    with log.open("wb") as sink, subprocess.Popen([sys.executable, "-c", code], stdout=sink) as parent:
        leashed = Identity.of(int(wait_for(log, "\n").split()[1]))
        deadline = time.monotonic() + 10
        while psutil.Process(leashed.pid).name() != "sleep" and time.monotonic() < deadline:
            time.sleep(0.02)
        parent.kill()
    deadline = time.monotonic() + 3
    while leashed.runs() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not leashed.runs()


def test_a_leash_whose_parent_has_gone_starts_nothing() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    done = subprocess.run([sys.executable, str(LEASH), str(gone.pid), "0", "echo", "ran"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""


def test_each_child_has_a_session_of_its_own(tmp_path: Path) -> None:
    child = start(Command(("sleep", "60")), tmp_path / "log")
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    stop([Identity.of(child.pid)], 5, child.poll)


def test_a_program_that_is_not_there_says_so_in_its_log(tmp_path: Path) -> None:
    child = start(Command(("no-such-program",)), tmp_path / "log", leashed=False)
    assert child.wait(10) == 1
    assert "no-such-program: No such file or directory" in tail(tmp_path / "log")


def test_the_end_of_a_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\n".join(str(number) for number in range(20)))
    assert tail(tmp_path / "log", 2) == "18\n19"
    assert tail(tmp_path / "none") == ""
