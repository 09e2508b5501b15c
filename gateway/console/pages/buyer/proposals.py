"""Proposals: ranked by what they cost at the gate, one with its sum, and many accepted at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.pages.buyer.common import MOST, Json, is_id, number, total_t
from gateway.console.visit import Form, Visit

SORTS: Mapping[str, Callable[[Json], Any]] = {
    "delivered": lambda one: one["delivered_cny_per_t"],
    "gain": lambda one: -one["buyer_gain_cny"],
    "expires": lambda one: one["expires_at"] or "~",
    "quantity": lambda one: -one["quantity_t"],
    "distance": lambda one: one["distance_km"],
}
AT_ONCE = 100
"""Proposals that are accepted by one form."""


@dataclass(frozen=True)
class Totals:
    """Of several proposals: tonnes, what they cost at the gate with freight, net of VAT, the VAT on goods, and the gain."""

    count: int
    quantity_t: float
    cost_cny: float
    vat_cny: float
    gain_cny: float

    @classmethod
    def of(cls, offers: list[Json]) -> Totals:
        cost = sum(one["delivered_cny_per_t"] * one["quantity_t"] for one in offers)
        vat = sum(one["price_cny_per_t"] * one["quantity_t"] * one["vat_rate_pct"] / 100 for one in offers)
        gain = sum(one["buyer_gain_cny"] for one in offers)
        return cls(len(offers), total_t(offers), round(cost, 2), round(vat, 2), round(gain, 2))

    @property
    def mean(self) -> float | None:
        """Delivered, per tonne."""
        return round(self.cost_cny / self.quantity_t, 2) if self.quantity_t else None


@dataclass(frozen=True)
class Outcome:
    """What became of one of several that were accepted at once."""

    offer: Json
    is_ok: bool
    word: str


def proposals(visit: Visit) -> Response:
    """`/buyer/proposals`: the open ones; several are accepted in two steps, the first of which states their total."""
    if visit.request.method == "POST":
        chosen = [one for one in visit.request.form.getlist("id") if is_id(one)][:AT_ONCE]
        offers = [one.body for one in visit.api.all(*(Ask(f"/v1/proposals/{one}") for one in chosen)) if one and one.is_ok]
        if not offers:
            return visit.go("/buyer/proposals", visit.t["none_chosen"])
        if visit.request.form.get("do") == "accept":
            return visit.render("accepted.html", outcomes=[_accept(visit, one) for one in offers])
        return visit.render("review.html", offers=offers, totals=Totals.of(offers))
    asked = visit.request.args
    sort = asked.get("sort") if asked.get("sort") in SORTS else "delivered"
    wanted = {"status": "proposed", "limit": MOST, "demand_id": asked.get("demand_id"), "mode": asked.get("mode")}
    reply, demands = visit.api.get("/v1/proposals", wanted), visit.api.get("/v1/demands", status="open", limit=MOST)
    found = reply.items
    grade, most_km = asked.get("grade", ""), number(asked.get("most_km", ""))
    shown = [one for one in found if grade in ("", one["grade"])]
    if isinstance(most_km, float):
        shown = [one for one in shown if one["distance_km"] <= most_km]
    shown.sort(key=SORTS[str(sort)])
    mine = [one for one in shown if not one["buyer_accepted_at"]]
    return visit.render(
        "proposals.html", offers=mine, waiting=[one for one in shown if one["buyer_accepted_at"]], sort=sort, sorts=list(SORTS),
        totals=Totals.of(mine), grades=sorted({one["grade"] for one in found}), modes=sorted({one["mode"] for one in found}),
        form=Form(dict(asked.items())), demands=demands.items if demands.is_ok else [], more=reply.body["next_cursor"],
    )  # fmt: skip


def _accept(visit: Visit, offer: Json) -> Outcome:
    reply = visit.api.post(f"/v1/proposals/{offer['id']}/accept", {}, f"{visit.request.form.get('form_key', '')}:{offer['id']}")
    if reply.is_ok:
        return Outcome(reply.body, True, visit.t["now_agreed" if reply.body["status"] == "agreed" else "now_waits"])
    return Outcome(offer, False, str(reply.problem.get("detail") or reply.problem.get("title") or reply.status))


def proposal(visit: Visit, proposal_id: str) -> Response:
    """`/buyer/proposals/{proposal}`: the sum line by line, the runner-up, the rounds; accept, reject, another offer."""
    form = visit.form()
    if visit.request.method == "POST":
        done = _decide(visit, proposal_id, form)
        if done is not None:
            return done
    found = visit.api.get(f"/v1/proposals/{proposal_id}").body
    why, lot, demand, trades = visit.api.all(
        Ask(f"/v1/proposals/{proposal_id}/explanation"),
        Ask(f"/v1/lots/{found['lot_id']}"),
        Ask(f"/v1/demands/{found['demand_id']}"),
        Ask("/v1/trades", {"proposal_id": proposal_id}) if found["status"] == "agreed" else None,
    )
    return visit.render(
        "proposal.html", 422 if form.is_faulty else 200, offer=found, form=form, totals=Totals.of([found]),
        why=why.body if why is not None and why.is_ok else None, lot=lot.body if lot is not None and lot.is_ok else None,
        demand=demand.body if demand is not None and demand.is_ok else None,
        trade=next(iter(trades.items), None) if trades is not None and trades.is_ok else None,
    )  # fmt: skip


def _decide(visit: Visit, proposal_id: str, form: Form) -> Response | None:
    """What was decided; None where it was refused, with the faults in `form`."""
    what = form.value("do")
    body: dict[str, Any] = {}
    if what == "reject" and form.value("reason").strip():
        body = {"reason": form.value("reason").strip()}
    if what == "counter":
        body = {name: number(form.value(name)) for name in ("price_cny_per_t", "quantity_t") if form.value(name).strip()}
    path = what if what in ("accept", "reject", "counter") else "accept"
    reply = visit.api.post(f"/v1/proposals/{proposal_id}/{path}", body, form.value("form_key"))
    if not reply.is_ok:
        form.refuse(reply, known=("price_cny_per_t", "quantity_t", "reason"))
        return None
    after = reply.body
    if path == "reject":
        return visit.go("/buyer/proposals", visit.t["said_rejected"])
    word = "said_countered" if path == "counter" else "said_agreed" if after["status"] == "agreed" else "said_accepted"
    return visit.go(f"/buyer/proposals/{after['id']}", visit.t[word])
