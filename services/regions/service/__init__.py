"""The room's use cases. All but what people set by hand come from events, in any order between topics: postings and facts
commute, states apply only with a higher version, and what needs a lot's publication waits for it."""

from __future__ import annotations

from services.regions.service.alarms import (
    acknowledge,
    change_alarm_rule,
    create_alarm_rule,
    escalate_due,
    evaluate,
)
from services.regions.service.allowances import change_allowance_rule, create_allowance_rule, keep_policy
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
from services.regions.service.retention import keep_as, thin, thin_due
from services.regions.service.targets import Status, change_target, create_target
from services.regions.service.watching import HEARD, Watching

__all__ = [
    "HEARD",
    "DemandEvent",
    "LotEvent",
    "QuantityEvent",
    "ShipmentEvent",
    "Status",
    "TradeEvent",
    "Watching",
    "acknowledge",
    "ask_due",
    "cause_of",
    "change_alarm_rule",
    "change_allowance_rule",
    "change_target",
    "create_alarm_rule",
    "create_allowance_rule",
    "create_report",
    "create_schedule",
    "create_target",
    "end_schedule",
    "escalate_due",
    "evaluate",
    "foresee",
    "keep_as",
    "keep_policy",
    "make_queued",
    "on_clearing",
    "on_demand",
    "on_lot",
    "on_quantity",
    "on_shipment",
    "on_trade",
    "publish_day",
    "publish_due",
    "thin",
    "thin_due",
]
