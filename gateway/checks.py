"""What the checks of the whole said: `huanliu audit`, its rounds and `huanliu search check` leave their verdicts in the
gateway's database, where the operator reads them. Rounds that say the same as the one before are one run, that of the last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from gateway.routes import GATEWAY
from shared.http import ListQuery, PageOut, Routes, Shape, page_of
from shared.http.shapes import Time
from shared.ids import new_id
from shared.mongo import Database, Repository, Sealed, Unit
from shared.settings import Settings

KEPT_DAYS = 90
FIRST = 20
"""Differences that are kept of a run; the command prints them all."""
Kind = Literal["audit", "round", "index"]
routes = Routes(GATEWAY)


@dataclass(frozen=True)
class Finding:
    """One difference, as far as it has these."""

    place: str
    id: str
    what: str
    expected: str = ""
    found: str = ""


@dataclass
class CheckRun:
    """`counts`: differences by check; `findings`: the first of them; `differences`: how many there were."""

    id: str
    version: int
    kind: Kind
    at: datetime
    seconds: float
    looked_at: int | None
    differences: int
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


class CheckRunDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "check_runs",
        "indexes": ["kind", {"fields": ["at"], "expireAfterSeconds": KEPT_DAYS * 86_400}],
    }


CHECK_RUNS = Repository(CheckRunDocument, CheckRun)
DOCUMENTS: tuple[type[Sealed], ...] = (CheckRunDocument,)


def keep(
    settings: Settings,
    kind: Kind,
    seconds: float,
    looked_at: int | None,
    counts: dict[str, int],
    findings: list[Finding],
    instead: str | None = None,
) -> str:
    """Leave a verdict for the operator, in the place of the run `instead` where there is one. Returns its id. Raises
    PyMongoError."""

    def write(unit: Unit) -> str:
        known = None if instead is None else CHECK_RUNS.find(unit, instead)
        facts = (kind, unit.now, round(seconds, 1), looked_at, len(findings), counts, findings[:FIRST])
        run = CheckRun(new_id(), 1, *facts) if known is None else CheckRun(known.id, known.version + 1, *facts)
        CHECK_RUNS.save(unit, run)
        return run.id

    database = Database(settings, GATEWAY)
    try:
        return database.write(write)
    finally:
        database.close()


class ChecksQuery(ListQuery):
    kind: Kind | None = None


class FindingOut(Shape):
    place: str
    id: str
    what: str
    expected: str
    found: str


class CheckRunOut(Shape):
    """`agrees`: nothing differed. `looked_at`: events and documents, of an audit. `findings` are the first
    of the `differences`."""

    id: str
    version: int
    kind: Kind
    at: Time
    agrees: bool
    seconds: float
    looked_at: int | None
    differences: int
    counts: dict[str, int]
    findings: list[FindingOut]

    @classmethod
    def of(cls, run: CheckRun) -> CheckRunOut:
        facts: dict[str, Any] = {name: getattr(run, name) for name in cls.model_fields if name not in ("agrees", "findings")}
        findings = [FindingOut(**vars(one)) for one in run.findings]
        return cls(**facts, agrees=not run.differences, findings=findings)


@routes.get("/v1/operations/checks", "operations.read", PageOut[CheckRunOut])
def list_checks(unit: Unit, query: ChecksQuery) -> PageOut[CheckRunOut]:
    """What audits and checks of the index said, newest first."""
    where: dict[str, Any] = {"kind": query.kind} if query.kind else {}
    return page_of(CHECK_RUNS.page(unit, where, query.cursor, query.limit), CheckRunOut.of)
