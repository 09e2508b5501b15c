"""What readers ask of a region."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from services.regions.ledger import SHANGHAI, Granularity, Span, span_of, zone_of
from services.regions.ledger.periods import edge_of
from services.regions.model import Side
from services.regions.views import Asked
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
        raise Fault("没有该行政区划代码 (GB/T 2260)", "GB/T 2260 has no such region code")
    return code


Material = Annotated[str, AfterValidator(_material), Field(description="A family or a grade of the catalogue.")]


class RegionsQuery(ListQuery):
    """`parent` gives what lies directly below it; without it, the provinces."""

    parent: Annotated[str, AfterValidator(_region)] | None = None

    def after(self) -> str | None:
        """The code after which the page begins. Raises InputIsInvalid."""
        return read_cursor(self.cursor) if self.cursor else None


class BalanceQuery(Query):
    material: Material | None = None


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


class VolumesQuery(SpanQuery):
    side: Side = "origin"
    granularity: Granularity = "day"

    def asked(self) -> Asked:
        return Asked(self.material, self._span, self.side, self.granularity, self.tz)


RegionCode = Annotated[str, AfterValidator(_region), Field(description="A code of GB/T 2260.")]
