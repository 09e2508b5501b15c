"""The clearing bench: how close to the bound, how long beside one bare flow, how much memory, on a synthetic national day.

Quality is objective ÷ bound of whole days (`national_market`), by variant, seed and cover; the median and the worst are shown.
Time is measured side by side: a whole clearing of every material, prices and rounding included, against one
`SimpleMinCostFlow` over the same arcs. What is decided on arrival is held against the optimum of its day (`online`). Whoever
runs it again gets the same quality, and nearly the same ratios.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ortools.graph.python import min_cost_flow

from services.matching.clearing import Clearing, Market, Taken, clear, decoded
from services.matching.clearing.candidates import Candidates, candidates, candidates_of
from services.matching.clearing.columns import Columns
from services.matching.clearing.stored import encoded
from shared.geo import Position, great_circle_m
from tests.bench import online
from tests.bench.clearing_market import steel_market
from tests.bench.national_market import MATERIALS, Variant, national

SEEDS = (1, 2, 3)
COVERS = (0.6, 0.8, 1.2)
GAP_TARGET_PCT = 2.0
CENTRES = ((39.9, 116.4), (41.8, 123.4), (31.2, 121.5), (30.6, 114.3), (30.7, 104.1), (34.3, 108.9))
"""Beijing, Shenyang, Shanghai, Wuhan, Chengdu, Xi'an."""
Row = dict[str, Any]


def rows() -> list[Row]:
    """The rows of `bench/results/clearing.json`."""
    return [*_quality(), *_speed(), _memory(), *_arrivals(), *_growth(), *_workers(), *_local(), *_online()]


def _row(what: str, ours: float, reference: float | None, target: float | None, *, least: bool = False) -> Row:
    """`target` is the most that the ratio (without a reference: ours) may be, or the least."""
    ratio = None if reference is None else ours / reference
    value = ours if ratio is None else ratio
    holds = target is None or (value >= target if least else value <= target)
    return {"what": what, "ours": ours, "reference": reference, "ratio": ratio, "target": target, "holds": holds}


# how close to the bound


def _day(task: tuple[int, Variant, float]) -> tuple[int, int]:
    """Objective and bound of a whole day, fen."""
    results = [clear(market) for market in national(*task)]
    return sum(one.objective_fen for one in results), sum(one.bound_fen for one in results)


def _quality() -> Iterator[Row]:
    wanted: tuple[tuple[str, Variant, tuple[float, ...], float, float], ...] = (
        ("surplus ÷ LP bound, divisible, 44k × 1.5k", "divisible", (0.8,), 0.9999, 0.9999),
        ("surplus ÷ LP bound, divisible with minimum takes, 44k × 1.5k", "minimum takes", (0.8,), 0.998, 0.998),
        ("surplus ÷ LP bound, all lots indivisible, no blends, capacity 60/80/120 %", "indivisible", COVERS, 0.997, 0.996),
        ("surplus ÷ blend LP bound, indivisible with blends", "blends", COVERS, 0.993, 0.990),
    )
    with ProcessPoolExecutor(2) as pool:
        days = {
            name: pool.map(_day, [(seed, variant, cover) for seed in SEEDS for cover in covers])
            for name, variant, covers, *_ in wanted
        }
        for name, _, _, median, worst in wanted:
            found = sorted(days[name], key=lambda pair: pair[0] / pair[1])
            yield _row(f"{name}: median", *found[len(found) // 2], median, least=True)
            yield _row(f"{name}: worst", *found[0], worst, least=True)


# how long


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _speed() -> Iterator[Row]:
    targets: tuple[tuple[Variant, float], ...] = (("divisible", 1.0), ("indivisible", 2.5), ("blends", 6.0))
    for variant, target in targets:
        markets = national(1, variant, 0.8)
        ours = _seconds(lambda markets=markets: [clear(market) for market in markets])  # type: ignore[misc]
        name = f"whole clearing with prices ÷ one whole-market SimpleMinCostFlow on the same arcs, {variant}"
        yield _row(name, ours, _one_flow(markets), target)


def _one_flow(markets: Sequence[Market]) -> float:
    """Seconds that one bare flow over the candidates of all markets takes, arcs given."""
    arcs: list[tuple[np.ndarray[Any, Any], ...]] = []
    supplies: list[np.ndarray[Any, Any]] = []
    first = 0
    for market in markets:
        columns = Columns.of(market.checked())
        found: Candidates = candidates(columns)
        n, m = columns.lot_kg.size, columns.demand_kg.size
        cap = np.minimum(columns.lot_kg[found.lot], columns.demand_kg[found.demand])
        arcs.append((first + found.lot, first + n + found.demand, cap, -found.weight))
        ends = np.arange(first, first + n + m)
        arcs.append((ends, np.full(n + m, -1), np.concatenate([columns.lot_kg, columns.demand_kg]), np.zeros(n + m, np.int64)))
        supplies.append(np.concatenate([columns.lot_kg, np.zeros(m, np.int64)]))
        first += n + m
    tail, head, cap, cost = (np.concatenate([arc[part] for arc in arcs]) for part in range(4))
    supply = np.concatenate([*supplies, [0]])
    supply[-1] = -supply.sum()

    def solve() -> None:
        solver = min_cost_flow.SimpleMinCostFlow()
        solver.add_arcs_with_capacity_and_unit_cost(tail, np.where(head < 0, first, head), cap, cost)
        solver.set_nodes_supplies(np.arange(first + 1), supply)
        assert solver.solve() == solver.OPTIMAL
        solver.flows(np.arange(tail.size))

    return _seconds(solve)


def _memory() -> Row:
    code = "from tests.bench.clearing import peak; print(peak())"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    return _row("peak memory, national day, GiB", int(done.stdout) / 2**20, None, 1.0)


def peak() -> int:
    """KiB at most in use while this process clears a national day, material by material."""
    for market in national(1, "indivisible", 0.8):
        clear(market)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _one_among_many(demands: int, most_ms: float | None, lots: int = 48) -> Iterator[Row]:
    """Candidates of one lot among the open demands of its material, against the same arithmetic in bare numpy."""
    market = national(1, "divisible", 0.8, lots * 12, demands * 12)[0]
    columns = Columns.of(market.checked())
    candidates_of(columns, 0, 1)
    ours, bare = [], []
    for row in range(columns.lot_kg.size):
        ours.append(_seconds(lambda row=row: candidates_of(columns, row, row + 1)))  # type: ignore[misc]
        bare.append(_seconds(lambda row=row: _bare(columns, row)))  # type: ignore[misc]
    mine, theirs = statistics.median(ours), statistics.median(bare)
    what = f"candidates for one lot among {demands:,} demands of its material"
    yield _row(f"{what} ÷ bare numpy over the same arrays", mine, theirs, 2.0)
    yield _row(f"{what}, ms", 1000 * mine, None, most_ms)


def _arrivals() -> Iterator[Row]:
    """150,000 open demands of the twelve materials, and as many of one alone."""
    yield from _one_among_many(150_000 // len(MATERIALS), 1.0)
    yield from _one_among_many(150_000, None)


def _bare(columns: Columns, row: int) -> Any:
    """Grade, price, distance, windows and gain of one lot against every demand, with no rule named and nothing kept."""
    there = np.flatnonzero(columns.demand_grade[:, columns.lot_grade[row]])
    there = there[columns.demand_bid[there] - columns.lot_ask[row] >= 0]
    lat, lon = np.radians(columns.demand_lat[there]), np.radians(columns.demand_lon[there])
    here_lat, here_lon = np.radians(columns.lot_lat[row]), np.radians(columns.lot_lon[row])
    chord = np.sin((lat - here_lat) / 2) ** 2 + np.cos(lat) * np.cos(here_lat) * np.sin((lon - here_lon) / 2) ** 2
    km = 1.3 * 2 * 6371.0088 * np.arcsin(np.sqrt(chord))
    gain = columns.demand_bid[there] - columns.lot_ask[row] - (3000 + 45 * km)
    arrives = columns.lot_from[row] + km * 60_000
    fine = (gain >= 0) & (arrives <= columns.demand_until[there]) & (columns.lot_until[row] >= columns.demand_from[there])
    return there[fine], gain[fine]


def _growth() -> Iterator[Row]:
    """Seconds and gap as the day grows."""
    for lots in (11_000, 22_000, 44_000, 88_000):
        markets = national(1, "indivisible", 0.8, lots, lots * 1_500 // 44_000)
        begun = time.perf_counter()
        results = [clear(market) for market in markets]
        took = time.perf_counter() - begun
        bound = sum(one.bound_fen for one in results)
        gap = 100 * (bound - sum(one.objective_fen for one in results)) / bound
        yield _row(f"growth, indivisible, {lots:,} lots: seconds", took, None, None)
        yield _row(f"growth, indivisible, {lots:,} lots: gap %", gap, None, None)


def _workers(lots: int = 88_000) -> Iterator[Row]:
    """A national day split by material, as the rooms' workers do by its lease, and further by region, which a trade then may
    not leave: each of N workers takes the next part."""
    markets = national(1, "indivisible", 0.8, lots, lots * 1_500 // 44_000)
    fen: dict[str, int] = {}
    alone: dict[str, float] = {}
    for by, parts in (
        ("material", markets),
        ("material and region", [part for market in markets for part in _by_region(market)]),
    ):
        days = [encoded(part.checked()) for part in parts]
        took = []
        for workers in (1, 2):
            with ProcessPoolExecutor(workers) as pool:
                list(pool.map(_clear_encoded, days[:workers]))  # its processes are up before the clock starts
                begun = time.perf_counter()
                fen[by] = sum(pool.map(_clear_encoded, days))
                took.append(time.perf_counter() - begun)
        alone[by] = took[0]
        yield _row(f"national day of {lots:,} lots by {by}: 2 workers ÷ 1 on 2 cores, seconds", took[1], took[0], None)
    for what, (whole, parted) in (("1 worker, seconds", alone.values()), ("surplus", fen.values())):
        yield _row(f"… by material and region ÷ by material alone, {what}", parted, whole, None)


def _by_region(market: Market) -> Iterator[Market]:
    """Its parts around six cities, each side's listings at the nearest."""

    def nearest(place: Position) -> int:
        return min(range(len(CENTRES)), key=lambda k: great_circle_m(place.lat, place.lon, *CENTRES[k]))

    for number in range(len(CENTRES)):
        lots = [lot for lot in market.lots if nearest(lot.position) == number]
        demands = [demand for demand in market.demands if nearest(demand.position) == number]
        if lots and demands:
            yield replace(market, lots=lots, demands=demands)


def _clear_encoded(market: bytes) -> int:
    return clear(decoded(market)).objective_fen


# as it happens


def _online() -> Iterator[Row]:
    """What rules that decide on arrival gain of a drifted day (`tests.bench.online`)."""
    for what, share, target in online.figures():
        yield _row(what, share, 1.0, target, least=True)


# markets as they are between two intervals


def _local() -> Iterator[Row]:
    """Seconds and gap of small, hard steel markets: every rule at once, and a streamed day."""
    for lots, demands, seconds, gap in ((300, 400, 0.3, None), (2000, 400, None, GAP_TARGET_PCT)):
        market = steel_market(lots, demands, seed=1)
        runs = [(_seconds(lambda market=market: clear(market))) for _ in range(3)]  # type: ignore[misc]
        size = f"{lots} lots × {demands} demands, every rule at once"
        yield _row(f"{size}: seconds", min(runs), None, seconds)
        yield _row(f"{size}: gap %", clear(market).gap_pct, None, gap)
    what = "streamed day, 2000 lots in 180 clearings: Σ(bound − objective) ÷ Σ bound, %"
    yield _row(what, _streamed(2000, 180), None, GAP_TARGET_PCT)


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
