"""The one loader of the project's data files: CSV with a head of `#` lines that name source and licence."""

from __future__ import annotations

import csv
import json
from importlib.resources import files
from typing import Any


def read_table(package: str, name: str) -> list[dict[str, str]]:
    """The rows of `data/<name>` beside `package`, as text; lines that start with `#` are remarks."""
    text = files(package).joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def read_remarks(package: str, name: str) -> str:
    """The head of `data/<name>`: its source and licence."""
    text = files(package).joinpath("data", name).read_text(encoding="utf-8")
    return "\n".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#"))


def read_json(package: str, name: str) -> Any:
    """The content of `data/<name>` beside `package`."""
    return json.loads(files(package).joinpath("data", name).read_text(encoding="utf-8"))
