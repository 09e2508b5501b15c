"""`huanliu lots`: a spreadsheet of lots into the market, and one's lots out of it, through the public API."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.commands.options import Data, Json, console
from deploy.errors import CannotGoOn
from deploy.instance import running, settings_of

app = typer.Typer(help="Lots from and into spreadsheets.", no_args_is_help=True)
SELLER = "collector@huanliu.example"
POLL_S = 0.3
SHOWN = 20
Email = Annotated[str, typer.Option("--email", help=f"Whose lots [default: {SELLER}, where the demo was loaded].")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.callback()
def lots() -> None:
    """Lots from and into spreadsheets."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV or XLSX file.")],
    publish: Annotated[bool, typer.Option("--publish", help="Open the lots at once; else they are drafts.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, store nothing.")] = False,
    email: Email = "",
    password_stdin: PasswordStdin = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Import lots; exit 1 if a row was rejected. The rejected rows are written beside the file, to be mended and sent again."""
    content = _content(file, settings_of(data).upload_limit_bytes)
    rejected: Path | None = None
    with _signed_in(data, email, password_stdin) as (api, who):
        flags = {"publish": str(publish).lower(), "dry_run": str(dry_run).lower()}
        imported = api.upload("/v1/lots/imports", who, file.name, content, **flags)
        path = f"/v1/lots/imports/{imported['id']}"
        imported = _followed(lambda: api.get(path, who), imported)
        if imported["rows_rejected"]:
            rejected = file.with_name(f"{file.stem}.rejected.csv")
            _save(rejected, lambda into: api.fetch(f"{path}/rejected", who, into))
    if json:
        console().print_json(data={**imported, "rejected_file": str(rejected) if rejected else None})
    else:
        _report(imported, rejected)
    if imported["status"] == "failed" or rejected:
        raise typer.Exit(1)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write; its suffix, .csv or .xlsx, says how.")],
    email: Email = "",
    password_stdin: PasswordStdin = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Export all one's lots; an import reads the file again."""
    kind = file.suffix.lower().removeprefix(".")
    if kind not in ("csv", "xlsx"):
        raise CannotGoOn(f"{file.name}: name it .csv or .xlsx.")
    with _signed_in(data, email, password_stdin) as (api, who):
        _save(file, lambda into: api.fetch("/v1/lots/export", who, into, format=kind))
    size = file.stat().st_size
    if json:
        console().print_json(data={"file": str(file), "bytes": size})
    else:
        console().print(f"{file}: {size:,} bytes")


def _content(file: Path, most: int) -> bytes:
    try:
        if file.stat().st_size > most:
            raise CannotGoOn(f"{file} is larger than {most:,} bytes; save it as XLSX, which packs it, or split it.")
        return file.read_bytes()
    except OSError as fault:
        raise CannotGoOn(f"{file}: {fault.strerror}.") from fault


@contextmanager
def _signed_in(data: Path | None, email: str, password_stdin: bool) -> Iterator[tuple[Any, str]]:
    """A client of the instance below `data`, and the account that it calls as."""
    from deploy.demo.api import Api, ApiRefused

    settings = settings_of(data)
    if not password_stdin and (email or not settings.demo):
        raise CannotGoOn("Name the account with --email and pass its password on standard input with --password-stdin.")
    if password_stdin and not email:
        raise CannotGoOn("Name the account that the password is of with --email.")
    password = sys.stdin.read().rstrip("\r\n") if password_stdin else settings.demo_password
    api = Api(running(data).address, password)
    try:
        yield api, email or SELLER
    except ApiRefused as refusal:
        raise CannotGoOn(f"{refusal}.") from refusal
    finally:
        api.close()


def _followed(read: Callable[[], Any], imported: Any) -> Any:
    """The import once it is over, with a bar until then."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("reading", total=None)
        while imported["status"] == "running":
            time.sleep(POLL_S)
            imported = read()
            total = imported["rows_total"]
            said = "reading" if total is None else "importing"
            progress.update(bar, description=said, total=total, completed=imported["rows_done"])
    return imported


def _save(file: Path, write: Callable[[Any], object]) -> None:
    """Whole or not at all."""
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as into:
            write(into)
        part.replace(file)
    except OSError as fault:
        raise CannotGoOn(f"{file}: {fault.strerror}.") from fault
    finally:
        part.unlink(missing_ok=True)


def _report(imported: Any, rejected: Path | None) -> None:
    out = console()
    what = "checked, nothing stored" if imported["dry_run"] else "open" if imported["publish"] else "drafts"
    if imported["errors"]:
        table = Table("line", "column", "value", "reason", "perhaps")
        for error in imported["errors"][:SHOWN]:
            shown = (error["column"], error["value"], error["reason"], error["suggestion"] or "")
            table.add_row(str(error["line"]), *(text.replace("[", "\\[") for text in shown))
        out.print(table)
    if imported["status"] == "failed":
        out.print("Nothing of the file could be used.")
        return
    out.print(f"{imported['rows_accepted']:,} rows accepted ({what}), {imported['rows_rejected']:,} rejected.")
    if rejected:
        out.print(f"The rejected rows are in {rejected}: mend them there and import that file.", markup=False)
