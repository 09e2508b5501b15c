"""Dead letters: what a consumer gave up on, why, and what is to become of it."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from gateway.console.client import Ask
from gateway.console.pages.operator.health import EVERYWHERE
from gateway.console.visit import Form, Visit
from shared.problem import NotFound

STATUSES = ("parked", "replay_requested", "replayed", "discarded")


def letters(visit: Visit) -> Response:
    """Those that wait for a decision first; of all rooms, or of one by pages."""
    args = visit.request.args
    status = args.get("status", "parked")
    status = status if status in STATUSES else "parked"
    room = args.get("room", "")
    rooms = [room] if room in EVERYWHERE else list(EVERYWHERE)
    query = {"status": status, "cursor": args.get("cursor") if len(rooms) == 1 else None, "limit": 50}
    replies = visit.api.all(*(Ask(f"/v1/operations/{one}/dead-letters", query) for one in rooms))
    silent = [one for one, reply in zip(rooms, replies, strict=True) if reply is None or not reply.is_ok]
    found = [(one, reply.body) for one, reply in zip(rooms, replies, strict=True) if reply is not None and reply.is_ok]
    items = [{"room": one, **item} for one, body in found for item in body["items"]]
    items.sort(key=lambda item: item["parked_at"], reverse=True)
    return visit.render(
        "letters.html",
        items=items,
        silent=silent,
        chosen=status,
        statuses=STATUSES,
        room=room if len(rooms) == 1 else "",
        rooms=EVERYWHERE,
        longer=[one for one, body in found if body["next_cursor"]],
        cursor=found[0][1]["next_cursor"] if len(rooms) == 1 and found else None,
    )


def letter(visit: Visit, room: str, letter_id: str) -> Response:
    """The event as it came, the reason, the trace; replay and discard."""
    if room not in EVERYWHERE:
        raise NotFound
    path, form = f"/v1/operations/{room}/dead-letters/{letter_id}", Form()
    if visit.request.method == "POST":
        do = visit.request.form.get("do")
        reply = visit.api.post(f"{path}/{'discard' if do == 'discard' else 'replay'}")
        if reply.is_ok:
            return visit.go(visit.request.path, visit.t["said_discard" if do == "discard" else "said_replay"])
        form.refuse(reply)
    item = visit.api.get(path).body
    status = 409 if form.is_faulty else 200
    return visit.render("letter.html", status, item=item, room=room, form=form, value=pretty(item["value"]))


def pretty(value: Any) -> str:
    """JSON with its lines apart; any other text as it is."""
    if value is None:
        return ""
    try:
        return orjson.dumps(orjson.loads(value), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return str(value)
