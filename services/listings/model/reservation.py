"""A reservation: the tonnes of one proposal, taken from a lot and a demand together and given back or consumed together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.listings.model.demand import Demand
from services.listings.model.listing import QuantitiesAreWrong
from services.listings.model.lot import Lot
from shared.events import Event
from shared.events.listings import QuantityConsumed, QuantityRefused, QuantityReleased, QuantityReserved
from shared.events.matching import Terms

Cause = Literal["rejected", "countered", "expired", "withdrawn", "cancelled", "returned", "shortfall"]
State = Literal["reserved", "done", "refused", "ended"]


@dataclass(kw_only=True)
class Reservation:
    """`id` is the proposal's. remaining + consumed + released = kg while it was ever `reserved`. `ended` is the tombstone of
    a proposal whose ending came before it: it forbids reserving (`protocol.md` 4)."""

    id: str
    version: int = 1
    lot_id: str
    demand_id: str
    seller_id: str
    buyer_id: str
    kg: int
    remaining_kg: int = 0
    consumed_kg: int = 0
    released_kg: int = 0
    state: State
    reason: str | None = None
    agreed: bool = False
    """Whether it became a trade: its parties then see each other's place."""
    updated_at: datetime

    def move(self, consumed_kg: int, released_kg: int, now: datetime) -> None:
        """Raises QuantitiesAreWrong where more would leave than remains."""
        self.remaining_kg -= consumed_kg + released_kg
        self.consumed_kg += consumed_kg
        self.released_kg += released_kg
        if self.remaining_kg < 0 or self.state != "reserved":
            raise QuantitiesAreWrong(f"reservation {self.id} ({self.state}) has {self.remaining_kg} kg after this")
        if self.remaining_kg == 0:
            self.state = "done"
        self.version += 1
        self.updated_at = now


def _of(proposal_id: str, terms: Terms, state: State, now: datetime, reason: str | None = None) -> Reservation:
    return Reservation(
        id=proposal_id,
        lot_id=terms.lot_id,
        demand_id=terms.demand_id,
        seller_id=terms.seller_id,
        buyer_id=terms.buyer_id,
        kg=terms.kg,
        state=state,
        reason=reason,
        updated_at=now,
    )


def tombstone(proposal_id: str, terms: Terms, now: datetime) -> Reservation:
    """What an ending leaves that came before its proposal."""
    return _of(proposal_id, terms, "ended", now)


def reserve(
    proposal_id: str,
    terms: Terms,
    versions: tuple[int, int],
    lot: Lot | None,
    demand: Demand | None,
    barred: str | None,
    now: datetime,
) -> tuple[Reservation, list[Event]]:
    """Reserve on both sides or on none. `versions` are the terms versions of lot and demand that the proposal saw; `barred`
    is a reason from outside (a tombstone, a suspended party)."""
    reason = barred or _refusal(terms.kg, versions, lot, demand, now)
    if reason is not None or lot is None or demand is None:
        refused = _of(proposal_id, terms, "refused", now, reason)
        return refused, [
            QuantityRefused(
                id=proposal_id,
                version=refused.version,
                at=now,
                lot_id=terms.lot_id,
                demand_id=terms.demand_id,
                kg=terms.kg,
                lot=lot and lot.balance(),
                demand=demand and demand.balance(),
                reason=reason or "lot-unknown",
            )
        ]
    reservation = _of(proposal_id, terms, "reserved", now)
    reservation.remaining_kg = terms.kg
    lot.reserve(terms.kg, now)
    demand.reserve(terms.kg, now)
    return reservation, [
        QuantityReserved(
            id=proposal_id,
            version=reservation.version,
            at=now,
            lot_id=lot.id,
            demand_id=demand.id,
            kg=terms.kg,
            lot=lot.balance(),
            demand=demand.balance(),
        )
    ]


def _refusal(kg: int, versions: tuple[int, int], lot: Lot | None, demand: Demand | None, now: datetime) -> str | None:
    if lot is None:
        return "lot-unknown"
    if demand is None:
        return "demand-unknown"
    return lot.refusal(kg, versions[0], now) or demand.refusal(kg, versions[1], now)


def release(
    reservation: Reservation,
    lot: Lot,
    demand: Demand,
    kg: int,
    cause: Cause,
    now: datetime,
    shipment_id: str | None = None,
) -> list[Event]:
    """Give `kg` back to both sides; a side whose window is over meanwhile expires first. `returned` and `shortfall` come
    from the road, the rest was never loaded."""
    if kg == 0:
        return []
    events = [*lot.expire(now), *demand.expire(now)]
    reservation.move(0, kg, now)
    lot.take_back(kg, now)
    demand.take_back(kg, now)
    events.append(
        QuantityReleased(
            id=reservation.id,
            version=reservation.version,
            at=now,
            lot_id=lot.id,
            demand_id=demand.id,
            kg=kg,
            lot=lot.balance(),
            demand=demand.balance(),
            cause=cause,
            lot_to=lot.ledger_place,
            in_transit=cause in ("returned", "shortfall"),
            shipment_id=shipment_id,
            final=reservation.remaining_kg == 0,
        )
    )
    return events


def consume(
    reservation: Reservation, lot: Lot, demand: Demand, consumed_kg: int, shortfall_kg: int, now: datetime, shipment_id: str
) -> list[Event]:
    """A received load uses `consumed_kg`; what it lacks goes back. A side of which nothing is left closes."""
    events: list[Event] = []
    if consumed_kg:
        reservation.move(consumed_kg, 0, now)
        lot.use(consumed_kg, now)
        demand.use(consumed_kg, now)
        events.append(
            QuantityConsumed(
                id=reservation.id,
                version=reservation.version,
                at=now,
                lot_id=lot.id,
                demand_id=demand.id,
                kg=consumed_kg,
                lot=lot.balance(),
                demand=demand.balance(),
                shipment_id=shipment_id,
                final=reservation.remaining_kg == 0,
            )
        )
    events += release(reservation, lot, demand, shortfall_kg, "shortfall", now, shipment_id)
    return [*events, *lot.finish(now), *demand.finish(now)]


def agree(reservation: Reservation, now: datetime) -> None:
    """The proposal became a trade."""
    reservation.agreed = True
    reservation.version += 1
    reservation.updated_at = now
