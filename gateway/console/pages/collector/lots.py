"""What the yard has on offer, and what became of it."""

from __future__ import annotations

from typing import Any

from flask import Response

from gateway.console.client import Ask, Reply
from gateway.console.formats import day_ends
from gateway.console.visit import Form, Visit

STATES = ("", "open", "draft", "closed")


def lots(visit: Visit) -> Response:
    """The list, newest first."""
    args = visit.request.args
    query = {"status": args.get("status"), "grade": args.get("grade"), "limit": 30, "cursor": args.get("cursor")}
    found = visit.api.get("/v1/lots", query).body
    return visit.render(
        "lots.html", items=found["items"], cursor=found["next_cursor"], status=args.get("status", ""), states=STATES
    )


def lot(visit: Visit, lot_id: str) -> Response:
    """One lot: where its tonnes are, why it is matched or not; what can be done with it is posted here."""
    path = f"/v1/lots/{lot_id}"
    form = visit.form()
    if visit.request.method == "POST":
        do = form.value("do") or visit.request.args.get("do", "")
        answer = _done(visit, path, lot_id, do, form)
        if isinstance(answer, Response):
            return answer
        if answer is not None:
            form.refuse(answer, known=("every", "quantity_t", "until"))
    one, why, offers, trades, again = visit.api.all(
        Ask(path),
        Ask(f"{path}/explanation"),
        Ask("/v1/proposals", {"lot_id": lot_id, "limit": 20}),
        Ask("/v1/trades", {"lot_id": lot_id, "limit": 20}),
        Ask(f"{path}/recurrence"),
    )
    assert one is not None
    status = 422 if form.is_faulty else 200
    return visit.render("lot.html", status, lot=one.body, why=why, offers=offers, trades=trades, again=again, form=form)


def _done(visit: Visit, path: str, lot_id: str, do: str, form: Form) -> Response | Reply | None:
    """The page to go on to, or the refusal."""
    here = f"/collector/lots/{lot_id}"
    if do in ("publish", "withdraw"):
        reply = visit.api.post(f"{path}/{do}")
        undo = f"{here}?do=withdraw" if do == "publish" else ""
        return visit.go(here, visit.t[f"did_{do}"], undo) if reply.is_ok else reply
    if do == "copy":
        reply = visit.api.post(f"{path}/copy", {}, form.value("form_key"))
        return visit.go(f"/collector/lots/{reply.body['id']}/edit", visit.t["did_copy"]) if reply.is_ok else reply
    if do == "photo":
        refused = visit.send_photos(f"{path}/photos")
        return refused if refused is not None else visit.go(here, visit.t["did_photo"])
    if do == "unphoto":
        reply = visit.api.delete(f"{path}/photos/{form.value('photo_id')}")
        return visit.go(here, visit.t["did_unphoto"]) if reply.is_ok else reply
    if do == "again":
        body: dict[str, Any] = {"every": form.value("every"), "quantity_t": f"{form.value('quantity_t')}吨"}
        if form.value("until"):
            body["until"] = day_ends(form.value("until"))
        reply = visit.api.post(f"{path}/recurrence", body, key=form.value("form_key"))
        return visit.go(here, visit.t["did_again"], f"{here}?do=again-no-more") if reply.is_ok else reply
    if do == "again-no-more":
        reply = visit.api.delete(f"{path}/recurrence")
        return visit.go(here, visit.t["did_again_no_more"]) if reply.is_ok else reply
    return None
