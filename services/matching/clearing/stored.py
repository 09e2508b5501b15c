"""What a clearing leaves behind to be re-run and to be proved by: its input and the prices of its relaxation."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson

from services.matching.clearing.candidates import Candidates
from services.matching.clearing.columns import Columns
from services.matching.clearing.market import Demand, Lot, Market, Preferences, Taken, Validity
from services.matching.clearing.network import Relaxation
from shared.geo import Position


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves the bound: prices in fen per tonne by id, those of 0 left out. `…_places`: what the place of a side's last
    small take is worth, fen. `blend_prices`: (demand, attribute, end, fen per tonne and unit of excess). `relaxed`: the flow
    of the relaxation as (lot, demand, kg), for complementary slackness."""

    lot_prices: Mapping[str, int]
    demand_prices: Mapping[str, int]
    lot_places: Mapping[str, int]
    demand_places: Mapping[str, int]
    allowance_prices: Mapping[str, int]
    blend_prices: tuple[tuple[str, str, str, int], ...]
    relaxed: tuple[tuple[str, str, int], ...]


def proof_of(columns: Columns, found: Candidates, relaxed: Relaxation) -> Proof:
    """The relaxation of a checked market, by ids."""
    lots, demands = [lot.id for lot in columns.market.lots], [demand.id for demand in columns.market.demands]
    used = np.flatnonzero(relaxed.kg)
    flow = zip(found.lot[used].tolist(), found.demand[used].tolist(), relaxed.kg[used].tolist(), strict=True)
    return Proof(
        lot_prices={one: fen for one, fen in zip(lots, relaxed.lot_price.tolist(), strict=True) if fen},
        demand_prices={one: fen for one, fen in zip(demands, relaxed.demand_price.tolist(), strict=True) if fen},
        lot_places={lots[row]: fen for row, fen in relaxed.lot_place.items()},
        demand_places={demands[row]: fen for row, fen in relaxed.demand_place.items()},
        allowance_prices=dict(zip(columns.allowance_id, relaxed.allowance_price.tolist(), strict=True)),
        blend_prices=tuple((demands[row], attribute, end, fen) for (row, attribute, end), fen in relaxed.blend_price.items()),
        relaxed=tuple((lots[lot], demands[demand], kg) for lot, demand, kg in flow),
    )


def encoded(market: Market) -> bytes:
    """Everything a clearing of a checked market depends on, as JSON; the same market gives the same bytes."""
    known = {lot.id for lot in market.lots}, {demand.id for demand in market.demands}
    sellers = {lot.seller_id for lot in market.lots}
    under = {lot.under for lot in market.lots}
    buyers = {demand.buyer_id for demand in market.demands}
    content = {
        "family": market.family,
        "now": market.now,
        "carbon_fen_per_t_co2e": market.carbon_fen_per_t_co2e,
        "modes": market.modes,
        "reserve_fen_per_t": market.reserve_fen_per_t,
        "preferences": market.preferences,
        "allowance_kg": {one: kg for one, kg in market.allowance_kg.items() if one in under},
        "lots": list(market.lots),
        "demands": list(market.demands),
        "excluded": sorted(pair for pair in set(market.excluded) if pair[0] in known[0] and pair[1] in known[1]),
        "blocked": sorted(pair for pair in set(market.blocked) if pair[0] in sellers and pair[1] in buyers),
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=dict)


def decoded(data: bytes) -> Market:
    """The market that `encoded` wrote."""
    content = orjson.loads(data)
    return Market(
        family=content["family"],
        now=_at(content["now"]),
        lots=[_lot(row) for row in content["lots"]],
        demands=[_demand(row) for row in content["demands"]],
        excluded=[(lot, demand) for lot, demand in content["excluded"]],
        blocked=[(seller, buyer) for seller, buyer in content.get("blocked", ())],
        carbon_fen_per_t_co2e=content["carbon_fen_per_t_co2e"],
        modes=tuple(content["modes"]),
        reserve_fen_per_t=content["reserve_fen_per_t"],
        preferences=Preferences(**content["preferences"]),
        allowance_kg=content["allowance_kg"],
    )


def _lot(row: dict[str, Any]) -> Lot:
    own = {name: _at(row[name]) for name in ("available_from", "available_until")}
    compliance = tuple(Validity(_at(one["since"]), _at(one["until"])) for one in row["compliance"])
    return Lot(**{**row, **own, "position": Position(**row["position"]), "compliance": compliance})


def _demand(row: dict[str, Any]) -> Demand:
    own = {name: _at(row[name]) for name in ("deliver_from", "deliver_until")}
    taken = tuple(Taken(**one) for one in row["taken"])
    return Demand(**{**row, **own, "position": Position(**row["position"]), "grades": tuple(row["grades"]), "taken": taken})


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def digest(data: bytes, solver: str) -> str:
    """SHA-256 of the encoded input and the name of the solver that read it."""
    return hashlib.sha256(solver.encode() + b"\n" + data).hexdigest()


def packed(market: bytes, proof: Proof) -> tuple[bytes, bytes]:
    """An encoded market and its proof, compressed."""
    return zlib.compress(market, 1), zlib.compress(orjson.dumps(proof, default=dict), 1)


def unpacked(data: bytes) -> bytes:
    """The JSON that was packed."""
    return zlib.decompress(data)
