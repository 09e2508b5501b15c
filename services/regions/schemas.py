"""Shapes in and out."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, StringConstraints, model_validator

from services.regions.ledger import SHANGHAI, Granularity, Span, span_of, zone_of
from services.regions.ledger.periods import edge_of
from services.regions.model import ORIGIN_ONLY, KnownClearing, KnownTrade, Measure, Progress, Side, Target, TargetTerms
from services.regions.views import Asked, Flow, Market, Outcome, VolumeRow
from shared.catalogue import family, grade
from shared.geo import Region, ancestors, exists
from shared.http import ListQuery, PageOut, Query, Shape
from shared.http import Position as PositionOut
from shared.http.shapes import Time
from shared.mongo import make_cursor, read_cursor
from shared.problem import Fault, InputIsInvalid
from shared.units import CnyOut, TonnesOut, TotalTonnes

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula; such a text is led by an apostrophe (OWASP, CSV injection)."""


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


class RegionOut(Shape):
    code: str
    name_zh: str
    name_en: str
    level: Literal["province", "city", "county"]
    parent: str | None
    position: PositionOut

    @classmethod
    def of(cls, one: Region) -> RegionOut:
        above = ancestors(one.code)
        return cls(
            code=one.code,
            name_zh=one.name_zh,
            name_en=one.name_en,
            level=one.level,
            parent=above[0] if above else None,
            position=PositionOut(lat=one.position.lat, lon=one.position.lon),
        )


def regions_out(found: Sequence[Region], more: bool) -> PageOut[RegionOut]:
    cursor = make_cursor(found[-1].code) if more else None
    return PageOut[RegionOut](items=[RegionOut.of(one) for one in found], next_cursor=cursor)


class VolumeOut(Shape):
    """A period's tonnes of one grade; `received_t` is net."""

    period: str
    material: str
    listed_t: TonnesOut
    agreed_t: TonnesOut
    loaded_t: TonnesOut
    received_t: TonnesOut
    refused_t: TonnesOut
    deducted_t: TonnesOut
    withdrawn_t: TonnesOut
    cancelled_t: TonnesOut

    @classmethod
    def of(cls, row: VolumeRow) -> VolumeOut:
        tonnes = {f"{measure}_t": kg for measure, kg in row.kg.items()}
        return cls(period=row.period, material=row.material, **tonnes)


class FlowOut(Shape):
    from_: Annotated[str, Field(serialization_alias="from", validation_alias="from")]
    to: str
    material: str
    received_t: TonnesOut

    @classmethod
    def of(cls, flow: Flow) -> FlowOut:
        values = {"from": flow.from_region, "to": flow.to_region}
        return cls.model_validate({**values, "material": flow.material, "received_t": flow.received_kg})


class AccountsOut(Shape):
    """The mass ledger's accounts in tonnes: `published_t` is the sum of the others."""

    published_t: TonnesOut
    on_offer_t: TonnesOut
    reserved_t: TonnesOut
    in_transit_t: TonnesOut
    settled_t: TonnesOut
    deducted_t: TonnesOut
    weighing_difference_t: TonnesOut
    withdrawn_t: TonnesOut
    expired_t: TonnesOut


class MaterialAccountsOut(AccountsOut):
    material: str


class BalanceOut(AccountsOut):
    """Of the lots published in the region, in all and by grade."""

    region: str
    items: list[MaterialAccountsOut]

    @classmethod
    def of(cls, code: str, rows: Sequence[tuple[str, dict[str, int]]]) -> BalanceOut:
        names = [name.removesuffix("_t") for name in AccountsOut.model_fields]
        total = {f"{name}_t": sum(kg[name] for _, kg in rows) for name in names}
        items = [MaterialAccountsOut(material=code_, **{f"{name}_t": kg[name] for name in names}) for code_, kg in rows]
        return cls(region=code, items=items, **total)


class ClearingOut(Shape):
    id: str
    material: str
    at: Time
    proposals: int
    matched_t: TonnesOut
    surplus_cny: CnyOut
    gap_pct: float
    duration_ms: int

    @classmethod
    def of(cls, one: KnownClearing) -> ClearingOut:
        gap = round(100 * (one.bound_fen - one.objective_fen) / one.bound_fen, 6) if one.bound_fen else 0.0
        return cls(
            id=one.id,
            material=one.material,
            at=one.at,
            proposals=one.proposals,
            matched_t=one.matched_kg,
            surplus_cny=one.surplus_fen,
            gap_pct=gap,
            duration_ms=one.duration_ms,
        )


class LatestTradeOut(Shape):
    at: Time
    grade: str
    quantity_t: TonnesOut
    price_cny_per_t: CnyOut
    from_region: str
    to_region: str

    @classmethod
    def of(cls, one: KnownTrade) -> LatestTradeOut:
        assert one.agreed_at is not None  # the view asks for those alone
        return cls(
            at=one.agreed_at,
            grade=one.grade,
            quantity_t=one.kg,
            price_cny_per_t=one.price_fen_per_t,
            from_region=one.from_region,
            to_region=one.to_region,
        )


class MarketOut(Shape):
    """The public picture of the market; no party is named."""

    at: Time
    open_lots: int
    open_lots_t: TonnesOut
    open_demands: int
    open_demands_t: TonnesOut
    trades: int
    traded_t: TonnesOut
    clearings: list[ClearingOut]
    trades_latest: list[LatestTradeOut]

    @classmethod
    def of(cls, market: Market, at: datetime) -> MarketOut:
        return cls(
            at=at,
            open_lots=market.open_lots[0],
            open_lots_t=market.open_lots[1],
            open_demands=market.open_demands[0],
            open_demands_t=market.open_demands[1],
            trades=market.trades[0],
            traded_t=market.trades[1],
            clearings=[ClearingOut.of(one) for one in market.clearings],
            trades_latest=[LatestTradeOut.of(one) for one in market.latest],
        )


def csv_of(items: Sequence[BaseModel], shape: type[BaseModel]) -> bytes:
    """`items` as CSV (RFC 4180) with the JSON names as its head; no text can be taken for a formula."""
    text = io.StringIO()
    head = [field.serialization_alias or name for name, field in shape.model_fields.items()]
    writer = csv.DictWriter(text, head)
    writer.writeheader()
    for item in items:
        row = item.model_dump(by_alias=True)
        writer.writerow({name: safe_cell(value) for name, value in row.items()})
    return text.getvalue().encode()


def safe_cell(value: object) -> object:
    """A text that a spreadsheet would run is made a plain text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


RegionCode = Annotated[str, AfterValidator(_region), Field(description="A code of GB/T 2260.")]


class TargetsQuery(ListQuery):
    region: RegionCode | None = None
    material: Material | None = None
    measure: Measure | None = None
    status: Literal["standing", "withdrawn"] | None = None

    def where(self) -> dict[str, str]:
        names = {"region": "terms.region", "material": "terms.material", "measure": "terms.measure", "status": "status"}
        return {stored: value for name, stored in names.items() if (value := getattr(self, name)) is not None}


class TargetIn(Shape):
    """`from` inclusive, `to` exclusive. `side`: of what leaves the region, or of what reaches it."""

    region: RegionCode
    material: Material | None = None
    side: Side = "origin"
    measure: Measure
    target_t: TotalTonnes
    from_: Annotated[Time, Field(alias="from")]
    to: Time
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _make_sense(self) -> TargetIn:
        faults = _target_faults(self.measure, self.side, self.from_, self.to)
        if faults:
            raise InputIsInvalid(faults)
        return self

    def terms(self) -> TargetTerms:
        return TargetTerms(
            region=self.region,
            material=self.material,
            side=self.side,
            measure=self.measure,
            kg=self.target_t,
            start=self.from_,
            end=self.to,
            source=self.source,
        )


class TargetPatch(Shape):
    """What is left out stays. `status` `withdrawn` ends it; it stays readable."""

    target_t: TotalTonnes | None = None
    to: Time | None = None
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)] | None = None
    status: Literal["standing", "withdrawn"] | None = None

    def revise(self, target: Target) -> tuple[TargetTerms, Literal["standing", "withdrawn"]]:
        """Raises InputIsInvalid."""
        terms = target.terms
        terms = replace(terms, kg=self.target_t or terms.kg, end=self.to or terms.end, source=self.source or terms.source)
        faults = _target_faults(terms.measure, terms.side, terms.start, terms.end)
        if faults:
            raise InputIsInvalid(faults)
        return terms, self.status or target.status


def _target_faults(measure: Measure, side: Side, start: datetime, end: datetime) -> list[tuple[str, str, str]]:
    faults = []
    if start >= end:
        faults.append(("/to", "截止应晚于开始", "It must end after it begins"))
    if side == "destination" and measure in ORIGIN_ONLY:
        faults.append(("/side", "该口径只按来源地统计", "This measure is counted by origin alone"))
    return faults


class ProgressOut(Shape):
    """At this moment: reached; due by now at an even pace; where it ends at the rate so far; missing; needed a day."""

    reached_t: TonnesOut
    reached_pct: float
    due_t: TonnesOut
    at_this_rate_t: TonnesOut | None
    missing_t: TonnesOut
    needed_t_per_day: TonnesOut | None


class TargetOut(Shape):
    """A target and how far it is; only volumes of its own measure count."""

    id: str
    version: int
    status: Literal["standing", "withdrawn"]
    region: str
    material: str | None
    side: Side
    measure: Measure
    target_t: TonnesOut
    from_: Annotated[Time, Field(serialization_alias="from", validation_alias="from")]
    to: Time
    source: str
    progress: ProgressOut
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, target: Target, at: Progress) -> TargetOut:
        terms = target.terms
        progress = ProgressOut(
            reached_t=at.reached_kg,
            reached_pct=round(100 * at.reached_kg / terms.kg, 2),
            due_t=at.due_kg,
            at_this_rate_t=at.at_this_rate_kg,
            missing_t=at.missing_kg,
            needed_t_per_day=at.needed_kg_per_day,
        )
        return cls.model_validate(
            {
                "id": target.id,
                "version": target.version,
                "status": target.status,
                "region": terms.region,
                "material": terms.material,
                "side": terms.side,
                "measure": terms.measure,
                "target_t": terms.kg,
                "from": terms.start,
                "to": terms.end,
                "source": terms.source,
                "progress": progress,
                "created_at": target.created_at,
                "updated_at": target.updated_at,
            }
        )


class OutcomeOut(Shape):
    """`compared`: its measure is the target's, and `reached_pct` says how far it is; else the two only stand side by side."""

    period: str
    measure: str
    name_zh: str
    name_en: str
    value: float
    unit: str
    compared: bool
    reached_pct: float | None
    source: str
    note: str


class NationalTargetOut(Shape):
    """A target of national policy with what was reached, each figure with its measure and source."""

    code: str
    name_zh: str
    name_en: str
    measure: str
    value: float
    unit: str
    year: int
    source: str
    outcomes: list[OutcomeOut]


def national_out(found: Sequence[tuple[Mapping[str, str], Sequence[Outcome]]]) -> PageOut[NationalTargetOut]:
    items = []
    for facts, outcomes in found:
        value = float(facts["value"])
        rows = [
            OutcomeOut(
                **{name: one.facts[name] for name in ("period", "measure", "name_zh", "name_en", "unit", "source", "note")},
                value=float(one.facts["value"]),
                compared=one.same_measure,
                reached_pct=round(100 * float(one.facts["value"]) / value, 2) if one.same_measure else None,
            )
            for one in outcomes
        ]
        texts = {name: facts[name] for name in ("code", "name_zh", "name_en", "measure", "unit", "source")}
        items.append(NationalTargetOut(**texts, value=value, year=int(facts["year"]), outcomes=rows))
    return PageOut[NationalTargetOut](items=items)
