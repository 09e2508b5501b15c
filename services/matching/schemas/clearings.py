"""Shapes of clearings."""

from __future__ import annotations

from typing import Literal

from services.matching.clearing import Curves, Step
from services.matching.model import ClearingRecord
from shared.http import ListQuery, Shape
from shared.http.filters import Material
from shared.http.shapes import Time
from shared.units import CnyOut, TonnesOut


class ClearingIn(Shape):
    """A material family."""

    material: str


class ClearingQuery(ListQuery):
    material: Material | None = None
    status: Literal["requested", "done"] | None = None


class ClearingOut(Shape):
    """`gap_pct` = 100 × (bound − objective) / bound; the bound is that of the divisible relaxation."""

    id: str
    version: int
    material: str
    kind: Literal["batch", "online"]
    status: Literal["requested", "done"]
    at: Time
    created_at: Time
    completed_at: Time | None
    lots: int
    demands: int
    pairs: int
    proposals: int
    matched_t: TonnesOut
    surplus_cny: CnyOut
    objective_cny: CnyOut
    bound_cny: CnyOut
    gap_pct: float
    solver: str
    duration_ms: int
    input_digest: str
    work: int
    work_limit_met: bool

    @classmethod
    def of(cls, record: ClearingRecord) -> ClearingOut:
        return cls(
            id=record.id,
            version=record.version,
            material=record.material,
            kind=record.kind,
            status=record.status,
            at=record.completed_at or record.created_at,
            created_at=record.created_at,
            completed_at=record.completed_at,
            lots=record.lots,
            demands=record.demands,
            pairs=record.pairs,
            proposals=record.proposals,
            matched_t=record.matched_kg,
            surplus_cny=record.surplus_fen,
            objective_cny=record.objective_fen,
            bound_cny=record.bound_fen,
            gap_pct=record.gap_pct,
            solver=record.solver,
            duration_ms=record.duration_ms,
            input_digest=record.input_digest,
            work=record.work,
            work_limit_met=record.work_limit_met,
        )


class StepOut(Shape):
    """Tonnes at one net price, and how many of them were matched."""

    price_cny_per_t: CnyOut
    quantity_t: TonnesOut
    matched_t: TonnesOut

    @classmethod
    def of(cls, step: Step) -> StepOut:
        return cls(price_cny_per_t=step.fen_per_t, quantity_t=step.kg, matched_t=step.matched_kg)


class CurvesOut(Shape):
    """`supply` from the cheapest ask up, loaded at the seller's; `demand` from the highest bid down, at the buyer's gate. Of
    very many prices neighbours stand together at their mean."""

    supply: list[StepOut]
    demand: list[StepOut]

    @classmethod
    def of(cls, curves: Curves) -> CurvesOut:
        return cls(supply=[StepOut.of(one) for one in curves.supply], demand=[StepOut.of(one) for one in curves.demand])
