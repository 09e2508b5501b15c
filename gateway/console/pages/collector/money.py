"""Money: of each trade, the way from the gross weight to what is paid, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from gateway.console.client import Ask, Reply
from gateway.console.pages.collector.deliveries import mass_of
from gateway.console.visit import Form, Visit

MOST_LOADS = 100


def money(visit: Visit) -> Response:
    """Trades, newest first, with their sums."""
    args = visit.request.args
    status = args.get("status", "")
    found = visit.api.get("/v1/trades", {"status": status, "limit": 20, "cursor": args.get("cursor")}).body
    items = found["items"]
    settled = [one for one in items if one["status"] == "settled"]
    asks = [Ask(f"/v1/trades/{one['id']}/settlement") for one in settled]
    asks += [Ask("/v1/shipments", {"trade_id": one["id"], "limit": MOST_LOADS}) for one in items]
    replies = visit.api.all(*asks)
    statements = {
        one["id"]: reply.body for one, reply in zip(settled, replies[: len(settled)], strict=True) if reply and reply.is_ok
    }
    masses = {
        one["id"]: weighed(reply.items)
        for one, reply in zip(items, replies[len(settled) :], strict=True)
        if reply is not None and reply.is_ok
    }
    return visit.render(
        "money.html", items=items, cursor=found["next_cursor"], statements=statements, masses=masses, status=status
    )


def statement(visit: Visit, trade_id: str) -> Response:
    """One trade's statement: every figure with its source; an objection is posted here. Printed, it is an A4 page."""
    form = visit.form()
    if visit.request.method == "POST":
        done = _done(visit, trade_id, form)
        if isinstance(done, Response):
            return done
        form.refuse(done, known=("reason", "amount_cny"))
    trade, settlement, loads = visit.api.all(
        Ask(f"/v1/trades/{trade_id}"),
        Ask(f"/v1/trades/{trade_id}/settlement"),
        Ask("/v1/shipments", {"trade_id": trade_id, "limit": MOST_LOADS}),
    )
    assert trade is not None and settlement is not None and loads is not None
    shipments = loads.items if loads.is_ok else []
    return visit.render(
        "statement.html",
        422 if form.is_faulty else 200,
        trade=trade.body,
        settlement=settlement.body if settlement.is_ok else None,
        shipments=shipments,
        loads_read=loads.is_ok,
        masses={one["id"]: mass_of(one) for one in shipments},
        mass=weighed(shipments),
        form=form,
        may_object=may_object(trade.body, visit.now),
    )


def _done(visit: Visit, trade_id: str, form: Form) -> Response | Reply:
    """The page to go on to, or the refusal."""
    path, here = f"/v1/trades/{trade_id}", f"/collector/money/{trade_id}"
    do = form.value("do") or visit.request.args.get("do")
    if do == "paid":
        reply = visit.api.post(f"{path}/payment", key=form.value("form_key"))
        return visit.go(here, visit.t["did_paid"], f"{here}?do=unpaid") if reply.is_ok else reply
    if do == "unpaid":
        reply = visit.api.delete(f"{path}/payment")
        return visit.go(here, visit.t["did_unpaid"]) if reply.is_ok else reply
    body: dict[str, Any] = {"reason": form.value("reason")}
    if form.value("amount_cny"):
        body["amount_cny"] = form.number("amount_cny")
    reply = visit.api.post(f"{path}/dispute", body, key=form.value("form_key"))
    return visit.go(here, visit.t["did_dispute"]) if reply.is_ok else reply


def may_object(trade: dict[str, Any], now: datetime) -> bool:
    """Until the time for it is over, once a side, also after the rest has settled."""
    return bool(trade["dispute_until"]) and now < datetime.fromisoformat(trade["dispute_until"])


def weighed(shipments: list[dict[str, Any]]) -> dict[str, float] | None:
    """The sums of the loads that were received; None before the first."""
    found = [mass for one in shipments if one["status"] == "received" and (mass := mass_of(one)) is not None]
    if not found:
        return None
    return {name: round(sum(one[name] or 0 for one in found), 3) for name in ("gross", "tare", "net", "settled", "deducted")}
