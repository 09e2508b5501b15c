"""`huanliu audit`: does everything agree?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.commands.options import Data, Json, console
from deploy.errors import CannotGoOn
from deploy.instance import settings_of
from shared.clock import SHANGHAI, utc_now

if TYPE_CHECKING:
    from deploy.audit.difference import Difference
    from deploy.audit.rounds import Rounds
    from deploy.audit.run import Verdict
    from gateway.checks import Kind
    from shared.settings import Settings

SHOWN = 200
Every = Annotated[
    float | None, typer.Option("--every", min=1, help="Go on, with a round every so many SECONDS, until a signal.")
]
Whole = Annotated[float, typer.Option("--whole-every", min=1, help="With --every: a whole audit every so many MINUTES.")]


def audit(data: Data = None, json: Json = False, every: Every = None, whole_every: Whole = 60) -> None:
    """Prove that the mass ledger balances and that services, topics and search index agree; exit 1 if not.

    With --every it keeps in memory what it has read; a round reads what was written since, by a room or behind its back, and
    judges all that carries it. Only a whole audit finds: a document of the index altered behind listings' back; what is
    published of a day, or a site's activity, forged with a good seal; a disk that lost what nobody wrote.
    """
    settings = settings_of(data)
    from deploy.audit.run import audit as run

    if every is not None:
        _all_day(settings, every, whole_every * 60, json)
        return
    out = console()
    with answering():
        if out.is_terminal and not json:
            with out.status("reading") as status:
                verdict = run(settings, status.update)
        else:
            verdict = run(settings, lambda _: None)
    if json:
        out.print_json(data=_as_json(verdict))
    else:
        _show(verdict)
    _keep(settings, verdict, "audit")
    if verdict.differences:
        raise typer.Exit(1)


@contextmanager
def answering() -> Iterator[None]:
    """Raises CannotGoOn where a server does not answer."""
    from shared.bus.producer import KafkaError
    from shared.mongo import UNREACHABLE as NO_MONGODB
    from shared.search import UNREACHABLE as NO_ELASTICSEARCH

    try:
        yield
    except (KafkaError, *NO_MONGODB, *NO_ELASTICSEARCH) as fault:
        raise CannotGoOn(f"A server does not answer ({type(fault).__name__}); huanliu status says more.") from fault


def _all_day(settings: Settings, every_s: float, whole_s: float, json: bool) -> None:
    """Rounds until a signal; exit 1 where something differs at the end."""
    from deploy.audit.rounds import Rounds
    from deploy.supervisor import Stopped, stopped_by_signals

    day = _Day(settings, Rounds(settings), whole_s, json)
    try:
        with stopped_by_signals():
            while True:
                begun = time.monotonic()
                day.go_on()
                time.sleep(max(0.0, every_s - (time.monotonic() - begun)))
    except Stopped:
        Console(stderr=True).print(f"stopped after {day.count} rounds")
    finally:
        day.rounds.close()
    if day.standing:
        raise typer.Exit(1)


@dataclass
class _Day:
    """Which kind of round is due, and what was said of the last."""

    settings: Settings
    rounds: Rounds
    whole_s: float
    json: bool
    whole_at: float = float("-inf")
    count: int = 0
    standing: frozenset[Difference] = frozenset()
    kept: str | None = None
    """The round that the operator sees; the next takes its place while it says the same."""

    def go_on(self) -> None:
        """One round, or a whole audit where it is time or what came since can't be known. While a server does not answer it
        says so, and begins anew once it does."""
        from shared.mongo import ChangesAreLost

        try:
            with answering():
                self._one(whole=time.monotonic() >= self.whole_at)
        except ChangesAreLost as fault:
            console().print(f"{_now()}  a whole audit is due: {fault}", markup=False)
            self.whole_at = float("-inf")
            self.go_on()
        except CannotGoOn as fault:
            console().print(f"{_now()}  {fault}", markup=False)
            self.whole_at = float("-inf")

    def _one(self, whole: bool) -> None:
        verdict = self.rounds.whole() if whole else self.rounds.round()
        self.count += 1
        found = frozenset(verdict.differences)
        self._say(verdict, whole, found)
        if whole:
            self.whole_at = time.monotonic() + self.whole_s
            _keep(self.settings, verdict, "audit")
            self.kept = None
        else:
            self.kept = _keep(self.settings, verdict, "round", self.kept if found == self.standing else None)
        self.standing = found

    def _say(self, verdict: Verdict, whole: bool, found: frozenset[Difference]) -> None:
        out = console()
        if self.json:
            out.print_json(data={"at": _now(), "whole": whole, **_as_json(verdict)}, indent=None)
            return
        what = f"{len(found)} differences" if found else "everything agrees"
        read = f"{verdict.events} events, {verdict.documents} documents, {verdict.processor_seconds:.2f} s of the processor"
        out.print(f"{_now()}  {'whole' if whole else 'round'}  {what}: {read}")
        for one in sorted(found - self.standing):
            out.print(f"  {_line(one)}", markup=False)
        for one in sorted(self.standing - found):
            out.print(f"  no longer: {one.place}  {one.id}  {one.what}", markup=False)


def _now() -> str:
    return f"{utc_now().astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {"agree": not verdict.differences, **asdict(verdict)}


def _keep(settings: Settings, verdict: Verdict, kind: Kind, instead: str | None = None) -> str:
    """For the operator's page."""
    from gateway.checks import Finding, keep

    findings = [Finding(one.place, one.id, one.what, one.expected, one.found) for one in verdict.differences]
    looked_at = verdict.events + verdict.documents
    return keep(settings, kind, verdict.seconds, looked_at, verdict.checks, findings, instead)


def _show(verdict: Verdict) -> None:
    out = console()
    checks = Table("check", "differences")
    for name, count in verdict.checks.items():
        checks.add_row(name, str(count))
    out.print(checks)
    if verdict.in_flight:
        out.print(f"Still in flight: {verdict.in_flight}")
    read = f"{verdict.events} events and {verdict.documents} documents in {verdict.seconds:.1f} s"
    if not verdict.differences:
        out.print(f"Everything agrees, to the kilogram and the fen: {read}.")
        return
    out.print(f"{len(verdict.differences)} differences: {read}.")
    for one in verdict.differences[:SHOWN]:
        out.print(_line(one), markup=False)
    if len(verdict.differences) > SHOWN:
        out.print(f"… and {len(verdict.differences) - SHOWN} more; --json has them all.")


def _line(one: Difference) -> str:
    return f"{one.place}  {one.id}  {one.what}: expected {one.expected or '-'}, found {one.found or '-'}"
