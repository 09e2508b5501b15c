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

from services.matching.clearing.candidates import Flags, Ints
from services.matching.clearing.tightening import Pairs

Groups = tuple[Ints, Ints, Ints]
"""The sides that have small pairs, a node for each, and the most that goes through it."""


class SolverFailed(RuntimeError):
    """The flow solver gave no optimum for a network that always has one."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """`kg` by pair; `lot_price`, `demand_price` in fen per tonne: what one more tonne of the lot, or of room at the demand, is
    worth; `…_last_price`: the same at the node of a side's last small take, by row; `blend_price`: fen per tonne and unit of
    excess by (row of the demand, attribute, end); `bound` in milli-fen (fen per tonne × kg)."""

    kg: Ints
    lot_price: Ints
    demand_price: Ints
    lot_last_price: Mapping[int, int]
    demand_last_price: Mapping[int, int]
    bound: int
    blend_price: Mapping[tuple[int, str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Network:
    tail: Ints
    head: Ints
    capacity: Ints
    cost: Ints
    nodes: int
    sink: int
    supply: Ints
    lot_groups: Groups
    demand_groups: Groups


def relax(pairs: Pairs, lot_kg: Ints, demand_kg: Ints, weight: Ints) -> Relaxation:
    """The best plan when every lot is divisible and the only minimum takes are those of `pairs`. `weight`: fen per tonne."""
    network = _network(pairs, lot_kg, demand_kg, weight)
    flow = _solve(network)
    price = _potentials(network, flow)
    n, m = lot_kg.size, demand_kg.size
    lot_groups, demand_groups = network.lot_groups, network.demand_groups
    return Relaxation(
        kg=flow[: pairs.cap.size],
        lot_price=np.maximum(price[:n], 0),  # an idle side's potential may lie below: what nobody takes is free
        demand_price=np.maximum(-price[n : n + m], 0),
        lot_last_price=dict(zip(lot_groups[0].tolist(), price[lot_groups[1]].tolist(), strict=True)),
        demand_last_price=dict(zip((demand_groups[0] - n).tolist(), (-price[demand_groups[1]]).tolist(), strict=True)),
        bound=_bound(network, price),
    )


def _network(pairs: Pairs, lot_kg: Ints, demand_kg: Ints, weight: Ints) -> _Network:
    n, m = lot_kg.size, demand_kg.size
    sink = n + m
    tail, lot_groups = _grouped(pairs.candidates.lot, pairs.lot_small, pairs.cap, sink + 1)
    head, demand_groups = _grouped(n + pairs.candidates.demand, pairs.demand_small, pairs.cap, sink + 1 + lot_groups[0].size)
    lots, demands = np.arange(n), n + np.arange(m)
    of_lot, of_demand = lot_kg[pairs.candidates.lot], demand_kg[pairs.candidates.demand]
    # a capacity that its sides give already would take the price away from them
    cap = np.where(pairs.cap < np.minimum(of_lot, of_demand), pairs.cap, of_lot + of_demand)
    rest = n + m + lot_groups[0].size + demand_groups[0].size
    nodes = sink + 1 + lot_groups[0].size + demand_groups[0].size
    return _Network(
        tail=np.concatenate([tail, lots, demands, lot_groups[0], demand_groups[1]]),
        head=np.concatenate([head, np.full(n + m, sink), lot_groups[1], demand_groups[0]]),
        capacity=np.concatenate([cap, lot_kg, demand_kg, lot_groups[2], demand_groups[2]]),
        cost=np.concatenate([-weight, np.zeros(rest, dtype=np.int64)]),
        nodes=nodes,
        sink=sink,
        supply=np.concatenate([lot_kg, np.zeros(nodes - n, dtype=np.int64)]),
        lot_groups=lot_groups,
        demand_groups=demand_groups,
    )


def _grouped(ends: Ints, small: Flags, cap: Ints, first: int) -> tuple[Ints, Groups]:
    """The ends of the pairs with a node of its own for each side that has small pairs, numbered from `first`; then those
    sides, their nodes and the capacity between."""
    sides, place = np.unique(ends[small], return_inverse=True)
    most = np.zeros(sides.size, dtype=np.int64)
    np.maximum.at(most, place, cap[small])
    moved = ends.copy()
    moved[small] = first + place
    return moved, (sides, first + np.arange(sides.size), most)


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
    order = np.argsort(target, kind="stable")
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
