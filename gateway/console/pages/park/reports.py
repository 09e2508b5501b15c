"""Monthly returns: made now or every month, downloaded as a workbook or as pages to print."""

from __future__ import annotations

from datetime import timedelta

from flask import Response

from gateway.console.client import Ask, Reply
from gateway.console.pages.park.looking import named_region, places_below
from gateway.console.visit import Form, Visit
from shared.clock import SHANGHAI, utc_now
from shared.problem import NotFound

KINDS = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def reports(visit: Visit) -> Response:
    """What was made and what is made every month; `do` says what a form wants: make, schedule, end."""
    form = visit.form()
    if visit.request.method == "POST":
        reply, said = _done(visit, form)
        if reply.is_ok:
            return visit.go("/park/reports", visit.t[said])
        form.refuse(reply, known=("region", "month", "day_of_month"))
    me, made, schedules = visit.api.all(
        Ask("/v1/me"),
        Ask("/v1/reports", {"cursor": visit.request.args.get("cursor"), "limit": 50}),
        Ask("/v1/report-schedules", {"status": "active", "limit": 50}),
    )
    assert me is not None and made is not None
    today = utc_now().astimezone(SHANGHAI).date()
    return visit.render(
        "reports.html",
        422 if form.is_faulty else 200,
        form=form,
        items=made.items,
        cursor=made.body["next_cursor"],
        waits=any(one["status"] == "queued" for one in made.items),
        schedules=schedules,
        home=me.body["organisation"]["region"],
        month=(today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m"),
        places=places_below(me.body["organisation"]["region"], visit.t),
        place=lambda code: named_region(code, visit.t),
    )


def _done(visit: Visit, form: Form) -> tuple[Reply, str]:
    do, key = form.value("do"), form.value("form_key")
    if do == "end":
        return visit.api.delete(f"/v1/report-schedules/{form.value('schedule_id')}"), "said_ended"
    if do == "schedule":
        day = form.value("day_of_month", "1")
        body = {"region": form.value("region"), "day_of_month": int(day) if day.isdecimal() else day}
        return visit.api.post("/v1/report-schedules", body, key), "said_scheduled"
    return visit.api.post("/v1/reports", {"region": form.value("region"), "month": form.value("month")}, key), "said_asked"


def file(visit: Visit, report_id: str, name: str) -> Response:
    """`<language>.<format>` of a return."""
    language, _, form = name.partition(".")
    if form not in KINDS or language not in ("zh", "en"):
        raise NotFound
    ask = Ask(f"/v1/reports/{report_id}/file", {"format": form, "language": language}, KINDS[form])
    (reply,) = visit.api.all(ask)
    assert reply is not None
    if not reply.is_ok:
        reply.body  # noqa: B018 - raises what was refused
    return visit.send(reply.content, KINDS[form], f"huanliu-{report_id}.{language}.{form}")
