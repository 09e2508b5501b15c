"""Which pairs may trade and at what gain, read from the stored input by the contract's rules once more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.catalogue.freight import tariff
from shared.geo.distance import great_circle_m_array

Json = Mapping[str, Any]
Ints = NDArray[np.int64]
MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Way:
    """One pair's best mode."""

    mode: str
    distance_m: int
    freight: int
    co2e_g: int
    gain: int
    weight: int


class Pairs:
    """Every pair that the pairwise rules allow, by (lot row, demand row)."""

    def __init__(self, market: Json) -> None:
        self.market, self.lots, self.demands = market, market["lots"], market["demands"]
        self.lot_row = {lot["id"]: row for row, lot in enumerate(self.lots)}
        self.demand_row = {demand["id"]: row for row, demand in enumerate(self.demands)}
        self.now = ms_of(market["now"])
        self.limits = _limits(self.demands)
        self.wanted: dict[str, list[int]] = defaultdict(list)
        for row, demand in enumerate(self.demands):
            for grade in set(demand["grades"]):
                self.wanted[grade].append(row)
        self.ended: dict[str, list[int]] = defaultdict(list)
        for lot_id, demand_id in market["excluded"]:
            if demand_id in self.demand_row:
                self.ended[lot_id].append(self.demand_row[demand_id])
        self.shunned: dict[str, set[str]] = defaultdict(set)
        for seller, buyer in market.get("blocked", ()):
            self.shunned[seller].add(buyer)
        self.offered: dict[str, int] = defaultdict(int)
        for lot in self.lots:
            self.offered[under(lot)] += lot["kg_available"]
        self.buyer = np.array([demand["buyer_id"] for demand in self.demands])
        self.room = np.array([demand["kg_available"] for demand in self.demands], dtype=np.int64)
        self.bid = np.array([demand["bid_net_fen_per_t"] for demand in self.demands], dtype=np.int64)
        self.strict = np.array([demand["compliant_sellers_only"] for demand in self.demands], dtype=np.bool_)
        self.opens = np.array([ms_of(demand["deliver_from"]) for demand in self.demands], dtype=np.int64)
        self.closes = np.array([ms_of(demand["deliver_until"]) for demand in self.demands], dtype=np.int64)
        kept_back = [market["reserve_fen_per_t"].get(demand["id"], 0) for demand in self.demands]
        self.reserve = np.array(kept_back, dtype=np.int64)
        self.lat = np.array([demand["position"]["lat"] for demand in self.demands], dtype=np.float64)
        self.lon = np.array([demand["position"]["lon"] for demand in self.demands], dtype=np.float64)
        self.ways: dict[tuple[int, int], Way] = {}
        for row, lot in enumerate(self.lots):
            there = self._may_meet(lot)
            for j, way in self._ways(lot, there) if there.size else ():
                known = self.ways.get((row, j))
                if known is None or way.weight > known.weight:
                    self.ways[row, j] = way

    def allowed_kg(self, allowance: str) -> int:
        """The most that all lots under an allowance may give."""
        offered = self.offered[allowance]
        return int(min(offered, self.market.get("allowance_kg", {}).get(allowance, offered)))

    def _may_meet(self, lot: Json) -> Ints:
        """The demands that no rule but distance, time and gain forbids."""
        there = np.setdiff1d(
            np.array(self.wanted[lot["grade"]], dtype=np.int64), np.array(self.ended[lot["id"]], dtype=np.int64)
        )
        if ms_of(lot["available_until"]) < self.now or not there.size:
            return there[:0]
        there = there[~np.isin(self.buyer[there], [lot["seller_id"], *self.shunned[lot["seller_id"]]])]
        if not lot["divisible"]:
            there = there[self.room[there] >= lot["kg_available"]]
        if not self._compliant(lot):
            there = there[~self.strict[there]]
        for attribute, (low, high, blended) in self.limits.items():
            measure = lot["quality"].get(attribute)
            if measure is None:
                there = there[np.isnan(low[there]) & np.isnan(high[there]) & ~blended[there]]
            else:
                there = there[~((measure < low[there]) | (measure > high[there]))]
        return np.asarray(there)

    def _wished(self, lot: Json, there: Ints, distance: Ints) -> Ints:
        """What policy adds to a pair's weight, or takes off it."""
        wishes = self.market["preferences"]
        near = [bool(lot["park_id"]) and self.demands[j]["park_id"] == lot["park_id"] for j in there.tolist()]
        over = np.maximum(distance - wishes["radius_m"], 0)
        return np.asarray(np.array(near) * wishes["in_park_fen_per_t"] - over * wishes["beyond_fen_per_tkm"] // 1000)

    def _compliant(self, lot: Json) -> bool:
        loading = max(self.now, ms_of(lot["available_from"]))
        return any(ms_of(one["since"]) <= self.now and loading < ms_of(one["until"]) for one in lot["compliance"])

    def _ways(self, lot: Json, there: Ints) -> Iterator[tuple[int, Way]]:
        """What each mode makes of the way from `lot` to the demands `there`, where it is in time and gains."""
        lat, lon = np.full(there.size, lot["position"]["lat"]), np.full(there.size, lot["position"]["lon"])
        metres = np.floor(great_circle_m_array(lat, lon, self.lat[there], self.lon[there]) + 0.5).astype(np.int64)
        kept_back = self.market["reserve_fen_per_t"].get(lot["id"], 0)
        ready, leaves = max(self.now, ms_of(lot["available_from"])), ms_of(lot["available_until"])
        for mode in self.market["modes"]:
            figures = tariff(mode, self.market["family"])
            distance = _per_million(metres * figures.detour_micro)
            transit = figures.handling_ms + _per_million(distance * figures.micro_ms_per_m)
            freight = figures.base_fen_per_t + _per_million(distance * figures.rate_milli_fen_per_tkm)
            co2e = _per_million(distance * figures.co2e_mg_per_tkm)
            gain = self.bid[there] - lot["ask_net_fen_per_t"] - freight
            weight = gain - _per_million(co2e * self.market["carbon_fen_per_t_co2e"]) - self.reserve[there] - kept_back
            weight = weight + self._wished(lot, there, distance)
            fine = (gain >= 0) & (ready + transit <= self.closes[there]) & (leaves + transit >= self.opens[there])
            for k in np.flatnonzero(fine).tolist():
                way = Way(mode, int(distance[k]), int(freight[k]), int(co2e[k]), int(gain[k]), int(weight[k]))
                yield int(there[k]), way


def under(lot: Json) -> str:
    """The allowance that a lot counts towards, if there is one of that name."""
    return str(lot.get("allowance_id") or lot["seller_id"])


def blend_rows(demand: Json) -> Iterator[tuple[str, str]]:
    for attribute in sorted(demand["blend_limits"]):
        for end in sorted(demand["blend_limits"][attribute]):
            yield attribute, end


def excess_of(lot: Json, demand: Json, attribute: str, end: str) -> int:
    """What a kilogram of the lot adds to the blend's sum beyond its limit, in millionths."""
    beyond = _micro(lot["quality"][attribute]) - _micro(demand["blend_limits"][attribute][end])
    return beyond if end == "max" else -beyond


def credit_of(demand: Json, attribute: str, end: str) -> int:
    """What earlier takes leave of the limit; one whose measure was not known counts as just at it."""
    known = [taken for taken in demand["taken"] if attribute in taken["quality"]]
    return -sum(int(taken["kg"]) * excess_of(taken, demand, attribute, end) for taken in known)


def _limits(demands: Sequence[Json]) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]]:
    """By attribute: lowest, highest (NaN where there is none), and whether it is blended, of each demand."""
    names = sorted({name for demand in demands for name in (*demand["quality_limits"], *demand["blend_limits"])})

    def ends(name: str, end: str) -> NDArray[np.float64]:
        return np.array([demand["quality_limits"].get(name, {}).get(end, np.nan) for demand in demands], dtype=np.float64)

    return {
        name: (ends(name, "min"), ends(name, "max"), np.array([name in demand["blend_limits"] for demand in demands]))
        for name in names
    }


def _micro(value: float) -> int:
    return round(value * MICRO)


def half_up(numerator: int, denominator: int) -> int:
    """To the nearest integer, a half away from zero."""
    nearest = (2 * abs(numerator) + denominator) // (2 * denominator)
    return nearest if numerator >= 0 else -nearest


def _per_million(values: Ints) -> Ints:
    """Divided by 10⁶, half up; `values` are not negative."""
    return (2 * values + MICRO) // (2 * MICRO)


def ms_of(text: str) -> int:
    at = datetime.fromisoformat(text)
    return (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
