"""The yard's places, and how it wants to be told."""

from __future__ import annotations

from typing import Any

from flask import Response

from gateway.console.visit import Visit, typed_number
from shared import geo


def yards(visit: Visit) -> Response:
    """The yards, and a form for another."""
    form = visit.form()
    if visit.request.method == "POST":
        reply = visit.api.post("/v1/sites", _body(form.values), key=form.value("form_key"))
        if reply.is_ok:
            return visit.go("/collector/yards", visit.t["did_yard"])
        form.refuse(reply, {"/position/lat": "lat", "/position/lon": "lon"}, ("name", "region", "lat", "lon"))
    me = visit.api.get("/v1/me").body
    found = visit.api.get("/v1/sites", organisation_id=visit.organisation_id, limit=100)
    counties = [(one.code, one.name_zh if visit.t.code == "zh" else one.name_en) for one in _around(me["region"])]
    return visit.render("yards.html", 422 if form.is_faulty else 200, sites=found.items, form=form, me=me, counties=counties)


def settings(visit: Visit) -> Response:
    """Messages: at once, once a day or never; quiet hours."""
    form = visit.form()
    now = visit.api.get("/v1/notices/settings")
    if visit.request.method == "POST":
        names = ("when", "language", "quiet_from", "quiet_until")
        body = {name: form.value(name) for name in names if form.value(name)}
        reply = visit.api.patch("/v1/notices/settings", body, form.value("etag"))
        if reply.is_ok:
            return visit.go("/collector/settings", visit.t["did_settings"])
        form.refuse(reply, known=names)
    return visit.render("settings.html", 422 if form.is_faulty else 200, now=now.body, etag=now.etag, form=form)


def _around(code: str) -> list[geo.Region]:
    """The counties of the region's city, or of the municipality."""
    lineage = geo.lineage(code)
    for outer in (code[:4] + "00", code[:2] + "0000"):
        if outer in lineage and geo.children(outer):
            return geo.children(outer)
    found = geo.region(code)
    return [found] if found is not None else []


def _body(typed: dict[str, str]) -> dict[str, Any]:
    """Without a position the county's own point stands for it."""
    found = geo.region(typed.get("region", ""))
    position: dict[str, Any] = {}
    if typed.get("lat") and typed.get("lon"):
        position = {name: typed_number(typed[name]) for name in ("lat", "lon")}
    elif found is not None:
        position = {"lat": found.position.lat, "lon": found.position.lon}
    return {"name": typed.get("name", ""), "kind": "yard", "region": typed.get("region", ""), "position": position}
