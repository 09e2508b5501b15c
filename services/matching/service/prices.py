"""The price index, fed by every clearing in its own transaction."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping

from services.matching.model import BookLot, Price, price_id
from services.matching.model.price import is_priced
from services.matching.store import PRICES, last_price
from shared import geo
from shared.clock import SHANGHAI
from shared.mongo import Unit


def observe(unit: Unit, lots: Mapping[str, BookLot], node_prices: Mapping[str, int]) -> None:
    """Count a clearing's node prices (fen per tonne by lot) in the city and the province of each lot: one vote a seller."""
    day = unit.now.astimezone(SHANGHAI).date().isoformat()
    votes: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for lot_id, fen in node_prices.items():
        lot = lots[lot_id]
        for region in geo.lineage(lot.region):
            if is_priced(region):
                votes[region, lot.grade][lot.organisation_id].append(fen)
    unit.read_ahead([PRICES], [price_id(day, region, grade) for region, grade in votes])
    for (region, grade), sellers in sorted(votes.items()):
        identifier = price_id(day, region, grade)
        price = PRICES.find(unit, identifier)
        if price is None:
            price = Price(identifier, 0, grade, region, day)
            price.carry(last_price(unit, grade, region, day))
        unit.emit(*price.observe({who: round(statistics.median(fens)) for who, fens in sellers.items()}, unit.now))
        PRICES.save(unit, price)
