"""Clearings: how far from the best possible, how long they took, and one of them as supply and demand."""

from __future__ import annotations

from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import material_name
from gateway.console.visit import Form, Visit
from shared.catalogue import families


def clearings(visit: Visit) -> Response:
    """The last ones, and one now."""
    form = visit.form()
    if visit.request.method == "POST":
        reply = visit.api.post("/v1/clearings", {"material": form.value("material")}, key=form.value("form_key"))
        if reply.is_ok:
            return visit.go(f"/operator/clearings/{reply.body['id']}", visit.t["said_clearing"])
        form.refuse(reply)
    material = visit.request.args.get("material", "")
    page = visit.api.get("/v1/clearings", material=material, cursor=visit.request.args.get("cursor"), limit=50).body
    return visit.render(
        "clearings.html",
        422 if form.is_faulty else 200,
        items=page["items"],
        cursor=page["next_cursor"],
        materials=[(one.code, material_name(one.code, visit.t)) for one in families()],
        material=material,
        form=form,
        name=lambda code: material_name(code, visit.t),
    )


def clearing(visit: Visit, clearing_id: str) -> Response:
    """One: its figures, and what it matched of supply and demand."""
    found, curves = visit.api.all(Ask(f"/v1/clearings/{clearing_id}"), Ask(f"/v1/clearings/{clearing_id}/curves"))
    assert found is not None and curves is not None
    stairs = curves.body if curves.is_ok else None
    return visit.render(
        "clearing.html",
        item=found.body,
        name=material_name(found.body["material"], visit.t),
        stairs=stairs,
        drawing=chart_of(stairs, visit) if stairs else None,
        form=Form(),
    )


def chart_of(stairs: dict[str, list[dict[str, Any]]], visit: Visit) -> dict[str, Any]:
    """As `charts.js` takes it."""
    names = ("price_cny_per_t", "quantity_t", "matched_t")
    rows = {side: [[one[name] for name in names] for one in stairs[side]] for side in ("supply", "demand")}
    words = {"supply": "supply", "demand": "demand", "tonnes": "cumulated_t", "price": "unit_cny_t"}
    return {**rows, "words": {name: visit.t[key] for name, key in words.items()}}
