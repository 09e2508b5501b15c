"""Loads received, and the way their trades say they came."""

from __future__ import annotations

from services.regions.model import Delivery, Haul, KnownTrade
from services.regions.store import DELIVERIES, TRADES, waiting_deliveries
from shared.events.logistics import ShipmentCorrected, ShipmentReceived
from shared.events.matching import Terms
from shared.mongo import Unit


def hear_delivery(unit: Unit, event: ShipmentReceived | ShipmentCorrected) -> None:
    """A load was received, or its ticket put right: the newest version counts."""
    known = DELIVERIES.find(unit, event.id)
    if known is not None and known.version >= event.version:
        return
    ends = event.from_region, event.to_region
    parties = event.seller_id, event.buyer_id
    heard = Delivery(event.id, event.version, event.trade_id, *parties, event.grade, event.at, event.net_kg, *ends)
    trade = TRADES.find(unit, event.trade_id)
    if trade is not None and trade.haul is not None:
        heard.travels(trade.haul)
    DELIVERIES.save(unit, heard)


def hear_haul(unit: Unit, known: KnownTrade, terms: Terms) -> None:
    """The trade's terms have come: so its loads travel, those too that came before it."""
    if known.haul is not None:
        return
    known.haul = Haul(terms.origin.site_id, terms.destination.site_id, terms.mode, terms.distance_m, terms.co2e_g_per_t)
    for delivery in waiting_deliveries(unit, known.id):
        delivery.travels(known.haul)
        DELIVERIES.save(unit, delivery)
