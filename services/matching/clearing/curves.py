"""Supply and demand of one clearing as two staircases: what stood at which price, and how much of it was matched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.matching.clearing.market import Market
from shared.units import div_half_up

MOST_STEPS = 400


@dataclass(frozen=True, slots=True)
class Step:
    """`kg` offered or asked for at a net price, `matched_kg` of them. Neighbours that were put together stand at their mean."""

    fen_per_t: int
    kg: int
    matched_kg: int


@dataclass(frozen=True, slots=True)
class Curves:
    """Supply from the cheapest ask up, demand from the highest bid down. Asks are loaded, bids delivered: freight
    lies between."""

    supply: list[Step]
    demand: list[Step]


def curves(market: Market, matched: Mapping[str, int]) -> Curves:
    """`matched`: kilograms by the id of a lot or demand."""
    lots = ((lot.ask_net_fen_per_t, lot.kg_available, matched.get(lot.id, 0)) for lot in market.lots)
    demands = ((one.bid_net_fen_per_t, one.kg_available, matched.get(one.id, 0)) for one in market.demands)
    supply, demand = _steps(lots), _steps(demands)
    return Curves(_fewer(supply), _fewer(demand[::-1]))


def _steps(rows: Iterable[tuple[int, int, int]]) -> list[Step]:
    """One for each price, cheapest first."""
    sums: dict[int, tuple[int, int]] = {}
    for fen, kg, matched_kg in rows:
        before = sums.get(fen, (0, 0))
        sums[fen] = (before[0] + kg, before[1] + matched_kg)
    return [Step(fen, *kgs) for fen, kgs in sorted(sums.items())]


def _fewer(steps: list[Step]) -> list[Step]:
    """At most so many: neighbours together, no kilogram lost."""
    width = -(-len(steps) // MOST_STEPS)
    return [_together(steps[start : start + width]) for start in range(0, len(steps), width)] if width > 1 else steps


def _together(steps: list[Step]) -> Step:
    kg = sum(step.kg for step in steps)
    mean = div_half_up(sum(step.fen_per_t * step.kg for step in steps), kg) if kg else steps[0].fen_per_t
    return Step(mean, kg, sum(step.matched_kg for step in steps))
