"""Returns on demand and every month, and their files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from services.regions.model import Report, ReportFile, ReportSchedule, Return, next_time
from services.regions.store import REPORT_FILES, REPORTS, SCHEDULES, due_schedules, queued_reports
from shared.auth import Caller, authorise
from shared.ids import new_id
from shared.mongo import Database, Unit
from shared.parties import PARTIES
from shared.problem import InputIsInvalid

ReturnOf = Callable[[Unit, str, str], Return]
"""What a return of a region and month says."""
FilesOf = Callable[[Return], Mapping[str, bytes]]
"""Its files, by `pdf.zh`."""
AT_ONCE = 20


def create_report(unit: Unit, caller: Caller, region: str, month: str, readers: Sequence[str], whole: bool) -> Report:
    """A return of a region that the caller sees in full (`whole`). Raises NotAllowed, InputIsInvalid."""
    authorise(caller, "reports.create", {"own" if whole else "visible"})
    report = Report(new_id(), 1, caller.organisation_id, region, month, unit.now, _known(unit, readers))
    REPORTS.add(unit, report)
    return report


def create_schedule(unit: Unit, caller: Caller, region: str, day: int, readers: Sequence[str], whole: bool) -> ReportSchedule:
    """A return every month from the next such day on. Raises NotAllowed, InputIsInvalid."""
    authorise(caller, "reports.create", {"own" if whole else "visible"})
    next_at = next_time(unit.now, day)
    schedule = ReportSchedule(new_id(), 1, caller.organisation_id, region, day, unit.now, next_at, _known(unit, readers))
    SCHEDULES.add(unit, schedule)
    return schedule


def _known(unit: Unit, readers: Sequence[str]) -> list[str]:
    found = PARTIES.many(unit, readers)
    faults = [
        (f"/readers/{place}", "没有这个单位", "There is no such organisation")
        for place, one in enumerate(readers)
        if one not in found
    ]
    if faults:
        raise InputIsInvalid(faults)
    return list(dict.fromkeys(readers))


def end_schedule(unit: Unit, caller: Caller, schedule_id: str) -> None:
    """It asks for no more; what it asked for stays. Raises NotFound."""
    schedule = SCHEDULES.get(unit, schedule_id)
    own, visible = schedule.organisation_id == caller.organisation_id, caller.organisation_id in schedule.readers
    authorise(caller, "report_schedules.end", {"own"} if own else {"visible"} if visible else set())
    if schedule.status == "active":
        schedule.end()
        SCHEDULES.save(unit, schedule)


def ask_due(database: Database) -> None:
    """The timer: the reports that schedules ask for."""
    if due_schedules(database.read(), database.clock()):
        database.write(_ask)


def _ask(unit: Unit) -> None:
    for schedule in due_schedules(unit, unit.now):
        report = schedule.due(unit.now)
        SCHEDULES.save(unit, schedule)
        if report is not None and REPORTS.find(unit, report.id) is None:
            REPORTS.add(unit, report)


def make_queued(database: Database, return_of: ReturnOf, files_of: FilesOf) -> None:
    """The timer: the files of the reports that wait. What is read and set outside a transaction is written in one."""
    for waiting in queued_reports(database.read(), AT_ONCE):
        made = return_of(database.read(), waiting.region, waiting.month)
        files = [_file(waiting.id, name, content) for name, content in files_of(made).items()]
        database.write(lambda unit, report=waiting.id, files=files, made=made: _keep(unit, report, files, made))  # type: ignore[misc]


def _file(report_id: str, name: str, content: bytes) -> ReportFile:
    return ReportFile(f"{report_id}.{name}", 1, report_id, content, hashlib.sha256(content).hexdigest())


def _keep(unit: Unit, report_id: str, files: Sequence[ReportFile], made: Return) -> None:
    report = REPORTS.get(unit, report_id)
    if report.status == "done":
        return
    REPORT_FILES.add(unit, *files)
    unit.emit(*report.done(made, {one.id.removeprefix(f"{report_id}."): one.sha256 for one in files}, unit.now))
    REPORTS.save(unit, report)
