"""The bound that stored node prices prove, and complementary slackness at them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from services.matching.clearing.verifier.pairs import MICRO, Json, Pairs, blend_rows, credit_of, excess_of, under

ROUNDS = 4
"""How often capacities are narrowed; each round is valid, more make them smaller."""
Pair = tuple[int, int]
"""Rows of a lot and of a demand."""


class Dual:
    """The stored node prices over every allowed pair. A side has at most one take below its minimum, so of the pairs that
    can carry no more only the one that earns most counts."""

    def __init__(self, pairs: Pairs, proof: Json) -> None:
        self.pairs, self.proof = pairs, proof
        self.lot: list[int] = [proof["lot_prices"].get(lot["id"], 0) for lot in pairs.lots]
        self.allowance = {seller: int(fen) for seller, fen in proof.get("allowance_prices", {}).items()}
        self.demand: list[int] = [proof["demand_prices"].get(demand["id"], 0) for demand in pairs.demands]
        self.blend: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
        for demand_id, attribute, end, fen in proof["blend_prices"]:
            self.blend[pairs.demand_row[demand_id]].append((attribute, end, fen))
        self.cap, self.lot_small, self.demand_small = capacities(pairs)

    def prices(self) -> Iterator[tuple[str, int]]:
        """Every price that must not be below 0, with what it is of."""
        for kind in ("lot_prices", "demand_prices"):
            yield from self.proof[kind].items()
        yield from self.allowance.items()
        for lot, price in zip(self.pairs.lots, self.lot, strict=True):
            yield f"{lot['id']} above its allowance", price - self.allowance.get(under(lot), 0)
        for kind in ("lot_places", "demand_places"):
            yield from self.proof.get(kind, {}).items()
        yield from ((f"{demand} {attribute} {end}", fen) for demand, attribute, end, fen in self.proof["blend_prices"])

    def earned(self, row: int, j: int) -> int:
        """What a tonne of the pair earns above its prices, in fen × 10⁶."""
        reduced: int = self.pairs.ways[row, j].weight * MICRO
        for attribute, end, fen in self.blend.get(j, ()):
            reduced -= fen * excess_of(self.pairs.lots[row], self.pairs.demands[j], attribute, end)
        return reduced - (self.lot[row] + self.demand[j]) * MICRO

    def _place_of(self, pair: Pair) -> tuple[str, int] | None:
        """Whose last place a pair takes up, where it can't carry that side's minimum."""
        if pair in self.demand_small:
            return "demand_places", pair[1]
        return ("lot_places", pair[0]) if pair in self.lot_small else None

    def _place_fen(self, pair: Pair) -> int:
        """What a tonne of the pair pays for that place."""
        place = self._place_of(pair)
        if place is None:
            return 0
        one = (self.pairs.demands if place[0] == "demand_places" else self.pairs.lots)[place[1]]
        fen: int = self.proof.get(place[0], {}).get(one["id"], 0)
        return 1000 * fen // self.cap[pair]

    def bound_fen(self) -> int:
        """The least bound that these prices prove, rounded up."""
        lots, demands = self.pairs.lots, self.pairs.demands
        micro: int = MICRO * sum(self._own(row) * lot["kg_available"] for row, lot in enumerate(lots))
        micro += MICRO * sum(price * self.pairs.allowed_kg(seller) for seller, price in self.allowance.items())
        micro += MICRO * sum(price * demand["kg_available"] for price, demand in zip(self.demand, demands, strict=True))
        for j, rows in self.blend.items():
            # a blend that earlier takes broke may stay so while nothing more is taken: it owes nothing
            micro += sum(fen * max(0, credit_of(demands[j], attribute, end)) for attribute, end, fen in rows)
        best: dict[tuple[str, int], int] = defaultdict(int)
        for pair, cap in self.cap.items():
            place, earned = self._place_of(pair), cap * max(0, self.earned(*pair))
            if place is None:
                micro += earned
            else:
                best[place] = max(best[place], earned)
        micro += sum(best.values())
        return -(-micro // (1000 * MICRO))

    def _own(self, row: int) -> int:
        """A lot's price without that of its allowance, which is paid once for all lots under it."""
        return int(self.lot[row]) - self.allowance.get(under(self.pairs.lots[row]), 0)

    def slackness(self) -> Iterator[str | None]:
        """Complementary slackness of the stored relaxed flow: what has a price is used up, what flows earns its prices, what
        earns more flows as far as it can. Blend prices are whole fen, so each allows a pair one fen of difference."""
        pairs = self.pairs
        flow = {(pairs.lot_row[lot], pairs.demand_row[demand]): kg for lot, demand, kg in self.proof["relaxed"]}
        of_lot, of_demand = [0] * len(pairs.lots), [0] * len(pairs.demands)
        for (row, j), kg in flow.items():
            of_lot[row] += kg
            of_demand[j] += kg
        own = [self._own(row) for row in range(len(pairs.lots))]
        for used, prices, sides in ((of_lot, own, pairs.lots), (of_demand, self.demand, pairs.demands)):
            for kg, price, side in zip(used, prices, sides, strict=True):
                over, idle = kg > side["kg_available"], price > 0 and kg < side["kg_available"]
                yield f"{side['id']}: {kg} kg flow at {price} fen/t of {side['kg_available']} kg" if over or idle else None
        for seller, price in self.allowance.items():
            kg = sum(kg for kg, lot in zip(of_lot, pairs.lots, strict=True) if under(lot) == seller)
            fits = kg <= pairs.allowed_kg(seller) and (price == 0 or kg == pairs.allowed_kg(seller))
            yield None if fits else f"{seller}: {kg} kg flow at {price} fen/t of an allowance of {pairs.allowed_kg(seller)} kg"
        for pair, cap in self.cap.items():
            earned, slack = self.earned(*pair) - self._place_fen(pair) * MICRO, len(self.blend.get(pair[1], ())) * MICRO
            pays = flow.get(pair, 0) == 0 or earned >= -slack
            full = earned <= slack or flow.get(pair, 0) >= cap
            name = f"{pairs.lots[pair[0]]['id']} to {pairs.demands[pair[1]]['id']}"
            yield None if pays and full else f"{name}: {flow.get(pair, 0)} of {cap} kg flow, earning {earned / MICRO} fen/t"


def capacities(pairs: Pairs) -> tuple[dict[Pair, int], set[Pair], set[Pair]]:
    """The most that each pair carries in any feasible plan (those that carry nothing are left out), and the pairs which stay
    below the lot's or the demand's minimum take, so that they can only be the last one."""
    lots, demands = pairs.lots, pairs.demands
    cap: dict[Pair, int] = {}
    for row, j in pairs.ways:
        allowed, has = pairs.allowed_kg(under(lots[row])), lots[row]["kg_available"]
        if allowed > 0 and (lots[row]["divisible"] or allowed >= has):
            cap[row, j] = min(has, allowed, demands[j]["kg_available"])
    for _ in range(ROUNDS):
        before = len(cap)
        _narrow_by_blends(pairs, cap)
        for side in (0, 1):
            _drop_stranded(pairs, cap, side)
        if len(cap) == before:
            break
    return cap, _small(pairs, cap, 0), _small(pairs, cap, 1)


def _narrow_by_blends(pairs: Pairs, cap: dict[Pair, int]) -> None:
    """A lot that harms a blend carries no more than all that helps it can balance."""
    of_demand: dict[int, list[int]] = defaultdict(list)
    for row, j in cap:
        if pairs.demands[j]["blend_limits"]:
            of_demand[j].append(row)
    for j, rows in of_demand.items():
        for attribute, end in blend_rows(pairs.demands[j]):
            left = [row for row in rows if (row, j) in cap]
            excess = {row: excess_of(pairs.lots[row], pairs.demands[j], attribute, end) for row in left}
            balance = credit_of(pairs.demands[j], attribute, end) + sum(-e * cap[row, j] for row, e in excess.items() if e < 0)
            for row, e in excess.items():
                room = min(cap[row, j], balance // e) if e > 0 else cap[row, j]
                whole = pairs.lots[row]["divisible"] or room >= pairs.lots[row]["kg_available"]
                if balance < 0 or room <= 0 or not whole:
                    del cap[row, j]
                else:
                    cap[row, j] = room


def _least(pairs: Pairs, side: int, row: int) -> int:
    """What a take of that side must at least be while there is more."""
    one = (pairs.lots, pairs.demands)[side][row]
    return 0 if not one.get("divisible", True) else min(one["min_take_kg"], one["kg_available"])


def _small(pairs: Pairs, cap: Mapping[Pair, int], side: int) -> set[Pair]:
    return {pair for pair, kg in cap.items() if kg < _least(pairs, side, pair[side])}


def _drop_stranded(pairs: Pairs, cap: dict[Pair, int], side: int) -> None:
    """A small pair carries nothing where the others of its side can't take all the rest."""
    small = _small(pairs, cap, side)
    others: dict[int, int] = defaultdict(int)
    for pair, kg in cap.items():
        others[pair[side]] += 0 if pair in small else kg
    for pair in small:
        if others[pair[side]] + cap[pair] < (pairs.lots, pairs.demands)[side][pair[side]]["kg_available"]:
            del cap[pair]
