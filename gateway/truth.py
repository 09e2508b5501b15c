"""A second opinion where a room's copy may be stale: who knows is asked before a refusal leaves the house (`protocol.md` 1).

A room that has not yet heard of a verification says 403, one that has not heard of a site, an organisation, a lot or a demand
says 503. The first is never passed on when it is no longer true; the second becomes a 422 when there is no such thing. Nor is
the 404 of a room that explains a listing it has not heard of, while listings shows it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import quote

from gateway.forward import Call, Forwarder, Reply
from shared.problem import InputIsInvalid, NotFound, ServiceIsUnavailable

WAIT_S = 2.0
PAUSE_S = 0.1
NOT_ACTIVE = ("organisation-not-verified", "organisation-suspended")
SUBJECTS = {
    "site": ("accounts", "/v1/sites/{}", "/site_id", "没有这个场站", "You have no such site"),
    "organisation": ("accounts", "/v1/organisations/{}/known", "/carrier_id", "没有这个单位", "There is no such organisation"),
    "lot": ("listings", "/v1/lots/{}", "/lot_id", "没有这批已发布的货源", "There is no such published lot"),
    "demand": ("listings", "/v1/demands/{}", "/demand_id", "没有这个已发布的采购需求", "There is no such published demand"),
}
"""What a room may not have heard of: who knows of it and where, and the fault where there is none."""
EXPLAINED = re.compile(r"(/v1/(?:lots|demands)/[^/?]+)/explanation(?:\?|$)")


def settle(forwarder: Forwarder, call: Call, reply: Reply, sleep: Callable[[float], None] = time.sleep) -> Reply:
    """The answer to give: `reply`, or a later one. Raises InputIsInvalid, ServiceIsUnavailable."""
    status = reply.http.status_code
    if status not in (403, 404, 503) or "Authorization" not in call.headers:
        return reply
    kind = reply.problem.get("type")
    if kind in NOT_ACTIVE and _is_verified(forwarder, call):
        return _again(forwarder, call, NOT_ACTIVE, ("审核结果尚未", "the verification"), sleep)
    if status == 404 and kind == NotFound.slug and _is_open(forwarder, call):
        return _again(forwarder, call, (NotFound.slug,), ("这条挂牌尚未", "this listing"), sleep)
    if kind == "not-heard-yet":
        _must_exist(forwarder, call, str(reply.problem.get("subject")), quote(str(reply.problem.get("id")), safe=""))
    return reply


def _is_verified(forwarder: Forwarder, call: Call) -> bool:
    answer = forwarder.get("accounts", "/v1/me", _as(call))
    return answer.status_code == 200 and answer.json()["organisation"]["status"] == "verified"


def _is_open(forwarder: Forwarder, call: Call) -> bool:
    explained = EXPLAINED.match(call.url)
    if explained is None:
        return False
    answer = forwarder.get("listings", explained[1], _as(call))
    return answer.status_code == 200 and answer.json()["status"] == "open"


def _again(
    forwarder: Forwarder, call: Call, while_it_says: tuple[str, ...], what: tuple[str, str], sleep: Callable[[float], None]
) -> Reply:
    """The answer once the room has heard of it. Raises ServiceIsUnavailable after two seconds."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        sleep(PAUSE_S)
        reply = forwarder.send(call)
        if reply.problem.get("type") not in while_it_says:
            return reply
        reply.http.close()
    raise ServiceIsUnavailable(
        zh=f"{what[0]}同步到此服务，请稍后重试", en=f"This service has not heard of {what[1]} yet; try again in a moment"
    )


def _must_exist(forwarder: Forwarder, call: Call, subject: str, identifier: str) -> None:
    if subject not in SUBJECTS:
        return
    room, url, *fault = SUBJECTS[subject]
    answer = forwarder.get(room, url.format(identifier), _as(call))
    if answer.status_code == 404 or (answer.status_code == 200 and answer.json().get("status") == "draft"):
        pointer = "/counterparty_id" if subject == "organisation" and call.url.startswith("/v1/agreements") else fault[0]
        raise InputIsInvalid([(pointer, fault[1], fault[2])])


def _as(call: Call) -> dict[str, str]:
    return {name: call.headers[name] for name in ("Authorization", "traceparent")}
