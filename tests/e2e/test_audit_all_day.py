"""`huanliu audit --every`: rounds beside a running instance, what it says of a difference, and its end by a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shared.mongo import Database
from shared.settings import environment
from tests.fixtures.live import Live, Market, lot_of

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]


class Said:
    """What a command has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.lines = process, list[str]()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def until(self, text: str, after: int = 0, seconds: float = 90) -> int:
        """The number of the first line from `after` on that has the text."""
        deadline = time.monotonic() + seconds
        while True:
            for number, line in enumerate(self.lines[after:], after):
                if text in line:
                    return number
            assert self.process.poll() is None and time.monotonic() < deadline, "".join(self.lines)
            time.sleep(0.1)


@contextmanager
def auditing(live: Live) -> Iterator[Said]:
    command = [sys.executable, "-m", "deploy.cli", "audit", "--every", "1", "--data", str(live.data)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment({"COLUMNS": "400"})
    )
    said = Said(process)
    try:
        yield said
    finally:
        process.kill()
        process.wait(10)
        said.reader.join(10)
        assert process.stdout is not None
        process.stdout.close()


def test_rounds_name_what_differs_until_it_does_not_and_end_cleanly(live: Live, market: Market) -> None:
    lot = market.collector.ok("POST", "/v1/lots", lot_of(market.collector, grade="steel.turnings", ask_cny_per_t=9000))
    database = Database(live.settings, "listings")
    with auditing(live) as said:
        first = said.until("round  everything agrees")
        assert any("whole  everything agrees" in line for line in said.lines[:first])
        rounds = "/v1/operations/checks?kind=round"
        (last, *_) = market.operator.until(rounds, lambda page: page["items"])["items"]
        assert last["agrees"] and last["counts"]["ledger: postings"] == 0
        kept = database.mongo["lots"].find_one({"_id": lot["id"]})
        assert kept is not None
        database.mongo["lots"].update_one({"_id": lot["id"]}, {"$set": {"available_kg": 7}})
        named = said.until(f"listings.lots  {lot['id']}")
        database.mongo["lots"].replace_one({"_id": lot["id"]}, kept)
        over = said.until(f"no longer: listings.lots  {lot['id']}", named)
        said.until("round  everything agrees", over - 1)
        said.process.send_signal(signal.SIGTERM)
        assert said.process.wait(20) == 0
    assert "stopped after" in said.lines[-1]
    runs = market.operator.ok("GET", rounds)["items"]
    assert any(lot["id"] in {one["id"] for one in run["findings"]} for run in runs)
    database.close()
