"""What proves that everything agrees, and what was sent to programs."""

from __future__ import annotations

from flask import Response

from gateway.console.client import Ask
from gateway.console.visit import Visit

KINDS = ("audit", "round", "index")


def checks(visit: Visit) -> Response:
    """What `huanliu audit` and `huanliu search check` last said."""
    kind = visit.request.args.get("kind", "")
    page = visit.api.get(
        "/v1/operations/checks", kind=kind if kind in KINDS else None, cursor=visit.request.args.get("cursor")
    ).body
    return visit.render("checks.html", items=page["items"], cursor=page["next_cursor"], kind=kind, kinds=KINDS)


def webhooks(visit: Visit) -> Response:
    """The organisation's webhooks and what became of each delivery; one can be sent again."""
    if visit.request.method == "POST":
        hook, delivery = (visit.request.form.get(name, "") for name in ("webhook_id", "delivery_id"))
        visit.api.post(f"/v1/webhooks/{hook}/deliveries/{delivery}/retry").body  # noqa: B018 - raises what was refused
        return visit.go("/operator/webhooks", visit.t["said_retry"])
    page = visit.api.get("/v1/webhooks", limit=50).body
    asks = (Ask(f"/v1/webhooks/{one['id']}/deliveries", {"limit": 20}) for one in page["items"])
    return visit.render("webhooks.html", hooks=list(zip(page["items"], visit.api.all(*asks), strict=True)))
