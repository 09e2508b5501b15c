"""Where things are: positions, great circles and the GB/T 2260 regions."""

from __future__ import annotations

from shared.geo.distance import Position, great_circle_m, round_km
from shared.geo.regions import (
    Region,
    ancestors,
    children,
    contains,
    exists,
    lineage,
    nearest_county,
    places_above,
    prefix,
    region,
    regions,
)

__all__ = [
    "Position",
    "Region",
    "ancestors",
    "children",
    "contains",
    "exists",
    "great_circle_m",
    "lineage",
    "nearest_county",
    "places_above",
    "prefix",
    "region",
    "regions",
    "round_km",
]
