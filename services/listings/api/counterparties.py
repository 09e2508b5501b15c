"""Whom one favours, and with whom one does not trade."""

from __future__ import annotations

from services.listings import service, views
from services.listings.schemas import (
    CounterpartiesQuery,
    CounterpartyIn,
    CounterpartyOut,
)
from shared.auth import Caller
from shared.http import PageOut, Routes, page_of
from shared.mongo import Unit

routes = Routes("listings")


@routes.get("/v1/counterparties", "counterparties.list", PageOut[CounterpartyOut])
def list_counterparties(unit: Unit, caller: Caller, query: CounterpartiesQuery) -> PageOut[CounterpartyOut]:
    """List one's favourite and blocked counterparties."""
    page = views.list_counterparties(unit, caller, query.where(), query.cursor, query.limit)
    return page_of(page, CounterpartyOut.of)


@routes.put("/v1/counterparties/<organisation_id>", "counterparties.set", CounterpartyOut)
def set_counterparty(unit: Unit, caller: Caller, organisation_id: str, body: CounterpartyIn) -> CounterpartyOut:
    """Make an organisation a favourite, or one not to trade with; the organisation is not told."""
    return CounterpartyOut.of(service.set_standing(unit, caller, organisation_id, body.standing))
