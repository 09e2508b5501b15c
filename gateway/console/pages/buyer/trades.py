"""Trades and their statements: every figure with what it comes from; objections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.hauls import moment
from gateway.console.pages.buyer.common import MOST, Json, items_of, number
from gateway.console.visit import Form, Visit
from shared.clock import utc_now

STATES = ("agreed", "in_delivery", "delivered", "settled", "cancelled")


@dataclass
class LoadLines:
    """The lines of one load's part of a statement, by figure."""

    shipment_id: str
    lines: dict[str, Json] = field(default_factory=dict)

    def value(self, figure: str) -> float | None:
        return self.lines[figure]["value"] if figure in self.lines else None


def trades(visit: Visit) -> Response:
    """`/buyer/trades`."""
    asked = visit.request.args
    status = asked.get("status") if asked.get("status") in STATES else None
    found = visit.api.get("/v1/trades", status=status, limit=50, cursor=asked.get("cursor"))
    return visit.render("trades.html", trades=found.items, cursor=found.body["next_cursor"], state=status or "", states=STATES)


def trade(visit: Visit, trade_id: str) -> Response:
    """`/buyer/trades/{trade}`: the statement, on paper as well; objection while there is time, withdrawal before loading."""
    form = visit.form()
    if visit.request.method == "POST":
        done = _act(visit, trade_id, form)
        if done is not None:
            return done
    found = visit.api.get(f"/v1/trades/{trade_id}").body
    settlement, shipments = visit.api.all(
        Ask(f"/v1/trades/{trade_id}/settlement") if found["status"] == "settled" else None,
        Ask("/v1/shipments", {"trade_id": trade_id, "limit": MOST}),
    )
    statement = settlement.body if settlement is not None and settlement.is_ok else None
    contract, loads = split_lines(statement["lines"] if statement else [])
    until = found["dispute_until"]
    total = statement and round(statement["amount_cny"] + statement["vat_cny"] + statement["freight_cny"], 2)
    return visit.render(
        "trade.html", 422 if form.is_faulty else 200, trade=found, form=form, statement=statement, contract=contract,
        loads=loads, total=total, shipments=items_of(shipments), may_object=until is not None and moment(until) > utc_now(),
    )  # fmt: skip


def split_lines(lines: Iterable[Json]) -> tuple[Sequence[Json], Sequence[LoadLines]]:
    """The contract's lines, and those of each load."""
    contract: list[Json] = []
    loads: dict[str, LoadLines] = {}
    for line in lines:
        if line["shipment_id"] is None:
            contract.append(line)
        else:
            loads.setdefault(line["shipment_id"], LoadLines(line["shipment_id"])).lines[line["figure"]] = line
    return contract, list(loads.values())


def _act(visit: Visit, trade_id: str, form: Form) -> Response | None:
    """Objects or withdraws; None where it was refused."""
    body: dict[str, Any] = {"reason": form.value("reason").strip()} if form.value("reason").strip() else {}
    if form.value("do") == "cancel":
        reply = visit.api.post(f"/v1/trades/{trade_id}/cancel", body, form.value("form_key"))
    else:
        if form.value("amount_cny").strip():
            body["amount_cny"] = number(form.value("amount_cny"))
        reply = visit.api.post(f"/v1/trades/{trade_id}/dispute", body, form.value("form_key"))
    if reply.is_ok:
        word = "said_cancelling" if form.value("do") == "cancel" else "said_disputed"
        return visit.go(f"/buyer/trades/{trade_id}", visit.t[word])
    form.refuse(reply, known=("reason", "amount_cny"))
    return None
