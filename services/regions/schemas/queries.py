"""What readers ask of a region."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from services.regions.ledger import SHANGHAI, Granularity, Span, areas, span_of, zone_of
from services.regions.ledger.periods import edge_of
from services.regions.model import Account, Side
from services.regions.views import Asked, Kind
from shared.catalogue import family, grade
from shared.geo import exists
from shared.http import ListQuery, Query
from shared.mongo import read_cursor
from shared.problem import Fault, InputIsInvalid


def _material(code: str) -> str:
    if family(code) is None and grade(code) is None:
        raise Fault("目录中没有该品类或品种", "The catalogue has no such family or grade")
    return code


def _region(code: str) -> str:
    if not exists(code):
        raise Fault("没有这个行政区划代码（GB/T 2260）", "GB/T 2260 has no such region code")
    return code


def _moment(text: str) -> str:
    if len(text) == 10:
        raise Fault("应为带时区的 RFC 3339 时间", "Write an RFC 3339 time with an offset, 2026-11-24T12:00:00+08:00")
    edge_of(text, ZoneInfo(SHANGHAI))
    return text


def moment_of(text: str | None) -> datetime | None:
    return edge_of(text, ZoneInfo(SHANGHAI)) if text is not None else None


AsOf = Annotated[
    Annotated[str, AfterValidator(_moment)] | None,
    Field(description="An RFC 3339 time: the figures as they were known then; what was recorded later is left out."),
]
Material = Annotated[str, AfterValidator(_material), Field(description="A family or a grade of the catalogue.")]


class RegionsQuery(ListQuery):
    """`parent` gives what lies directly below it; without it, the provinces. `kind=area` gives the areas of policy, `kind=park`
    the parks, with `parent` those in it."""

    parent: Annotated[str, AfterValidator(_region)] | None = None
    kind: Kind | None = None

    def after(self) -> str | None:
        """The code after which the page begins. Raises InputIsInvalid."""
        return read_cursor(self.cursor) if self.cursor else None


class BalanceQuery(Query):
    material: Material | None = None
    as_of: AsOf = None

    def moment(self) -> datetime | None:
        return moment_of(self.as_of)


class EntriesQuery(ListQuery):
    """The postings behind a balance: of one account, one lot, one load or reservation."""

    material: Material | None = None
    account: Account | None = None
    lot_id: str | None = None
    subject_id: Annotated[str | None, Field(description="The lot, reservation or load whose event was posted.")] = None

    def where(self) -> dict[str, str | None]:
        return {"material": self.material, "lot_id": self.lot_id, "subject_id": self.subject_id}


class SpanQuery(Query):
    """`from` inclusive, `to` exclusive: dates, or RFC 3339 times. A date is a day of `tz`."""

    material: Material | None = None
    from_: Annotated[str | None, Field(alias="from", description="2026-11-24 or an RFC 3339 time; inclusive.")] = None
    to: Annotated[str | None, Field(description="2026-11-24 or an RFC 3339 time; exclusive.")] = None
    tz: Annotated[str, Field(description="An IANA time zone.")] = SHANGHAI

    _span: Span = PrivateAttr(default=Span())

    @model_validator(mode="after")
    def _read(self) -> SpanQuery:
        faults: list[tuple[str, str, str]] = []
        try:
            zone = zone_of(self.tz)
        except Fault as fault:
            raise InputIsInvalid([("/tz", fault.zh, fault.en)]) from fault
        start, end = _edge(self.from_, "/from", zone, faults), _edge(self.to, "/to", zone, faults)
        try:
            self._span = span_of(start, end)
        except Fault as fault:
            faults.append((fault.pointer, fault.zh, fault.en))
        if faults:
            raise InputIsInvalid(faults)
        return self

    def asked(self) -> Asked:
        return Asked(self.material, self._span, zone=self.tz)


def _edge(text: str | None, pointer: str, zone: ZoneInfo, faults: list[tuple[str, str, str]]) -> datetime | None:
    try:
        return edge_of(text, zone) if text is not None else None
    except Fault as fault:
        faults.append((pointer, fault.zh, fault.en))
        return None


class MovedQuery(SpanQuery):
    mode: Annotated[str | None, Field(description="What it was hauled by: road, rail or water.", max_length=20)] = None
    as_of: AsOf = None


class FlowsQuery(MovedQuery):
    by: Annotated[Literal["mode"] | None, Field(description="`mode` tells the modes apart.")] = None

    def asked(self) -> Asked:
        moment = moment_of(self.as_of)
        return Asked(self.material, self._span, zone=self.tz, mode=self.mode, as_of=moment, by_mode=self.by == "mode")


class VolumesQuery(MovedQuery):
    side: Side = "origin"
    granularity: Granularity = "day"

    def asked(self) -> Asked:
        return Asked(self.material, self._span, self.side, self.granularity, self.tz, self.mode, moment_of(self.as_of))


class PartsQuery(MovedQuery):
    """Of what lies directly below `parent`, or of the provinces; `kind` as in the list of regions."""

    parent: Annotated[str, AfterValidator(_region)] | None = None
    kind: Kind | None = None
    side: Side = "origin"

    def asked(self) -> Asked:
        return Asked(self.material, self._span, self.side, "year", self.tz, self.mode, moment_of(self.as_of))


class RevisionsQuery(SpanQuery, ListQuery):
    """What changed a day that was over: reported after it, or put right. `from` and `to` are of the day that it belongs to."""


RegionCode = Annotated[str, AfterValidator(_region), Field(description="A code of GB/T 2260.")]


def _any_region(code: str) -> str:
    """That a park has this id is known once it is looked for."""
    if not exists(code) and code not in areas() and not _AN_ID.fullmatch(code):
        known = ", ".join(areas())
        raise Fault(
            f"应为 GB/T 2260 六位代码（如 420100）、政策区域代码（{known}）或园区的场站编号",
            f"Write a six-digit code of GB/T 2260 such as 420100, an area of policy ({known}), or the id of a park's site",
        )
    return code


_AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AnyRegion = Annotated[
    str,
    AfterValidator(_any_region),
    Field(description="A code of GB/T 2260, an area of policy, or a park's site id."),
]
