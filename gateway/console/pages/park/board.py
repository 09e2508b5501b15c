"""`/park`: how much came, went and stayed; against target; what is wrong. On a desk, and on a wall with `?wall=1`."""

from __future__ import annotations

from typing import Any

from flask import Response

from gateway.console.client import Ask, Reply
from gateway.console.pages.park.looking import choices, look_of, mix, named_region, total
from gateway.console.pages.park.targets import Bullet, bullets_of
from gateway.console.visit import Visit

LATEST = 8


def home(visit: Visit) -> Response:
    """The operator's own region, live."""
    look = look_of(visit, since="day")
    code = visit.api.get("/v1/me").body["organisation"]["region"]
    base = f"/v1/regions/{code}"
    of = {"material": look.material}
    span = {**of, "from": look.start, "as_of": look.as_of}
    came, went, outcomes, balance, targets, entries, alarms = visit.api.all(
        Ask(f"{base}/volumes", {**span, "side": "destination", "granularity": look.grain}),
        Ask(f"{base}/volumes", {**span, "side": "origin", "granularity": "year"}),
        Ask(f"{base}/outcomes", {**of, "from": look.start}),
        Ask(f"{base}/balance", {**of, "as_of": look.as_of}),
        Ask("/v1/targets", {"region": code, "status": "standing", "limit": 20}),
        Ask(f"{base}/entries", {**of, "limit": LATEST}),
        Ask("/v1/alarms", {"status": "raised", "limit": 20}),
    )
    return visit.render(
        "board.html",
        code=code,
        name=named_region(code, visit.t),
        look=look,
        wall=visit.request.args.get("wall") == "1",
        came=_sum(came, "received"),
        went=_sum(went, "loaded"),
        refused=_sum(came, "refused"),
        outcomes=outcomes.body if outcomes is not None and outcomes.is_ok else None,
        balance=balance.body if balance is not None and balance.is_ok else None,
        targets=_bullets(targets, visit),
        entries=entries,
        alarms=alarms,
        mix=mix(came.items, "received", visit.t) if came is not None and came.is_ok else None,
        **choices(visit.t),
    )


def _sum(reply: Reply | None, measure: str) -> float | None:
    return total(reply.items, measure) if reply is not None and reply.is_ok else None


def _bullets(reply: Reply | None, visit: Visit) -> list[Bullet] | None:
    if reply is None or not reply.is_ok:
        return None
    items: list[dict[str, Any]] = reply.items
    return bullets_of(items, visit)
