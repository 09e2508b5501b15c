"""Deliveries: where each load is, and what the scale and the inspection found."""

from __future__ import annotations

from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.hauls import as_it_stands
from gateway.console.visit import Visit


def deliveries(visit: Visit) -> Response:
    """The yard's loads, newest first."""
    args = visit.request.args
    query = {"status": args.get("status"), "trade_id": args.get("trade_id"), "limit": 30, "cursor": args.get("cursor")}
    found = visit.api.get("/v1/shipments", query).body
    return visit.render("deliveries.html", items=found["items"], cursor=found["next_cursor"], status=args.get("status", ""))


def delivery(visit: Visit, shipment_id: str) -> Response:
    """One load: its steps, its ticket and inspection; printed, the ticket."""
    one = visit.api.get(f"/v1/shipments/{shipment_id}").body
    trade, *_ = visit.api.all(Ask(f"/v1/trades/{one['trade_id']}"))
    return visit.render("delivery.html", one=one, mass=mass_of(one), trade=trade, steps={e["type"]: e for e in one["events"]})


def mass_of(shipment: dict[str, Any]) -> dict[str, Any] | None:
    """Gross, tare, what was deducted, and what counts, in tonnes; None before the scale."""
    last = as_it_stands(shipment, "weighed")
    if last is None:
        return None
    net = round(last["gross_t"] - last["tare_t"], 3)
    settled = shipment["settled_t"]
    deducted = None if settled is None else round(net - settled, 3)
    return {
        "gross": last["gross_t"],
        "tare": last["tare_t"],
        "net": net,
        "settled": settled,
        "deducted": deducted,
        "ticket": last["ticket"],
        "inspected": as_it_stands(shipment, "inspected"),
    }
