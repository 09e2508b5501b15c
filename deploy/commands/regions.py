"""`huanliu regions rebuild`: the mass ledger and the volumes anew from the topics, held against those that serve."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.commands.options import Data, Json, console
from deploy.errors import CannotGoOn
from deploy.instance import settings_of

if TYPE_CHECKING:
    from shared.settings import Settings

app = typer.Typer(help="The mass ledger and the volumes of regions.", no_args_is_help=True)
QUIET_S = 2.0
"""No transaction of the room's consumer ends so long after it was told to stand still, unless MongoDB is very slow; then the
hashes differ and the command says so."""
Step = Callable[[str, int, int | None], None]


@app.callback()
def regions() -> None:
    """The mass ledger and the volumes of regions."""


@dataclass(frozen=True)
class Rebuilt:
    """What came out: the same events, the same state?"""

    events: int
    documents: int
    hash_before: str
    hash_rebuilt: str
    failed: dict[str, str]
    replaced: bool
    seconds: float

    @property
    def same(self) -> bool:
        return self.hash_before == self.hash_rebuilt


Replace = Annotated[bool, typer.Option("--replace", help="Let the rebuilt state serve, in place of the one that does.")]


@app.command("rebuild")
def rebuild(data: Data = None, json: Json = False, replace: Replace = False) -> None:
    """Recompute postings, accounts, facts and cells from the topics and compare their hash with that of those that serve; exit
    1 where it differs (unless --replace). The room's figures stand still during the last moments of it."""
    from shared.bus.producer import KafkaError
    from shared.mongo import UNREACHABLE

    settings = settings_of(data)
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=errors, disable=json or not errors.is_terminal) as progress:
            tasks: dict[str, int] = {}

            def step(name: str, done: int, total: int | None) -> None:
                task = tasks.setdefault(name, progress.add_task(name, total=total) if name not in tasks else 0)
                progress.update(task, completed=done, total=total)  # type: ignore[arg-type]

            found = run(settings, replace, step)
    except (KafkaError, *UNREACHABLE) as fault:
        raise CannotGoOn(f"Nothing was changed: a server does not answer ({type(fault).__name__}).") from fault
    if json:
        console().print_json(data={**asdict(found), "same": found.same})
    else:
        _show(found)
    if not found.same and not found.replaced:
        raise typer.Exit(1)


def run(settings: Settings, replace: bool, step: Step) -> Rebuilt:
    """Raises KafkaError and what MongoDB raises; the room goes on whatever happens."""
    from services.regions import service
    from services.regions.app import ROOM
    from services.regions.handlers import consumer
    from services.regions.store import DOCUMENTS, retention_of, state
    from shared.bus.documents import BUS_DOCUMENTS
    from shared.bus.replay import Replay
    from shared.mongo import Database

    begun = time.monotonic()
    ours, rebuilt = Database(settings, ROOM), Database(settings, f"{ROOM}_rebuilt")
    try:
        rebuilt.client.drop_database(rebuilt.mongo.name)
        rebuilt.prepare([*BUS_DOCUMENTS, *DOCUMENTS])
        replay = Replay(consumer(ours), rebuilt)
        known = state.applied(ours, ROOM)
        replay.read(known, lambda done: step("events", done, None))
        state.pause(ours)
        time.sleep(QUIET_S)
        replay.read(state.applied(ours, ROOM) - known, lambda done: step("events since", done, None))
        service.keep_as(rebuilt, retention_of(ours.read()))
        for one in (ours, rebuilt):
            service.thin(one)
        total = state.count_state(ours)
        before = state.state_hash(ours, lambda done: step("documents that serve", done, total))
        after = state.state_hash(rebuilt, lambda done: step("documents rebuilt", done, total))
        documents = state.count_state(rebuilt)
        if replace:
            state.take_place(ours, rebuilt)
        events = len(state.applied(rebuilt, ROOM))
        return Rebuilt(events, documents, before, after, replay.failed, replace, round(time.monotonic() - begun, 1))
    finally:
        state.end_pause(ours)
        rebuilt.client.drop_database(rebuilt.mongo.name)
        ours.close()
        rebuilt.close()


def _show(found: Rebuilt) -> None:
    out = console()
    out.print(f"{found.events} events made {found.documents} documents in {found.seconds} s.")
    out.print(f"State that serves  {found.hash_before}\nState rebuilt      {found.hash_rebuilt}")
    for identifier, reason in found.failed.items():
        out.print(f"Event {identifier} could not be applied: {reason}", markup=False)
    if found.replaced:
        out.print("The rebuilt state serves now.")
    elif found.same:
        out.print("They are the same.")
    else:
        out.print("They differ: huanliu audit names where; --replace lets the rebuilt state serve.")
