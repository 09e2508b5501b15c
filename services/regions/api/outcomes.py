"""What became of the material."""

from __future__ import annotations

from services.regions import views
from services.regions.schemas import OutcomesOut, SpanQuery
from shared.auth import Caller, authorise
from shared.http import Routes
from shared.mongo import Unit

routes = Routes("regions")


@routes.get("/v1/regions/<code>/outcomes", "volumes.read", OutcomesOut)
def read_outcomes(unit: Unit, caller: Caller, query: SpanQuery, code: str) -> OutcomesOut:
    """Circulation, radius of supply, modes and avoided CO2e of what a region received."""
    authorise(caller, "volumes.read", {"visible"})
    asked, sight = query.asked(), views.sight_of(unit, caller, code)
    found = views.outcomes(unit, code, sight, asked)
    return OutcomesOut.of(code, asked.material, asked.span, found, not sight.whole)
