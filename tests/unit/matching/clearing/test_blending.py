"""Blend limits in the relaxation: a lower bound than without them, and never below a plan that keeps them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.matching.clearing import Market, Taken, clear
from services.matching.clearing.candidates import candidates
from services.matching.clearing.columns import Columns
from services.matching.clearing.coupling import relax_coupled
from services.matching.clearing.network import Supply, relax
from services.matching.clearing.tightening import blend_rows, tighten
from tests.bench.clearing_market import steel_market


def picky(seed: int) -> Market:
    """A market where every demand limits its blend and has some room left by what it took."""
    market = steel_market(40, 12, seed, cover=0.8)
    limits = {"moisture_pct": {"max": 1.4}, "impurity_pct": {"max": 1.8, "min": 0.5}}
    taken = (Taken(20_000, {"moisture_pct": 0.6, "impurity_pct": 1.2}),)
    asked = [
        replace(d, quality_limits={}, blend_limits=limits, taken=taken, compliant_sellers_only=False) for d in market.demands
    ]
    return replace(market, demands=asked)


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_sinks_but_not_below_the_plan(seed: int) -> None:
    market = picky(seed).checked()
    columns = Columns.of(market)
    rows = blend_rows(columns)
    pairs, _ = tighten(columns, candidates(columns), rows)
    plain = relax(pairs, Supply.of(columns), columns.demand_kg, pairs.candidates.weight).bound
    blended = relax_coupled(columns, pairs, rows).relaxation.bound
    objective = clear(market).objective_fen * 1000
    assert 0 < objective <= blended < plain
