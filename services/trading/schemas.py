"""Shapes of trades, in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import StringConstraints

from services.trading.model import Dispute, Load, Trade
from services.trading.settling import Line, statement_lines
from shared.catalogue import family_of
from shared.events.matching import Place
from shared.http import ListQuery, Position, Shape
from shared.http.filters import Material, Region
from shared.http.shapes import Time
from shared.parties import Party
from shared.problem import WrongState
from shared.units import CnyAmount, CnyOut, TonnesOut, VatPctOut

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class CancelIn(Shape):
    """Why, if the party cares to say."""

    reason: Text | None = None


class DisputeIn(Shape):
    """What is objected to; without `amount_cny` the whole amount is held."""

    reason: Text
    amount_cny: CnyAmount | None = None


class TradeQuery(ListQuery):
    lot_id: str | None = None
    demand_id: str | None = None
    proposal_id: str | None = None
    status: Literal["agreed", "in_delivery", "delivered", "settled", "cancelled"] | None = None
    material: Material | None = None
    region: Region | None = None
    """At either end."""
    from_region: Region | None = None
    to_region: Region | None = None

    def filters(self) -> dict[str, str | None]:
        return self.model_dump(exclude={"limit", "cursor"})


class PartyOut(Shape):
    id: str
    name: str
    contact: str

    @classmethod
    def of(cls, party: Party) -> PartyOut:
        return cls(id=party.id, name=party.name, contact=party.contact)


class PlaceOut(Shape):
    """Exact, since the trade is agreed."""

    site_id: str
    region: str
    position: Position

    @classmethod
    def of(cls, place: Place) -> PlaceOut:
        return cls(site_id=place.site_id, region=place.region, position=Position(**place.position.model_dump()))


class LoadOut(Shape):
    """A load that has ended."""

    shipment_id: str
    outcome: Literal["received", "returned"]
    planned_t: TonnesOut
    net_t: TonnesOut
    settled_t: TonnesOut

    @classmethod
    def of(cls, load: Load) -> LoadOut:
        return cls(
            shipment_id=load.shipment_id,
            outcome=load.outcome,
            planned_t=load.planned_kg,
            net_t=load.net_kg,
            settled_t=load.settled_kg,
        )


class DisputeOut(Shape):
    by: str
    reason: str
    held_cny: CnyOut
    at: Time

    @classmethod
    def of(cls, dispute: Dispute) -> DisputeOut:
        return cls(by=dispute.by, reason=dispute.reason, held_cny=dispute.held_fen, at=dispute.at)


class TradeOut(Shape):
    id: str
    version: int
    status: Literal["agreed", "in_delivery", "delivered", "settled", "cancelled"]
    proposal_id: str
    lot_id: str
    demand_id: str
    material: str
    grade: str
    quantity_t: TonnesOut
    price_cny_per_t: CnyOut
    freight_cny_per_t: CnyOut
    vat_rate_pct: VatPctOut
    mode: str
    distance_km: float
    from_region: str
    to_region: str
    origin: PlaceOut
    destination: PlaceOut
    seller: PartyOut
    buyer: PartyOut
    load_count: int | None
    loads: list[LoadOut]
    amount_cny: CnyOut | None
    vat_cny: CnyOut | None
    """As the statement has them; null before it."""
    held_cny: CnyOut
    disputes: list[DisputeOut]
    delivered_at: Time | None
    settled_at: Time | None
    dispute_until: Time | None
    due_at: Time | None
    paid_at: Time | None
    cancel_requested_at: Time | None
    cancel_reason: str | None
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, trade: Trade, known: Mapping[str, Party]) -> TradeOut:
        terms = trade.terms
        return cls(
            id=trade.id,
            version=trade.version,
            status=trade.status,
            proposal_id=trade.proposal_id,
            lot_id=terms.lot_id,
            demand_id=terms.demand_id,
            material=family_of(terms.grade),
            grade=terms.grade,
            quantity_t=terms.kg,
            price_cny_per_t=terms.price_fen_per_t,
            freight_cny_per_t=terms.freight_fen_per_t,
            vat_rate_pct=terms.vat_bp,
            mode=terms.mode,
            distance_km=terms.distance_m / 1000,
            from_region=terms.origin.region,
            to_region=terms.destination.region,
            origin=PlaceOut.of(terms.origin),
            destination=PlaceOut.of(terms.destination),
            seller=PartyOut.of(known[terms.seller_id]),
            buyer=PartyOut.of(known[terms.buyer_id]),
            load_count=trade.load_count,
            loads=[LoadOut.of(load) for load in trade.loads],
            amount_cny=None if trade.totals is None else trade.totals.amount_fen,
            vat_cny=None if trade.totals is None else trade.totals.vat_fen,
            held_cny=trade.held_fen,
            disputes=[DisputeOut.of(one) for one in trade.disputes],
            delivered_at=trade.delivered_at,
            settled_at=trade.settled_at,
            dispute_until=trade.dispute_until,
            due_at=trade.due_at,
            paid_at=trade.paid_at,
            cancel_requested_at=trade.cancel_requested_at,
            cancel_reason=trade.cancel_reason,
            created_at=trade.created_at,
            updated_at=trade.updated_at,
        )


class LineOut(Shape):
    """One figure with its source: a weighbridge ticket's number, an inspection (its shipment), the contract (its proposal)."""

    figure: str
    value: float
    source: Literal["ticket", "inspection", "contract"]
    reference: str
    shipment_id: str | None

    @classmethod
    def of(cls, line: Line) -> LineOut:
        return cls(
            figure=line.figure,
            value=line.value,
            source=line.source,
            reference=line.reference,
            shipment_id=line.shipment_id,
        )


class SettlementOut(Shape):
    """The statement of a settled trade."""

    trade_id: str
    net_t: TonnesOut
    settled_t: TonnesOut
    deducted_t: TonnesOut
    price_cny_per_t: CnyOut
    amount_cny: CnyOut
    vat_cny: CnyOut
    freight_cny: CnyOut
    held_cny: CnyOut
    settled_at: Time | None
    due_at: Time | None
    lines: list[LineOut]

    @classmethod
    def of(cls, trade: Trade) -> SettlementOut:
        """Raises WrongState before the trade is settled."""
        totals = trade.totals
        if totals is None:
            raise WrongState(zh="交易尚未结算", en="The trade is not settled: loads are under way, or it was cancelled")
        return cls(
            trade_id=trade.id,
            net_t=totals.net_kg,
            settled_t=totals.settled_kg,
            deducted_t=totals.deducted_kg,
            price_cny_per_t=trade.terms.price_fen_per_t,
            amount_cny=totals.amount_fen,
            vat_cny=totals.vat_fen,
            freight_cny=totals.freight_fen,
            held_cny=trade.held_fen,
            settled_at=trade.settled_at,
            due_at=trade.due_at,
            lines=[LineOut.of(line) for line in statement_lines(trade.terms, trade.proposal_id, trade.received)],
        )
