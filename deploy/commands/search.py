"""`huanliu search rebuild`: the search index anew from the source of truth, while the old one serves; `huanliu search check`:
the index against the source of truth."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from deploy.commands.options import Data, Json, console
from deploy.errors import CannotGoOn
from deploy.instance import settings_of

if TYPE_CHECKING:
    from services.listings.views import Drift
    from shared.settings import Settings

app = typer.Typer(help="The search index.", no_args_is_help=True)


@app.callback()
def search() -> None:
    """The search index."""


@app.command("rebuild")
def rebuild(data: Data = None, json: Json = False) -> None:
    """Rebuild the index of lots and demands from listings' database; searches and writes go on meanwhile."""
    from services.listings import views

    settings = settings_of(data)
    begun = time.monotonic()
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, disable=json or not errors.is_terminal) as progress:
        tasks = {name: progress.add_task(name, total=None) for name in views.KINDS}
        with _reachable("The index was not rebuilt, and the old one still serves."):
            counts = views.rebuild(
                settings, lambda name, done, total: progress.update(tasks[name], completed=done, total=total)
            )
    seconds = round(time.monotonic() - begun, 1)
    if json:
        console().print_json(data={"documents": counts, "seconds": seconds})
        return
    table = Table("index", "documents", title=f"rebuilt in {seconds} s")
    for name, count in counts.items():
        table.add_row(name, str(count))
    console().print(table)


Repair = Annotated[bool, typer.Option("--repair", help="Mend what differs.")]


@app.command("check")
def check(data: Data = None, json: Json = False, repair: Repair = False) -> None:
    """Compare the index with listings' database by id, version and content; exit 1 where they differ in the end."""
    from services.listings import views

    settings = settings_of(data)
    begun = time.monotonic()
    with _reachable("The index was not checked."):
        found = views.check(settings)
        left = found
        if repair and found:
            views.repair(settings, found)
            left = views.check(settings)
    _keep(settings, time.monotonic() - begun, left)
    repaired = (
        [one for one in found if (one.index, one.id) not in {(other.index, other.id) for other in left}] if repair else []
    )
    if json:
        console().print_json(data={"differences": [asdict(one) for one in left], "repaired": [asdict(one) for one in repaired]})
    elif found:
        _show(left, repaired)
    else:
        console().print("The index is what the database says.")
    if left:
        raise typer.Exit(1)


def _keep(settings: Settings, seconds: float, left: list[Drift]) -> None:
    """For the operator's page."""
    from gateway.checks import Finding, keep
    from services.listings.views import KINDS

    counts = {name: sum(one.index == name for one in left) for name in KINDS}
    findings = [Finding(one.index, one.id, one.what, str(one.database_version), str(one.index_version)) for one in left]
    keep(settings, "index", seconds, None, counts, findings)


def _show(left: list[Drift], repaired: list[Drift]) -> None:
    table = Table("index", "id", "what", "version in the database", "in the index", "", title="differences")
    for state, some in (("", left), ("repaired", repaired)):
        for one in some:
            versions = ("" if number is None else str(number) for number in (one.database_version, one.index_version))
            table.add_row(one.index, one.id, one.what, *versions, state)
    console().print(table)


@contextmanager
def _reachable(failed: str) -> Iterator[None]:
    """A server that does not answer as a sentence. Raises CannotGoOn."""
    from shared.bus.consumer import ServerIsUnreachable
    from shared.mongo import UNREACHABLE

    try:
        yield
    except ServerIsUnreachable as error:
        raise CannotGoOn(f"{failed} {error}") from error
    except UNREACHABLE as error:
        raise CannotGoOn("MongoDB does not answer; is the instance up? Try `huanliu status`.") from error
