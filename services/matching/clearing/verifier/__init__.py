"""Is a stored clearing feasible, are its figures right, and does its bound hold? A second opinion: nothing here is shared with
the code that cleared, and an import contract keeps it so.

The bound is proved by weak duality from the stored node prices: for every feasible plan, surplus ≤ Σ lot price × kg + Σ demand
price × kg + what pairs earn above both, over *every* pair that the rules allow. Any prices prove some bound; the stored ones
must prove the stored bound. Blend limits enter by their own prices (Lagrange); minimum takes and blends limit what a pair
can carry (ADR 10). All sums are exact integers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.matching.clearing.verifier.dual import Dual
from services.matching.clearing.verifier.pairs import Json, Pairs, blend_rows, credit_of, excess_of, half_up, under

SHOWN = 20
"""Findings kept of each check."""


@dataclass(frozen=True, slots=True)
class Take:
    """One proposal of the clearing; masses in kg, money in fen, prices in fen per tonne net of VAT."""

    lot_id: str
    demand_id: str
    kg: int
    mode: str
    distance_m: int
    freight_fen_per_t: int
    co2e_g_per_t: int
    price_fen_per_t: int
    surplus_fen: int
    seller_gain_fen: int
    buyer_gain_fen: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the clearing says of itself."""

    matched_kg: int
    surplus_fen: int
    objective_fen: int
    bound_fen: int
    gap_pct: float


@dataclass
class Verdict:
    """How much was looked at and what was found wrong, by check. `bound_fen`: what the stored prices prove."""

    looked_at: dict[str, int] = field(default_factory=dict)
    findings: dict[str, list[str]] = field(default_factory=dict)
    bound_fen: int = 0

    @property
    def holds(self) -> bool:
        return not any(self.findings.values())

    def check(self, name: str, wrong: Iterator[str | None]) -> None:
        """Count what `wrong` yields (None: nothing wrong with it) and keep the first findings."""
        count = 0
        found: list[str] = []
        for one in wrong:
            count += 1
            if one is not None and len(found) < SHOWN:
                found.append(one)
        self.looked_at[name], self.findings[name] = count, found


def verify(market: Json, proof: Json, figures: Figures, takes: Sequence[Take]) -> Verdict:
    """Check a clearing against what it read. `market` and `proof` are as they were stored."""
    verdict, pairs = Verdict(), Pairs(market)
    verdict.check("pairs and prices", _pairs_and_prices(pairs, takes))
    verdict.check("quantities", _quantities(pairs, takes))
    verdict.check("blends", _blends(pairs, takes))
    verdict.check("figures", _figures(pairs, figures, takes))
    dual = Dual(pairs, proof)
    verdict.bound_fen = dual.bound_fen()
    verdict.check("bound", _bound(dual, figures, verdict.bound_fen))
    verdict.check("node prices", dual.slackness())
    return verdict


def _pairs_and_prices(pairs: Pairs, takes: Sequence[Take]) -> Iterator[str | None]:
    seen: set[tuple[str, str]] = set()
    for take in takes:
        name = f"{take.lot_id} to {take.demand_id}"
        row, j = pairs.lot_row.get(take.lot_id), pairs.demand_row.get(take.demand_id)
        way = None if row is None or j is None else pairs.ways.get((row, j))
        if way is None or row is None:
            yield f"{name}: a rule forbids this pair"
            continue
        if (take.lot_id, take.demand_id) in seen:
            yield f"{name}: proposed twice"
        seen.add((take.lot_id, take.demand_id))
        ask = pairs.lots[row]["ask_net_fen_per_t"]
        share = half_up(way.gain, 2)
        surplus, seller = half_up(way.gain * take.kg, 1000), half_up(share * take.kg, 1000)
        want = (way.mode, way.distance_m, way.freight, way.co2e_g, ask + share, surplus, seller, surplus - seller)
        have = (
            take.mode, take.distance_m, take.freight_fen_per_t, take.co2e_g_per_t, take.price_fen_per_t, take.surplus_fen,
            take.seller_gain_fen, take.buyer_gain_fen,
        )  # fmt: skip
        yield None if want == have else f"{name}: {have} should be {want}"


def _quantities(pairs: Pairs, takes: Sequence[Take]) -> Iterator[str | None]:
    """Each side gives no more than it has, all under an allowance no more than it is; indivisible lots go whole; minimum
    takes hold, but for a last take that empties."""
    of_lot: dict[str, list[int]] = defaultdict(list)
    of_demand: dict[str, list[int]] = defaultdict(list)
    for take in takes:
        of_lot[take.lot_id].append(take.kg)
        of_demand[take.demand_id].append(take.kg)
    given: dict[str, int] = defaultdict(int)
    for lot in pairs.lots:
        given[under(lot)] += sum(of_lot[lot["id"]])
    for allowance, kg in given.items():
        allowed = pairs.allowed_kg(allowance)
        yield None if kg <= allowed else f"{allowance}: {kg} kg of an allowance of {allowed} kg"
    sides = [(one, of_lot[one["id"]], one["divisible"]) for one in pairs.lots]
    sides += [(one, of_demand[one["id"]], True) for one in pairs.demands]
    for side, kgs, divisible in sides:
        has, small = side["kg_available"], [kg for kg in kgs if kg < side["min_take_kg"]]
        if any(kg <= 0 for kg in kgs) or sum(kgs) > has:
            yield f"{side['id']}: {kgs} kg of {has} kg"
        elif not divisible:
            yield None if kgs in ([], [has]) else f"{side['id']}: indivisible, yet {kgs} of {has} kg"
        elif small and (len(small) > 1 or sum(kgs) != has):
            yield f"{side['id']}: {small} kg are below its minimum take of {side['min_take_kg']} kg and leave something"
        else:
            yield None


def _blends(pairs: Pairs, takes: Sequence[Take]) -> Iterator[str | None]:
    """The tonnage-weighted average of all that a demand takes, earlier takes included, is within each blend limit."""
    for number, demand in enumerate(pairs.demands):
        mine = [take for take in takes if take.demand_id == demand["id"]]
        for attribute, end in blend_rows(demand) if mine else ():
            total = sum(t.kg * excess_of(pairs.lots[pairs.lot_row[t.lot_id]], demand, attribute, end) for t in mine)
            kept = total <= credit_of(pairs.demands[number], attribute, end)
            yield None if kept else f"{demand['id']}: {attribute} passes its blend limit"


def _figures(pairs: Pairs, figures: Figures, takes: Sequence[Take]) -> Iterator[str | None]:
    objective = 0
    for take in takes:
        way = pairs.ways.get((pairs.lot_row.get(take.lot_id, -1), pairs.demand_row.get(take.demand_id, -1)))
        objective += half_up(way.weight * take.kg, 1000) if way else 0
    bound = figures.bound_fen
    gap = 100 * (bound - figures.objective_fen) / bound if bound else 0.0
    for name, have, want in (
        ("tonnes matched", figures.matched_kg, sum(take.kg for take in takes)),
        ("surplus", figures.surplus_fen, sum(take.surplus_fen for take in takes)),
        ("objective", figures.objective_fen, objective),
        ("gap", round(figures.gap_pct, 9), round(gap, 9)),
    ):
        yield None if have == want else f"{name} is {have}, should be {want}"


def _bound(dual: Dual, figures: Figures, proved_fen: int) -> Iterator[str | None]:
    yield from (None if price >= 0 else f"{name} has a price below 0" for name, price in dual.prices())
    yield None if proved_fen <= figures.bound_fen else f"the prices prove {proved_fen} fen, not {figures.bound_fen}"
    yield None if figures.objective_fen <= figures.bound_fen else "the objective is above the bound"
