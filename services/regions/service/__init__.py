"""The room's use cases. All but the targets come from events, in any order between topics: postings and facts commute, states
apply only with a higher version, and what needs a lot's publication waits for it."""

from __future__ import annotations

from services.regions.service.counting import (
    LotEvent,
    QuantityEvent,
    ShipmentEvent,
    TradeEvent,
    cause_of,
    foresee,
    on_lot,
    on_quantity,
    on_shipment,
    on_trade,
)
from services.regions.service.market import DemandEvent, on_clearing, on_demand
from services.regions.service.publishing import publish_day, publish_due
from services.regions.service.reports import ask_due, create_report, create_schedule, end_schedule, make_queued
from services.regions.service.targets import Status, change_target, create_target

__all__ = [
    "DemandEvent",
    "LotEvent",
    "QuantityEvent",
    "ShipmentEvent",
    "Status",
    "TradeEvent",
    "ask_due",
    "cause_of",
    "change_target",
    "create_report",
    "create_schedule",
    "create_target",
    "end_schedule",
    "foresee",
    "make_queued",
    "on_clearing",
    "on_demand",
    "on_lot",
    "on_quantity",
    "on_shipment",
    "on_trade",
    "publish_day",
    "publish_due",
]
