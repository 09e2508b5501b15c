"""What becomes of the material: loads received, where they arose, how far and by what they came, what that avoids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass
class Haul:
    """How a trade's loads travel, as its terms froze it."""

    from_site: str
    to_site: str
    mode: str
    distance_m: int
    co2e_g_per_t: int


@dataclass
class Delivery:
    """One load that was received; `id` is the shipment's, `net_kg` what the scale said last. Its `haul` is known once the trade
    has been heard of, and until then it waits."""

    id: str
    version: int
    trade_id: str
    seller_id: str
    buyer_id: str
    grade: str
    at: datetime
    net_kg: int
    from_region: str
    to_region: str
    haul: Haul | None = None
    waiting: bool = True

    def travels(self, haul: Haul) -> None:
        """Its trade has come."""
        self.haul, self.waiting = haul, False


Quality = Literal["published", "secondary", "weak"]


@dataclass(frozen=True)
class Factor:
    """Kilograms of CO2e avoided per tonne received of a family or grade, and how far that can be leaned on."""

    material: str
    kg_per_t: int
    basis_zh: str
    basis_en: str
    quality: Quality
    source: str
    note: str


@dataclass(frozen=True)
class Received:
    """Loads of one grade by one mode, summed: `kg` net, `metre_kg` its sum of distance × kg, `freight_mg` the haul's CO2e.
    `inside` says that they arose in the same region. Those whose haul is not known (`mode` None) have no distance."""

    grade: str
    mode: str | None
    inside: bool
    loads: int
    kg: int
    metre_kg: int
    freight_mg: int
