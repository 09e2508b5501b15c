"""What is refused before anything starts, and with which advice."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy import checks
from deploy.checks import available_memory, check_external, check_host, check_port, check_room
from deploy.errors import CannotGoOn
from shared.settings import Settings


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_in_use(taken: int) -> None:
    with pytest.raises(CannotGoOn, match=rf"Port {taken} is in use; .* --port"):
        check_port(Settings(port=taken))


def test_a_number_that_is_no_port() -> None:
    with pytest.raises(CannotGoOn, match="1 to 65535"):
        check_port(Settings(port=70000))


def test_a_host_that_is_not_here() -> None:
    with pytest.raises(CannotGoOn, match="HUANLIU_HOST"):
        check_port(Settings(host="203.0.113.1", port=8080))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org"])
def test_no_demo_where_others_can_reach_it(host: str) -> None:
    with pytest.raises(CannotGoOn, match="--no-demo"):
        check_host(Settings(host=host, demo=True))
    check_host(Settings(host=host, demo=False))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_demo_on_loopback(host: str) -> None:
    check_host(Settings(host=host, demo=True))


def test_too_little_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_500_000_000))
    with pytest.raises(CannotGoOn, match=r"Only 1\.5 GB are free"):
        check_room(tmp_path / "not" / "yet" / "there", memory=False)


def test_too_little_memory_unless_servers_run_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**12))
    monkeypatch.setattr(checks, "available_memory", lambda: 2_000_000_000)
    with pytest.raises(CannotGoOn, match=r"Only 2\.0 GB of memory .* --external"):
        check_room(tmp_path, memory=True)
    check_room(tmp_path, memory=False)


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.stat").write_text("anon 1000000\nfile 500000\n")
    assert available_memory(tmp_path) == 2_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory(tmp_path) == available_memory(tmp_path / "none")


def test_external_servers_that_do_not_answer() -> None:
    nowhere = Settings(mongodb_uri="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=300")
    with pytest.raises(CannotGoOn, match="HUANLIU_MONGODB_URI"):
        check_external(nowhere)
