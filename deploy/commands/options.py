"""Options that several commands take, and how they print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Data = Annotated[Path | None, typer.Option("--data", help="The instance's data folder [default: HUANLIU_DATA, else .huanliu].")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def console() -> Console:
    """Where commands print; a pipe gets whole lines."""
    return Console(highlight=False, soft_wrap=True)
