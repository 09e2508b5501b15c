"""Demands of one's own."""

from __future__ import annotations

from services.listings import service, views
from services.listings.schemas import (
    DemandIn,
    DemandOut,
    DemandPatch,
    DemandsQuery,
)
from shared.auth import Caller
from shared.http import Answer, PageOut, Precondition, Routes, created, page_of
from shared.mongo import Unit

routes = Routes("listings")


@routes.post("/v1/demands", "demands.create", DemandOut, status=201)
def create_demand(unit: Unit, caller: Caller, body: DemandIn) -> Answer:
    """Create a demand, as a draft or open at once."""
    demand = service.create_demand(unit, caller, body.draft(), body.publish)
    return created(f"/v1/demands/{demand.id}", DemandOut.of(demand, True))


@routes.get("/v1/demands", "demands.list", PageOut[DemandOut])
def list_demands(unit: Unit, caller: Caller, query: DemandsQuery) -> PageOut[DemandOut]:
    """List one's own demands."""
    page = views.list_demands(unit, caller, query.where(), query.cursor, query.limit)
    return page_of(page, lambda demand: DemandOut.of(demand, True))


@routes.get("/v1/demands/<demand_id>", "demands.read", DemandOut)
def read_demand(unit: Unit, caller: Caller, demand_id: str) -> DemandOut:
    """Read a demand."""
    return DemandOut.of(*views.read_demand(unit, caller, demand_id))


@routes.patch("/v1/demands/<demand_id>", "demands.change", DemandOut)
def change_demand(unit: Unit, caller: Caller, demand_id: str, body: DemandPatch, match: Precondition) -> DemandOut:
    """Change a demand: a draft freely, an open one within what is promised."""
    return DemandOut.of(service.change_demand(unit, caller, demand_id, match.check, body.revise), True)


@routes.post("/v1/demands/<demand_id>/publish", "demands.publish", DemandOut)
def publish_demand(unit: Unit, caller: Caller, demand_id: str) -> DemandOut:
    """Open a draft."""
    return DemandOut.of(service.publish_demand(unit, caller, demand_id), True)


@routes.post("/v1/demands/<demand_id>/close", "demands.close", DemandOut)
def close_demand(unit: Unit, caller: Caller, demand_id: str) -> DemandOut:
    """Ask for no more than is bought or promised."""
    return DemandOut.of(service.close_demand(unit, caller, demand_id), True)
