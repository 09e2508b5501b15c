"""Reading single lots and demands, and the lists of one's own."""

from __future__ import annotations

from typing import Any

from services.listings.model import Counterparty, Demand, Import, Listing, Lot, Recurrence
from services.listings.model.recurrence import Side
from services.listings.store import COUNTERPARTIES, DEMANDS, IMPORTS, LOTS, RECURRENCES, partners
from shared.auth import Caller, authorise
from shared.mongo import Page, Unit
from shared.problem import NotFound


def read_lot(unit: Unit, caller: Caller, lot_id: str) -> tuple[Lot, bool]:
    """The lot, and whether the caller may know its place. Raises NotFound."""
    lot = LOTS.get(unit, lot_id)
    trades = lot.owner_id != caller.organisation_id and bool(partners(unit, caller.organisation_id, "lot", [lot.id]))
    authorise(caller, "lots.read", lot.relations(caller.organisation_id, trades))
    return lot, knows_place(caller, lot.owner_id) or trades


def read_demand(unit: Unit, caller: Caller, demand_id: str) -> tuple[Demand, bool]:
    """The demand, and whether the caller may know its place. Raises NotFound."""
    demand = DEMANDS.get(unit, demand_id)
    trades = demand.owner_id != caller.organisation_id and bool(partners(unit, caller.organisation_id, "demand", [demand.id]))
    authorise(caller, "demands.read", demand.relations(caller.organisation_id, trades))
    return demand, knows_place(caller, demand.owner_id) or trades


def knows_place(caller: Caller, owner_id: str) -> bool:
    """The owner and the operator; a partner of an agreed trade as well, which is asked for apart."""
    return caller.role == "operator" or owner_id == caller.organisation_id


def list_lots(unit: Unit, caller: Caller, where: dict[str, Any], cursor: str | None, limit: int) -> Page[Lot]:
    """The caller's own, newest first; an operator's are everybody's."""
    return LOTS.page(unit, own(caller, "seller_id", where), cursor, limit)


def list_demands(unit: Unit, caller: Caller, where: dict[str, Any], cursor: str | None, limit: int) -> Page[Demand]:
    """The caller's own, newest first; an operator's are everybody's."""
    return DEMANDS.page(unit, own(caller, "buyer_id", where), cursor, limit)


def list_imports(unit: Unit, caller: Caller, where: dict[str, Any], cursor: str | None, limit: int) -> Page[Import]:
    """The caller's organisation's, newest first."""
    return IMPORTS.page(unit, own(caller, "organisation_id", where), cursor, limit)


def list_counterparties(
    unit: Unit, caller: Caller, where: dict[str, Any], cursor: str | None, limit: int
) -> Page[Counterparty]:
    """Of whom the caller's organisation has said something."""
    return COUNTERPARTIES.page(unit, {"$and": [where, {"organisation_id": caller.organisation_id}]}, cursor, limit)


def read_import(unit: Unit, caller: Caller, import_id: str) -> Import:
    """Raises NotFound."""
    imported = IMPORTS.get(unit, import_id)
    authorise(caller, "imports.read", {"own"} if imported.organisation_id == caller.organisation_id else set())
    return imported


def read_recurrence(unit: Unit, caller: Caller, side: Side, listing_id: str) -> Recurrence:
    """The recurrence of a lot or demand. Raises NotFound."""
    listing: Listing = (LOTS if side == "lot" else DEMANDS).get(unit, listing_id)
    authorise(caller, "recurrences.read", listing.relations(caller.organisation_id))
    recurrence = RECURRENCES.get(unit, listing_id)
    if recurrence.status == "removed":
        raise NotFound
    return recurrence


def own(caller: Caller, field: str, where: dict[str, Any]) -> dict[str, Any]:
    """What is the caller's by `field`; an operator's is everybody's."""
    return where if caller.role == "operator" else {"$and": [where, {field: caller.organisation_id}]}
