"""What every test gets: the servers it declares, and settings with fresh names on them.

A test says which servers it uses by the markers `mongodb`, `kafka`, `elasticsearch`; the address of any other leads
nowhere, so that an undeclared use fails.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from pymongo import MongoClient

from deploy.servers.bring_up import NAMES
from shared.settings import Settings
from tests.fixtures.servers import Running, load, start

pytest_plugins = ["tests.fixtures.live"]
hypothesis_settings.register_profile("huanliu", deadline=None)  # speed belongs to benches, and machines are busy
hypothesis_settings.load_profile("huanliu")
NOWHERE = {
    # port 9 (discard) is refused at once wherever that service does not run, which is everywhere by now
    "mongodb": "mongodb://127.0.0.1:9/?replicaSet=undeclared&serverSelectionTimeoutMS=500",
    "kafka": "127.0.0.1:9",
    "elasticsearch": "http://127.0.0.1:9",
}
_declared = pytest.StashKey[Iterable[str]]()
_counts = pytest.StashKey[tuple[int, int, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--servers DIR`: use the servers that `python -m tests.fixtures.servers --keep DIR` left running."""
    parser.addoption("--servers", metavar="DIR", default=None, help="use servers kept running below DIR")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Notes which servers the selected tests declare, so that only those are started."""
    session.config.stash[_declared] = {
        name for item in session.items for name in NAMES if item.get_closest_marker(name) is not None
    }


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Keeps the counts for the closing line."""
    counts = {outcome: len(terminalreporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "error", "skipped")}
    config.stash[_counts] = (counts["passed"], counts["failed"] + counts["error"], counts["skipped"])


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line is the plain counts."""
    if _counts in config.stash:
        sys.stdout.write("{} passed, {} failed, {} skipped\n".format(*config.stash[_counts]))


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Running]:
    """The servers of this session, started once and stopped at its end."""
    kept = pytestconfig.getoption("--servers")
    if kept:
        yield load(Path(kept))
        return
    declared = sorted(pytestconfig.stash[_declared])
    folder = Path(tempfile.mkdtemp(prefix="huanliu-test-"))
    try:
        running = start(folder, declared, leashed=True)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def closed_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Closes every MongoDB client a test opened: one left open is a warning, and warnings are errors."""
    opened: list[MongoClient[dict[str, Any]]] = []

    def opening(*args: Any, **options: Any) -> MongoClient[dict[str, Any]]:
        opened.append(MongoClient(*args, **options))
        return opened[-1]

    monkeypatch.setattr("shared.mongo.database.MongoClient", opening)
    yield
    for client in opened:
        client.close()


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of one test: a fresh namespace, a data folder, the addresses of the servers that it declares."""
    declared = [name for name in NAMES if request.node.get_closest_marker(name) is not None]
    addresses = dict(NOWHERE)
    if declared:
        running: Running = request.getfixturevalue("servers")
        addresses |= {name: running.addresses[name] for name in declared}
    return Settings(
        namespace=f"t{uuid.uuid4().hex[:8]}_",
        data=tmp_path / "data",
        mongodb_uri=addresses["mongodb"],
        kafka_brokers=addresses["kafka"],
        elasticsearch_url=addresses["elasticsearch"],
        secret_key="test-secret-key-of-at-least-32-bytes",
    )
