"""The import bench: rows a second from a file to lots committed with events, memory, and when all are searchable.

Each measurement is a process of its own on real servers. `alone` is the working-off by itself; `in the worker` the room's whole
worker, its relay and its index beside it, as an instance runs it.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
from elasticsearch import Elasticsearch, NotFoundError

from deploy.servers.bring_up import NAMES
from services.listings import service
from services.listings.app import create_worker
from services.listings.schemas import draft_of
from services.listings.store import IMPORTS
from shared.settings import Settings
from tests.fixtures.servers import start
from tests.fixtures.sheets import csv_of
from tests.integration.listings.market import Market

ROWS_PER_S = 1500
MOST_MB = 400
SEARCHABLE_WITHIN_S = 120
CSV_ROWS, XLSX_ROWS = 100_000, 20_000
ROOT = Path(__file__).parents[2]
GRADES = ("重废", "重废二级", "中废", "黄板纸", "破碎料", "废铜", "PET瓶", "粉煤灰")
Row = dict[str, Any]


def rows() -> list[Row]:
    """The rows of `bench/results/imports.json`."""
    with tempfile.TemporaryDirectory(prefix="huanliu-bench-") as folder:
        running = start(Path(folder), NAMES, leashed=True)
        try:
            return list(_measured(running.addresses, Path(folder)))
        finally:
            running.stop()


def _measured(addresses: dict[str, str], folder: Path) -> Iterator[Row]:
    for kind, count in (("csv", CSV_ROWS), ("xlsx", XLSX_ROWS)):
        done = _apart(addresses, folder, kind, count, whole=False)
        what = f"{count:,} rows of {kind.upper()} alone"
        yield _row(f"{what}: rows/s committed with their events", done["rows_per_s"], ROWS_PER_S, least=True)
        yield _row(f"{what}: peak memory of the process, MB", done["peak_mb"], MOST_MB)
    done = _apart(addresses, folder, "csv", CSV_ROWS, whole=True)
    what = f"{CSV_ROWS:,} rows of CSV in the worker"
    yield _row(f"{what}: rows/s committed with their events", done["rows_per_s"], ROWS_PER_S, least=True)
    yield _row(f"{what}: peak memory of the process, MB", done["peak_mb"], MOST_MB)
    yield _row(f"{what}: seconds from the last commit until all are searchable", done["searchable_s"], SEARCHABLE_WITHIN_S)


def _row(what: str, ours: float, target: float, least: bool = False) -> Row:
    holds = ours >= target if least else ours <= target
    return {"what": what, "ours": ours, "reference": None, "ratio": None, "target": target, "holds": holds}


def _apart(addresses: dict[str, str], folder: Path, kind: str, count: int, whole: bool) -> dict[str, float]:
    code = f"from tests.bench.imports import measure; measure({addresses!r}, {str(folder)!r}, {kind!r}, {count}, {whole})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure(addresses: dict[str, str], folder: str, kind: str, count: int, whole: bool) -> None:
    """One import in this process; prints its figures as JSON."""
    settings = Settings(
        namespace=f"b{uuid4().hex[:8]}_",
        data=Path(folder) / uuid4().hex,
        mongodb_uri=addresses["mongodb"],
        kafka_brokers=addresses["kafka"],
        elasticsearch_url=addresses["elasticsearch"],
        secret_key="bench-secret-key-of-at-least-32-bytes",
        log_level="WARNING",
    )
    market = Market(settings)
    seller = market.party("collector")
    file = (io.BytesIO(_file(kind, count)), f"x.{kind}")
    sent = market.client.post(
        "/v1/lots/imports?publish=true", data={"file": file}, headers=seller.headers, content_type="multipart/form-data"
    )
    assert sent.status_code == 202, sent.text
    figures = _in_the_worker(market, count) if whole else _alone(market, count)
    stored = [market.database.mongo[name].count_documents({}) for name in ("lots", "outbox")]
    assert stored == [count, count], stored
    market.close()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(json.dumps({**figures, "peak_mb": peak_kib * 1024 / 1e6}) + "\n")


def _alone(market: Market, count: int) -> dict[str, float]:
    begun = time.perf_counter()
    while _is_running(market):
        service.work_off_imports(market.database, draft_of)
    return {"rows_per_s": count / (time.perf_counter() - begun)}


def _in_the_worker(market: Market, count: int) -> dict[str, float]:
    worker = create_worker(market.settings)
    begun = time.perf_counter()
    worker.start()
    try:
        _wait(lambda: not _is_running(market))
        committed = time.perf_counter()
        with Elasticsearch(market.settings.elasticsearch_url) as index:
            _wait(lambda: _searchable(index, market.settings.index("lots")) == count)
        return {"rows_per_s": count / (committed - begun), "searchable_s": time.perf_counter() - committed}
    finally:
        worker.join()


def _is_running(market: Market) -> bool:
    return bool(IMPORTS.select(market.database.read(), {"status": "running"}))


def _searchable(index: Elasticsearch, alias: str) -> int:
    try:
        return int(index.count(index=alias)["count"])
    except NotFoundError:
        return 0


def _wait(holds: Callable[[], bool], seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _file(kind: str, count: int) -> bytes:
    """As many different rows; eight columns, units in some cells."""
    header = ["品种", "数量", "单价(元/吨)", "可提货日期", "截止日期", "场站", "水分%", "杂质%"]
    found = (
        [
            GRADES[n % 8],
            f"{1 + n % 400 / 10}吨",
            2300 + n % 200,
            "2026-11-24",
            f"2099-12-{1 + n % 28:02}",
            "一号场",
            n % 30 / 10,
            1.2,
        ]
        for n in range(count)
    )
    if kind == "csv":
        return csv_of([header, *found])
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(header)
    for row in found:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
