"""Whom an event concerns, and what they are told of it: a path to read and a few facts that every one of them may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.notices.model import REGION, ROLE, Note
from shared.events import Event
from shared.events.accounts import OrganisationSuspended, OrganisationVerified
from shared.events.listings import (
    DemandChanged,
    DemandClosed,
    DemandExpired,
    DemandExpiring,
    DemandPosted,
    LotChanged,
    LotClosed,
    LotExpired,
    LotExpiring,
    LotPublished,
    LotWithdrawn,
    SavedSearchMatched,
)
from shared.events.logistics import (
    PositionReported,
    ShipmentArrived,
    ShipmentAssigned,
    ShipmentBooked,
    ShipmentCorrected,
    ShipmentInspected,
    ShipmentLoaded,
    ShipmentPlanned,
    ShipmentReceived,
    ShipmentRefused,
    ShipmentReturned,
    ShipmentWeighed,
)
from shared.events.matching import (
    AgreementAccepted,
    AgreementEnded,
    AgreementMade,
    ClearingCompleted,
    ProposalAccepted,
    ProposalCountered,
    ProposalExpired,
    ProposalMade,
    ProposalRejected,
    ProposalWithdrawn,
    TenderClosed,
    TenderOpened,
)
from shared.events.regions import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmEscalated,
    AlarmRaised,
    AllowanceChanged,
    ReportMade,
    TargetChanged,
    VolumePosted,
)
from shared.events.trading import (
    TradeAgreed,
    TradeCancelled,
    TradeDelivered,
    TradeDisputed,
    TradePaid,
    TradePaymentWithdrawn,
    TradeSettled,
)
from shared.units import fen_to_cny, kg_to_t

Teller = Callable[[Any], tuple[tuple[str | None, ...], str, Mapping[str, Any]]]
"""An event's audience, subject and data."""


def kind_of(event: type[Event] | Event) -> str:
    """`trade.settled` of `huanliu.trade.settled.v1`."""
    return event.TYPE.removeprefix("huanliu.").removesuffix(".v1")


def note_of(event: Event, kind: str | None = None) -> Note:
    """What is told of it; `kind` where that is not the event's own name."""
    audience, subject, data = TELLERS[type(event)](event)
    return Note(kind or kind_of(event), tuple(one for one in audience if one), subject, dict(data))


def _listing(path: str, owner: str) -> Teller:
    def tell(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
        data = {"status": event.status, "closed_reason": event.closed_reason, "available_t": kg_to_t(event.available_kg)}
        return (getattr(event, owner),), f"/v1/{path}/{event.id}", data

    return tell


def _proposal(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    terms = event.terms
    data = {
        "lot_id": terms.lot_id,
        "demand_id": terms.demand_id,
        "grade": terms.grade,
        "quantity_t": kg_to_t(terms.kg),
        "price_cny_per_t": fen_to_cny(terms.price_fen_per_t),
        "status": event.status,
        "reason": event.reason,
    }
    return (terms.seller_id, terms.buyer_id), f"/v1/proposals/{event.id}", data


def _trade(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    terms = event.terms
    data = {
        "proposal_id": event.proposal_id,
        "grade": terms.grade,
        "quantity_t": kg_to_t(terms.kg),
        "status": event.status,
    }
    if isinstance(event, TradeSettled):
        data["amount_cny"] = fen_to_cny(event.amount_fen)
    return (terms.seller_id, terms.buyer_id), f"/v1/trades/{event.id}", data


def _shipment(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    data = {
        "trade_id": event.trade_id,
        "grade": event.grade,
        "quantity_t": kg_to_t(event.planned_kg),
        "status": event.status,
        "from_region": event.from_region,
        "to_region": event.to_region,
    }
    on_offer = f"{ROLE}carrier" if isinstance(event, ShipmentPlanned) else None
    return (event.seller_id, event.buyer_id, event.carrier_id, on_offer), f"/v1/shipments/{event.id}", data


def _organisation(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    return (event.id,), f"/v1/organisations/{event.id}", {"status": event.status}


def _tender(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    data = {"lot_id": event.lot_id, "grade": event.grade, "quantity_t": kg_to_t(event.kg), "status": event.status}
    return (event.seller_id, f"{ROLE}buyer"), f"/v1/tenders/{event.id}", data


def _agreement(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    data = {"grade": event.grade, "month_t": kg_to_t(event.month_kg), "status": event.status}
    return (event.seller_id, event.buyer_id), f"/v1/agreements/{event.id}", data


def _clearing(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    data = {"material": event.material, "proposals": event.proposals, "matched_t": kg_to_t(event.matched_kg)}
    return (f"{ROLE}operator",), f"/v1/clearings/{event.id}", data


def _saved_search(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    data = {
        "saved_search_id": event.saved_search_id,
        "name": event.name,
        "grade": event.grade,
        "region": event.region,
        "available_t": kg_to_t(event.available_kg),
        "price_cny_per_t": fen_to_cny(event.price_net_fen_per_t),
        "alert": event.alert,
    }
    return (event.organisation_id,), f"/v1/{event.kind}/{event.listing_id}", data


def _volume(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    """For the boards of both regions and of those that they lie in; a balance is of many firms, one posting is of one, so no
    tonnes are told here: what changed is read by the rules of `/volumes`."""
    codes = {code for region in (event.region, event.to_region) if region for code in _within(region)}
    return tuple(f"{REGION}{code}" for code in sorted(codes)), f"/v1/regions/{event.region}/volumes", {"grade": event.grade}


def _target(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    regions = tuple(f"{REGION}{code}" for code in dict.fromkeys(_within(event.region)))
    return regions, f"/v1/targets/{event.id}", {"status": event.status}


def _report(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    data = {"region": event.region, "name_zh": event.name_zh, "name_en": event.name_en, "month": event.month}
    return (event.organisation_id, *event.readers), f"/v1/reports/{event.id}", data


def _allowance(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    data = {"grade": event.material, "period": event.period, "allowed_t": kg_to_t(event.allowed_kg)}
    return (event.organisation_id,), f"/v1/allowances/{event.id}", {**data, "left_t": kg_to_t(event.left_kg)}


def _alarm(event: Any) -> tuple[tuple[str | None, ...], str, Mapping[str, Any]]:
    names = ("kind", "name", "region", "zh", "en", "status", "severity")
    return event.audience, f"/v1/alarms/{event.id}", {name: getattr(event, name) for name in names}


def _within(region: str) -> tuple[str, str, str]:
    """A county, its city, its province."""
    return region, f"{region[:4]}00", f"{region[:2]}0000"


TELLERS: Mapping[type[Event], Teller] = {
    **dict.fromkeys((OrganisationVerified, OrganisationSuspended), _organisation),
    **dict.fromkeys(
        (LotPublished, LotChanged, LotWithdrawn, LotExpiring, LotExpired, LotClosed), _listing("lots", "seller_id")
    ),
    **dict.fromkeys(
        (DemandPosted, DemandChanged, DemandClosed, DemandExpiring, DemandExpired), _listing("demands", "buyer_id")
    ),
    SavedSearchMatched: _saved_search,
    **dict.fromkeys(
        (ProposalMade, ProposalAccepted, ProposalRejected, ProposalCountered, ProposalExpired, ProposalWithdrawn), _proposal
    ),
    **dict.fromkeys((TenderOpened, TenderClosed), _tender),
    **dict.fromkeys((AgreementMade, AgreementAccepted, AgreementEnded), _agreement),
    **dict.fromkeys(
        (TradeAgreed, TradeCancelled, TradeDelivered, TradeDisputed, TradeSettled, TradePaid, TradePaymentWithdrawn), _trade
    ),
    **dict.fromkeys(
        (
            ShipmentPlanned,
            ShipmentAssigned,
            ShipmentBooked,
            ShipmentLoaded,
            PositionReported,
            ShipmentArrived,
            ShipmentWeighed,
            ShipmentInspected,
            ShipmentReceived,
            ShipmentCorrected,
            ShipmentRefused,
            ShipmentReturned,
        ),
        _shipment,
    ),
    ClearingCompleted: _clearing,
    VolumePosted: _volume,
    TargetChanged: _target,
    ReportMade: _report,
    AllowanceChanged: _allowance,
    **dict.fromkeys((AlarmRaised, AlarmCleared, AlarmAcknowledged, AlarmEscalated), _alarm),
}
"""What is told, by event. A proposal that listings has not reserved yet shows to nobody: see `service.hear_made`."""
