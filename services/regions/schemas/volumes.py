"""Regions, their volumes, flows and balances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from services.regions.views import Flow, VolumeRow
from shared.geo import Region, ancestors
from shared.http import PageOut, Shape
from shared.http import Position as PositionOut
from shared.mongo import make_cursor
from shared.units import TonnesOut


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
