"""One deal that no clearing chose: so many kilograms of this lot to this demand, by every rule a clearing has for a pair."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from services.matching.clearing.candidates import Rule, broken_rules, priced_pairs
from services.matching.clearing.columns import Columns
from services.matching.clearing.market import Demand, Lot, Market
from services.matching.clearing.tightening import blend_rows, micro
from shared.catalogue.freight import FreightOption


@dataclass(frozen=True, slots=True)
class Deal:
    """`rules` are those it breaks, none where it can be made. `way`: how its tonnes travel, by the mode that a clearing would
    choose; None where no mode is in time or none leaves a gain."""

    rules: tuple[Rule, ...]
    way: FreightOption | None


def deal(market: Market, lot: Lot, demand: Demand, kg: int) -> Deal:
    """Judge `kg` of `lot` to `demand` at the prices they carry; `market` says when, and what steers the choice of the mode."""
    pair = replace(market, lots=[lot], demands=[demand])
    rules: list[Rule] = [rule for rule in broken_rules(pair, lot, demand) if rule is not Rule.NOT_WHOLE]
    if kg > min(lot.kg_available, demand.kg_available):
        rules.append(Rule.QUANTITY)
    elif not lot.divisible and kg != lot.kg_available:
        rules.append(Rule.NOT_WHOLE)
    elif any(kg < min(side.min_take_kg, side.kg_available) for side in (lot, demand)):
        rules.append(Rule.MIN_TAKE)
    if kg > market.allowance_kg.get(lot.under, kg):
        rules.append(Rule.ALLOWANCE)
    columns = Columns.of(pair)
    if Rule.QUALITY_UNKNOWN not in rules and _passes_blend(columns, lot, kg):
        rules.append(Rule.BLEND)
    one = np.zeros(1, dtype=np.int64)
    priced = priced_pairs(columns, one, one)
    return Deal(tuple(rules), priced.candidates.options(one)[0] if priced.allowed[0] else None)


def least_kg(lot: Lot, demand: Demand) -> int:
    """The smallest take between the two that neither's minimum forbids."""
    if not lot.divisible:
        return lot.kg_available
    return min(max(lot.min_take_kg, demand.min_take_kg, 1), lot.kg_available, demand.kg_available)


def _passes_blend(columns: Columns, lot: Lot, kg: int) -> bool:
    """Whether the demand's blend would be outside a limit with this lot in it."""
    return any(
        kg * row.excess(micro(lot.quality[row.attribute]), 0) > row.credit[0] for row in blend_rows(columns) if 0 in row.bound
    )
