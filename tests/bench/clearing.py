"""The clearing bench: seconds and proven gaps on synthetic steel markets, one clearing at a time and over a streamed day.

Times are absolute (the best of a few runs, this machine); the gap is 100 × (bound − objective) ÷ bound. In the streamed day
lots come a few at a time, every match is taken, and what is left stays for the next clearing: a pair that can never trade but
counted in every bound would show here.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from services.matching.clearing import Clearing, Market, Taken, clear
from tests.bench.clearing_market import steel_market

GAP_TARGET_PCT = 2.0


def rows() -> list[dict[str, Any]]:
    """The rows of `bench/results/clearing.json`."""
    found: list[dict[str, Any]] = []
    for lots, demands, runs, seconds in ((300, 400, 5, 0.3), (2000, 400, 3, None), (11_000, 1500, 1, None)):
        took, result = _timed(steel_market(lots, demands, seed=1), runs)
        size = f"{lots} lots × {demands} demands ({result.pairs} pairs)"
        found.append(_row(f"{size}: seconds", took, seconds))
        found.append(_row(f"{size}: gap %", result.gap_pct, GAP_TARGET_PCT))
    found.append(_row("1 lot × 400 demands: median seconds", _one_lot(), 0.05))
    found.append(
        _row(
            "streamed day, 2000 lots in 180 clearings: Σ(bound − objective) ÷ Σ bound, %", _streamed(2000, 180), GAP_TARGET_PCT
        )
    )
    return found


def _row(what: str, ours: float, target: float | None) -> dict[str, Any]:
    holds = target is None or ours <= target
    return {"what": what, "ours": round(ours, 4), "reference": None, "ratio": None, "target": target, "holds": holds}


def _timed(market: Market, runs: int) -> tuple[float, Clearing]:
    took = []
    for _ in range(runs):
        begun = time.perf_counter()
        result = clear(market)
        took.append(time.perf_counter() - begun)
    return min(took), result


def _one_lot() -> float:
    market = steel_market(40, 400, seed=2, cover=200)
    return statistics.median(_timed(replace(market, lots=[lot]), 1)[0] for lot in market.lots)


def _streamed(lots: int, clearings: int, seed: int = 3) -> float:
    results = list(stream(steel_market(lots, 400, seed=seed), clearings))
    bound = sum(result.bound_fen for result in results)
    return 100 * (bound - sum(result.objective_fen for result in results)) / bound


def stream(market: Market, clearings: int) -> Iterator[Clearing]:
    """The clearings of a market whose lots come a few at a time; every match is taken at once."""
    lots = {lot.id: lot for lot in market.lots}
    demands = {demand.id: demand for demand in market.demands}
    open_lots: list[str] = []
    waiting = list(lots)
    each = -(-len(waiting) // clearings)
    while waiting:
        open_lots += waiting[:each]
        waiting = waiting[each:]
        result = clear(replace(market, lots=[lots[name] for name in open_lots], demands=list(demands.values())))
        for match in result.matches:
            lot, demand = lots[match.lot_id], demands[match.demand_id]
            lots[lot.id] = replace(lot, kg_available=lot.kg_available - match.kg)
            taken = (*demand.taken, Taken(match.kg, lot.quality))
            demands[demand.id] = replace(demand, kg_available=demand.kg_available - match.kg, taken=taken)
        open_lots = [name for name in open_lots if lots[name].kg_available]
        yield result
