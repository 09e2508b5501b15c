"""Proposals: what a yard is offered, why, and its answer."""

from __future__ import annotations

from flask import Response

from gateway.console.client import Ask
from gateway.console.visit import Visit


def proposals(visit: Visit) -> Response:
    """Those that wait for the yard first; then the others, newest first."""
    status = visit.request.args.get("status", "proposed")
    query = {"status": "" if status == "all" else status, "limit": 30, "cursor": visit.request.args.get("cursor")}
    found = visit.api.get("/v1/proposals", query).body
    items = sorted(found["items"], key=lambda one: one["seller_accepted_at"] is not None)
    return visit.render("proposals.html", items=items, cursor=found["next_cursor"], status=status)


def proposal(visit: Visit, proposal_id: str) -> Response:
    """One of them with its explanation; the answer is posted here."""
    path = f"/v1/proposals/{proposal_id}"
    form = visit.form()
    if visit.request.method == "POST":
        do = form.value("do")
        body: dict[str, object] = {}
        if do == "counter":
            body = {name: form.number(name) for name in ("price_cny_per_t", "quantity_t") if form.value(name)}
        elif do == "reject":
            body = {"reason": form.value("reason")} if form.value("reason") else {}
        if do in ("accept", "reject", "counter"):
            reply = visit.api.post(f"{path}/{do}", body, key=form.value("form_key"))
            if reply.is_ok:
                after = "/collector/proposals" if do != "accept" else f"/collector/proposals/{proposal_id}"
                return visit.go(after, visit.t[f"did_{do}"])
            form.refuse(reply, known=("price_cny_per_t", "quantity_t", "reason"))
    one, why = visit.api.all(Ask(path), Ask(f"{path}/explanation"))
    assert one is not None and why is not None
    lot = visit.api.get(f"/v1/lots/{one.body['lot_id']}")
    return visit.render("proposal.html", 422 if form.is_faulty else 200, one=one.body, why=why, lot=lot, form=form)
