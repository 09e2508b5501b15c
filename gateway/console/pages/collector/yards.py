"""The yard's places, and how it wants to be told."""

from __future__ import annotations

from typing import Any

from flask import Response

from gateway.console.sites import FIELDS, POINTERS, counties_around, site_of
from gateway.console.visit import Visit

SETTINGS = ("when", "language", "quiet_from", "quiet_until")


def yards(visit: Visit) -> Response:
    """The yards, and a form for another."""
    form = visit.form()
    if visit.request.method == "POST":
        reply = visit.api.post("/v1/sites", site_of(form.values, "yard"), key=form.value("form_key"))
        if reply.is_ok:
            return visit.go("/collector/yards", visit.t["did_yard"])
        form.refuse(reply, POINTERS, FIELDS)
    me = visit.api.get("/v1/me").body
    found = visit.api.get("/v1/sites", organisation_id=visit.organisation_id, limit=100)
    counties = counties_around(me["region"], visit.t)
    return visit.render("yards.html", 422 if form.is_faulty else 200, sites=found.items, form=form, me=me, counties=counties)


def settings(visit: Visit) -> Response:
    """Messages: at once, once a day or never; quiet hours."""
    form, path = visit.form(), "/v1/notices/settings"
    now = visit.api.get(path)
    form.begin(now, _typed_of(now.body))
    if visit.request.method == "POST":
        body = {name: form.value(name) for name in SETTINGS if form.value(name)}
        reply = visit.change(path, body, form, _typed_of)
        if reply.is_ok:
            return visit.go("/collector/settings", visit.t["did_settings"])
        form.refuse(reply, known=SETTINGS)
    return visit.render("settings.html", 422 if form.is_faulty else 200, now=now.body, form=form)


def _typed_of(settings: dict[str, Any]) -> dict[str, str]:
    return {name: settings[name] or "" for name in SETTINGS}
