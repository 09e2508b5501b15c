"""The divisible relaxation as a minimum-cost flow, its dual prices, and the bound that they prove.

Lots supply, demands take, and every kilogram that finds no demand goes past them at no gain. Pairs that can only be a side's
last small take share one capacity per side (see `tightening`). The bound is computed from the dual prices by weak duality, in
exact integers, so it holds whatever the solver did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from ortools.graph.python import min_cost_flow

from services.matching.clearing.columns import Columns, Ints, order_by
from services.matching.clearing.tightening import Pairs


class SolverFailed(RuntimeError):
    """The flow solver gave no optimum for a network that always has one."""


@dataclass(frozen=True, slots=True)
class Supply:
    """Kilograms by lot, the number of the allowance that each lot is under (−1: none), kilograms by allowance."""

    kg: Ints
    allowance: Ints
    allowance_kg: Ints

    @classmethod
    def of(cls, columns: Columns) -> Supply:
        return cls(columns.lot_kg, columns.lot_allowance, columns.allowance_kg)

    def less(self, given: Ints) -> Supply:
        """What is left when lots have given so much."""
        under = self.allowance >= 0
        used = np.bincount(self.allowance[under], given[under], minlength=self.allowance_kg.size).astype(np.int64)
        return Supply(self.kg - given, self.allowance, np.maximum(self.allowance_kg - used, 0))


@dataclass(frozen=True, slots=True)
class Relaxation:
    """`kg` by pair; `lot_price`, `demand_price` in fen per tonne: what one more tonne of the lot, or of room at the demand, is
    worth; `blend_price`: fen per tonne and unit of excess by (row of the demand, attribute, end); `…_place`: what the place of
    a side's last small take is worth, fen by row; `allowance_price`: what one more tonne of an allowance is worth, part of
    the price of its lots; `bound` in milli-fen (fen per tonne × kg)."""

    kg: Ints
    lot_price: Ints
    demand_price: Ints
    bound: int
    allowance_price: Ints
    blend_price: Mapping[tuple[int, str, str], int] = field(default_factory=dict)
    lot_place: Mapping[int, int] = field(default_factory=dict)
    demand_place: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Network:
    tail: Ints
    head: Ints
    capacity: Ints
    cost: Ints
    nodes: int
    sink: int
    supply: Ints
    allowances: slice


def relax(pairs: Pairs, supply: Supply, demand_kg: Ints, weight: Ints) -> Relaxation:
    """The best plan when every lot is divisible and there are no minimum takes. `weight`: fen per tonne."""
    network = _network(pairs, supply, demand_kg, weight)
    flow = _solve(network)
    price = _potentials(network, flow)
    n, m = supply.kg.size, demand_kg.size
    allowance_price = np.maximum(price[network.allowances], 0)
    least = np.append(allowance_price, 0)[supply.allowance]  # an idle side's potential may lie below: what nobody takes is free
    return Relaxation(
        kg=flow[: pairs.cap.size],
        lot_price=np.maximum(price[:n], least),
        demand_price=np.maximum(-price[n : n + m], 0),
        bound=_bound(network, price),
        allowance_price=allowance_price,
    )


def _network(pairs: Pairs, supply: Supply, demand_kg: Ints, weight: Ints) -> _Network:
    n, m, lot_kg = supply.kg.size, demand_kg.size, supply.kg
    sink = n + m
    lots, demands = np.arange(n), n + np.arange(m)
    of_lot, of_demand = lot_kg[pairs.candidates.lot], demand_kg[pairs.candidates.demand]
    # a capacity that its sides give already would take the price away from them
    cap = np.where(pairs.cap < np.minimum(of_lot, of_demand), pairs.cap, of_lot + of_demand)
    # lots under an allowance get their tonnes from it
    own, under = np.flatnonzero(supply.allowance < 0), np.flatnonzero(supply.allowance >= 0)
    first = sink + 1
    allowances = first + np.arange(supply.allowance_kg.size)
    nodes = first + allowances.size
    given = np.zeros(nodes, dtype=np.int64)
    given[own], given[allowances] = lot_kg[own], supply.allowance_kg
    arcs = (
        (lots[own], np.full(own.size, sink), lot_kg[own]),
        (demands, np.full(m, sink), demand_kg),
        (allowances, np.full(allowances.size, sink), supply.allowance_kg),
        (first + supply.allowance[under], under, lot_kg[under]),
    )
    rest = sum(part[0].size for part in arcs)
    return _Network(
        tail=np.concatenate([pairs.candidates.lot, *(part[0] for part in arcs)]),
        head=np.concatenate([n + pairs.candidates.demand, *(part[1] for part in arcs)]),
        capacity=np.concatenate([cap, *(part[2] for part in arcs)]),
        cost=np.concatenate([-weight, np.zeros(rest, dtype=np.int64)]),
        nodes=nodes,
        sink=sink,
        supply=given,
        allowances=slice(first, nodes),
    )


def _solve(network: _Network) -> Ints:
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(network.tail, network.head, network.capacity, network.cost)
    nodes = np.arange(network.nodes)
    supply = network.supply.copy()
    supply[network.sink] = -int(supply.sum())
    solver.set_nodes_supplies(nodes, supply)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise SolverFailed(f"the flow solver answered {status} for {network.nodes} nodes and {network.tail.size} arcs")
    return np.asarray(solver.flows(np.arange(network.tail.size)), dtype=np.int64)


def _potentials(network: _Network, flow: Ints) -> Ints:
    """Dual prices relative to the sink: shortest distances in the residual network (Bellman-Ford, all arcs at once)."""
    forward, backward = flow < network.capacity, flow > 0
    source = np.concatenate([network.tail[forward], network.head[backward]])
    target = np.concatenate([network.head[forward], network.tail[backward]])
    length = np.concatenate([network.cost[forward], -network.cost[backward]])
    order = order_by(target)
    source, target, length = source[order], target[order], length[order]
    reached, starts = np.unique(target, return_index=True)
    distance = np.zeros(network.nodes, dtype=np.int64)
    for _ in range(network.nodes + 1):
        shorter = np.minimum(distance[reached], np.minimum.reduceat(distance[source] + length, starts))
        if np.array_equal(shorter, distance[reached]):
            return np.asarray(distance - distance[network.sink])
        distance[reached] = shorter
    raise SolverFailed("the flow is not optimal: its residual network has a cycle of gain")


def _bound(network: _Network, price: Ints) -> int:
    """Weak duality: supply at its price plus what capacities earn above the prices, in exact integers."""
    profit = price[network.head] - network.cost - price[network.tail]
    earning = profit > 0
    at_supply: int = sum(kg * fen for kg, fen in zip(network.supply.tolist(), price.tolist(), strict=True))
    above: int = sum(kg * fen for kg, fen in zip(network.capacity[earning].tolist(), profit[earning].tolist(), strict=True))
    return at_supply + above
