"""`huanliu dead-letters`: events that a consumer gave up on; see them, hand them over again, or give them up."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from deploy.commands.options import Data, Json, console
from deploy.errors import CannotGoOn
from deploy.instance import settings_of
from gateway.routes import GATEWAY
from shared.bus import dead_letters
from shared.mongo import Database
from shared.problem import Problem
from shared.settings import ROOMS, Settings

app = typer.Typer(help="Events that a consumer gave up on.", no_args_is_help=True)
HEARERS = (*ROOMS, GATEWAY)
Identifier = Annotated[str, typer.Argument(help="A dead letter's id, as `list` shows it.")]


def _room(settings: Settings, identifier: str) -> Database:
    """The database of the room whose consumer the id names."""
    room = identifier.split(":", 1)[0].split(".", 1)[0]
    if room not in HEARERS:
        raise CannotGoOn(f"{identifier} is no dead letter's id; `huanliu dead-letters list` shows them.")
    return Database(settings, room)


@app.command("list")
def list_(data: Data = None, json: Json = False, every: Annotated[bool, typer.Option("--all")] = False) -> None:
    """List what is parked (--all: what was replayed or discarded, too)."""
    settings = settings_of(data)
    letters = [letter for room in HEARERS for letter in dead_letters.listed(Database(settings, room))]
    if not every:
        letters = [letter for letter in letters if letter.status in ("parked", "replay_requested")]
    if json:
        console().print_json(data=[dead_letters.as_json(letter) for letter in letters])
        return
    table = Table("id", "type", "status", "attempts", "parked at", "reason")
    for one in letters:
        at = one.parked_at.isoformat(timespec="seconds")
        table.add_row(one.id, one.type or "?", one.status, str(one.attempts), at, one.reason[:200])
    console().print(table if letters else "No dead letters.")


@app.command()
def show(identifier: Identifier, data: Data = None) -> None:
    """Show one: the event as it came, the reason, the trace."""
    letter = dead_letters.DEAD_LETTERS.find(_room(settings_of(data), identifier).read(), identifier)
    if letter is None:
        raise CannotGoOn(f"There is no dead letter {identifier}; `huanliu dead-letters list` shows them.")
    console().print_json(data=dead_letters.as_json(letter))


@app.command()
def replay(identifier: Identifier, data: Data = None) -> None:
    """Hand one to its consumer again: it applies once, or is parked again with the new reason."""
    _move(identifier, data, discard_it=False)


@app.command()
def discard(identifier: Identifier, data: Data = None) -> None:
    """Give one up for good; it stays on the list as discarded."""
    _move(identifier, data, discard_it=True)


def _move(identifier: str, data: Data, discard_it: bool) -> None:
    room = _room(settings_of(data), identifier)
    try:
        letter = dead_letters.discard(room, identifier) if discard_it else dead_letters.request_replay(room, identifier)
    except Problem as problem:
        raise CannotGoOn(f"{identifier}: {problem.en or problem.title[1]}") from problem
    console().print(f"{letter.id}: {letter.status}")
