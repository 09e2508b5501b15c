"""The relaxation under limits that couple the pairs of one side: blend limits, and the place of a last small take.

A blend limit is Σ kg × excess ≤ credit. A side has at most one take below its minimum, the last one; where pairs can carry no
more than that (three tonnes for a demand that takes five), Σ kg ÷ what the pair can carry ≤ 1 over them. Flows cannot hold
such limits. They get prices from a linear programme (`programme`), and these, rounded to whole fen, are put into the
weights (weight − price × what a tonne uses) of one more flow, whose bound with the limits paid back holds for any
prices ≥ 0 (Lagrange), in exact integers, whatever the solver did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from services.matching.clearing.candidates import MICRO
from services.matching.clearing.columns import Columns, Floats, Ints
from services.matching.clearing.network import Relaxation, Supply, relax
from services.matching.clearing.programme import Couplings, Programme
from services.matching.clearing.tightening import BlendRow, Pairs, blend_excess

_NEAR_PCT = 2
"""The first columns of a programme: pairs whose reduced cost is within this share of the mean weight."""
_BLEND_PRICE_LIMIT = 4_000_000
_PLACE_PRICE_LIMIT = 1_000_000_000_000
_LEAST_WEIGHT = -1_000_000_000
_GRAMS = 1000
"""A place is worth fen, and weights are fen per tonne of what the pair can carry, which is in kilograms."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The relaxation with its bound, the programme's plan (kilograms by pair; where no limit binds the relaxation's own), the
    priced weights that the bound was proved with, and the limits."""

    relaxation: Relaxation
    kg: Ints
    weight: Ints
    couplings: Couplings


def relax_coupled(columns: Columns, pairs: Pairs, rows: list[BlendRow]) -> Relaxed:
    """The best plan when every lot is divisible, minimum takes count only where a pair can't reach them, and blends hold."""
    weight = pairs.candidates.weight
    free = relax(pairs, Supply.of(columns), columns.demand_kg, weight)
    couplings = couplings_of(columns, pairs, rows)
    if not couplings.pair.size or not bool((couplings.violation(free.kg) > 0).any()):
        return Relaxed(free, free.kg, weight, couplings)
    price, kg = Programme(columns, pairs, couplings, near_pairs(free, weight, pairs)).solve()
    relaxed, priced = _priced(columns, pairs, couplings, price)
    return Relaxed(relaxed, kg, priced, couplings) if relaxed.bound < free.bound else Relaxed(free, kg, weight, couplings)


def near_pairs(relaxed: Relaxation, weight: Ints, pairs: Pairs) -> Ints:
    """The pairs that the relaxation uses or nearly uses at these weights."""
    reduced = weight - relaxed.lot_price[pairs.candidates.lot] - relaxed.demand_price[pairs.candidates.demand]
    slack = _NEAR_PCT / 100 * float(np.abs(weight).mean()) if weight.size else 0.0
    return np.flatnonzero((relaxed.kg > 0) | (reduced >= -slack))


def couplings_of(columns: Columns, pairs: Pairs, rows: list[BlendRow]) -> Couplings:
    """Blend limits first, then the places of lots and of demands. A pair that is small for both takes the demand's place."""
    found, excess = pairs.candidates, blend_excess(columns, pairs.candidates, rows)
    number_of = np.full((len(rows), columns.demand_kg.size), -1)
    credit: list[int] = []
    key: list[tuple[int, str, str]] = []
    for number, row in enumerate(rows):
        for demand in row.bound:
            number_of[number, demand] = len(credit)
            credit.append(max(row.credit[demand], 0))
            key.append((demand, row.attribute, row.end))
    of = number_of[:, found.demand]
    pair, row_of = np.nonzero(of.T >= 0)
    parts = [(pair, of[row_of, pair], np.rint(excess[row_of, pair]).astype(np.int64), np.full(pair.size, MICRO))]
    places: list[Ints] = []
    first = len(credit)
    for small, ends in ((pairs.lot_small & ~pairs.demand_small, found.lot), (pairs.demand_small, found.demand)):
        at = np.flatnonzero(small)
        sides, number_at = np.unique(ends[at], return_inverse=True)
        parts.append((at, first + number_at, np.full(at.size, _GRAMS), pairs.cap[at]))
        places.append(sides)
        first += sides.size
    pair, of_each, uses, divisor = (np.concatenate([part[k] for part in parts]) for k in range(4))
    in_places = first - len(credit)
    return Couplings(
        pair=pair,
        of=of_each,
        uses=uses,
        of_each=divisor,
        credit=np.array([*credit, *[_GRAMS] * in_places], dtype=np.int64),
        divided=np.array([MICRO] * len(credit) + [1] * in_places, dtype=np.int64),
        blends=key,
        lot_places=places[0],
        demand_places=places[1],
    )


def _priced(columns: Columns, pairs: Pairs, couplings: Couplings, price: Floats) -> tuple[Relaxation, Ints]:
    """The relaxation at these prices, made whole fen; roundings make its bound larger, never smaller."""
    blends = len(couplings.blends)
    limit = np.where(np.arange(price.size) < blends, _BLEND_PRICE_LIMIT, _PLACE_PRICE_LIMIT)
    fen = np.rint(np.clip(price, 0, limit)).astype(np.int64)
    weight = pairs.candidates.weight.copy()
    np.subtract.at(weight, couplings.pair, fen[couplings.of] * couplings.uses // couplings.of_each)
    weight = np.maximum(weight, _LEAST_WEIGHT)
    relaxed = relax(pairs, Supply.of(columns), columns.demand_kg, weight)
    owed = zip(fen.tolist(), couplings.credit.tolist(), couplings.divided.tolist(), strict=True)
    lots = blends + couplings.lot_places.size
    return replace(
        relaxed,
        bound=relaxed.bound + sum(-(-one * credit // divisor) for one, credit, divisor in owed),
        blend_price={key: one for key, one in zip(couplings.blends, fen[:blends].tolist(), strict=True) if one},
        lot_place=_by_row(couplings.lot_places, fen[blends:lots]),
        demand_place=_by_row(couplings.demand_places, fen[lots:]),
    ), weight


def _by_row(rows: Ints, fen: Ints) -> Mapping[int, int]:
    return {row: one for row, one in zip(rows.tolist(), fen.tolist(), strict=True) if one}
