"""The plants that take deliveries: freight is counted to them, and a demand names one."""

from __future__ import annotations

from flask import Response

from gateway.console.pages.buyer.common import plants
from gateway.console.sites import FIELDS, POINTERS, counties_around, site_of
from gateway.console.visit import Visit


def own(visit: Visit) -> Response:
    """`/buyer/plants`: the plants, and a form for another."""
    form = visit.form()
    if visit.request.method == "POST":
        reply = visit.api.post("/v1/sites", site_of(form.values, "plant"), key=form.value("form_key"))
        if reply.is_ok:
            return visit.go("/buyer/plants", visit.t["said_plant"])
        form.refuse(reply, POINTERS, FIELDS)
    home = visit.api.get("/v1/me").body["region"]
    return visit.render(
        "plants.html", 422 if form.is_faulty else 200, form=form, sites=plants(visit), home=home,
        counties=counties_around(home, visit.t),
    )  # fmt: skip
