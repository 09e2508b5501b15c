"""The pure part: what each event posts (`mass`), what it adds to the volumes (`volumes`), and how time is cut (`periods`)."""

from __future__ import annotations

from services.regions.ledger.mass import POSTED, entries_of, posting_of
from services.regions.ledger.outcomes import Avoided, Outcomes, outcomes_of
from services.regions.ledger.periods import SHANGHAI, Granularity, Span, span_of, zone_of
from services.regions.ledger.volumes import MEASURED, fact_of

__all__ = [
    "MEASURED",
    "POSTED",
    "SHANGHAI",
    "Avoided",
    "Granularity",
    "Outcomes",
    "Span",
    "entries_of",
    "fact_of",
    "outcomes_of",
    "posting_of",
    "span_of",
    "zone_of",
]
