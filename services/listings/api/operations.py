"""What only this room can tell the operator: what the index has of a lot."""

from __future__ import annotations

from services.listings import views
from services.listings.schemas import IndexedOut
from shared.auth import Caller, authorise
from shared.http import Routes
from shared.mongo import Unit

routes = Routes("listings")


@routes.get("/v1/operations/listings/indexed/<lot_id>", "operations.read", IndexedOut)
def read_indexed(unit: Unit, caller: Caller, lot_id: str) -> IndexedOut:
    """Which version of a lot the search index has, and which the database."""
    authorise(caller, "operations.read", set())
    return IndexedOut.of(views.indexed(unit, lot_id))
