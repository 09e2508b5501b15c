"""Returns, their files, and who wants one every month."""

from __future__ import annotations

from datetime import datetime

from services.regions.model import Report, ReportFile, ReportSchedule
from shared.mongo import Repository, Sealed, Unit


class ReportDocument(Sealed):
    meta = {  # noqa: RUF012
        "collection": "reports",
        "indexes": [
            ("organisation_id", "id"),
            ("readers", "id"),
            {"fields": ["status"], "partialFilterExpression": {"status": "queued"}},
        ],
    }


class ReportFileDocument(Sealed):
    meta = {"collection": "report_files", "indexes": []}  # noqa: RUF012


class ReportScheduleDocument(Sealed):
    meta = {"collection": "report_schedules", "indexes": [("organisation_id", "id"), ("status", "next_at")]}  # noqa: RUF012


REPORTS = Repository(ReportDocument, Report)
REPORT_FILES = Repository(ReportFileDocument, ReportFile)
SCHEDULES = Repository(ReportScheduleDocument, ReportSchedule)


def queued_reports(unit: Unit, limit: int) -> list[Report]:
    """Those that wait for their files, the oldest first."""
    return REPORTS.select(unit, {"status": "queued"}, [("_id", 1)], limit)


def due_schedules(unit: Unit, now: datetime) -> list[ReportSchedule]:
    """The schedules that ask for a report now."""
    return SCHEDULES.select(unit, {"status": "active", "next_at": {"$lte": now}}, [("_id", 1)])
