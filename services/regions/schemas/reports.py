"""Returns, on demand and every month."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from services.regions.model import Format, Language, Report, ReportSchedule, month_span
from services.regions.schemas.queries import AnyRegion
from shared.clock import SHANGHAI, utc_now
from shared.http import ListQuery, Query, Shape
from shared.http.shapes import Time
from shared.problem import Fault

MEDIA: dict[Format, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _month(text: str) -> str:
    try:
        start, _ = month_span(text)
    except ValueError as error:
        raise Fault("应为月份，例如 2026-10", "Write a month such as 2026-10") from error
    if len(text) != 7 or start > utc_now().astimezone(SHANGHAI):
        raise Fault("应为已开始的月份，例如 2026-10", "Write a month that has begun, such as 2026-10")
    return text


Month = Annotated[str, AfterValidator(_month), Field(description="A month of Asia/Shanghai, 2026-10.")]
Readers = Annotated[list[str], Field(max_length=50, description="Ids of other organisations that may read it and are told.")]


class ReportIn(Shape):
    """The monthly return of a region or park. That of a month which is not over says what is known so far."""

    region: AnyRegion
    month: Month
    readers: Readers = Field(default_factory=list)


class ReportsQuery(ListQuery):
    region: str | None = None
    status: Literal["queued", "done"] | None = None

    def where(self) -> dict[str, str]:
        return {name: value for name in ("region", "status") if (value := getattr(self, name)) is not None}


class FileQuery(Query):
    """Without `format` and `language`, what Accept and Accept-Language prefer; else PDF, Chinese."""

    format: Format | None = None
    language: Language | None = None


class ReportFileOut(Shape):
    format: str
    language: str
    href: str
    sha256: str


class ReportOut(Shape):
    """`files` are there once `status` is `done`."""

    id: str
    version: int
    status: Literal["queued", "done"]
    organisation_id: str
    readers: list[str]
    schedule_id: str | None
    region: str
    month: str
    files: list[ReportFileOut]
    created_at: Time
    ready_at: Time | None

    @classmethod
    def of(cls, report: Report) -> ReportOut:
        files = []
        for name, digest in sorted(report.files.items()):
            form, language = name.split(".")
            href = f"/v1/reports/{report.id}/file?format={form}&language={language}"
            files.append(ReportFileOut(format=form, language=language, href=href, sha256=digest))
        return cls(
            id=report.id,
            version=report.version,
            status=report.status,
            organisation_id=report.organisation_id,
            readers=report.readers,
            schedule_id=report.schedule_id,
            region=report.region,
            month=report.month,
            files=files,
            created_at=report.created_at,
            ready_at=report.ready_at,
        )


class ScheduleIn(Shape):
    """A return of the month before, every month on that day at six in the morning, Asia/Shanghai."""

    region: AnyRegion
    day_of_month: Annotated[int, Field(ge=1, le=28)] = 1
    readers: Readers = Field(default_factory=list)


class SchedulesQuery(ListQuery):
    region: str | None = None
    status: Literal["active", "ended"] | None = None

    def where(self) -> dict[str, str]:
        return {name: value for name in ("region", "status") if (value := getattr(self, name)) is not None}


class ScheduleOut(Shape):
    id: str
    version: int
    status: Literal["active", "ended"]
    organisation_id: str
    readers: list[str]
    region: str
    day_of_month: int
    next_at: Time | None
    last_month: str | None
    created_at: Time

    @classmethod
    def of(cls, one: ReportSchedule) -> ScheduleOut:
        return cls(
            id=one.id,
            version=one.version,
            status=one.status,
            organisation_id=one.organisation_id,
            readers=one.readers,
            region=one.region,
            day_of_month=one.day_of_month,
            next_at=one.next_at if one.status == "active" else None,
            last_month=one.last_month,
            created_at=one.created_at,
        )
