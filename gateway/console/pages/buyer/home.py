"""The buyer's home: what arrives today, what may be accepted, what scrap costs at the gate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Response

from gateway.console.client import ApiRefused, Ask
from gateway.console.hauls import ON_THE_WAY
from gateway.console.pages.buyer.common import MOST, Json, items_of, sellers_of, total_t
from gateway.console.pages.buyer.inbound import loads_of, trucks_of
from gateway.console.visit import Visit, is_passing
from shared.clock import iso, utc_now

FEW = 5


@dataclass(frozen=True)
class GateCost:
    """One grade at the gate, net of VAT: what is bid, the best that is offered now, what the last trades came to."""

    grade: str
    bid: float
    offered: float | None
    agreed: float | None
    trades: int
    proposal_id: str


def home(visit: Visit) -> Response:
    """`/buyer`."""
    now = utc_now()
    offered, agreed, demands, trades, alerts, me = visit.api.all(
        Ask("/v1/proposals", {"status": "proposed", "limit": MOST}),
        Ask("/v1/proposals", {"status": "agreed", "limit": MOST}),
        Ask("/v1/demands", {"status": "open", "limit": MOST}),
        Ask("/v1/trades", {"limit": MOST}),
        Ask("/v1/notices", {"type": "saved_search.matched", "limit": FEW}),
        Ask("/v1/me"),
    )
    loads = _loads(visit)
    axis, trucks = trucks_of(loads or [], items_of(agreed), now)
    coming = [one for one in trucks if one.who]
    open_offers = sorted((one for one in items_of(offered) if not one["buyer_accepted_at"]), key=_delivered)
    return visit.render(
        "home.html", me=me, loads_read=loads is not None, demands_read=demands is not None and demands.is_ok,
        trades_read=trades is not None and trades.is_ok,
        now=iso(now), axis=axis, now_at=axis.at(now), trucks=coming[:FEW], coming=coming,
        coming_t=total_t(one.load for one in coming), sellers=sellers_of(items_of(trades)), offers=open_offers[:FEW],
        offers_count=len(open_offers), offers_t=total_t(open_offers), offers_read=offered is not None and offered.is_ok,
        costs=gate_costs(items_of(demands), open_offers, items_of(trades)), demands=items_of(demands), alerts=items_of(alerts),
        on_the_way=sum(one.load["status"] in ON_THE_WAY for one in coming),
        at_the_gate=sum(one.who == "buyer" for one in coming),
    )  # fmt: skip


def _loads(visit: Visit) -> list[Json] | None:
    """None where they can't be read now, which takes nothing from the rest of the page."""
    try:
        return loads_of(visit)
    except ApiRefused as refused:
        if not is_passing(refused.reply.status):
            raise
        return None


def _delivered(one: Json) -> float:
    return float(one["delivered_cny_per_t"])


def gate_costs(demands: Iterable[Json], offers: Iterable[Json], trades: Iterable[Json]) -> list[GateCost]:
    """By grade of the open demands; trades weigh by their tonnes."""
    bids: dict[str, float] = {}
    for demand in demands:
        for grade in demand["grades"]:
            bids[grade] = max(bids.get(grade, 0.0), demand["bid_net_cny_per_t"])
    best: dict[str, Json] = {}
    for offer in offers:
        if offer["grade"] not in best or _delivered(offer) < _delivered(best[offer["grade"]]):
            best[offer["grade"]] = offer
    paid: dict[str, list[tuple[float, float]]] = {}
    for trade in trades:
        if trade["status"] != "cancelled":
            cost = trade["price_cny_per_t"] + trade["freight_cny_per_t"]
            paid.setdefault(trade["grade"], []).append((trade["quantity_t"], cost))
    return [_gate_cost(grade, bids[grade], best.get(grade), paid.get(grade, [])) for grade in sorted(bids)]


def _gate_cost(grade: str, bid: float, best: Json | None, paid: list[tuple[float, float]]) -> GateCost:
    mass = sum(t for t, _ in paid)
    agreed = round(sum(t * cost for t, cost in paid) / mass, 2) if mass else None
    return GateCost(grade, bid, None if best is None else _delivered(best), agreed, len(paid), best["id"] if best else "")
