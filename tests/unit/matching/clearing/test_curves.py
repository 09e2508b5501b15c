"""Supply and demand as staircases."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.matching.clearing import Demand, Lot, Market, curves
from services.matching.clearing.curves import MOST_STEPS
from shared.geo import Position

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HERE = Position(30.5, 114.3)
ROWS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 100_000)), max_size=60)


def market_of(asks: list[tuple[int, int]], bids: list[tuple[int, int]]) -> Market:
    lots = [Lot(f"l{at}", "s", "steel.hms1", kg, fen, NOW, NOW, HERE) for at, (fen, kg) in enumerate(asks)]
    demands = [Demand(f"d{at}", "b", ("steel.hms1",), kg, fen, NOW, NOW, HERE) for at, (fen, kg) in enumerate(bids)]
    return Market("steel", NOW, lots, demands)


@given(ROWS, ROWS)
def test_no_kilogram_is_lost_and_prices_are_in_order(asks: list[tuple[int, int]], bids: list[tuple[int, int]]) -> None:
    matched = {f"l{at}": kg // 2 for at, (_, kg) in enumerate(asks)}
    found = curves(market_of(asks, bids), matched)
    assert sum(step.kg for step in found.supply) == sum(kg for _, kg in asks)
    assert sum(step.matched_kg for step in found.supply) == sum(matched.values())
    assert sum(step.kg for step in found.demand) == sum(kg for _, kg in bids)
    assert [step.fen_per_t for step in found.supply] == sorted({fen for fen, _ in asks})
    assert [step.fen_per_t for step in found.demand] == sorted({fen for fen, _ in bids}, reverse=True)


def test_very_many_prices_stand_together() -> None:
    asks = [(fen, 1000) for fen in range(1, 3 * MOST_STEPS + 2)]
    found = curves(market_of(asks, []), {})
    assert len(found.supply) <= MOST_STEPS
    assert sum(step.kg for step in found.supply) == 1000 * len(asks)
    assert [step.fen_per_t for step in found.supply] == sorted(step.fen_per_t for step in found.supply)
