"""Trades as they happen: what accepts by itself is matched on arrival, at the prices of the last clearing.

An arrival meets the counterparts that accept by themselves, too. Whatever was there before is worth its reserve price and what
the last clearing of the family says, so that a trade is made at once only where it gains more than waiting promises; what is
left waits for the next clearing, which prices it anew. A refused reservation brings the lot back here with a corrected book
(`service.book`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import replace

import orjson

from services.matching.clearing import Market, unpacked
from services.matching.model import Material
from services.matching.service.clear import run
from services.matching.service.market import Sides
from services.matching.store import EVIDENCE, MATERIALS
from shared.mongo import Database, Unit


def run_due(database: Database, worker: str) -> None:
    """The quick timer: families in which something arrived that accepts by itself. `worker` must not be that of the batch
    clearings: one that is in progress keeps its lease, and what arrived meanwhile is looked at after it."""
    for material in MATERIALS.select(database.read(), {"arrived.0": {"$exists": True}}):
        run(database, material.id, worker, narrow=arrivals)


def arrivals(unit: Unit, material: Material, sides: Sides) -> Market:
    """The market of what arrived and of those who accept by themselves."""
    arrived = set(material.arrived)
    reserve = Counter(sides.market.reserve_fen_per_t) + Counter(_last_prices(unit, material, arrived))
    new_lots, new_demands = arrived & set(sides.lots), arrived & set(sides.demands)
    lots = {one.id for one in sides.lots.values() if one.auto_accept} if new_demands else new_lots
    demands = {one.id for one in sides.demands.values() if one.auto_accept} if new_lots else new_demands
    return replace(
        sides.market,
        lots=[lot for lot in sides.market.lots if lot.id in lots],
        demands=[demand for demand in sides.market.demands if demand.id in demands],
        reserve_fen_per_t={one: fen for one, fen in reserve.items() if one in lots | demands},
    )


def _last_prices(unit: Unit, material: Material, arrived: Container[str]) -> dict[str, int]:
    """What a tonne of each listing was worth at the last clearing, above its reserve price, but for what arrived since."""
    evidence = EVIDENCE.find(unit, material.last_id) if material.last_id else None
    if evidence is None:
        return {}
    proof = orjson.loads(unpacked(evidence.proof))
    return {one: fen for one, fen in {**proof["lot_prices"], **proof["demand_prices"]}.items() if one not in arrived}
