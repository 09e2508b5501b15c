"""What is heard of lots, loads and prices, for allowances and alarms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.regions.model.allowances import Use
from services.regions.model.watched import WASTE, DemandSite, KnownPrice, Quantities, SiteActivity, WatchedLot
from services.regions.service.allowances import count
from services.regions.store.allowances import USES
from services.regions.store.watched import DEMAND_SITES, KNOWN_PRICES, SITE_ACTIVITIES, WATCHED_LOTS
from shared.events.listings import (
    DemandPosted,
    LotChanged,
    LotClosed,
    LotExpired,
    LotPublished,
    LotWithdrawn,
    QuantityConsumed,
    QuantityReleased,
    QuantityReserved,
)
from shared.events.logistics import ShipmentCorrected, ShipmentLoaded, ShipmentReceived
from shared.events.matching import PricePublished
from shared.mongo import Unit

LotEvent = LotPublished | LotChanged | LotWithdrawn | LotExpired | LotClosed
QuantityEvent = QuantityReserved | QuantityReleased | QuantityConsumed


def hear_lot(unit: Unit, event: LotEvent) -> str:
    """Where it is, and its quantities. Like all here, gives the region of the site whose matter it is, where that is known."""
    lot = _lot(unit, event.id)
    before = lot.counted()
    if event.version > lot.placed:
        lot.placed, lot.organisation_id, lot.site_id = event.version, event.seller_id, event.site_id
        lot.region, lot.grade, lot.new = event.region, event.grade, event.stock != "stock"
        lot.published_at = event.published_at
    lot.hear(_quantities(event))
    WATCHED_LOTS.save(unit, lot)
    count(unit, before, lot.counted())
    if isinstance(event, LotPublished | LotChanged):
        _active(unit, event.site_id, event.at)
    _active(unit, lot.site_id, lot.loaded_at)
    return event.region


def hear_quantity(unit: Unit, event: QuantityEvent) -> str | None:
    """A lot's new quantities; what has arrived or is back is on the road no longer."""
    lot = _lot(unit, event.lot_id)
    before = lot.counted()
    if event.lot is not None:
        lot.hear(_quantities(event.lot))
    if isinstance(event, QuantityConsumed) or (isinstance(event, QuantityReleased) and event.in_transit):
        lot.move(-event.kg)
    WATCHED_LOTS.save(unit, lot)
    count(unit, before, lot.counted())
    return lot.region or None


def hear_loaded(unit: Unit, event: ShipmentLoaded) -> str:
    """It has left its site."""
    lot = _lot(unit, event.lot_id)
    lot.load(event.planned_kg, event.at)
    WATCHED_LOTS.save(unit, lot)
    _active(unit, lot.site_id, event.at)
    return event.from_region


def hear_received(unit: Unit, event: ShipmentReceived | ShipmentCorrected) -> str:
    """Net kilograms of a waste are verified use; the newest version counts, on the day that it names."""
    if event.grade.startswith(WASTE):
        known = USES.find(unit, event.id)
        if known is None or known.version < event.version:
            use = Use(event.id, event.version, event.seller_id, event.from_region, event.grade, event.at, event.net_kg)
            USES.save(unit, use)
            count(unit, known.counted() if known else None, use.counted())
    if isinstance(event, ShipmentReceived):
        demand = DEMAND_SITES.find(unit, event.demand_id) or DemandSite(event.demand_id)
        demand.receive(event.at)
        DEMAND_SITES.save(unit, demand)
        _active(unit, demand.site_id, event.at)
    return event.to_region


def hear_demand(unit: Unit, event: DemandPosted) -> str:
    """Where its loads will arrive."""
    demand = DEMAND_SITES.find(unit, event.id) or DemandSite(event.id)
    demand.site_id = event.site_id
    demand.version += 1
    DEMAND_SITES.save(unit, demand)
    _active(unit, event.site_id, event.at)
    _active(unit, event.site_id, demand.received_at)
    return event.region


def hear_price(unit: Unit, event: PricePublished) -> None:
    """The newest of the last day counts."""
    identifier = f"{event.region}:{event.grade}"
    known = KNOWN_PRICES.find(unit, identifier)
    if known is None or (known.day, known.version) < (event.day, event.version):
        price = KnownPrice(identifier, event.version, event.grade, event.region, event.day, event.price_fen_per_t, event.at)
        KNOWN_PRICES.save(unit, price)


def _lot(unit: Unit, lot_id: str) -> WatchedLot:
    return WATCHED_LOTS.find(unit, lot_id) or WatchedLot(lot_id)


def _quantities(heard: Any) -> Quantities:
    return Quantities(heard.version, heard.available_kg, heard.reserved_kg, heard.consumed_kg)


def _active(unit: Unit, site_id: str | None, at: datetime | None) -> None:
    """Something happened there; nothing to note while either is not known yet."""
    if site_id is None or at is None:
        return
    known = SITE_ACTIVITIES.find(unit, site_id)
    if known is None:
        SITE_ACTIVITIES.save(unit, SiteActivity(site_id, 1, at))
    elif known.hear(at):
        SITE_ACTIVITIES.save(unit, known)
