"""One clearing from market to matches: rules, relaxation, rounding, and the figures that prove how good the plan is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.matching.clearing.candidates import Candidates, Rule, candidates
from services.matching.clearing.columns import Columns
from services.matching.clearing.coupling import relax_coupled
from services.matching.clearing.market import Demand, Lot, Market
from services.matching.clearing.network import Relaxation
from services.matching.clearing.plan import Plan
from services.matching.clearing.rounding import build, start_of
from services.matching.clearing.runners_up import RunnerUp, runners_up
from services.matching.clearing.stored import Proof, digest, encoded, proof_of
from services.matching.clearing.tightening import blend_rows, limited_demands, tighten
from shared.catalogue.freight import FreightOption
from shared.units import div_half_up

SOLVER = "ortools-min-cost-flow+rounding/3"
WORK_LIMIT = 6_000
"""Steps of repair that every clearing may try, and a few more for each side of it. Work, never the clock, so that a replay
ends at the same plan."""
_WORK_PER_SIDE = 1


@dataclass(frozen=True, slots=True)
class Match:
    """One proposal to be: `kg` of a lot to a demand. Prices in fen per tonne, net; the gains are totals in fen. `runners_up`:
    the best demand that the lot did not go to, the best lot that the demand did not get."""

    lot_id: str
    demand_id: str
    kg: int
    option: FreightOption
    gain_fen_per_t: int
    price_fen_per_t: int
    delivered_fen_per_t: int
    surplus_fen: int
    seller_gain_fen: int
    buyer_gain_fen: int
    objective_fen: int
    runners_up: tuple[RunnerUp, ...]


@dataclass(frozen=True, slots=True)
class Clearing:
    """What a clearing found. `matches` are in an order in which each keeps both minimum takes when it is reserved. The bound
    is that of the divisible relaxation. `lot_prices`: the marginal net price in fen per tonne at the place of each lot matched.
    `impossible`: pairs that no feasible plan can use, by rule, beside those that a rule forbids outright. `input`: the market
    as it was read, which `decoded` gives back; `proof` shows that the bound holds."""

    family: str
    lots: int
    demands: int
    pairs: int
    matches: tuple[Match, ...]
    matched_kg: int
    surplus_fen: int
    objective_fen: int
    bound_fen: int
    gap_pct: float
    lot_prices: Mapping[str, int]
    impossible: Mapping[Rule, tuple[tuple[str, str], ...]]
    solver: str
    input: bytes
    input_digest: str
    proof: Proof
    work: int
    work_limit_met: bool


def clear(market: Market, work_limit: int | None = None) -> Clearing:
    """Clear one material family. The same market gives the same answer, in whatever order its sides come.

    Raises BadListing or BadMarket for input that no clearing can use; an empty side gives an empty clearing.
    """
    market = market.checked()
    columns = Columns.of(market)
    rows = blend_rows(columns)
    pairs, dropped = tighten(columns, candidates(columns), rows)
    pairs = pairs.keep((pairs.candidates.weight >= 0) | limited_demands(columns, rows)[pairs.candidates.demand])
    relaxed = relax_coupled(columns, pairs, rows)
    work = WORK_LIMIT + _WORK_PER_SIDE * (len(market.lots) + len(market.demands)) if work_limit is None else work_limit
    plan = Plan(columns, pairs, rows, work)
    build(plan, start_of(columns, pairs, rows, relaxed), relaxed.relaxation.bound)
    impossible = {
        rule: tuple((market.lots[lot].id, market.demands[demand].id) for lot, demand in found)
        for rule, found in dropped.items()
        if found
    }
    return _outcome(columns, pairs.candidates, relaxed.relaxation, plan, impossible)


def _outcome(
    columns: Columns,
    found: Candidates,
    relaxed: Relaxation,
    plan: Plan,
    impossible: Mapping[Rule, tuple[tuple[str, str], ...]],
) -> Clearing:
    market = columns.market
    matches = tuple(_matches(market, found, relaxed, plan))
    objective = sum(match.objective_fen for match in matches)
    bound = max(-(-relaxed.bound // 1000), objective)  # each match is rounded to the fen, so their sum may pass it by some
    prices, read = relaxed.lot_price.tolist(), encoded(market)
    return Clearing(
        family=market.family,
        lots=len(market.lots),
        demands=len(market.demands),
        pairs=found.size,
        matches=matches,
        matched_kg=sum(match.kg for match in matches),
        surplus_fen=sum(match.surplus_fen for match in matches),
        objective_fen=objective,
        bound_fen=bound,
        gap_pct=100 * (bound - objective) / bound if bound else 0.0,
        lot_prices={lot.id: lot.ask_net_fen_per_t + prices[row] for row, lot in enumerate(market.lots) if plan.lots[row].takes},
        impossible=impossible,
        solver=SOLVER,
        input=read,
        input_digest=digest(read, SOLVER),
        proof=proof_of(columns, found, relaxed),
        work=plan.work,
        work_limit_met=plan.exhausted(),
    )


def _matches(market: Market, found: Candidates, relaxed: Relaxation, plan: Plan) -> list[Match]:
    """The plan's takes, largest first: in that order a small take comes when it empties its side."""
    taken = [(kg, lot, demand) for lot, side in enumerate(plan.lots) for demand, kg in side.takes.items()]
    taken.sort(key=lambda row: (-row[0], row[1], row[2]))
    if not taken:
        return []
    pairs = plan.place(*np.array(taken).T[1:])
    gains, weights, options = found.gain[pairs].tolist(), found.weight[pairs].tolist(), found.options(pairs)
    second = runners_up(found, relaxed, pairs, [lot.id for lot in market.lots], [demand.id for demand in market.demands])
    return [
        _match(market.lots[lot], market.demands[demand], kg, *figures)
        for (kg, lot, demand), *figures in zip(taken, gains, weights, options, second, strict=True)
    ]


def _match(
    lot: Lot, demand: Demand, kg: int, gain: int, weight: int, option: FreightOption, second: tuple[RunnerUp, ...]
) -> Match:
    """The gain, fen per tonne, is split in half; the seller's share is rounded, the buyer has the rest."""
    seller_share = div_half_up(gain, 2)
    price = lot.ask_net_fen_per_t + seller_share
    surplus, seller_gain = div_half_up(gain * kg, 1000), div_half_up(seller_share * kg, 1000)
    return Match(
        lot_id=lot.id,
        demand_id=demand.id,
        kg=kg,
        option=option,
        gain_fen_per_t=gain,
        price_fen_per_t=price,
        delivered_fen_per_t=price + option.freight_fen_per_t,
        surplus_fen=surplus,
        seller_gain_fen=seller_gain,
        buyer_gain_fen=surplus - seller_gain,
        objective_fen=div_half_up(weight * kg, 1000),
        runners_up=second,
    )
