"""`huanliu search rebuild`: the search index anew from the source of truth, while the old one serves."""

from __future__ import annotations

import time

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from deploy.commands.options import Data, Json, console
from deploy.errors import CannotGoOn
from deploy.instance import settings_of

app = typer.Typer(help="The search index.", no_args_is_help=True)


@app.callback()
def search() -> None:
    """The search index."""


@app.command("rebuild")
def rebuild(data: Data = None, json: Json = False) -> None:
    """Rebuild the index of lots and demands from listings' database; searches and writes go on meanwhile."""
    from services.listings import views
    from shared.bus.consumer import ServerIsUnreachable
    from shared.mongo import UNREACHABLE

    settings = settings_of(data)
    begun = time.monotonic()
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, disable=json or not errors.is_terminal) as progress:
        tasks = {name: progress.add_task(name, total=None) for name in views.KINDS}
        try:
            counts = views.rebuild(
                settings, lambda name, done, total: progress.update(tasks[name], completed=done, total=total)
            )
        except ServerIsUnreachable as error:
            raise CannotGoOn(f"The index was not rebuilt, and the old one still serves. {error}") from error
        except UNREACHABLE as error:
            raise CannotGoOn("MongoDB does not answer; is the instance up? Try `huanliu status`.") from error
    seconds = round(time.monotonic() - begun, 1)
    if json:
        console().print_json(data={"documents": counts, "seconds": seconds})
        return
    table = Table("index", "documents", title=f"rebuilt in {seconds} s")
    for name, count in counts.items():
        table.add_row(name, str(count))
    console().print(table)
