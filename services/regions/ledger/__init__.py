"""The pure part: what each event posts (`mass`), what it adds to the volumes (`volumes`), where that belongs (`places`), and
how time is cut (`periods`)."""

from __future__ import annotations

from services.regions.ledger.mass import POSTED, entries_of, lot_of, posting_of
from services.regions.ledger.outcomes import Avoided, Outcomes, outcomes_of
from services.regions.ledger.periods import SHANGHAI, Granularity, Span, check_kept, covered_by, span_of, zone_of
from services.regions.ledger.places import (
    Area,
    Place,
    areas,
    areas_of,
    city_of,
    place_of_area,
    place_of_park,
    place_of_region,
    places_of,
)
from services.regions.ledger.volumes import MEASURED, facts_of

__all__ = [
    "MEASURED",
    "POSTED",
    "SHANGHAI",
    "Area",
    "Avoided",
    "Granularity",
    "Outcomes",
    "Place",
    "Span",
    "areas",
    "areas_of",
    "check_kept",
    "city_of",
    "covered_by",
    "entries_of",
    "facts_of",
    "lot_of",
    "outcomes_of",
    "place_of_area",
    "place_of_park",
    "place_of_region",
    "places_of",
    "posting_of",
    "span_of",
    "zone_of",
]
