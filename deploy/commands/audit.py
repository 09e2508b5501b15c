"""`huanliu audit`: does everything agree?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from deploy.commands.options import Data, Json, console
from deploy.errors import CannotGoOn
from deploy.instance import settings_of

if TYPE_CHECKING:
    from deploy.audit.run import Verdict
    from shared.settings import Settings

SHOWN = 200


def audit(data: Data = None, json: Json = False) -> None:
    """Prove that the mass ledger balances and that services, topics and search index agree."""
    settings = settings_of(data)
    from deploy.audit.run import audit as run
    from shared.bus.producer import KafkaError
    from shared.mongo import UNREACHABLE as NO_MONGODB
    from shared.search import UNREACHABLE as NO_ELASTICSEARCH

    out = console()
    try:
        if out.is_terminal and not json:
            with out.status("reading") as status:
                verdict = run(settings, status.update)
        else:
            verdict = run(settings, lambda _: None)
    except (KafkaError, *NO_MONGODB, *NO_ELASTICSEARCH) as fault:
        raise CannotGoOn(f"A server does not answer ({type(fault).__name__}); huanliu status says more.") from fault
    if json:
        out.print_json(data={"agree": not verdict.differences, **asdict(verdict)})
    else:
        _show(verdict)
    _keep(settings, verdict)
    if verdict.differences:
        raise typer.Exit(1)


def _keep(settings: Settings, verdict: Verdict) -> None:
    """For the operator's page."""
    from gateway.checks import Finding, keep

    findings = [Finding(one.place, one.id, one.what, one.expected, one.found) for one in verdict.differences]
    keep(settings, "audit", verdict.seconds, verdict.events + verdict.documents, verdict.checks, findings)


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
        out.print(f"{one.place}  {one.id}  {one.what}: expected {one.expected or '-'}, found {one.found or '-'}", markup=False)
    if len(verdict.differences) > SHOWN:
        out.print(f"… and {len(verdict.differences) - SHOWN} more; --json has them all.")
