"""Shapes of framework agreements and their call-offs."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, WithJsonSchema

from services.matching.model import Agreement, AgreementTerms, CallOff, later
from services.matching.service.agreements import CallOffDraft
from shared.catalogue import family_of
from shared.http import ListQuery, Shape
from shared.http.filters import Grade, Material, Region
from shared.http.shapes import Time
from shared.problem import Fault
from shared.units import CnyOut, CnyPerTonne, PartPct, PriceDifference, Tonnes, TonnesOut, VatPctOut

MONTH = r"^20\d\d-(0[1-9]|1[0-2])$"


def _month(text: str) -> str:
    if re.fullmatch(MONTH, text) is None:
        raise Fault("应为月份，例如 2026-12", "Write a month such as 2026-12")
    return text


Month = Annotated[str, AfterValidator(_month), WithJsonSchema({"type": "string", "pattern": MONTH})]
"""A calendar month of Asia/Shanghai, `2026-12`."""


class AgreementIn(Shape):
    """`month_t` for each month from the first to the last, `below_pct` less or `above_pct` more. A call-off is priced at the
    index of the grade in the region + premium, within floor and ceiling: per tonne, net of VAT, loaded at the seller's."""

    counterparty_id: str
    grade: Grade
    first_month: Month
    last_month: Month
    month_t: Tonnes
    below_pct: PartPct = 0
    above_pct: PartPct = 0
    region: Region
    premium_cny_per_t: PriceDifference = 0
    floor_cny_per_t: CnyPerTonne | None = None
    ceiling_cny_per_t: CnyPerTonne | None = None

    def to_terms(self) -> AgreementTerms:
        return AgreementTerms(
            grade=self.grade,
            first_month=self.first_month,
            last_month=self.last_month,
            month_kg=self.month_t,
            below_bp=self.below_pct,
            above_bp=self.above_pct,
            region=self.region,
            premium_fen_per_t=self.premium_cny_per_t,
            floor_fen_per_t=self.floor_cny_per_t,
            ceiling_fen_per_t=self.ceiling_cny_per_t,
        )


class EndIn(Shape):
    """The month after which nothing is called off: the next one at the earliest, and unless another is named."""

    last_month: Month | None = None


class AgreementQuery(ListQuery):
    status: Literal["proposed", "in-force", "ending", "declined", "withdrawn"] | None = None
    seller_id: str | None = None
    buyer_id: str | None = None
    material: Material | None = None
    region: Region | None = None

    def filters(self) -> dict[str, str | None]:
        return self.model_dump(exclude={"limit", "cursor"})


class MonthOut(Shape):
    """`called_t`: loads received at their net weight, all others as agreed; `remaining_t` can still be called off,
    `lacking_t` is what it is short of the least."""

    month: str
    least_t: TonnesOut
    most_t: TonnesOut
    called_t: TonnesOut
    delivered_t: TonnesOut
    remaining_t: TonnesOut
    lacking_t: TonnesOut

    @classmethod
    def of(cls, agreement: Agreement, name: str) -> MonthOut:
        month = agreement.month(name)
        return cls(
            month=name,
            least_t=agreement.least_kg,
            most_t=agreement.most_kg,
            called_t=month.called_kg,
            delivered_t=month.delivered_kg,
            remaining_t=agreement.left_kg(name),
            lacking_t=max(0, agreement.least_kg - month.called_kg),
        )


class AgreementOut(Shape):
    """`ending`: one side gave notice, and `last_month` is what it came to."""

    id: str
    version: int
    status: Literal["proposed", "in-force", "ending", "declined", "withdrawn"]
    seller_id: str
    buyer_id: str
    proposed_by: str
    ended_by: str | None
    grade: str
    material: str
    first_month: str
    last_month: str
    month_t: TonnesOut
    below_pct: VatPctOut
    above_pct: VatPctOut
    region: str
    premium_cny_per_t: CnyOut
    floor_cny_per_t: CnyOut | None
    ceiling_cny_per_t: CnyOut | None
    months: list[MonthOut]
    accepted_at: Time | None
    ended_at: Time | None
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, agreement: Agreement) -> AgreementOut:
        return cls(
            id=agreement.id,
            version=agreement.version,
            status=agreement.status,
            seller_id=agreement.seller_id,
            buyer_id=agreement.buyer_id,
            proposed_by=agreement.proposed_by,
            ended_by=agreement.ended_by,
            grade=agreement.grade,
            material=family_of(agreement.grade),
            first_month=agreement.first_month,
            last_month=agreement.last_month,
            month_t=agreement.month_kg,
            below_pct=agreement.below_bp,
            above_pct=agreement.above_bp,
            region=agreement.region,
            premium_cny_per_t=agreement.premium_fen_per_t,
            floor_cny_per_t=agreement.floor_fen_per_t,
            ceiling_cny_per_t=agreement.ceiling_fen_per_t,
            months=[MonthOut.of(agreement, name) for name in _months(agreement)],
            accepted_at=agreement.accepted_at,
            ended_at=agreement.ended_at,
            created_at=agreement.created_at,
            updated_at=agreement.updated_at,
        )


def _months(agreement: Agreement) -> list[str]:
    """None where notice came to a month before the first."""
    names, name = [], agreement.first_month
    while name <= agreement.last_month:
        names.append(name)
        name = later(name, 1)
    return names


class CallOffIn(Shape):
    """An open lot of the seller and an open demand of the buyer; it counts for the month it is made in."""

    lot_id: str
    demand_id: str
    quantity_t: Tonnes

    def to_draft(self) -> CallOffDraft:
        return CallOffDraft(self.lot_id, self.demand_id, self.quantity_t)


class CallOffQuery(ListQuery):
    status: Literal["asked", "agreed", "refused", "cancelled"] | None = None
    month: Month | None = None
    lot_id: str | None = None
    demand_id: str | None = None

    def filters(self) -> dict[str, str | None]:
        return self.model_dump(exclude={"limit", "cursor"})


class CallOffOut(Shape):
    """`asked` until listings has reserved it; then its proposal is agreed by both, and a trade. `index_cny_per_t` is of the day
    `index_on`, `index_carried` where that was an earlier one; all null where there was none and the floor took its place."""

    id: str
    version: int
    agreement_id: str
    proposal_id: str
    status: Literal["asked", "agreed", "refused", "cancelled"]
    reason: str | None
    month: str
    by: Literal["seller", "buyer"]
    lot_id: str
    demand_id: str
    quantity_t: TonnesOut
    price_cny_per_t: CnyOut
    index_cny_per_t: CnyOut | None
    index_on: str | None
    index_carried: bool
    called_t: TonnesOut
    delivered_t: TonnesOut
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, called: CallOff) -> CallOffOut:
        return cls(
            id=called.id,
            version=called.version,
            agreement_id=called.agreement_id,
            proposal_id=called.id,
            status=called.status,
            reason=called.reason,
            month=called.month,
            by=called.by,
            lot_id=called.lot_id,
            demand_id=called.demand_id,
            quantity_t=called.kg,
            price_cny_per_t=called.price_fen_per_t,
            index_cny_per_t=called.index_fen_per_t,
            index_on=called.index_day,
            index_carried=called.carried,
            called_t=called.called_kg,
            delivered_t=called.delivered_kg,
            created_at=called.created_at,
            updated_at=called.updated_at,
        )
