"""Small markets for property tests, and a checker and an exact solver that share no code with the clearing."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import strategies as st

from services.matching.clearing import Clearing, Demand, Lot, Market, Preferences, Taken, Validity
from shared.catalogue.freight import FreightOption, options
from shared.geo import Position

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
PLACES = [
    Position(30.59, 114.31),
    Position(30.62, 114.9),
    Position(31.23, 121.47),
    Position(30.4, 114.2),
    Position(30.6, 114.3),
]
GRADES = ("steel.hms1", "steel.hms2")


def half_up(value: Fraction) -> int:
    """Nearest integer, halves away from zero; written apart from shared.units on purpose."""
    floor = int(abs(value) + Fraction(1, 2))
    return floor if value >= 0 else -floor


@st.composite
def lots(draw: st.DrawFn, number: int, most_kg: int) -> Lot:
    """One lot of a few kilograms near one of the places."""
    since = NOW + timedelta(hours=draw(st.sampled_from((-50, 0, 0, 30))))
    return Lot(
        id=f"lot-{number}",
        seller_id=draw(st.sampled_from(("ann", "bob", "bob", "cai"))),
        grade=draw(st.sampled_from(GRADES)),
        kg_available=draw(st.integers(0, most_kg) | st.integers(most_kg // 2, most_kg)),
        ask_net_fen_per_t=draw(st.sampled_from((200_000, 203_000, 205_001, 210_000, 240_000))),
        available_from=since,
        available_until=since + timedelta(hours=draw(st.sampled_from((1, 60, 200, 200, 200)))),
        position=draw(st.sampled_from(PLACES)),
        min_take_kg=draw(st.integers(0, 4)),
        divisible=draw(st.sampled_from((True, True, False))),
        quality={"moisture_pct": draw(st.sampled_from((0.5, 1.0, 2.0, 3.0)))} if draw(st.integers(0, 5)) else {},
        compliance=(Validity(NOW - timedelta(days=9), NOW + timedelta(days=draw(st.sampled_from((-1, 30))))),),
        park_id=draw(st.sampled_from((None, "park"))),
    )


@st.composite
def demands(draw: st.DrawFn, number: int, most_kg: int) -> Demand:
    """One demand of a few kilograms."""
    since = NOW + timedelta(hours=draw(st.sampled_from((-50, -50, 10, 100))))
    moisture = draw(st.sampled_from((None, None, {"max": 1.5}, {"min": 1.0}, {"min": 0.9, "max": 1.2})))
    return Demand(
        id=f"demand-{number}",
        buyer_id=draw(st.sampled_from(("ann", "dan", "dan", "eve"))),
        grades=draw(st.sampled_from((GRADES, GRADES, GRADES, GRADES[:1], GRADES[1:], ("steel.light",)))),
        kg_available=draw(st.integers(0, most_kg) | st.integers(most_kg // 2, most_kg)),
        bid_net_fen_per_t=draw(st.sampled_from((209_000, 215_000, 220_000, 240_000, 260_000))),
        deliver_from=since,
        deliver_until=since + timedelta(hours=draw(st.sampled_from((20, 300, 300, 300)))),
        position=draw(st.sampled_from(PLACES)),
        min_take_kg=draw(st.integers(0, 4)),
        quality_limits=draw(st.sampled_from(({}, {}, {"moisture_pct": {"max": 2.5}}))),
        blend_limits={} if moisture is None else {"moisture_pct": moisture},
        compliant_sellers_only=draw(st.sampled_from((False, False, True))),
        taken=draw(st.sampled_from(((), (Taken(2, {"moisture_pct": 1.0}),), (Taken(1, {"moisture_pct": 3.0}),)))),
        park_id=draw(st.sampled_from((None, "park", "other park"))),
    )


@st.composite
def markets(draw: st.DrawFn, most_lots: int, most_demands: int, most_kg: int) -> Market:
    """A market that breaks every rule here and there."""
    n = draw(st.integers(0, most_lots) | st.just(most_lots))
    m = draw(st.integers(0, most_demands) | st.just(most_demands))
    ended = draw(st.sets(st.tuples(st.sampled_from(("lot-0", "lot-1", "lot-x")), st.just("demand-0")), max_size=1))
    return Market(
        "steel",
        NOW,
        [draw(lots(k, most_kg)) for k in range(n)],
        [draw(demands(k, most_kg)) for k in range(m)],
        ended,
        draw(st.sampled_from((0, 0, 8_000, 400_000))),
        reserve_fen_per_t=draw(st.sampled_from(({}, {}, {"lot-0": 3_000, "demand-1": 9_000}))),
        preferences=draw(st.sampled_from((Preferences(), Preferences(), Preferences(4_000, 50_000, 7)))),
        allowance_kg=draw(st.sampled_from(({}, {}, {"bob": most_kg}, {"ann": 0, "bob": 2 * most_kg}, {"cai": 3}))),
        blocked=draw(st.sampled_from(((), (), frozenset({("bob", "dan"), ("cai", "nobody")})))),
    )


def road(lot: Lot, demand: Demand) -> FreightOption:
    """The haul between them."""
    return options(lot.position, demand.position, 1, "steel")[0]


def gain_of(lot: Lot, demand: Demand) -> int:
    """Fen per tonne that a trade between them is worth."""
    return demand.bid_net_fen_per_t - lot.ask_net_fen_per_t - road(lot, demand).freight_fen_per_t


def weight_of(market: Market, lot: Lot, demand: Demand) -> int:
    """Gain with everything that steers the choice."""
    haul, wishes = road(lot, demand), market.preferences
    carbon = half_up(Fraction(haul.co2e_g_per_t * market.carbon_fen_per_t_co2e, 10**6))
    in_park = wishes.in_park_fen_per_t if lot.park_id and lot.park_id == demand.park_id else 0
    beyond = max(0, haul.distance_m - wishes.radius_m) * wishes.beyond_fen_per_tkm // 1000
    reserve = market.reserve_fen_per_t.get(lot.id, 0) + market.reserve_fen_per_t.get(demand.id, 0)
    return gain_of(lot, demand) + in_park - beyond - carbon - reserve


def allowed(market: Market, lot: Lot, demand: Demand) -> bool:
    """The contract's «never proposed» rules, one by one."""
    transit = timedelta(milliseconds=road(lot, demand).transit_ms)
    loading = max(market.now, lot.available_from)
    limited = {*demand.quality_limits, *demand.blend_limits}
    return (
        lot.grade in demand.grades
        and lot.seller_id != demand.buyer_id
        and (lot.id, demand.id) not in market.excluded
        and (lot.seller_id, demand.buyer_id) not in market.blocked
        and lot.available_until >= market.now
        and loading + transit <= demand.deliver_until
        and lot.available_until + transit >= demand.deliver_from
        and gain_of(lot, demand) >= 0
        and all(attribute in lot.quality for attribute in limited)
        and all(
            bounds.get("min", -1e9) <= lot.quality[attribute] <= bounds.get("max", 1e9)
            for attribute, bounds in demand.quality_limits.items()
        )
        and (lot.divisible or lot.kg_available <= demand.kg_available)
        and (not demand.compliant_sellers_only or any(v.since <= market.now and loading < v.until for v in lot.compliance))
    )


def side_holds(takes: list[int], available: int, minimum: int) -> bool:
    """Whether takes of one side, largest first, each keep its minimum unless what is left of it is smaller."""
    left = available
    for take in sorted(takes, reverse=True):
        if take > left or take < min(minimum, left):
            return False
        left -= take
    return True


def blend_holds(demand: Demand, parts: list[tuple[int, Lot]]) -> bool:
    """Whether all that the demand has taken and takes now keeps its blend limits (nothing new: nothing to keep)."""
    if not parts:
        return True
    for attribute, bounds in demand.blend_limits.items():
        known = [(t.kg, t.quality[attribute]) for t in demand.taken if attribute in t.quality]
        known += [(kg, lot.quality[attribute]) for kg, lot in parts]
        total = sum(kg for kg, _ in known)
        mean = sum(Fraction(str(q)) * kg for kg, q in known) / total
        if not Fraction(str(bounds.get("min", -1000))) <= mean <= Fraction(str(bounds.get("max", 1000))):
            return False
    return True


def allowances_hold(market: Market, given: dict[int, int]) -> bool:
    """Whether sellers give no more than they may; `given`: kilograms by row of the lot."""
    of_seller = dict.fromkeys(market.allowance_kg, 0)
    for row, kg in given.items():
        if market.lots[row].seller_id in of_seller:
            of_seller[market.lots[row].seller_id] += kg
    return all(kg <= market.allowance_kg[seller] for seller, kg in of_seller.items())


def feasible(market: Market, plan: dict[tuple[int, int], int]) -> bool:
    """Whether kilograms by (lot row, demand row) keep every rule."""
    for (i, j), kg in plan.items():
        lot = market.lots[i]
        if not allowed(market, lot, market.demands[j]) or (not lot.divisible and kg != lot.kg_available):
            return False
    if not allowances_hold(market, {i: sum(kg for (a, _), kg in plan.items() if a == i) for i in range(len(market.lots))}):
        return False
    for i, lot in enumerate(market.lots):
        if not side_holds([kg for (a, _), kg in plan.items() if a == i], lot.kg_available, lot.min_take_kg * lot.divisible):
            return False
    for j, demand in enumerate(market.demands):
        parts = [(kg, market.lots[a]) for (a, b), kg in plan.items() if b == j]
        if not side_holds([kg for kg, _ in parts], demand.kg_available, demand.min_take_kg) or not blend_holds(demand, parts):
            return False
    return True


def best_objective(market: Market) -> int:
    """The exact optimum in milli-fen, by trying every plan in whole kilograms."""
    pairs = [
        (i, j, weight_of(market, lot, demand))
        for i, lot in enumerate(market.lots)
        for j, demand in enumerate(market.demands)
        if allowed(market, lot, demand)
    ]
    sizes = []
    for i, j, _ in pairs:
        lot = market.lots[i]
        most = min(lot.kg_available, market.demands[j].kg_available)
        sizes.append(range(most + 1) if lot.divisible else sorted({0, lot.kg_available}))
    best = 0
    for choice in itertools.product(*sizes):
        value = sum(kg * weight for kg, (_, _, weight) in zip(choice, pairs, strict=True))
        if value > best:
            plan = {(i, j): kg for kg, (i, j, _) in zip(choice, pairs, strict=True) if kg}
            if feasible(market, plan):
                best = value
    return best


def assert_sound(market: Market, result: Clearing) -> None:
    """Every promise of a clearing's answer, from the market alone."""
    lot_rows = {lot.id: row for row, lot in enumerate(market.lots)}
    demand_rows = {demand.id: row for row, demand in enumerate(market.demands)}
    plan = {(lot_rows[m.lot_id], demand_rows[m.demand_id]): m.kg for m in result.matches}
    assert len(plan) == len(result.matches), "a pair twice"
    assert feasible(market, plan)
    left = {row: lot.kg_available for row, lot in enumerate(market.lots)}
    room = {row: demand.kg_available for row, demand in enumerate(market.demands)}
    for match in result.matches:
        i, j = lot_rows[match.lot_id], demand_rows[match.demand_id]
        lot, demand = market.lots[i], market.demands[j]
        assert match.kg >= min(lot.min_take_kg, left[i]) and match.kg >= min(demand.min_take_kg, room[j]), "out of order"
        left[i] -= match.kg
        room[j] -= match.kg
        gain = gain_of(lot, demand)
        assert match.option == road(lot, demand)
        assert match.price_fen_per_t == lot.ask_net_fen_per_t + half_up(Fraction(gain, 2))
        assert match.delivered_fen_per_t == match.price_fen_per_t + match.option.freight_fen_per_t
        assert match.surplus_fen == half_up(Fraction(gain * match.kg, 1000))
        share = match.price_fen_per_t - lot.ask_net_fen_per_t
        assert match.seller_gain_fen == half_up(Fraction(share * match.kg, 1000))
        assert match.seller_gain_fen + match.buyer_gain_fen == match.surplus_fen
        assert match.seller_gain_fen >= 0 and match.buyer_gain_fen >= -1
        assert match.objective_fen == half_up(Fraction(weight_of(market, lot, demand) * match.kg, 1000))
    assert result.surplus_fen == sum(m.surplus_fen for m in result.matches)
    assert result.objective_fen == sum(m.objective_fen for m in result.matches)
    assert result.matched_kg == sum(plan.values())
    assert result.bound_fen >= result.objective_fen
    wanted = 0.0 if result.bound_fen == 0 else 100 * (result.bound_fen - result.objective_fen) / result.bound_fen
    assert result.gap_pct == wanted
