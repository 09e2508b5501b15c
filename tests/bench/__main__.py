"""`python -m tests.bench [--servers DIR] [NAME]`: runs the benches that have `rows()` and writes each to
`bench/results/<name>.json`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.bench.servers import KEPT

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / "bench" / "results"


def benches() -> list[str]:
    """The modules beside this one that are benches."""
    files = sorted(HERE.glob("*.py"))
    return [file.stem for file in files if "\ndef rows(" in file.read_text(encoding="utf-8")]


def machine() -> str:
    """What the figures were measured on."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def run(name: str, console: Console) -> None:
    """Runs one bench."""
    with console.status(f"running {name}"):
        rows: list[dict[str, Any]] = importlib.import_module(f"tests.bench.{name}").rows()
    table = Table("what", "ours", "reference", "ratio", "target", "holds", title=name)
    for row in rows:
        shown = (row["what"], *(_figure(row[key]) for key in ("ours", "reference", "ratio", "target")))
        table.add_row(*shown, "yes" if row["holds"] else "no")
    console.print(table)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"bench": name, "machine": machine(), "at": at, "rows": rows}, indent=2, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def main() -> None:
    """Runs the bench that is named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=main.__doc__)
    parser.add_argument("--servers", metavar="DIR", type=Path, help="use servers kept running below DIR")
    parser.add_argument("names", metavar="NAME", nargs="*")
    chosen = parser.parse_args()
    KEPT.extend([chosen.servers] if chosen.servers else [])
    wanted = chosen.names or benches()
    unknown = sorted(set(wanted) - set(benches()))
    if unknown:
        sys.exit(f"There is no bench {', '.join(unknown)}; there are: {', '.join(benches())}.")
    for name in wanted:
        run(name, Console(soft_wrap=True))


if __name__ == "__main__":
    main()
