"""Returns that were asked for, and their files."""

from __future__ import annotations

from services.regions import store
from services.regions.model import Format, Language, Report, ReportFile, ReportSchedule
from shared.auth import Caller, authorise
from shared.mongo import Page, Row, Unit
from shared.problem import NotFound, WrongState


def list_reports(unit: Unit, caller: Caller, where: Row, cursor: str | None, limit: int) -> Page[Report]:
    """The caller's own and those it may read, newest first; an operator's are everybody's."""
    return store.REPORTS.page(unit, {**where, **_own(caller)}, cursor, limit)


def read_report(unit: Unit, caller: Caller, report_id: str) -> Report:
    """Raises NotFound."""
    report = store.REPORTS.get(unit, report_id)
    own = caller.organisation_id in (report.organisation_id, *report.readers)
    authorise(caller, "reports.read", {"own"} if own else set())
    return report


def read_file(unit: Unit, caller: Caller, report_id: str, form: Format, language: Language) -> ReportFile:
    """Raises NotFound; WrongState while it is not made."""
    report = read_report(unit, caller, report_id)
    if report.status != "done":
        raise WrongState(zh="月报还没有生成，请稍后再取", en="The report is not made yet; ask again in a moment")
    found = store.REPORT_FILES.find(unit, f"{report_id}.{form}.{language}")
    if found is None:
        raise NotFound
    return found


def list_schedules(unit: Unit, caller: Caller, where: Row, cursor: str | None, limit: int) -> Page[ReportSchedule]:
    """As reports."""
    return store.SCHEDULES.page(unit, {**where, **_own(caller)}, cursor, limit)


def read_schedule(unit: Unit, caller: Caller, schedule_id: str) -> ReportSchedule:
    """Raises NotFound."""
    schedule = store.SCHEDULES.get(unit, schedule_id)
    own = caller.organisation_id in (schedule.organisation_id, *schedule.readers)
    authorise(caller, "reports.read", {"own"} if own else set())
    return schedule


def _own(caller: Caller) -> Row:
    if caller.role == "operator":
        return {}
    return {"$or": [{"organisation_id": caller.organisation_id}, {"readers": caller.organisation_id}]}
