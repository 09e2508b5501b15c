"""Demands: what is asked for and how much of it is there, made, changed, copied, repeated and closed; why none matches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response

from gateway.console.client import Ask, Reply
from gateway.console.formats import day_begins, day_ends, last_day, shanghai_day, shanghai_today
from gateway.console.pages.buyer.common import MOST, UNITS, Json, is_id, items_of, number, plants
from gateway.console.visit import Form, Visit
from shared import catalogue
from shared.clock import utc_now

STATES = ("open", "draft", "closed")
GRADE = "grade-"
FIRST = ("moisture_pct", "impurity_pct")
"""Attributes that stand open in the form: a settlement deducts for these."""
DAYS = 14


def demands(visit: Visit) -> Response:
    """`/buyer/demands`."""
    status = visit.request.args.get("status")
    status = status if status in STATES else "open"
    found = visit.api.get("/v1/demands", status=status, limit=50, cursor=visit.request.args.get("cursor"))
    return visit.render("demands.html", demands=found.items, cursor=found.body["next_cursor"], state=status, states=STATES)


def demand(visit: Visit, demand_id: str) -> Response:
    """`/buyer/demands/{demand}`: how far it is filled, what is offered for it, why no more; and what may be done with it."""
    form = visit.form()
    if visit.request.method == "POST":
        done = _act(visit, demand_id, form)
        if done is not None:
            return done
    found = visit.api.get(f"/v1/demands/{demand_id}").body
    offers, why, again = visit.api.all(
        Ask("/v1/proposals", {"demand_id": demand_id, "limit": MOST}),
        Ask(f"/v1/demands/{demand_id}/explanation") if found["status"] == "open" else None,
        Ask(f"/v1/demands/{demand_id}/recurrence"),
    )
    return visit.render(
        "demand.html", 422 if form.is_faulty else 200, demand=found, form=form, why=why.body if why and why.is_ok else None,
        offers_read=offers is not None and offers.is_ok,
        offers=[one for one in items_of(offers) if one["status"] in ("proposed", "agreed")],
        again=again.body if again is not None and again.is_ok else None, attributes=_names(visit), units=UNITS,
    )  # fmt: skip


def _act(visit: Visit, demand_id: str, form: Form) -> Response | None:
    """Publish, close, copy, repeat or stop repeating; None where it was refused."""
    what, path, key = form.value("do"), f"/v1/demands/{demand_id}", form.value("form_key")
    if what == "repeat":
        body = {"every": form.value("every"), "quantity_t": number(form.value("quantity_t"))}
        if form.value("until"):
            body["until"] = day_ends(form.value("until"))
        reply = visit.api.post(f"{path}/recurrence", body, key)
    elif what == "stop":
        reply = visit.api.delete(f"{path}/recurrence")
    elif what == "copy":
        reply = visit.api.post(f"{path}/copy", {}, key)
    else:
        reply = visit.api.post(f"{path}/{'close' if what == 'close' else 'publish'}", None, key)
    if not reply.is_ok:
        form.refuse(reply, known=("every", "quantity_t", "until"))
        return None
    if what == "copy":
        return visit.go(f"/buyer/demands/{reply.body['id']}/edit", visit.t["said_copied"])
    words = {"repeat": "said_repeats", "stop": "said_stopped", "close": "said_closed"}
    return visit.go(f"/buyer/demands/{demand_id}", visit.t[words.get(what, "said_published")])


def new(visit: Visit) -> Response:
    """`/buyer/demands/new`: the family first, then its grades and limits; `?lot=` takes them over from a lot that was found."""
    form, lot = visit.form(), visit.request.args.get("lot", "")
    lot_read: Json | None = visit.api.get(f"/v1/lots/{lot}").body if is_id(lot) else None
    family = catalogue.family(
        visit.request.args.get("family") or form.value("family") or (lot_read["material"] if lot_read else "")
    )
    if family is None:
        return visit.render("families.html", families=[(one.code, _name(visit, one)) for one in catalogue.families()])
    if visit.request.method == "POST":
        body = body_of(form.values, {})
        body["publish"] = form.value("do") == "publish"
        reply = visit.api.post("/v1/demands", body, form.value("form_key"))
        if reply.is_ok:
            word = "said_published" if reply.body["status"] == "open" else "said_saved"
            return visit.go(f"/buyer/demands/{reply.body['id']}", visit.t[word])
        _refuse(form, reply)
    elif not form.values:
        form.values = _first_values(lot_read)
    return _form_page(visit, form, family.code, None)


def edit(visit: Visit, demand_id: str) -> Response:
    """`/buyer/demands/{demand}/edit`: only what was changed is sent."""
    form, reply = visit.form(), visit.api.get(f"/v1/demands/{demand_id}")
    found = reply.body
    before = values_of(found)
    family = found["materials"][0]
    form.begin(reply, before)
    if visit.request.method == "POST":
        changes = body_of(form.values, before)
        if not changes:
            return visit.go(f"/buyer/demands/{demand_id}", visit.t["said_unchanged"])
        done = visit.change(f"/v1/demands/{demand_id}", changes, form, values_of)
        if done.is_ok:
            return visit.go(f"/buyer/demands/{demand_id}", visit.t["said_changed"])
        _refuse(form, done)
    return _form_page(visit, form, family, found)


def _form_page(visit: Visit, form: Form, family: str, before: Json | None) -> Response:
    grades = [one for one in catalogue.grades() if one.family == family or GRADE + one.code in form.values]
    names = list(dict.fromkeys([*FIRST, *(name for one in grades for name in one.attributes)]))
    attributes = [one for name in names if (one := catalogue.attribute(name)) is not None]
    open_ones = [one for one in attributes if one.name in FIRST or any(
        form.value(f"{kind}-{one.name}-{end}") for kind in ("limit", "blend") for end in ("min", "max")
    ) or form.value(f"basis-{one.name}")]  # fmt: skip
    return visit.render(
        "demand_form.html", 422 if form.is_faulty else 200, form=form, family=family, demand=before,
        grades=[(one.code, _name(visit, one)) for one in grades], sites=plants(visit), attributes=_names(visit),
        first=[(one.name, one.unit) for one in open_ones],
        rest=[(one.name, one.unit) for one in attributes if one not in open_ones],
    )  # fmt: skip


def _name(visit: Visit, one: Any) -> str:
    return str(one.name_zh if visit.t.code == "zh" else one.name_en)


def _names(visit: Visit) -> dict[str, str]:
    return {one.name: _name(visit, one) for one in catalogue.attributes()}


def _first_values(lot: Json | None) -> dict[str, str]:
    today = shanghai_today(utc_now())
    values = {
        "deliver_from": today.isoformat(),
        "deliver_until": (today + timedelta(days=DAYS)).isoformat(),
        "vat_rate_pct": "13",
    }
    if lot is not None:
        values |= {GRADE + lot["grade"]: "on", "quantity_t": f"{lot['available_t']:g}"}
    return values


def values_of(demand: Json) -> dict[str, str]:
    """A demand as its form shows it. Days are the market's; the last one is included."""
    values = {GRADE + grade: "on" for grade in demand["grades"]}
    for name in ("quantity_t", "bid_cny_per_t", "vat_rate_pct", "min_take_t"):
        values[name] = f"{demand[name]:.3f}".rstrip("0").rstrip(".")
    values["site_id"] = demand["site_id"]
    values["deliver_from"] = shanghai_day(demand["deliver_from"])
    values["deliver_until"] = last_day(demand["deliver_until"])
    for kind, field in (("limit", "quality_limits"), ("blend", "blend_limits")):
        for name, ends in demand[field].items():
            values |= {f"{kind}-{name}-{end}": f"{value:g}" for end, value in ends.items()}
    values |= {f"basis-{name}": f"{value:g}" for name, value in demand["basis"].items()}
    for name in ("compliant_sellers_only", "auto_accept"):
        if demand[name]:
            values[name] = "on"
    return values


def body_of(values: Mapping[str, str], before: Mapping[str, str]) -> dict[str, Any]:
    """What the API is told: all of a new demand, the changed parts of one that was there."""
    body = _parts(values)
    if not before:
        return body
    was = _parts(before)
    return {name: value for name, value in body.items() if value != was.get(name)}


def _parts(values: Mapping[str, str]) -> dict[str, Any]:
    limits: dict[str, dict[str, dict[str, Any]]] = {"limit": {}, "blend": {}}
    basis: dict[str, Any] = {}
    for name, value in values.items():
        kind, _, rest = name.partition("-")
        if not value.strip():
            continue
        if kind in limits:
            attribute, _, end = rest.rpartition("-")
            limits[kind].setdefault(attribute, {})[end] = number(value)
        elif kind == "basis":
            basis[rest] = number(value)
    body: dict[str, Any] = {
        "grades": [name.removeprefix(GRADE) for name, value in values.items() if name.startswith(GRADE) and value],
        "site_id": values.get("site_id", ""),
        "quality_limits": limits["limit"],
        "blend_limits": limits["blend"],
        "basis": basis,
        "compliant_sellers_only": values.get("compliant_sellers_only") == "on",
        "auto_accept": values.get("auto_accept") == "on",
        "min_take_t": number(values.get("min_take_t") or "0"),
    }
    for name in ("quantity_t", "bid_cny_per_t", "vat_rate_pct"):
        if values.get(name, "").strip():
            body[name] = number(values[name])
    for name, moment in (("deliver_from", day_begins), ("deliver_until", day_ends)):
        if values.get(name):
            body[name] = moment(values[name])
    return body


def _refuse(form: Form, reply: Reply) -> None:
    """The faults at their fields, whose names hold what the API has in its pointers' parts."""
    fields: dict[str, str] = {}
    for error in reply.problem.get("errors") or []:
        pointer = str(error["pointer"])
        parts = pointer.strip("/").split("/")
        kind = {"quality_limits": "limit", "blend_limits": "blend"}.get(parts[0])
        if kind is not None and len(parts) > 1:
            fields[pointer] = "-".join([kind, parts[1], parts[2] if len(parts) > 2 else "max"])
        elif parts[0] == "basis" and len(parts) > 1:
            fields[pointer] = f"basis-{parts[1]}"
        else:
            fields[pointer] = parts[0]
    form.refuse(reply, fields)
