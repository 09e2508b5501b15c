"""`huanliu clearing`: look at a clearing again; re-run it to the same result, or prove it by code that did not clear it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer
from rich.table import Column, Table

from deploy.commands.options import Data, Json, console
from deploy.errors import CannotGoOn
from deploy.instance import settings_of
from services.matching import views
from shared.mongo import UNREACHABLE, Database, Unit
from shared.problem import Problem

app = typer.Typer(help="Clearings, looked at again.", no_args_is_help=True)
Identifier = Annotated[str, typer.Argument(help="A clearing's id, as `list` or /v1/clearings shows it, or `last`.")]
LAST = "last"
T = TypeVar("T")


@app.command("list")
def list_(
    data: Data = None,
    json: Json = False,
    material: Annotated[str | None, typer.Option(help="A material family, steel for example.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
) -> None:
    """List the last clearings."""
    records = views.clearings(_unit(data), material, None, None, limit).items
    if json:
        console().print_json(data=[asdict(record) for record in records], default=str)
        return
    table = Table(Column("id", no_wrap=True, min_width=36), "material", "lots × demands", "proposals", "surplus CNY", "gap %")
    for one in records:
        counts = (f"{one.lots} × {one.demands}", str(one.proposals))
        table.add_row(one.id, one.material, *counts, f"{one.surplus_fen / 100:,.2f}", f"{one.gap_pct:.3f}")
    console().print(table if records else "No clearing has run.")


@app.command()
def verify(identifier: Identifier = LAST, data: Data = None, json: Json = False) -> None:
    """Check feasibility, figures, bound and node prices by code that shares nothing with the solver."""
    unit, begun = _unit(data), time.monotonic()
    identifier = _named(unit, identifier)
    verdict = _looked_at(lambda: views.verify(unit, identifier))
    seconds = round(time.monotonic() - begun, 2)
    if json:
        console().print_json(data={"id": identifier, "holds": verdict.holds, "seconds": seconds, **asdict(verdict)})
    else:
        table = Table("check", "looked at", "findings", title=f"clearing {identifier}, {seconds} s")
        for name, count in verdict.looked_at.items():
            table.add_row(name, str(count), str(len(verdict.findings[name])))
        console().print(table)
        for name, found in verdict.findings.items():
            for one in found:
                console().print(f"{name}: {one}", markup=False)
        console().print(f"The stored prices prove a bound of {verdict.bound_fen / 100:,.2f} CNY.")
        console().print("It holds." if verdict.holds else "It does not hold.")
    if not verdict.holds:
        raise typer.Exit(1)


@app.command()
def replay(identifier: Identifier = LAST, data: Data = None, json: Json = False) -> None:
    """Clear the stored input once more and compare every figure and every proposal."""
    unit, begun = _unit(data), time.monotonic()
    identifier = _named(unit, identifier)
    differences = _looked_at(lambda: views.replay(unit, identifier))
    seconds = round(time.monotonic() - begun, 2)
    if json:
        console().print_json(data={"id": identifier, "same": not differences, "seconds": seconds, "differences": differences})
    else:
        for one in differences:
            console().print(one, markup=False)
        console().print(f"{identifier}: {'the same result' if not differences else 'another result'}, {seconds} s")
    if differences:
        raise typer.Exit(1)


def _unit(data: Data) -> Unit:
    return Database(settings_of(data), "matching").read()


def _named(unit: Unit, identifier: str) -> str:
    if identifier != LAST:
        return identifier
    done = _looked_at(lambda: views.clearings(unit, None, "done", None, 1).items)
    if not done:
        raise CannotGoOn("No clearing has run yet.")
    return done[0].id


def _looked_at(look: Callable[[], T]) -> T:
    try:
        return look()
    except views.NoEvidence as why:
        raise CannotGoOn(str(why)) from why
    except Problem as problem:
        raise CannotGoOn("There is no such clearing; `huanliu clearing list` shows them.") from problem
    except UNREACHABLE as error:
        raise CannotGoOn("MongoDB does not answer; is the instance up? Try `huanliu status`.") from error
