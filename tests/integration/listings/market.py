"""A small market for tests of listings: organisations and sites it has heard of, and what other rooms would tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from flask.testing import FlaskClient

from services.listings import service
from services.listings.app import create_app
from services.listings.model import Demand, Lot
from services.listings.store import DEMANDS, DOCUMENTS, LOTS
from shared import parties
from shared.auth import Role
from shared.bus.documents import BUS_DOCUMENTS
from shared.clock import iso, utc_now
from shared.events import Event
from shared.events.accounts import OrganisationRegistered, OrganisationVerified, SiteChanged
from shared.events.base import ComplianceEntry, Point
from shared.events.logistics import ShipmentReceived, ShipmentReturned
from shared.events.matching import Place, ProposalMade, Terms
from shared.http.app import IdempotencyDocument
from shared.ids import new_id
from shared.mongo import Database
from shared.settings import Settings
from tests.fixtures.identity import sign_in

WUHAN = (30.59, 114.30)


@dataclass
class Party:
    """A signed-in organisation with a site."""

    id: str
    role: str
    headers: dict[str, str]
    site_id: str


@dataclass
class Market:
    """One listings room with its HTTP client."""

    settings: Settings
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.database = Database(self.settings, "listings")
        self.database.prepare([*BUS_DOCUMENTS, IdempotencyDocument, *DOCUMENTS])

    @cached_property
    def client(self) -> FlaskClient:
        return create_app(self.settings).test_client()

    def close(self) -> None:
        self.database.client.drop_database(self.settings.database("listings"))
        self.database.close()

    def party(
        self,
        role: Role,
        verified: bool = True,
        region: str = "420100",
        at: tuple[float, float] = WUHAN,
        compliant: tuple[str, ...] = (),
    ) -> Party:
        caller, headers = sign_in(self.settings, role, region=region)
        kind = OrganisationVerified if verified else OrganisationRegistered
        organisation = kind(
            id=caller.organisation_id,
            version=2,
            at=utc_now(),
            name="江城再生",
            role=role,
            region=region,
            status="verified" if verified else "pending",
            contact="x@huanliu.example",
        )
        self.tell(parties.hear_organisation, organisation)
        return Party(caller.organisation_id, role, headers, self.site(caller.organisation_id, region, at, compliant))

    def site(
        self,
        organisation_id: str,
        region: str = "420100",
        at: tuple[float, float] = WUHAN,
        compliant: tuple[str, ...] = (),
    ) -> str:
        event = site_event(new_id(), organisation_id, region, at, compliant)
        self.tell(parties.hear_site, event)
        return event.id

    def tell(self, handler: Callable[[Any, Any], None], event: Event) -> None:
        self.database.write(lambda unit: handler(unit, event))

    def post(self, who: Party, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        return self.client.post(path, json=body, headers={**who.headers, "Accept-Language": "en", **(headers or {})})

    def get(self, who: Party, path: str, **query: Any) -> Any:
        return self.client.get(path, query_string=query, headers={**who.headers, "Accept-Language": "en"})

    def patch(self, who: Party, path: str, body: Any, etag: str | None) -> Any:
        headers = {**who.headers, **({"If-Match": etag} if etag else {})}
        return self.client.patch(path, json=body, headers=headers)

    def lot(self, seller: Party, **changes: Any) -> str:
        """An open lot's id."""
        answer = self.post(seller, "/v1/lots", lot_body(seller, **changes))
        assert answer.status_code == 201, answer.text
        identifier: str = answer.json["id"]
        return identifier

    def demand(self, buyer: Party, **changes: Any) -> str:
        """An open demand's id."""
        answer = self.post(buyer, "/v1/demands", demand_body(buyer, **changes))
        assert answer.status_code == 201, answer.text
        identifier: str = answer.json["id"]
        return identifier

    def lot_row(self, identifier: str) -> Lot:
        return LOTS.get(self.database.read(), identifier)

    def demand_row(self, identifier: str) -> Demand:
        return DEMANDS.get(self.database.read(), identifier)

    def proposal(self, lot_id: str, demand_id: str, kg: int, kind: type[Event] = ProposalMade, **changes: Any) -> Any:
        """A proposal's event under today's terms versions."""
        lot, demand = self.lot_row(lot_id), self.demand_row(demand_id)
        values = {
            "id": new_id(),
            "version": 1,
            "at": utc_now(),
            "terms": terms_of(lot, demand, kg),
            "clearing_id": new_id(),
            "lot_terms_version": lot.terms_version,
            "demand_terms_version": demand.terms_version,
            "surplus_fen": 0,
            "seller_gain_fen": 0,
            "buyer_gain_fen": 0,
            "status": "made",
            **changes,
        }
        return kind(**values)

    def reserve(self, lot_id: str, demand_id: str, kg: int) -> ProposalMade:
        event: ProposalMade = self.proposal(lot_id, demand_id, kg)
        self.tell(service.on_proposal_made, event)
        return event

    def emitted(self, *names: str) -> list[dict[str, Any]]:
        """The data of the outbox rows of these types, in order."""
        import orjson

        types = [f"huanliu.{name}.v1" for name in names]
        rows = self.database.mongo["outbox"].find({"type": {"$in": types}}).sort("_id", 1)
        return [orjson.loads(row["data"]) | {"type": row["type"]} for row in rows]


def terms_of(lot: Lot, demand: Demand, kg: int) -> Terms:
    places = [
        Place(site_id=one.site_id, region=one.region, position=Point(lat=one.position.lat, lon=one.position.lon))
        for one in (lot, demand)
    ]
    return Terms(
        lot_id=lot.id,
        demand_id=demand.id,
        seller_id=lot.seller_id,
        buyer_id=demand.buyer_id,
        grade=lot.terms.grade,
        kg=kg,
        price_fen_per_t=250_000,
        freight_fen_per_t=5_000,
        vat_bp=0,
        mode="road",
        distance_m=100_000,
        hours=3,
        co2e_g_per_t=4_000,
        origin=places[0],
        destination=places[1],
        quality={},
        basis={},
    )


def site_event(
    identifier: str,
    organisation_id: str,
    region: str = "420100",
    at: tuple[float, float] = WUHAN,
    compliant: tuple[str, ...] = (),
    version: int = 1,
) -> SiteChanged:
    now = utc_now()
    entries = tuple(
        ComplianceEntry(list=family, valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=365))
        for family in compliant
    )
    return SiteChanged(
        id=identifier,
        version=version,
        at=now,
        organisation_id=organisation_id,
        name="一号场",
        kind="yard",
        region=region,
        position=Point(lat=at[0], lon=at[1]),
        compliance=entries,
    )


def shipment(kind: type[Event], proposal: ProposalMade, kg: int, **changes: Any) -> Any:
    """A load's ending, of `kg` planned."""
    terms = proposal.terms
    values: dict[str, Any] = {
        "id": new_id(),
        "version": 9,
        "at": utc_now(),
        "trade_id": new_id(),
        "proposal_id": proposal.id,
        "lot_id": terms.lot_id,
        "demand_id": terms.demand_id,
        "seller_id": terms.seller_id,
        "buyer_id": terms.buyer_id,
        "grade": terms.grade,
        "planned_kg": kg,
        "from_region": "420100",
        "to_region": "420100",
        "mode": "road",
        "status": "received" if kind is ShipmentReceived else "returned",
        "recorded_at": utc_now(),
    }
    return kind(**(values | changes))


def received(proposal: ProposalMade, kg: int, consumed_kg: int | None = None) -> ShipmentReceived:
    used = kg if consumed_kg is None else consumed_kg
    event: ShipmentReceived = shipment(
        ShipmentReceived,
        proposal,
        kg,
        net_kg=used,
        settled_kg=used,
        deducted_kg=0,
        consumed_kg=used,
        shortfall_kg=kg - used,
        difference_kg=0,
        ticket="T-1",
    )
    return event


def returned(proposal: ProposalMade, kg: int) -> ShipmentReturned:
    event: ShipmentReturned = shipment(ShipmentReturned, proposal, kg)
    return event


def days(number: float, since: datetime | None = None) -> str:
    """That many days from now, or from the moment `since`: two that must lie a whole time apart count from one moment."""
    return iso((since or datetime.now(UTC)) + timedelta(days=number))


def lot_body(seller: Party, **changes: Any) -> dict[str, Any]:
    return {
        "grade": "steel.hms1",
        "quantity_t": 30.5,
        "ask_cny_per_t": 2450.00,
        "site_id": seller.site_id,
        "available_from": days(0),
        "available_until": days(10),
        "publish": True,
        **changes,
    }


def demand_body(buyer: Party, **changes: Any) -> dict[str, Any]:
    return {
        "grades": ["steel.hms1", "steel.hms2"],
        "quantity_t": 500,
        "bid_cny_per_t": 2700.00,
        "site_id": buyer.site_id,
        "deliver_from": days(0),
        "deliver_until": days(10),
        "publish": True,
        **changes,
    }
