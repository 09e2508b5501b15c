"""Tenders, framework agreements, counterparties and a lot's passport, for those who sell and those who buy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response

from gateway.console.client import Ask, Reply
from gateway.console.hauls import as_it_stands, at_of
from gateway.console.registry import Page
from gateway.console.visit import Form, Visit
from shared import catalogue, geo
from shared.clock import SHANGHAI, iso, utc_now

ROLES = ("collector", "buyer")
MOST = 200
RUNNING = ("open", "deciding")
IN_FORCE = ("in-force", "ending")
STANDINGS = ("favourite", "blocked")
PRICES = ("premium_cny_per_t", "floor_cny_per_t", "ceiling_cny_per_t")
_ID = re.compile(r"[0-9a-f-]{36}")

Json = Mapping[str, Any]


def _items(reply: Reply | None) -> list[Json]:
    return reply.items if reply is not None and reply.is_ok else []


def _number(text: str) -> float | str:
    try:
        return float(text.strip().replace(",", ""))
    except ValueError:
        return text.strip()


def _numbers(form: Form, *names: str) -> dict[str, float | str]:
    """Those that were filled in."""
    return {name: _number(form.value(name)) for name in names if form.value(name).strip()}


def _own(visit: Visit) -> str:
    return "" if visit.user is None else visit.user.session.organisation_id


def tenders(visit: Visit) -> Response:
    """`/tenders`: the open ones, and one's own whatever became of them. A seller's POST opens one."""
    form = visit.form()
    if visit.request.method == "POST":
        body: dict[str, Any] = {"lot_id": form.value("lot_id"), "closes_at": _moment(form.value("closes_at"))}
        body |= _numbers(form, "quantity_t", "reserve_cny_per_t", "deposit_cny")
        reply = visit.api.post("/v1/tenders", body, form.value("form_key"))
        if reply.is_ok:
            return visit.go(f"/tenders/{reply.body['id']}", visit.t["said_opened"])
        form.refuse(reply, known=("lot_id", "closes_at", "quantity_t", "reserve_cny_per_t", "deposit_cny"))
    mine = visit.request.args.get("mine", "")
    found = visit.api.get("/v1/tenders", mine=mine and "true", limit=50, cursor=visit.request.args.get("cursor"))
    lots = _items(visit.api.get("/v1/lots", status="open", limit=MOST)) if visit.role == "collector" else []
    return visit.render(
        "tenders.html", 422 if form.is_faulty else 200, form=form, tenders=found.items, cursor=found.body["next_cursor"],
        mine=mine, lots=[one for one in lots if one["available_t"] > 0], running=RUNNING,
    )  # fmt: skip


def _moment(text: str) -> str:
    """A time of the market's zone as a browser's field gives it; what is none as it is, for the API to refuse."""
    try:
        return iso(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))
    except ValueError:
        return text


def tender(visit: Visit, tender_id: str) -> Response:
    """`/tenders/{tender}`: a buyer bids or takes his bid back, the seller calls it off; after it, who won and why."""
    form, path = visit.form(), f"/v1/tenders/{tender_id}"
    if visit.request.method == "POST":
        reply, word = _bid_or_cancel(visit, path, form)
        if reply.is_ok:
            return visit.go(f"/tenders/{tender_id}", visit.t[word])
        form.refuse(reply, known=("price_cny_per_t", "deposit_reference", "demand_id"))
    found = visit.api.get(path).body
    demands = (
        _items(visit.api.get("/v1/demands", status="open", grade=found["grade"], limit=MOST)) if visit.role == "buyer" else []
    )
    return visit.render(
        "tender.html", 422 if form.is_faulty else 200, tender=found, form=form, running=RUNNING,
        demands=[one for one in demands if one["available_t"] > 0], is_seller=found["bid_count"] is not None,
    )  # fmt: skip


def _bid_or_cancel(visit: Visit, path: str, form: Form) -> tuple[Reply, str]:
    if form.value("do") == "cancel":
        return visit.api.post(f"{path}/cancel", {}, form.value("form_key")), "said_called_off"
    demand = form.value("demand_id")
    bid = f"{path}/bids/{demand if _ID.fullmatch(demand) else 'none'}"
    if form.value("do") == "take-back":
        return visit.api.delete(bid), "said_bid_back"
    body: dict[str, Any] = _numbers(form, "price_cny_per_t")
    if form.value("deposit_reference").strip():
        body["deposit_reference"] = form.value("deposit_reference").strip()
    return visit.api.put(bid, body), "said_bid"


def agreements(visit: Visit) -> Response:
    """`/agreements`: all of one's own. POST proposes one to somebody one has traded with."""
    form = visit.form()
    if visit.request.method == "POST":
        body: dict[str, Any] = {
            name: form.value(name) for name in ("counterparty_id", "grade", "first_month", "last_month", "region")
        }
        body |= _numbers(form, "month_t", "below_pct", "above_pct", *PRICES)
        reply = visit.api.post("/v1/agreements", body, form.value("form_key"))
        if reply.is_ok:
            return visit.go(f"/agreements/{reply.body['id']}", visit.t["said_proposed"])
        form.refuse(reply)
    found, trades, me = visit.api.all(
        Ask("/v1/agreements", {"limit": 50, "cursor": visit.request.args.get("cursor")}),
        Ask("/v1/trades", {"limit": MOST}),
        Ask("/v1/me"),
    )
    names = names_of(_items(trades), visit.role)
    home = me.body["region"] if me is not None and me.is_ok else ""
    return visit.render(
        "agreements.html", 422 if form.is_faulty else 200, form=form, agreements=_items(found), names=names, own=_own(visit),
        named=trades is not None and trades.is_ok,
        read=found is not None and found.is_ok, grades=_grades(visit), month=utc_now().astimezone(SHANGHAI).strftime("%Y-%m"),
        regions=[one for code in reversed(geo.lineage(home)) if (one := geo.region(code)) is not None] if home else [],
    )  # fmt: skip


def _grades(visit: Visit) -> list[tuple[str, str]]:
    return [(one.code, one.name_zh if visit.t.code == "zh" else one.name_en) for one in catalogue.grades()]


def names_of(trades: list[Json], role: str | None) -> dict[str, str]:
    """Whom one has traded with: only trades tell names."""
    side = "buyer" if role == "collector" else "seller"
    return {one[side]["id"]: one[side]["name"] for one in trades}


def agreement(visit: Visit, agreement_id: str) -> Response:
    """`/agreements/{agreement}`: month by month what was called off and came; accept, decline, give notice, call off."""
    form, path = visit.form(), f"/v1/agreements/{agreement_id}"
    if visit.request.method == "POST":
        reply, word = _agree(visit, path, form)
        if reply.is_ok:
            return visit.go(f"/agreements/{agreement_id}", visit.t[word])
        form.refuse(reply, known=("quantity_t", "last_month", "lot_id", "demand_id"))
    found = visit.api.get(path).body
    callable_ = found["status"] in IN_FORCE
    grade = {"grade": found["grade"], "limit": 100}
    mine, theirs = ("lots", "demands") if visit.role == "collector" else ("demands", "lots")
    own, others, called, trades = visit.api.all(
        Ask(f"/v1/{mine}", {**grade, "status": "open"}) if callable_ else None,
        Ask(f"/v1/search/{theirs}", grade) if callable_ else None,
        Ask(f"{path}/call-offs", {"limit": 50}),
        Ask("/v1/trades", {"limit": MOST}),
    )
    other, key = (found["buyer_id"], "buyer_id") if visit.role == "collector" else (found["seller_id"], "seller_id")
    of_other = [one for one in _items(others) if one[key] == other]
    lots, demands = (_items(own), of_other) if visit.role == "collector" else (of_other, _items(own))
    lots, demands = ([one for one in some if one["available_t"] > 0] for some in (lots, demands))
    return visit.render(
        "agreement.html", 422 if form.is_faulty else 200, agreement=found, form=form, lots=lots, demands=demands,
        called=_items(called), name=names_of(_items(trades), visit.role).get(other, ""), callable=callable_,
        named=trades is not None and trades.is_ok,
        is_mine=found["proposed_by"] == _own(visit),
    )  # fmt: skip


def _agree(visit: Visit, path: str, form: Form) -> tuple[Reply, str]:
    what, key = form.value("do"), form.value("form_key")
    if what == "call-off":
        body: dict[str, Any] = {"lot_id": form.value("lot_id"), "demand_id": form.value("demand_id")}
        return visit.api.post(f"{path}/call-offs", body | _numbers(form, "quantity_t"), key), "said_called"
    if what == "end":
        last = form.value("last_month").strip()
        return visit.api.post(f"{path}/end", {"last_month": last} if last else {}, key), "said_ended"
    if what == "decline":
        return visit.api.post(f"{path}/decline", {}, key), "said_declined"
    return visit.api.post(f"{path}/accept", {}, key), "said_agreed"


@dataclass
class Counterparty:
    """Somebody whom one's trades or one's mark name."""

    id: str
    name: str
    standing: str
    trades: int = 0
    kg: int = 0

    @property
    def quantity_t(self) -> float:
        return self.kg / 1000


def counterparties(visit: Visit) -> Response:
    """`/counterparties`: everybody one has traded with, and what one thinks of them. POST says it, and takes it back."""
    if visit.request.method == "POST":
        said = visit.request.values
        other, standing = said.get("id", ""), said.get("standing", "")
        if _ID.fullmatch(other):
            wanted = standing if standing in STANDINGS else None
            _ = visit.api.put(f"/v1/counterparties/{other}", {"standing": wanted}).body
            undo = f"/counterparties?{urlencode({'id': other, 'standing': said['was']})}" if "was" in said else ""
            return visit.go("/counterparties", visit.t[f"said_{wanted or 'neither'}"], undo)
    known, traded = visit.api.all(Ask("/v1/counterparties", {"limit": MOST}), Ask("/v1/trades", {"limit": MOST}))
    standings = {one["organisation_id"]: one["standing"] for one in _items(known)}
    side = "buyer" if visit.role == "collector" else "seller"
    return visit.render(
        "counterparties.html", rows=counted(_items(traded), side, standings),
        read=all(one is not None and one.is_ok for one in (known, traded)),
    )  # fmt: skip


def counted(trades: list[Json], side: str, standings: Mapping[str, str]) -> list[Counterparty]:
    """With whom one trades most first."""
    rows = {other: Counterparty(other, "", standing) for other, standing in standings.items()}
    for trade in trades:
        other = trade[side]
        row = rows.setdefault(other["id"], Counterparty(other["id"], "", ""))
        row.name, row.trades, row.kg = other["name"], row.trades + 1, row.kg + round(trade["quantity_t"] * 1000)
    return sorted(rows.values(), key=lambda one: (-one.trades, one.name))


def passport(visit: Visit, lot_id: str) -> Response:
    """`/lots/{lot}/passport`: what a lot is, where it arose and what became of it, load by load as far as the reader's own
    trades go; each figure with the ticket or inspection that it is from. Made for paper."""
    lot, trades, loads = visit.api.all(
        Ask(f"/v1/lots/{lot_id}"),
        Ask("/v1/trades", {"lot_id": lot_id, "limit": MOST}),
        Ask("/v1/shipments", {"lot_id": lot_id, "limit": MOST}),
    )
    assert lot is not None
    hauled = [
        (one, at_of(one, "loaded"), at_of(one, "received"), as_it_stands(one, "weighed"), as_it_stands(one, "inspected"))
        for one in reversed(_items(loads))
    ]
    return visit.render(
        "passport.html", lot=lot.body, grade=catalogue.grade(lot.body["grade"]), trades=_items(trades), hauled=hauled,
        is_partial=not all(one is not None and one.is_ok for one in (trades, loads)), at=iso(visit.now),
    )  # fmt: skip


PAGES = (
    Page("/tenders", tenders, ROLES, word="nav_tenders", icon="sealed", group="group_deals", posts=True),
    Page("/agreements", agreements, ROLES, word="nav_agreements", icon="paper", group="group_deals", posts=True),
    Page("/counterparties", counterparties, ROLES, word="nav_counterparties", icon="person", group="group_deals", posts=True),
    Page("/tenders/<tender_id>", tender, ROLES, posts=True),
    Page("/lots/<lot_id>/passport", passport, (*ROLES, "operator")),
    Page("/agreements/<agreement_id>", agreement, ROLES, posts=True),
)
