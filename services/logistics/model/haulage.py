"""The haulage of one trade: its loads planned in one go, and whether they can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.logistics.model.shipment import BEFORE_LOADING, Shipment
from shared.events import Event
from shared.events.logistics import HaulageCancelled, HaulageKept
from shared.events.matching import Terms

DEDUCTED_FOR = ("moisture_pct", "impurity_pct")
"""The attributes of contract quality that a settlement deducts for."""


@dataclass
class Haulage:
    """`id` is the trade's. `cancelled` stands even before the trade is heard of, so that it is never planned after."""

    id: str
    version: int = 0
    status: Literal["planned", "cancelled"] = "planned"
    shipment_ids: list[str] = field(default_factory=list)

    def cancel(self, shipments: Sequence[Shipment], now: datetime) -> list[Event]:
        """Take every load back, where none was ever loaded; else say why not. The same request again changes nothing."""
        if self.status == "cancelled":
            return []
        if any(one.status not in BEFORE_LOADING for one in shipments):
            self.version += 1
            return [HaulageKept(id=self.id, version=self.version, at=now, reason="loaded")]
        for shipment in shipments:
            shipment.cancel(now)
        self.version += 1
        self.status = "cancelled"
        ids = tuple(one.id for one in shipments)
        return [HaulageCancelled(id=self.id, version=self.version, at=now, shipment_ids=ids)]


def load_of(identifier: str, trade_id: str, proposal_id: str, terms: Terms, planned_kg: int, now: datetime) -> Shipment:
    """One load of a trade, not planned yet."""
    contract = {name: value for name in DEDUCTED_FOR if (value := terms.contract_quality(name)) is not None}
    return Shipment(
        id=identifier,
        version=0,
        trade_id=trade_id,
        proposal_id=proposal_id,
        lot_id=terms.lot_id,
        demand_id=terms.demand_id,
        seller_id=terms.seller_id,
        buyer_id=terms.buyer_id,
        grade=terms.grade,
        planned_kg=planned_kg,
        from_region=terms.origin.region,
        to_region=terms.destination.region,
        from_position=terms.origin.position,
        to_position=terms.destination.position,
        mode=terms.mode,
        distance_m=terms.distance_m,
        freight_fen_per_t=terms.freight_fen_per_t,
        contract=contract,
        created_at=now,
        updated_at=now,
        from_site_id=terms.origin.site_id,
        to_site_id=terms.destination.site_id,
        resold_bp=terms.resold_bp,
    )
