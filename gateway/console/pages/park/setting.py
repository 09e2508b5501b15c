"""What an operator sets by hand, targets and rules of allowances: made, changed, withdrawn, and brought back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from gateway.console.client import Reply
from gateway.console.formats import day_begins, day_ends, last_day, regions_by_province, shanghai_today
from gateway.console.pages.park.looking import named_region
from gateway.console.visit import Form, Visit

STATUSES = {"withdraw": "withdrawn", "restore": "standing"}
"""What a button makes of it."""
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """One kind: its template, where the API has it, the page of its form and that of its list; the fields of a new one, those
    of them that may be changed, which are numbers, and which may be emptied."""

    name: str
    api: str
    page: str
    home: str
    fields: tuple[str, ...]
    changed: tuple[str, ...]
    numbers: tuple[str, ...]
    emptied: tuple[str, ...] = ()

    def body(self, form: Form, names: tuple[str, ...]) -> dict[str, Any]:
        """As the API takes it; what was left empty is left out, or null where it may be emptied."""
        ways: dict[str, Callable[[str], Any]] = {"from": day_begins, "to": day_ends}
        body: dict[str, Any] = {}
        for name in names:
            text = form.value(name).strip()
            if text:
                body[name] = form.number(name) if name in self.numbers else ways.get(name, str)(text)
            elif name in self.emptied:
                body[name] = None
        return body

    def typed(self, item: Json) -> dict[str, str]:
        """One as it would be typed."""
        values = {name: "" if item[name] is None else str(item[name]) for name in self.changed}
        values |= {name: f"{item[name]:.3f}".rstrip("0").rstrip(".") for name in self.numbers}
        return values | {"to": last_day(item["to"]) if item["to"] else ""}


def set_by_hand(visit: Visit, what: Setting, identifier: str, options: Mapping[str, Any]) -> Response:
    """The form of a new one (`new`) or of one that is there; its buttons and its undo come here as well."""
    path = f"{what.api}/{identifier}"
    found = None if identifier == "new" else visit.api.get(path)
    form = visit.form()
    if found is not None:
        form.begin(found, what.typed(found.body))
    if visit.request.method == "POST":
        done = _done(visit, what, path, found, form)
        if done is not None:
            return done
    code = visit.request.args.get("region", "")
    return visit.render(
        f"{what.name}.html",
        422 if form.is_faulty else 200,
        form=form,
        item=None if found is None else found.body,
        places=regions_by_province(visit.t.code),
        extra=(code, named_region(code, visit.t)) if code else None,
        today=shanghai_today(visit.now).isoformat(),
        where=lambda one: named_region(one, visit.t),
        labels={name: visit.t[f"set_{name}"] for name in what.fields},
        **options,
    )


def _done(visit: Visit, what: Setting, path: str, found: Reply | None, form: Form) -> Response | None:
    """None where it was refused, with the reason in `form`."""
    do = visit.request.args.get("do") or form.value("do")
    if found is None:
        reply = visit.api.post(what.api, what.body(form, what.fields), form.value("form_key"))
        word, back = "said_set", "withdraw"
    elif do in STATUSES:
        reply = visit.api.patch(path, {"status": STATUSES[do]}, found.etag)
        word, back = f"said_{do}", "restore" if do == "withdraw" else ""
    else:
        reply = visit.change(path, what.body(form, what.changed), form, what.typed)
        word, back = "said_set", ""
    if not reply.is_ok:
        form.refuse(reply, known=what.fields)
        return None
    undo = f"{what.page}/{reply.body['id']}?do={back}" if back else ""
    return visit.go(what.home, visit.t[word], undo)
