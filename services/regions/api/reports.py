"""Returns of regions and parks, on demand and every month."""

from __future__ import annotations

from flask import Request

from services.regions import service, views
from services.regions.model import Format, Language
from services.regions.schemas import (
    MEDIA,
    FileQuery,
    ReportIn,
    ReportOut,
    ReportsQuery,
    ScheduleIn,
    ScheduleOut,
    SchedulesQuery,
)
from shared.auth import Caller
from shared.http import Answer, PageOut, Routes, created, page_of
from shared.http.wire import language_of
from shared.mongo import Unit

routes = Routes("regions")


@routes.post("/v1/reports", "reports.create", ReportOut, status=202)
def create_report(unit: Unit, caller: Caller, body: ReportIn) -> Answer:
    """Ask for the monthly return of a region."""
    whole = views.sight_of_body(unit, caller, body.region).whole
    report = service.create_report(unit, caller, body.region, body.month, body.readers, whole)
    return created(f"/v1/reports/{report.id}", ReportOut.of(report), 202)


@routes.get("/v1/reports", "reports.list", PageOut[ReportOut])
def list_reports(unit: Unit, caller: Caller, query: ReportsQuery) -> PageOut[ReportOut]:
    """List the returns that one may read."""
    return page_of(views.list_reports(unit, caller, query.where(), query.cursor, query.limit), ReportOut.of)


@routes.get("/v1/reports/<report_id>", "reports.read", ReportOut)
def read_report(unit: Unit, caller: Caller, request: Request, report_id: str) -> ReportOut | Answer:
    """Read a return: whether it is made, and its files; one of them by Accept."""
    wanted = request.accept_mimetypes.best_match(["application/json", *MEDIA.values()])
    for form, media in MEDIA.items():
        if wanted == media:
            return _file(unit, caller, report_id, form, _language(request))
    return ReportOut.of(views.read_report(unit, caller, report_id))


@routes.get("/v1/reports/<report_id>/file", "reports.read")
def read_report_file(unit: Unit, caller: Caller, request: Request, query: FileQuery, report_id: str) -> Answer:
    """The file of a return: PDF or XLSX, Chinese or English."""
    wanted = request.accept_mimetypes.best_match(list(MEDIA.values()))
    accepted: Format = "xlsx" if wanted == MEDIA["xlsx"] else "pdf"
    form = query.format or accepted
    return _file(unit, caller, report_id, form, query.language or _language(request))


def _language(request: Request) -> Language:
    return "en" if language_of(request) == "en" else "zh"


def _file(unit: Unit, caller: Caller, report_id: str, form: Format, language: Language) -> Answer:
    report = views.read_report(unit, caller, report_id)
    found = views.read_file(unit, caller, report_id, form, language)
    name = f"huanliu-{report.region}-{report.month}-{language}.{form}"
    headers = {
        "Content-Type": MEDIA[form],
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Language": "en" if language == "en" else "zh-CN",
        "ETag": f'"{found.sha256}"',
        "Vary": "Accept, Accept-Language",
    }
    return Answer(found.content, 200, headers)


@routes.post("/v1/report-schedules", "reports.create", ScheduleOut, status=201)
def create_schedule(unit: Unit, caller: Caller, body: ScheduleIn) -> Answer:
    """Ask for a return every month."""
    whole = views.sight_of_body(unit, caller, body.region).whole
    schedule = service.create_schedule(unit, caller, body.region, body.day_of_month, body.readers, whole)
    return created(f"/v1/report-schedules/{schedule.id}", ScheduleOut.of(schedule))


@routes.get("/v1/report-schedules", "reports.list", PageOut[ScheduleOut])
def list_schedules(unit: Unit, caller: Caller, query: SchedulesQuery) -> PageOut[ScheduleOut]:
    """List what is asked for every month."""
    return page_of(views.list_schedules(unit, caller, query.where(), query.cursor, query.limit), ScheduleOut.of)


@routes.get("/v1/report-schedules/<schedule_id>", "reports.read", ScheduleOut)
def read_schedule(unit: Unit, caller: Caller, schedule_id: str) -> ScheduleOut:
    """Read what is asked for every month."""
    return ScheduleOut.of(views.read_schedule(unit, caller, schedule_id))


@routes.delete("/v1/report-schedules/<schedule_id>", "report_schedules.end")
def end_schedule(unit: Unit, caller: Caller, schedule_id: str) -> Answer:
    """Ask for no more."""
    service.end_schedule(unit, caller, schedule_id)
    return Answer(None, 204)
