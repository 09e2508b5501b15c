"""The use cases of listings: what people do with lots and demands, and what other rooms' events do to them."""

from __future__ import annotations

from services.listings.service.alerts import ALERTING, Alerts
from services.listings.service.allowances import on_allowance, on_allowance_rule
from services.listings.service.attachments import attach, detach
from services.listings.service.counterparties import set_standing
from services.listings.service.imports import create_import, work_off_imports
from services.listings.service.offers import (
    change_demand,
    change_lot,
    close_demand,
    create_demand,
    create_lot,
    expire_due,
    publish_demand,
    publish_lot,
    warn_due,
    withdraw_lot,
)
from services.listings.service.quantities import (
    on_proposal_ended,
    on_proposal_made,
    on_shipment_received,
    on_shipment_returned,
    on_trade_agreed,
    on_trade_cancelled,
)
from services.listings.service.recurrences import (
    copy_demand,
    copy_lot,
    make_due,
    remove_recurrence,
    set_recurrence,
)
from services.listings.service.saved_searches import (
    change_saved_search,
    create_saved_search,
    delete_saved_search,
    on_organisation_judged,
)

__all__ = [
    "ALERTING",
    "Alerts",
    "attach",
    "change_demand",
    "change_lot",
    "change_saved_search",
    "close_demand",
    "copy_demand",
    "copy_lot",
    "create_demand",
    "create_import",
    "create_lot",
    "create_saved_search",
    "delete_saved_search",
    "detach",
    "expire_due",
    "make_due",
    "on_allowance",
    "on_allowance_rule",
    "on_organisation_judged",
    "on_proposal_ended",
    "on_proposal_made",
    "on_shipment_received",
    "on_shipment_returned",
    "on_trade_agreed",
    "on_trade_cancelled",
    "publish_demand",
    "publish_lot",
    "remove_recurrence",
    "set_recurrence",
    "set_standing",
    "warn_due",
    "withdraw_lot",
    "work_off_imports",
]
