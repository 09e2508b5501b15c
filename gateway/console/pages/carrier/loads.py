"""One load, and the step in hand; the day on a time axis; what was earned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import material_name, region_name
from gateway.console.hauls import NEXT, ON_THE_WAY, Axis, as_it_stands, at_of, concerns, in_order, last_of, moment, truck
from gateway.console.pages.carrier.common import MOST, NEWEST, Json, each_once, fleet, in_hand, items_of, own_id, own_loads
from gateway.console.pages.carrier.offers import ranked, stands
from gateway.console.visit import Form, Visit
from shared.clock import SHANGHAI, iso, utc_now

STEPS = ("booked", "loaded", "arrived", "returned")
FEW = 5
LISTED = 100


def home(visit: Visit) -> Response:
    """`/carrier`: the step in hand of every load, and what a free truck could take next."""
    today = utc_now().astimezone(SHANGHAI).date()
    on_offer, me, earned, *own = visit.api.all(
        Ask("/v1/shipments", {"status": "planned", "limit": MOST}),
        Ask("/v1/me"),
        Ask("/v1/earnings", {"since": today}),
        *own_loads(visit),
    )
    loads = each_once(*own)
    trucks = fleet(loads)
    chosen, place = stands(visit, trucks)
    hand = in_hand(loads)
    offers = ranked(items_of(on_offer), place, chosen)
    return visit.render(
        "home.html", me=me, hand=hand, offers=offers[:FEW], offers_count=len(offers), trucks=trucks, chosen=chosen, place=place,
        free=sum(one.is_free for one in trucks), earned=items_of(earned), earned_is_read=earned is not None and earned.is_ok,
        today=today.isoformat(), next=NEXT, now=iso(utc_now()), read=all(one is not None and one.is_ok for one in own),
        offers_read=on_offer is not None and on_offer.is_ok,
    )  # fmt: skip


def load(visit: Visit, load_id: str) -> Response:
    """`/carrier/loads/{load}`: takes it, or takes its next step."""
    form = visit.form()
    if visit.request.method == "POST":
        done = _act(visit, load_id, form)
        if done is not None:
            return done
    found = visit.api.get(f"/v1/shipments/{load_id}").body
    is_own = found["carrier_id"] == own_id(visit)
    trucks = fleet(each_once(*visit.api.all(*own_loads(visit)))) if found["status"] == "planned" else []
    hours = _hours(visit, [found]).get(load_id)
    now = utc_now()
    return visit.render(
        "load.html", 422 if form.is_faulty else 200, load=found, form=form, trucks=trucks, is_own=is_own,
        truck=truck(found, Axis.of(now), now, hours), hours=hours, step=NEXT.get(found["status"], ("", "")),
        weighed=as_it_stands(found, "weighed"), refused=last_of(found, "refused"), said=last_of(found, "position"),
    )  # fmt: skip


def _act(visit: Visit, load_id: str, form: Form) -> Response | None:
    """Takes the load or reports a step; None where it was refused."""
    what, key = form.value("do"), form.value("form_key")
    if what in ("photo", "unphoto"):
        return visit.change_photos(f"/v1/shipments/{load_id}", form, f"/carrier/loads/{load_id}")
    if what == "take":
        body = {"carrier_id": own_id(visit), "vehicle": form.value("vehicle").strip()}
        reply = visit.api.post(f"/v1/shipments/{load_id}/assign", body, key)
    else:
        names = ("lat", "lon") if what == "position" else ()
        degrees = {name: _degrees(form.value(name)) for name in names}
        reply = visit.report(load_id, what if what in (*STEPS, "position") else "", form, **degrees)
    if what == "position":  # sent by the page's script, which stays where it is
        response = visit.send(b"", "text/plain")
        response.status_code = 200 if reply.is_ok else reply.status
        return response
    if not reply.is_ok:
        form.refuse(reply, known=("vehicle",))
        return None
    return visit.go(f"/carrier/loads/{load_id}", visit.t[f"said_{what}"])


def _degrees(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _hours(visit: Visit, loads: Iterable[Json]) -> dict[str, float]:
    """The hours of hauls whose ends are known, by the quotes that matching uses."""
    known = [one for one in loads if one["from_position"] and one["to_position"]]
    asks = [
        Ask("/v1/quotes", {
            "from": "{lat},{lon}".format(**one["from_position"]), "to": "{lat},{lon}".format(**one["to_position"]),
            "tonnes": one["quantity_t"], "material": one["grade"],
        })
        for one in known
    ]  # fmt: skip
    found: dict[str, float] = {}
    for one, reply in zip(known, visit.api.all(*asks), strict=True):
        options = reply.body["options"] if reply is not None and reply.is_ok else []
        hours = next((option["hours"] for option in options if option["mode"] == one["mode"]), None)
        if hours is not None:
            found[one["id"]] = hours
    return found


def day(visit: Visit) -> Response:
    """`/carrier/day`: today's loads on a time axis; `?date=` another day's, `?all=1` more than fit a glance."""
    now = utc_now()
    try:
        wanted = datetime.combine(date.fromisoformat(visit.request.args.get("date", "")), now.time(), SHANGHAI)
    except ValueError:
        wanted = now
    axis = Axis.of(wanted)
    is_today = axis.holds(now)
    is_csv = visit.request.args.get("as") == "csv"
    is_whole = is_csv or not is_today or "all" in visit.request.args
    newest, under_way = visit.api.all(*own_loads(visit, MOST if is_whole else NEWEST))
    assert newest is not None
    loads = each_once(newest, under_way)
    shown = [one for one in loads if (concerns(one, axis) if is_today else _was_on(one, axis))]
    hours = _hours(visit, [one for one in shown if one["status"] in ON_THE_WAY])
    trucks = in_order(truck(one, axis, now, hours.get(one["id"])) for one in shown)
    has_more = bool(newest.body["next_cursor"]) or len(trucks) > NEWEST
    if is_csv:
        return visit.table(_day_rows(visit, trucks), f"day-{axis.start:%Y-%m-%d}.csv")
    return visit.render(
        "day.html", axis=axis, trucks=trucks if is_whole else trucks[:NEWEST],
        has_more=has_more and not is_whole, now_at=axis.at(now), day=axis.start.date().isoformat(), is_today=is_today,
        most_loads=MOST if newest.body["next_cursor"] else None,
        before=(axis.start - timedelta(days=1)).date().isoformat(), after=(axis.start + timedelta(days=1)).date().isoformat(),
    )  # fmt: skip


def _was_on(load: Json, axis: Axis) -> bool:
    return any(axis.holds(moment(one["at"])) for one in load["events"])


def _day_rows(visit: Visit, trucks: Sequence[Any]) -> list[list[str | float]]:
    t = visit.t
    rows: list[list[str | float]] = [
        [t["vehicle"], t["grade"], t["quantity"], t["from_word"], t["to_word"], t["state"], t["left"], t["came"]]
    ]
    for one in trucks:
        load = one.load
        times = [at_of(load, "loaded"), at_of(load, "arrived")]
        rows.append([
            load["vehicle"] or "", material_name(load["grade"], t), load["quantity_t"], region_name(load["from_region"], t),
            region_name(load["to_region"], t), t[f"load_{load['status']}"],
            *("" if at is None else at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") for at in times),
        ])  # fmt: skip
    return rows


def earnings(visit: Visit) -> Response:
    """`/carrier/earnings`: freight of received loads by day; `?day=` lists one's, or else the newest."""
    wanted = _day_of(visit.request.args.get("day", ""))
    of = {"carrier_id": own_id(visit), "status": "received", "limit": LISTED}
    by_day, listed = visit.api.all(Ask("/v1/earnings"), Ask("/v1/shipments", {**of, "received_on": wanted}))
    assert by_day is not None
    days = by_day.items
    if visit.request.args.get("as") == "csv":
        t = visit.t
        rows: list[list[str | float]] = [[t["day"], t["loads_word"], t["quantity"], t["freight"]]]
        rows += [[one["day"], one["loads"], one["quantity_t"], one["freight_cny"]] for one in days]
        return visit.table(rows, "earnings.csv")
    sums = {name: round(sum((one[name] for one in days), 0.0), 3) for name in ("loads", "quantity_t", "freight_cny")}
    return visit.render("earnings.html", days=days, sums=sums, listed=listed, wanted=wanted)


def _day_of(text: str) -> str:
    """The day, or nothing where it is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
