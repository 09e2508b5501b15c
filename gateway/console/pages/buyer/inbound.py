"""What comes in: the day on a time axis, and one load with the step that is the buyer's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import NOTHING, material_name, region_name
from gateway.console.hauls import (
    COMING,
    Axis,
    Truck,
    as_it_stands,
    at_of,
    concerns,
    hours_of,
    in_order,
    last_of,
    truck,
)
from gateway.console.pages.buyer.common import MOST, Json, items_of, number, sellers_of
from gateway.console.visit import Form, Visit
from shared import catalogue
from shared.clock import SHANGHAI, iso, utc_now

STEPS = ("weighed", "inspected", "received", "refused")
"""What a buyer reports."""
ASSIGNABLE = ("planned", "assigned")
"""Until it is booked a buyer may name who hauls a load, and with what."""


def loads_of(visit: Visit) -> list[Json]:
    """The buyer's loads: the newest, and whatever is still on its way."""
    first = visit.api.get("/v1/shipments", limit=MOST)
    found = {one["id"]: one for one in first.items}
    if first.body["next_cursor"]:
        asks = [Ask("/v1/shipments", {"status": status, "limit": MOST}) for status in COMING]
        for reply in visit.api.all(*asks):
            found |= {one["id"]: one for one in items_of(reply)}
    return list(found.values())


def trucks_of(loads: list[Json], proposals: list[Json], now: datetime) -> tuple[Axis, list[Truck]]:
    """The day's trucks in the order in which they matter."""
    axis, hours = Axis.of(now), hours_of(proposals)
    return axis, in_order(
        truck(one, axis, now, hours.get((one["lot_id"], one["demand_id"]))) for one in loads if concerns(one, axis)
    )


def inbound(visit: Visit) -> Response:
    """`/buyer/inbound`: today's trucks."""
    now = utc_now()
    loads = loads_of(visit)
    agreed, trades = visit.api.all(
        Ask("/v1/proposals", {"status": "agreed", "limit": MOST}), Ask("/v1/trades", {"limit": MOST})
    )
    axis, trucks = trucks_of(loads, items_of(agreed), now)
    sellers = sellers_of(items_of(trades))
    if visit.request.args.get("as") == "csv":
        return visit.table(_rows(visit, trucks, sellers), f"inbound-{now.astimezone(SHANGHAI):%Y-%m-%d}.csv")
    waiting = [one for one in loads if one["status"] == "planned"]
    return visit.render(
        "inbound.html", axis=axis, trucks=trucks, sellers=sellers, now=iso(now), now_at=axis.at(now), waiting=waiting,
        day=iso(axis.start), due=[one for one in trucks if one.load["status"] in COMING],
    )  # fmt: skip


def _rows(visit: Visit, trucks: list[Truck], sellers: dict[str, Json]) -> list[list[str | float]]:
    t = visit.t
    rows: list[list[str | float]] = [
        [
            t["col_vehicle"],
            t["col_seller"],
            t["col_grade"],
            t["quantity"],
            t["col_state"],
            t["col_left"],
            t["col_due"],
            t["col_came"],
        ]
    ]
    for one in trucks:
        load = one.load
        left, came = at_of(load, "loaded"), at_of(load, "arrived")
        rows.append([
            load["vehicle"] or NOTHING, sellers.get(load["trade_id"], {}).get("name", region_name(load["from_region"], t)),
            material_name(load["grade"], t), load["quantity_t"], t[f"load_{load['status']}"],
            _local(left), _local(one.due), _local(came),
        ])  # fmt: skip
    return rows


def _local(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def load(visit: Visit, load_id: str) -> Response:
    """`/buyer/inbound/{load}`: its steps; those of the scale and the laboratory are taken here."""
    form = visit.form()
    if visit.request.method == "POST":
        done = _report(visit, load_id, form)
        if done is not None:
            return done
    found = visit.api.get(f"/v1/shipments/{load_id}").body
    asks = [
        Ask(f"/v1/trades/{found['trade_id']}"),
        Ask("/v1/proposals", {"lot_id": found["lot_id"], "demand_id": found["demand_id"], "limit": 1}),
    ]
    if found["status"] in ASSIGNABLE:
        asks.append(Ask("/v1/shipments", {"limit": MOST}))
    trade, proposals, *earlier = visit.api.all(*asks)
    carriers = carriers_of(items_of(earlier[0])) if earlier else {}
    terms = next(iter(items_of(proposals)), None)
    now = utc_now()
    shown = truck(found, Axis.of(now), now, None if terms is None else terms["hours"])
    return visit.render(
        "load.html", 422 if form.is_faulty else 200, load=found, form=form, truck=shown, terms=terms,
        trade=trade.body if trade is not None and trade.is_ok else None, weighed=as_it_stands(found, "weighed"),
        inspected=as_it_stands(found, "inspected"), refused=last_of(found, "refused"),
        assignable=found["status"] in ASSIGNABLE, carriers=carriers,
        grades=[(one.code, one.name_zh if visit.t.code == "zh" else one.name_en)
                for one in catalogue.grades() if one.family == found["material"]],
    )  # fmt: skip


def carriers_of(loads: list[Json]) -> dict[str, list[str]]:
    """Who has hauled for the buyer, the latest first, with the plates it knows them by: nobody is told a carrier's name."""
    found: dict[str, list[str]] = {}
    for one in loads:
        if one["carrier_id"] and one["vehicle"]:
            plates = found.setdefault(one["carrier_id"], [])
            if one["vehicle"] not in plates:
                plates.append(one["vehicle"])
    return found


def assignment_of(form: Form) -> dict[str, str]:
    """An id is typed on purpose, a choice may merely have been left as it stood."""
    return {"carrier_id": form.value("carrier_id").strip() or form.value("carrier"), "vehicle": form.value("vehicle").strip()}


def _assign(visit: Visit, load_id: str, form: Form) -> Response | None:
    """Who hauls it: the organisation whose id was typed, else the chosen one that has hauled before."""
    reply = visit.api.post(f"/v1/shipments/{load_id}/assign", assignment_of(form), form.value("form_key"))
    if reply.is_ok:
        return visit.go(f"/buyer/inbound/{load_id}", visit.t["said_assigned"])
    form.refuse(reply, known=("carrier_id", "vehicle"))
    return None


def _report(visit: Visit, load_id: str, form: Form) -> Response | None:
    """The step that was sent; None where it was refused, with the faults in `form`."""
    kind = form.value("do")
    if kind in ("photo", "unphoto"):
        return visit.change_photos(f"/v1/shipments/{load_id}", form, f"/buyer/inbound/{load_id}")
    if kind == "assign":
        return _assign(visit, load_id, form)
    names = {
        "weighed": ("gross_t", "tare_t"),
        "inspected": ("moisture_pct", "impurity_pct"),
    }.get(kind, ())
    details: dict[str, Any] = {name: number(form.value(name)) for name in names if form.value(name)}
    texts = {"weighed": ("ticket",), "inspected": ("grade",), "refused": ("reason",)}.get(kind, ())
    details |= {name: form.value(name) for name in texts if form.value(name)}
    reply = visit.report(load_id, kind if kind in STEPS else "", form, **details)
    if reply.is_ok:
        return visit.go(f"/buyer/inbound/{load_id}", visit.t[f"said_{kind}"])
    form.refuse(reply, known=("gross_t", "tare_t", "ticket", "moisture_pct", "impurity_pct", "grade", "reason"))
    return None
