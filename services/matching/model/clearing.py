"""A clearing as a record: what it read, found and proved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.events import Event
from shared.events.matching import ClearingCompleted


@dataclass
class ClearingRecord:
    """Money in fen. `kind`: `batch` reads the whole family; `online` what has just arrived, at the last batch's prices, and its
    objective counts only what is gained beyond them. `requested` until the worker ran it (an operator's POST); the automatic
    ones are `done` at once."""

    id: str
    version: int
    material: str
    status: Literal["requested", "done"]
    created_at: datetime
    lots: int = 0
    demands: int = 0
    pairs: int = 0
    proposals: int = 0
    matched_kg: int = 0
    surplus_fen: int = 0
    objective_fen: int = 0
    bound_fen: int = 0
    gap_pct: float = 0.0
    solver: str = ""
    input_digest: str = ""
    duration_ms: int = 0
    kind: Literal["batch", "online"] = "batch"
    work: int = 0
    work_limit_met: bool = False
    completed_at: datetime | None = None

    def completed(self, now: datetime) -> list[Event]:
        """The figures are in."""
        self.status, self.completed_at, self.version = "done", now, 2
        return [
            ClearingCompleted(
                id=self.id,
                version=self.version,
                at=now,
                material=self.material,
                lots=self.lots,
                demands=self.demands,
                proposals=self.proposals,
                matched_kg=self.matched_kg,
                surplus_fen=self.surplus_fen,
                objective_fen=self.objective_fen,
                bound_fen=self.bound_fen,
                solver=self.solver,
                duration_ms=self.duration_ms,
                input_digest=self.input_digest,
            )
        ]


@dataclass
class ClearingEvidence:
    """What the clearing of the same id can be re-run and proved from: `input` (its market) and `proof` (its prices), as packed
    JSON."""

    id: str
    version: int
    created_at: datetime
    input: bytes
    proof: bytes
