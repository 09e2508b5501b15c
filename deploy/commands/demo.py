"""`huanliu demo day`: a day of the market, played through the public API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer
from rich.console import Console

from deploy.commands.options import Data, Json, console
from deploy.errors import CannotGoOn
from deploy.instance import running, settings_of

app = typer.Typer(help="The demo market.", no_args_is_help=True)


@app.callback()
def demo() -> None:
    """The demo market."""


@app.command("day")
def day(
    lots: Annotated[int, typer.Option("--lots", min=1, help="How many lots are offered.")] = 200,
    on: Annotated[str, typer.Option("--date", help="The day that loads happen on, YYYY-MM-DD [default: today].")] = "",
    seed: Annotated[int, typer.Option("--seed", help="The same seed offers the same.")] = 1,
    minutes: Annotated[float, typer.Option("--minutes", min=0, help="Offer evenly over so many minutes.")] = 0,
    mishaps: Annotated[float, typer.Option("--mishaps", min=0, help="How many times as much goes wrong as usual.")] = 1,
    data: Data = None,
    json: Json = False,
) -> None:
    """Play a day of lots, demand, clearing, haulage, weighing and settlement; exit 1 if a lot is unaccounted for."""
    from deploy.demo import day as playing

    said = playing.Day(lots=lots, seed=seed, minutes=minutes, on=_date(on), mishaps=mishaps)
    out = console()
    report = playing.play(running(data).address, settings_of(data).demo_password, said, Console(stderr=True))
    if json:
        out.print_json(data=report.as_json())
    else:
        out.print(report.table())
        for fault in report.faults[:20]:
            out.print(f"- {fault}")
    if not report.complete:
        raise typer.Exit(1)


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date() if text else None  # noqa: DTZ007 - a calendar day has no zone
    except ValueError as fault:
        raise CannotGoOn(f"{text} is no date; write it as 2026-11-24.") from fault
