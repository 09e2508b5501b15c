"""What is looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.listings.views.understanding import understand
from shared.geo import Position

Sort = Literal["relevance", "price", "distance", "newest", "quantity", "delivered"]


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What is looked for. `material` is a family or a grade, prices are net per tonne, kilograms are of what is available;
    `to` is where the goods shall go, for `delivered`. Whose listings: `favourite` asks for those of favourites; `owners` (None:
    all) and `not_owners` are what the search makes of it, and of whom the caller has blocked."""

    q: str = ""
    material: str | None = None
    grade: str | None = None
    region: str | None = None
    near: Position | None = None
    within_km: float | None = None
    min_kg: int | None = None
    max_kg: int | None = None
    max_price_fen: int | None = None
    compliant: bool = False
    sort: Sort = "relevance"
    min_price_fen: int | None = None
    to: Position | None = None
    favourite: bool = False
    owners: tuple[str, ...] | None = None
    not_owners: tuple[str, ...] = ()

    @property
    def order(self) -> Sort:
        """Without words nothing is more relevant than what is new."""
        return "newest" if self.sort == "relevance" and not understand(self.q).says_something else self.sort
