"""Regions, their volumes, flows and balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from services.regions.ledger import Area
from services.regions.model import MEASURES, Fact, Measure, Posting, Revision
from services.regions.views import Flow, Found, VolumeRow, code_of
from shared.geo import places_above
from shared.http import PageOut, Shape
from shared.http import Position as PositionOut
from shared.http.shapes import Time
from shared.mongo import make_cursor
from shared.parties import KnownSite
from shared.units import TonnesOut, kg_to_t


class RegionOut(Shape):
    """A region of GB/T 2260, an area of policy (with a code and a source of its own) or a park (by its site's id)."""

    code: str
    name_zh: str
    name_en: str
    level: Literal["province", "city", "county", "area", "park"]
    parent: str | None
    position: PositionOut
    within: list[str] | None
    """Of an area: what the codes of its regions begin with."""
    source: str | None

    @classmethod
    def of(cls, one: Found) -> RegionOut:
        position = PositionOut(lat=one.position.lat, lon=one.position.lon)
        names: dict[str, Any] = {"code": code_of(one), "position": position, "parent": None, "within": None, "source": None}
        if isinstance(one, KnownSite):
            return cls(**names | {"name_zh": one.name, "name_en": one.name, "level": "park", "parent": one.region})
        names |= {"name_zh": one.name_zh, "name_en": one.name_en}
        if isinstance(one, Area):
            return cls(**names | {"level": "area", "within": list(one.within), "source": one.source})
        above = places_above(one.code)
        return cls(**names | {"level": one.level, "parent": above[0] if above else None})


def regions_out(found: Sequence[Found], more: bool) -> PageOut[RegionOut]:
    cursor = make_cursor(code_of(found[-1])) if more else None
    return PageOut[RegionOut](items=[RegionOut.of(one) for one in found], next_cursor=cursor)


class MeasuresOut(Shape):
    listed_t: TonnesOut
    agreed_t: TonnesOut
    loaded_t: TonnesOut
    received_t: TonnesOut
    refused_t: TonnesOut
    deducted_t: TonnesOut
    withdrawn_t: TonnesOut
    cancelled_t: TonnesOut
    used_t: TonnesOut


class PeriodOut(Shape):
    period: str
    material: str


class VolumeOut(MeasuresOut, PeriodOut):
    """A period's tonnes of one grade; `received_t` is net. Each measure is a count of its own: no two are ever added. `used_t`
    is what of the received had not been received before by somebody who sold it on. To who does not see the region in full the
    tonnes are what is published of days that are over and reveals no single firm, and their own firm's, live; `own` is the
    latter alone (null: nothing is kept back), and `withheld` says that there may be more."""

    own: MeasuresOut | None
    withheld: bool

    @classmethod
    def of(cls, row: VolumeRow) -> VolumeOut:
        own = None if row.own is None else MeasuresOut(**_tonnes(row.own))
        return cls(period=row.period, material=row.material, own=own, withheld=row.withheld, **_tonnes(row.kg))


def _tonnes(kg: Mapping[Measure, int]) -> dict[str, int]:
    return {_IN_TONNES[measure]: more for measure, more in kg.items()}


_IN_TONNES: Mapping[Measure, str] = {measure: f"{measure}_t" for measure in MEASURES}


class VolumesOut(PageOut[VolumeOut]):
    """`withheld`: there may be more in the region and the span than these rows show; a row that is not there is no zero."""

    withheld: bool


def volumes_out(rows: Iterable[VolumeRow], withheld: bool) -> dict[str, Any]:
    """As `VolumesOut` is written, but of plain data: a year of a province has thousands of rows, and making each a shape costs
    more than reading and adding them."""
    return {"items": [_volume_out(row) for row in rows], "next_cursor": None, "withheld": withheld}


def _volume_out(row: VolumeRow) -> dict[str, Any]:
    out: dict[str, Any] = {"period": row.period, "material": row.material}
    for name, measure in _MEASURED:
        out[name] = kg_to_t(row.kg[measure])
    out["own"] = None if row.own is None else {name: kg_to_t(row.own[measure]) for name, measure in _MEASURED}
    out["withheld"] = row.withheld
    return out


_MEASURED = tuple((name, measure) for measure, name in _IN_TONNES.items())


class AboutPart(Shape):
    region: str
    name_zh: str
    name_en: str


class PartOut(MeasuresOut, AboutPart):
    """What one part of a region counted in all, in tonnes by measure; no two measures are ever added. `withheld` as in
    volumes."""

    withheld: bool

    @classmethod
    def of(cls, found: Found, kg: Mapping[str, int], withheld: bool) -> PartOut:
        about = RegionOut.of(found)
        tonnes = {f"{measure}_t": amount for measure, amount in kg.items()}
        names = {"region": about.code, "name_zh": about.name_zh, "name_en": about.name_en}
        return cls.model_validate({**names, **tonnes, "withheld": withheld})


class FlowOut(Shape):
    """What was received of a grade from one region in another. To who does not see the region in full published flows are from
    city to city or province to province and their own from county to county; `own_t` is what of it is their own."""

    from_: Annotated[str, Field(serialization_alias="from", validation_alias="from")]
    to: str
    material: str
    received_t: TonnesOut
    mode: str | None
    own_t: TonnesOut | None

    @classmethod
    def of(cls, flow: Flow) -> FlowOut:
        values = {"from": flow.from_region, "to": flow.to_region}
        kg = {"received_t": flow.received_kg, "own_t": flow.own_kg}
        return cls.model_validate({**values, **kg, "material": flow.material, "mode": flow.mode})


class FlowsOut(PageOut[FlowOut]):
    """`withheld`: there may be more than these rows show."""

    withheld: bool


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
    """Of the lots published in the region, in all and by grade; `withheld`: of the reader's own lots alone."""

    region: str
    as_of: Time | None
    withheld: bool
    items: list[MaterialAccountsOut]

    @classmethod
    def of(cls, code: str, rows: Sequence[tuple[str, dict[str, int]]], as_of: datetime | None, withheld: bool) -> BalanceOut:
        names = [name.removesuffix("_t") for name in AccountsOut.model_fields]
        total = {f"{name}_t": sum(kg[name] for _, kg in rows) for name in names}
        items = [MaterialAccountsOut(material=code_, **{f"{name}_t": kg[name] for name in names}) for code_, kg in rows]
        return cls(region=code, as_of=as_of, withheld=withheld, items=items, **total)


class EntryOut(Shape):
    """One posting: what one event did to one lot, in tonnes by account (they sum to zero), with the event and the ticket behind
    it. `subject_id` is the lot, reservation or load whose event it is."""

    id: str
    event_type: str
    at: Time
    recorded_at: Time
    lot_id: str
    material: str
    region: str
    site_id: str
    seller_id: str
    subject_id: str
    ticket: str | None
    reason: str | None
    entries: dict[str, TonnesOut]

    @classmethod
    def of(cls, one: Posting) -> EntryOut:
        names = ("id", "at", "recorded_at", "lot_id", "region", "site_id", "seller_id", "subject_id", "ticket", "reason")
        entries = {f"{account}_t": kg for account, kg in one.entries.items()}
        parts = {name: getattr(one, name) for name in names}
        return cls.model_validate({**parts, "event_type": one.type, "material": one.grade, "entries": entries})


class RevisionOut(Shape):
    """What changed a day that was over, and why: a report that came late, or a ticket put right (`previous_at` is when the load
    had been said to be received). The tonnes are what it adds to each measure; `material` and the rest say where."""

    id: str
    kind: Revision
    reason: str
    at: Time
    previous_at: Time | None
    recorded_at: Time
    material: str
    from_region: str
    to_region: str | None
    mode: str
    lot_id: str
    shipment_id: str
    ticket: str | None
    change: dict[str, TonnesOut]

    @classmethod
    def of(cls, one: Fact) -> RevisionOut:
        names = ("id", "reason", "at", "previous_at", "recorded_at", "to_region", "mode", "lot_id", "ticket")
        parts = {name: getattr(one, name) for name in names}
        change = {f"{measure}_t": kg for measure, kg in one.kg.items()}
        own = {"kind": one.revision, "material": one.grade, "from_region": one.region, "shipment_id": one.subject_id}
        return cls.model_validate({**parts, **own, "change": change})
