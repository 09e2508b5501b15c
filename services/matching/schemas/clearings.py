"""Shapes of clearings."""

from __future__ import annotations

from typing import Literal

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
