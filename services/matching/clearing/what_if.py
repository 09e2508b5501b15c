"""The single change of a listing that would have matched it.

A counterpart that only one thing stands against names what would have to change, and by how much. The smallest changes are
tried first, each by clearing the market anew with it: what is named does match, by construction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.matching.clearing.candidates import Rule
from services.matching.clearing.deal import least_kg
from services.matching.clearing.market import MAX_FEN_PER_T, Demand, Lot, Market
from services.matching.clearing.solve import Clearing, clear
from shared.catalogue.freight import FreightOption, options
from shared.units import div_half_up

TRIES = 4
MOST_LISTINGS = 3_000
"""Each try clears the market once: in a larger one nobody would wait for the answer, so none is named."""
_YES_OR_NO = 0.05
"""How large a change is that has no measure, beside one that is a share of a price or of a limit."""
_A_LONG_TIME = timedelta(days=10)
Value = int | float | bool | datetime


@dataclass(frozen=True, slots=True)
class Change:
    """`field` of the listing set to `value` (fen per tonne net of VAT, kilograms, a quality, a time), for `counterpart_id`.
    `size` compares changes: the share of a price or measure that changes. `allowance`: what is left of the one that the lot is
    under, which its producer raises by verified use."""

    counterpart_id: str
    field: str
    value: Value
    size: float


Changed = Lot | Demand | Mapping[str, int]
"""The listing as it would be, or the allowances."""
Lots = Iterator[tuple[Change, Lot | Mapping[str, int]]]
Demands = Iterator[tuple[Change, Demand]]


def change_of(market: Market, listing: Lot | Demand, broken: Mapping[str, Sequence[Rule]]) -> Change | None:
    """The smallest change of `listing` found that matches it; `broken`: the rules against each counterpart looked at. None
    where none was found, or the market is too large to try."""
    single = {identifier: rules for identifier, rules in broken.items() if len(rules) <= 1}
    if not single or len(market.lots) + len(market.demands) > MOST_LISTINGS:
        return None
    cleared = clear(market)
    found: list[tuple[Change, Changed]] = []
    if isinstance(listing, Lot):
        for demand in market.demands:
            if demand.id in single:
                prices = _prices(market, cleared, demand)
                found += _lot_changes(market, listing, demand, single[demand.id], prices)
    else:
        for lot in market.lots:
            if lot.id in single:
                found += _demand_changes(market, lot, listing, single[lot.id], _prices(market, cleared, lot))
    found.sort(key=lambda pair: (pair[0].size, pair[0].counterpart_id, pair[0].field))
    tried = ((change, clear(_with(market, changed))) for change, changed in found[:TRIES])
    return next((change for change, after in tried if any(listing.id in (m.lot_id, m.demand_id) for m in after.matches)), None)


def _with(market: Market, changed: Changed) -> Market:
    """The market with it in place of what it was."""
    match changed:
        case Lot():
            return replace(market, lots=[lot for lot in market.lots if lot.id != changed.id] + [changed])
        case Demand():
            return replace(market, demands=[demand for demand in market.demands if demand.id != changed.id] + [changed])
        case _:
            return replace(market, allowance_kg={**market.allowance_kg, **changed})


def _prices(market: Market, cleared: Clearing, other: Lot | Demand) -> list[int]:
    """What a tonne of it costs: its dual price over its reserve price, or pushing out the least of what it has."""
    if isinstance(other, Lot):
        dual = cleared.lot_prices.get(other.id, other.ask_net_fen_per_t) - other.ask_net_fen_per_t
        taken = [match for match in cleared.matches if match.lot_id == other.id]
    else:
        dual = cleared.proof.demand_prices.get(other.id, 0)
        taken = [match for match in cleared.matches if match.demand_id == other.id]
    least = min((match.gain_fen_per_t - _carbon(market, match.option) for match in taken), default=0)
    return sorted({dual + market.reserve_fen_per_t.get(other.id, 0), least})


def _lot_changes(market: Market, lot: Lot, demand: Demand, rules: Sequence[Rule], room_prices: Sequence[int]) -> Lots:
    option = _cheapest(market, lot, demand)
    match [*rules]:
        case [] | [Rule.GAIN] | [Rule.KEPT]:
            for price in room_prices:  # at that price it draws with what is there; below, it is taken
                ask = demand.bid_net_fen_per_t - _haul(market, option) - price - (1 if price else 0)
                if 0 < ask < lot.ask_net_fen_per_t:
                    size = (lot.ask_net_fen_per_t - ask) / lot.ask_net_fen_per_t
                    yield Change(demand.id, "ask", ask, size), replace(lot, ask_net_fen_per_t=ask)
        case [Rule.QUALITY]:
            beyond = list(_beyond(lot, demand))
            if len(beyond) == 1:
                attribute, _, limit = beyond[0]
                size = abs(limit - lot.quality[attribute]) / max(1.0, abs(lot.quality[attribute]))
                yield Change(demand.id, f"quality.{attribute}", limit, size), _with_quality(lot, attribute, limit)
        case [Rule.QUALITY_UNKNOWN]:
            unknown = [a for a in (*demand.quality_limits, *demand.blend_limits) if a not in lot.quality]
            if len(set(unknown)) == 1:
                attribute = unknown[0]
                bounds = {**demand.blend_limits.get(attribute, {}), **demand.quality_limits.get(attribute, {})}
                limit = bounds.get("max", bounds.get("min", 0.0))
                yield Change(demand.id, f"quality.{attribute}", limit, _YES_OR_NO), _with_quality(lot, attribute, limit)
        case [Rule.WINDOW]:
            latest = demand.deliver_until - _transit(option)
            earliest = demand.deliver_from - _transit(option)
            if max(market.now, lot.available_from) > latest >= market.now and lot.available_until >= earliest:
                size = (lot.available_from - latest) / _A_LONG_TIME
                yield Change(demand.id, "available_from", latest, size), replace(lot, available_from=latest)
            elif lot.available_until < earliest and lot.available_from <= latest:
                size = (earliest - lot.available_until) / _A_LONG_TIME
                yield Change(demand.id, "available_until", earliest, size), replace(lot, available_until=earliest)
        case [Rule.NOT_WHOLE]:
            yield Change(demand.id, "divisible", True, _YES_OR_NO), replace(lot, divisible=True)
        case [Rule.ALLOWANCE]:
            needed = least_kg(lot, demand)
            size = (needed - market.allowance_kg[lot.under]) / needed
            yield Change(demand.id, "allowance", needed, size), {lot.under: needed}


def _demand_changes(market: Market, lot: Lot, demand: Demand, rules: Sequence[Rule], lot_prices: Sequence[int]) -> Demands:
    option = _cheapest(market, lot, demand)
    match [*rules]:
        case [] | [Rule.GAIN] | [Rule.KEPT]:
            for price in lot_prices:
                bid = lot.ask_net_fen_per_t + _haul(market, option) + price + (1 if price else 0)
                if demand.bid_net_fen_per_t < bid <= MAX_FEN_PER_T:
                    size = (bid - demand.bid_net_fen_per_t) / max(1, demand.bid_net_fen_per_t)
                    yield Change(lot.id, "bid", bid, size), replace(demand, bid_net_fen_per_t=bid)
        case [Rule.QUALITY]:
            beyond = list(_beyond(lot, demand))
            if len(beyond) == 1:
                attribute, end, limit = beyond[0]
                value = lot.quality[attribute]
                limits = {**demand.quality_limits, attribute: {**demand.quality_limits[attribute], end: value}}
                size = abs(limit - value) / max(1.0, abs(limit))
                yield Change(lot.id, f"quality_limits.{attribute}.{end}", value, size), replace(demand, quality_limits=limits)
        case [Rule.WINDOW]:
            arrives = max(market.now, lot.available_from) + _transit(option)
            leaves = lot.available_until + _transit(option)
            if arrives > demand.deliver_until and leaves >= demand.deliver_from:
                size = (arrives - demand.deliver_until) / _A_LONG_TIME
                yield Change(lot.id, "deliver_until", arrives, size), replace(demand, deliver_until=arrives)
            elif leaves < demand.deliver_from and arrives <= demand.deliver_until:
                size = (demand.deliver_from - leaves) / _A_LONG_TIME
                yield Change(lot.id, "deliver_from", leaves, size), replace(demand, deliver_from=leaves)
        case [Rule.NOT_WHOLE]:
            size = (lot.kg_available - demand.kg_available) / max(1, demand.kg_available)
            yield Change(lot.id, "available", lot.kg_available, size), replace(demand, kg_available=lot.kg_available)
        case [Rule.COMPLIANCE]:
            yield Change(lot.id, "compliant_sellers_only", False, _YES_OR_NO), replace(demand, compliant_sellers_only=False)


def _cheapest(market: Market, lot: Lot, demand: Demand) -> FreightOption:
    found = options(lot.position, demand.position, 1, market.family, market.modes)
    return min(found, key=lambda option: _haul(market, option))


def _haul(market: Market, option: FreightOption) -> int:
    """Freight and what its carbon counts, fen per tonne."""
    return option.freight_fen_per_t + _carbon(market, option)


def _carbon(market: Market, option: FreightOption) -> int:
    return div_half_up(option.co2e_g_per_t * market.carbon_fen_per_t_co2e, 1_000_000)


def _transit(option: FreightOption) -> timedelta:
    """How long the haul takes."""
    return timedelta(milliseconds=option.transit_ms)


def _beyond(lot: Lot, demand: Demand) -> Iterator[tuple[str, str, float]]:
    """`(attribute, min or max, limit)` of each limit that the lot passes."""
    for attribute, bounds in demand.quality_limits.items():
        value = lot.quality.get(attribute)
        if value is None:
            continue
        for end, limit in bounds.items():
            if value < limit if end == "min" else value > limit:
                yield attribute, end, limit


def _with_quality(lot: Lot, attribute: str, value: float) -> Lot:
    return replace(lot, quality={**lot.quality, attribute: value})
