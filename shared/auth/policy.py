"""The one table of authorisation: action × role × relation to the resource, as data, and the one function that reads it.

A relation is what the caller's organisation is to the thing: `own` (it belongs to it; for a proposal, trade or shipment
`seller`, `buyer` or `carrier`), `visible` (others may see it: open lots and demands, loads on offer) or `any` (no relation
needed). An action on a collection, where nothing is loaded yet, asks for the role alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from typing import Final, Literal

from shared.auth.caller import ROLES, Caller, Role
from shared.problem import NotAllowed, NotFound, SignInIsNeeded

Relation = Literal["own", "seller", "buyer", "carrier", "visible", "any"]
Rule = Mapping[Role, frozenset[Relation]]

PUBLIC: Final = "public"
"""The rule of an action that needs no token."""

_ANY: frozenset[Relation] = frozenset({"any"})
_OWN: frozenset[Relation] = frozenset({"own"})
_SELLER: frozenset[Relation] = frozenset({"seller"})
_BUYER: frozenset[Relation] = frozenset({"buyer"})
_CARRIER: frozenset[Relation] = frozenset({"carrier"})
_PARTY: frozenset[Relation] = frozenset({"seller", "buyer"})


def _everyone(relations: frozenset[Relation]) -> Rule:
    return dict.fromkeys(ROLES, relations)


_OPERATOR: Rule = {"operator": _ANY}
_READ_MARKET: Rule = {**_everyone(frozenset({"own", "visible"})), "operator": _ANY}
_TRADE_PARTIES: Rule = {"collector": _SELLER, "buyer": _BUYER}

POLICY: Mapping[str, Rule | Literal["public"]] = {
    # accounts
    "organisations.register": PUBLIC,
    "organisations.list": _OPERATOR,
    "organisations.read": {**_everyone(_OWN), "operator": _ANY},
    "organisations.known": _everyone(_ANY),
    "organisations.verify": _OPERATOR,
    "organisations.suspend": _OPERATOR,
    "tokens.issue": PUBLIC,
    "tokens.refresh": PUBLIC,
    "tokens.revoke": PUBLIC,
    "keys.read": PUBLIC,
    "me.read": _everyone(_ANY),
    "api_keys.create": _everyone(_ANY),
    "api_keys.list": _everyone(_ANY),
    "api_keys.read": _everyone(_OWN),
    "api_keys.revoke": _everyone(_OWN),
    "api_keys.exchange": PUBLIC,
    "sites.create": {"collector": _ANY, "buyer": _ANY, "park_operator": _ANY, "operator": _ANY},
    "sites.list": _everyone(_ANY),
    "sites.read": {**_everyone(_OWN), "operator": _ANY},
    "sites.change": {"collector": _OWN, "buyer": _OWN, "park_operator": _OWN, "operator": _ANY},
    # listings
    "materials.read": _everyone(_ANY),
    "lots.create": {"collector": _ANY},
    "lots.list": {"collector": _ANY, "operator": _ANY},
    "lots.read": _READ_MARKET,
    "lots.change": {"collector": _OWN},
    "lots.publish": {"collector": _OWN},
    "lots.withdraw": {"collector": _OWN, "operator": _ANY},
    "lots.copy": {"collector": _OWN},
    "recurrences.set": {"collector": _OWN, "buyer": _OWN},
    "recurrences.read": {"collector": _OWN, "buyer": _OWN, "operator": _ANY},
    "recurrences.remove": {"collector": _OWN, "buyer": _OWN},
    "photos.add": {"collector": _OWN},
    "photos.read": _READ_MARKET,
    "photos.remove": {"collector": _OWN},
    "documents.add": {"collector": _OWN},
    "documents.list": _READ_MARKET,
    "documents.read": {"collector": _OWN, "buyer": _BUYER, "operator": _ANY},
    "documents.remove": {"collector": _OWN},
    "imports.create": {"collector": _ANY},
    "imports.list": {"collector": _ANY},
    "imports.read": {"collector": _OWN, "operator": _ANY},
    "demands.create": {"buyer": _ANY},
    "demands.list": {"buyer": _ANY, "operator": _ANY},
    "demands.read": _READ_MARKET,
    "demands.change": {"buyer": _OWN},
    "demands.publish": {"buyer": _OWN},
    "demands.copy": {"buyer": _OWN},
    "demands.close": {"buyer": _OWN, "operator": _ANY},
    "counterparties.list": {"collector": _ANY, "buyer": _ANY},
    "counterparties.set": {"collector": _OWN, "buyer": _OWN},
    "search.read": _everyone(_ANY),
    "saved_searches.create": _everyone(_ANY),
    "saved_searches.list": _everyone(_ANY),
    "saved_searches.read": _everyone(_OWN),
    "saved_searches.change": _everyone(_OWN),
    "saved_searches.delete": _everyone(_OWN),
    # matching
    "clearings.list": _everyone(_ANY),
    "clearings.read": _everyone(_ANY),
    "clearings.run": _OPERATOR,
    "clearings.curves": _OPERATOR,
    "prices.read": _everyone(_ANY),
    "proposals.list": {"collector": _ANY, "buyer": _ANY, "operator": _ANY},
    "proposals.read": {"collector": _SELLER, "buyer": _BUYER, "operator": _ANY},
    "proposals.accept": _TRADE_PARTIES,
    "proposals.reject": _TRADE_PARTIES,
    "proposals.counter": _TRADE_PARTIES,
    "tenders.create": {"collector": _ANY},
    "tenders.list": {"collector": _ANY, "buyer": _ANY, "operator": _ANY},
    "tenders.read": {
        "collector": frozenset({"seller", "visible"}),
        "buyer": frozenset({"buyer", "visible"}),
        "operator": _ANY,
    },
    "tenders.cancel": {"collector": _SELLER},
    "tenders.bid": {"buyer": _ANY},  # a tender that has closed is told to be closed, whoever saw it open
    "agreements.create": {"collector": _ANY, "buyer": _ANY},
    "agreements.list": {"collector": _ANY, "buyer": _ANY, "operator": _ANY},
    "agreements.read": {"collector": _SELLER, "buyer": _BUYER, "operator": _ANY},
    "agreements.accept": _TRADE_PARTIES,
    "agreements.decline": _TRADE_PARTIES,
    "agreements.end": _TRADE_PARTIES,
    "agreements.call_off": _TRADE_PARTIES,
    "explanations.read": {"collector": _OWN, "buyer": _OWN, "operator": _ANY},
    # trading
    "trades.list": {"collector": _ANY, "buyer": _ANY, "operator": _ANY},
    "trades.read": {"collector": _SELLER, "buyer": _BUYER, "operator": _ANY},
    "trades.cancel": _TRADE_PARTIES,
    "trades.dispute": _TRADE_PARTIES,
    "trades.confirm_payment": {"collector": _SELLER},
    "trades.settlement": {"collector": _SELLER, "buyer": _BUYER, "operator": _ANY},
    # logistics
    "quotes.read": _everyone(_ANY),
    "shipments.list": {"collector": _ANY, "buyer": _ANY, "carrier": _ANY, "operator": _ANY},
    "shipments.read": {
        "collector": _SELLER,
        "buyer": _BUYER,
        "carrier": frozenset({"carrier", "visible"}),
        "operator": _ANY,
    },
    "earnings.read": {"carrier": _ANY},
    "shipments.assign": {"carrier": frozenset({"carrier", "visible"}), "buyer": _BUYER},
    "shipments.haul": {"carrier": _CARRIER},
    "shipments.receive": {"buyer": _BUYER},
    "shipments.correct": {"buyer": _BUYER},
    "shipment_photos.add": {"carrier": _CARRIER, "buyer": _BUYER},
    "shipment_photos.read": {"collector": _SELLER, "buyer": _BUYER, "carrier": _CARRIER},
    "shipment_photos.remove": {"carrier": _CARRIER, "buyer": _BUYER},
    # regions
    "regions.read": _everyone(_ANY),
    "volumes.read": _everyone(_ANY),
    "ledger.read": _everyone(_ANY),
    "targets.list": _everyone(_ANY),
    "targets.read": _everyone(_ANY),
    "targets.create": _OPERATOR,
    "targets.change": _OPERATOR,
    "reports.create": {"park_operator": _OWN, "operator": _ANY},
    "reports.list": _everyone(_ANY),
    "reports.read": {**_everyone(_OWN), "operator": _ANY},
    "report_schedules.end": {"park_operator": _OWN, "operator": _ANY},
    "market.read": PUBLIC,
    "allowance_rules.list": _everyone(_ANY),
    "allowance_rules.read": _everyone(_ANY),
    "allowance_rules.create": _OPERATOR,
    "allowance_rules.change": _OPERATOR,
    "allowances.list": _everyone(_ANY),
    "allowances.read": {**_everyone(_OWN), "operator": _ANY},
    "alarm_rules.list": {"park_operator": _ANY, "operator": _ANY},
    "alarm_rules.read": {"park_operator": _OWN, "operator": _ANY},
    "alarm_rules.create": {"park_operator": _ANY, "operator": _ANY},
    "alarm_rules.change": {"park_operator": _OWN, "operator": _ANY},
    "alarms.list": _everyone(_ANY),
    "alarms.read": _READ_MARKET,
    "alarms.acknowledge": {"park_operator": _OWN, "operator": _ANY},
    # every room
    "operations.read": _OPERATOR,
    "operations.act": _OPERATOR,
    # gateway
    "journeys.read": _OPERATOR,
    "stream.read": _everyone(_ANY),
    "notices.list": _everyone(_ANY),
    "notices.settings": _everyone(_ANY),
    "webhooks.create": _everyone(_ANY),
    "webhooks.list": _everyone(_ANY),
    "webhooks.read": _everyone(_OWN),
    "webhooks.change": _everyone(_OWN),
}


checked: ContextVar[bool] = ContextVar("checked", default=False)
"""Whether this request asked the table about a loaded resource; the dispatcher lets no item route answer without."""


def may(caller: Caller, action: str, relations: Collection[Relation] | None = None) -> bool:
    """Whether the table lets `caller` do `action`. `relations` is None before a resource is loaded: the role alone counts."""
    rule = POLICY[action]
    if rule == "public":
        return True
    needed = rule.get(caller.role)
    if needed is None:
        return False
    return relations is None or "any" in needed or not needed.isdisjoint(relations)


def authorise(caller: Caller | None, action: str, relations: Collection[Relation] | None = None) -> None:
    """Let `caller` do `action`, or raise.

    Raises `SignInIsNeeded` (401) for nobody; `NotFound` (404) where a resource is named and the caller, an operator apart,
    stands in no relation to it, whatever the role; `NotAllowed` (403) for a visible thing or a collection.
    """
    checked.set(relations is not None or checked.get())
    if POLICY[action] == "public":
        return
    if caller is None:
        raise SignInIsNeeded
    if may(caller, action, relations):
        return
    if relations is not None and not relations and caller.role != "operator":
        raise NotFound
    raise NotAllowed(
        zh=f"当前角色没有这项权限（{action}）",
        en=f"The role {caller.role} may not do {action} here",
    )
