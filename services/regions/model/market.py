"""What the public picture of the market is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["lot", "demand"]


@dataclass
class KnownListing:
    """A lot's or demand's state as last heard; `version` is the aggregate's own."""

    id: str
    version: int
    kind: Kind
    status: str
    available_kg: int


@dataclass
class KnownTrade:
    """A trade as last heard; no party is named. `agreed_at` is None until that event has come."""

    id: str
    version: int
    status: str
    grade: str
    kg: int
    price_fen_per_t: int
    from_region: str
    to_region: str
    agreed_at: datetime | None = None


@dataclass
class KnownClearing:
    """A clearing, for the market's picture."""

    id: str
    version: int
    at: datetime
    material: str
    proposals: int
    matched_kg: int
    surplus_fen: int
    objective_fen: int
    bound_fen: int
    duration_ms: int
