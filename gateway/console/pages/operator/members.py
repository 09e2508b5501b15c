"""Organisations: who waits to be verified, who is in, who was shut out."""

from __future__ import annotations

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import region_name
from gateway.console.visit import Visit
from shared.auth.caller import ROLES

STATUSES = ("pending", "verified", "suspended")


def members(visit: Visit) -> Response:
    """By status; those who wait first."""
    args = visit.request.args
    status = args.get("status", "pending")
    status = status if status in STATUSES else "pending"
    query = {"status": status, "role": args.get("role"), "cursor": args.get("cursor"), "limit": 50}
    page = visit.api.get("/v1/organisations", query).body
    return visit.render(
        "members.html",
        items=page["items"],
        cursor=page["next_cursor"],
        chosen=status,
        statuses=STATUSES,
        roles=ROLES,
        role=args.get("role", ""),
        place=lambda code: region_name(code, visit.t),
    )


def member(visit: Visit, organisation_id: str) -> Response:
    """One; verify it or shut it out. `?do=verify` takes a suspension back."""
    path = f"/v1/organisations/{organisation_id}"
    if visit.request.method == "POST":
        do = visit.request.args.get("do") or visit.request.form.get("do", "")
        act = "suspend" if do == "suspend" else "verify"
        before = visit.api.get(path).body
        after = visit.api.post(f"{path}/{act}").body
        back = f"{visit.request.path}?do=verify" if act == "suspend" and before["status"] == "verified" else ""
        return visit.go(visit.request.path, visit.t.say(f"said_{act}", name=after["name"]), undo=back)
    found, sites = visit.api.all(Ask(path), Ask("/v1/sites", {"organisation_id": organisation_id, "limit": 200}))
    assert found is not None
    return visit.render("member.html", item=found.body, sites=sites, place=lambda code: region_name(code, visit.t))
