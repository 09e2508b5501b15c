"""Matching's database with the events it hears; listings is played by its events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.matching.model import ClearingRecord, Proposal
from services.matching.service import book, clear
from services.matching.store import DOCUMENTS, PROPOSALS
from shared import parties
from shared.bus.documents import BUS_DOCUMENTS
from shared.clock import utc_now
from shared.events import Event
from shared.events.accounts import OrganisationVerified
from shared.events.base import Point
from shared.events.listings import Balance, DemandPosted, LotPublished, QuantityRefused, QuantityReserved
from shared.ids import new_id
from shared.mongo import Database
from shared.settings import Settings

WUHAN, EZHOU = Point(lat=30.5928, lon=114.3055), Point(lat=30.3919, lon=114.8947)
WORKER = "worker"


class Clock:
    """A clock that a test can move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


class Room:
    """The room's database, with the events it hears."""

    def __init__(self, settings: Settings) -> None:
        self.clock = Clock()
        self.database = Database(settings, "matching", self.clock)
        self.database.prepare([*BUS_DOCUMENTS, *DOCUMENTS])

    def hear(self, handler: Any, *events: Event) -> None:
        for event in events:
            self.database.write(lambda unit, event=event: handler(unit, event))  # type: ignore[misc]

    def lot(self, **changes: Any) -> LotPublished:
        now = self.clock()
        state = {
            "id": new_id(), "version": 2, "at": now, "terms_version": 1, "status": "open", "site_id": "yard",
            "region": "420102", "position": WUHAN, "quantity_kg": 30_000, "available_kg": 30_000, "reserved_kg": 0,
            "consumed_kg": 0, "unsold_kg": 0, "vat_bp": 300, "min_take_kg": 5_000, "auto_accept": False,
            "seller_id": "seller", "grade": "steel.hms1", "ask_fen_per_t": 245_000, "ask_net_fen_per_t": 237_864,
            "quality": {}, "divisible": True, "origin": "domestic", "available_from": now,
            "available_until": now + timedelta(days=9),
        }  # fmt: skip
        event = LotPublished(**(state | changes))
        self.hear(book.hear_lot, event)
        return event

    def demand(self, **changes: Any) -> DemandPosted:
        now = self.clock()
        state = {
            "id": new_id(), "version": 2, "at": now, "terms_version": 1, "status": "open", "site_id": "mill",
            "region": "420704", "position": EZHOU, "quantity_kg": 500_000, "available_kg": 500_000, "reserved_kg": 0,
            "consumed_kg": 0, "unsold_kg": 0, "vat_bp": 1300, "min_take_kg": 5_000, "auto_accept": False,
            "buyer_id": "buyer", "grades": ["steel.hms1"], "bid_fen_per_t": 290_000, "bid_net_fen_per_t": 256_637,
            "quality_limits": {}, "blend_limits": {}, "basis": {}, "compliant_sellers_only": False, "deliver_from": now,
            "deliver_until": now + timedelta(days=9),
        }  # fmt: skip
        event = DemandPosted(**(state | changes))
        self.hear(book.hear_demand, event)
        return event

    def clear(self, worker: str = WORKER) -> ClearingRecord | None:
        return clear.run(self.database, "steel", worker)

    def proposals(self) -> list[Proposal]:
        return PROPOSALS.select(self.database.read(), {}, [("_id", 1)])

    def reserve(self, proposal: Proposal) -> Proposal:
        """Listings' yes."""
        terms = proposal.terms
        sides = {"lot": balance(terms.lot_id, 30_000 - terms.kg), "demand": balance(terms.demand_id, 500_000 - terms.kg)}
        ids = {"id": proposal.id, "lot_id": terms.lot_id, "demand_id": terms.demand_id}
        self.hear(book.hear_reserved, QuantityReserved(version=1, at=self.clock(), kg=terms.kg, **ids, **sides))
        return PROPOSALS.get(self.database.read(), proposal.id)

    def refuse(self, proposal: Proposal, reason: str = "not-enough") -> Proposal:
        """Listings' no, which says nothing of what is left."""
        terms = proposal.terms
        ids = {"id": proposal.id, "lot_id": terms.lot_id, "demand_id": terms.demand_id}
        refused = QuantityRefused(version=1, at=self.clock(), kg=terms.kg, reason=reason, lot=None, demand=None, **ids)
        self.hear(book.hear_refused, refused)
        return PROPOSALS.get(self.database.read(), proposal.id)

    def verify(self, **roles: str) -> None:
        """Organisations that accounts has verified, `name="collector"`."""
        for name, role in roles.items():
            event = OrganisationVerified(
                id=name, version=2, at=self.clock(), name=name, role=role, region="420100", status="verified", contact="x"
            )
            self.hear(parties.hear_organisation, event)


def balance(identifier: str, available_kg: int) -> Balance:
    rest = {"status": "open", "quantity_kg": 500_000, "consumed_kg": 0, "unsold_kg": 0}
    return Balance.model_validate(
        {"id": identifier, "version": 3, "available_kg": available_kg, "reserved_kg": 500_000 - available_kg, **rest}
    )
