"""The library of events: one module per room that writes them, one frozen JSON Schema per type in `schemas/`.

An event is past tense and says one fact, with the state others need. Masses are kilograms, money fen, VAT basis points,
distances metres, CO2 grams: integers all. A schema changes only in ways that old readers and old events survive.
"""

from shared.events.base import REGISTRY, Event

from shared.events import accounts, listings, logistics, matching, regions, trading  # isort: skip  (they register themselves)

__all__ = ["REGISTRY", "Event", "accounts", "listings", "logistics", "matching", "regions", "trading"]
