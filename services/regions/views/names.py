"""Places and materials by the names that people know them by."""

from __future__ import annotations

from services.regions.ledger import Area
from services.regions.model import Named
from services.regions.views.volumes import known_region
from shared import catalogue, geo
from shared.mongo import Unit
from shared.parties import KnownSite


def place_name(unit: Unit, code: str) -> Named:
    """A region with the places it lies in. Raises NotFound."""
    known = known_region(unit, code)
    if isinstance(known, KnownSite):
        return Named(known.name, known.name)
    if isinstance(known, Area):
        return Named(known.name_zh, known.name_en)
    found = [one for one in (geo.region(one) for one in (*reversed(geo.places_above(code)), code)) if one is not None]
    return Named("".join(one.name_zh for one in found), ", ".join(one.name_en for one in reversed(found)))


def material_name(code: str | None) -> Named:
    """A grade or family; None is all."""
    if code is None:
        return Named("全部品种", "All materials")
    found = catalogue.grade(code) or catalogue.family(code)
    return Named(found.name_zh, found.name_en) if found else Named(code, code)
