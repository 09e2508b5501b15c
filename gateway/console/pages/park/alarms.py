"""Alarms: what stands, taken on with a note; the rules that raise them, made, changed, paused and withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from gateway.console.formats import material_name
from gateway.console.pages.park.looking import MEASURES, SIDES, named_region, places_below
from gateway.console.visit import Form, Visit
from shared.catalogue import families, grades

FIELDS: dict[str, tuple[str, ...]] = {
    "threshold": ("measure", "side", "above_t", "below_t", "window_h", "material"),
    "change": ("measure", "side", "rise_pct", "fall_pct", "least_t", "material"),
    "silence": ("site_id", "silent_h"),
    "stock": ("share_pct", "site_id"),
    "price": ("grade", "low_cny_per_t", "high_cny_per_t"),
    "allowance": ("share_pct", "material"),
}
"""What a form of each kind asks for, beside its name, region and when it is escalated."""
MUST = {"silence": ("site_id", "silent_h")}
"""What a rule of a kind can't do without, beside its name and region."""
ELSE = {
    "threshold": {"window_h": "24"},
    "change": {"least_t": "10"},
    "stock": {"share_pct": "100"},
    "allowance": {"share_pct": "90"},
}
"""What the API takes where nothing is given, as a new rule's form shows it."""
SEVERITIES = ("normal", "urgent")
WHOLE = ("window_h", "silent_h", "escalate_after_min")
UNITS = {"cny_per_t": "unit_cny_t", "t": "unit_t", "pct": "unit_pct", "h": "unit_h", "min": "unit_min"}
"""By the end of a field's name, the longest first."""
SHOWN = (
    *("measure", "above_t", "below_t", "rise_pct", "fall_pct", "least_t", "window_h", "silent_h", "share_pct"),
    *("low_cny_per_t", "high_cny_per_t", "escalate_after_min", "severity"),
)


def alarms(visit: Visit) -> Response:
    """Those that stand first; taking one on is a POST of its id and a note."""
    form = visit.form()
    if visit.request.method == "POST":
        reply = visit.api.post(f"/v1/alarms/{form.value('alarm_id')}/acknowledge", {"note": form.value("note")})
        if reply.is_ok:
            return visit.go("/park/alarms", visit.t["said_taken"])
        form.refuse(reply, known=("note",))
    status = visit.request.args.get("status", "raised")
    status = status if status in ("raised", "cleared") else "raised"
    page = visit.api.get("/v1/alarms", status=status, cursor=visit.request.args.get("cursor"), limit=50).body
    return visit.render(
        "alarms.html",
        422 if form.is_faulty else 200,
        items=page["items"],
        cursor=page["next_cursor"],
        chosen=status,
        form=form,
        where=lambda code: named_region(code, visit.t),
    )


def rules(visit: Visit) -> Response:
    """What is watched; a rule is paused, goes on or is withdrawn by a POST."""
    form = Form()
    if visit.request.method == "POST":
        typed, path = visit.request.form, f"/v1/alarm-rules/{visit.request.form.get('rule_id', '')}"
        reply = visit.api.patch(path, {"status": typed.get("status", "")}, visit.api.get(path).etag)
        if reply.is_ok:
            return visit.go("/park/alarms/rules", visit.t.say("said_rule", name=reply.body["name"]))
        form.refuse(reply)
    page = visit.api.get("/v1/alarm-rules", cursor=visit.request.args.get("cursor"), limit=50).body
    return visit.render(
        "rules.html",
        409 if form.is_faulty else 200,
        items=[one for one in page["items"] if one["status"] != "withdrawn"],
        cursor=page["next_cursor"],
        form=form,
        kinds=tuple(FIELDS),
        shown=SHOWN,
        unit=unit_of,
        where=lambda code: named_region(code, visit.t),
        material=lambda code: material_name(code, visit.t),
    )


def rule(visit: Visit, rule_id: str) -> Response:
    """A rule's form: a new one of a kind (`/new?kind=`), or one to change."""
    found = None if rule_id == "new" else visit.api.get(f"/v1/alarm-rules/{rule_id}")
    kept: dict[str, Any] = {} if found is None else found.body
    kind = kept.get("kind") or visit.request.values.get("kind", "threshold")
    kind = kind if kind in FIELDS else "threshold"
    form = visit.form()
    if found is not None:
        form.begin(found, _typed_of(kept))
    if visit.request.method == "POST":
        body = body_of(form, kind)
        if found is None:
            body = {name: value for name, value in body.items() if value is not None}
            about = {"kind": kind, "region": form.value("region")}
            reply = visit.api.post("/v1/alarm-rules", body | about, key=form.value("form_key"))
        else:
            fixed = ("material", "side", "site_id", "region", "kind")  # a rule keeps what it is about
            body = {name: value for name, value in body.items() if name not in fixed}
            reply = visit.change(f"/v1/alarm-rules/{rule_id}", body, form, _typed_of)
        if reply.is_ok:
            return visit.go("/park/alarms/rules", visit.t.say("said_rule", name=reply.body["name"]))
        known = ("name", "region", "escalate_after_min", "severity", *FIELDS[kind])
        form.refuse(reply, {"/material": "grade"} if kind == "price" else None, known)
        form.faults = {name: in_words(text, kind, visit) for name, text in form.faults.items()}
    home = visit.api.get("/v1/me").body["organisation"]["region"] if found is None else kept["region"]
    return visit.render(
        "rule.html",
        422 if form.is_faulty else 200,
        form=form,
        kind=kind,
        kinds=tuple(FIELDS),
        is_new=found is None,
        home=home,
        places=places_below(home, visit.t) if found is None else [],
        fields=FIELDS[kind],
        must=MUST.get(kind, ()),
        otherwise=ELSE.get(kind, {}) if found is None else {},
        unit=unit_of,
        options=options(visit),
        labels={
            "name": visit.t["rule_name"],
            "region": visit.t["col_region"],
            **{one: visit.t[f"rule_{one}"] for one in (*FIELDS[kind], "severity", "escalate_after_min")},
        },
    )


def _typed_of(rule: Mapping[str, Any]) -> dict[str, str]:
    names = ("name", "escalate_after_min", "severity", *FIELDS[rule["kind"]])
    given = {name: rule["material" if name == "grade" else name] for name in names}
    return {
        name: "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
        for name, value in given.items()
    }


def in_words(text: str, kind: str, visit: Visit) -> str:
    """What the API says of a field, with the form's names instead of its own."""
    for machine in (f"{kind} 规则", f"A rule of kind {kind}"):
        text = text.replace(machine, visit.t["such_a_rule"])
    for name in sorted(FIELDS[kind], key=len, reverse=True):
        text = text.replace(name, visit.t[f"rule_{name}"]) if "_" in name else text
    return text


def unit_of(name: str) -> str:
    """The word of a field's unit; empty for none."""
    return next((UNITS[end] for end in UNITS if name.endswith(f"_{end}")), "")


def options(visit: Visit) -> dict[str, list[tuple[str, str]]]:
    """What the fields that are chosen offer."""
    names = [(one.code, material_name(one.code, visit.t)) for one in families()]
    return {
        "measure": [(one, visit.t[f"measure_{one}"]) for one in MEASURES],
        "side": [(one, visit.t[f"side_{one}"]) for one in SIDES],
        "material": [("", visit.t["all_materials"]), *names],
        "severity": [(one, visit.t[f"severity_{one}"]) for one in SEVERITIES],
        "grade": [(one.code, material_name(one.code, visit.t)) for one in grades()],
    }


def body_of(form: Form, kind: str) -> dict[str, Any]:
    """As the API takes it: what was left empty is null; what is no number stays as typed, for the API to say so."""
    body: dict[str, Any] = {"name": form.value("name")}
    for name in (*FIELDS[kind], "escalate_after_min", "severity"):
        typed = form.value(name).strip()
        outside = "material" if name == "grade" else name
        if not typed:
            body[outside] = None
        elif name in ("measure", "side", "material", "grade", "site_id", "severity"):
            body[outside] = typed
        else:
            body[outside] = number(typed, whole=name in WHOLE)
    return body


def number(typed: str, whole: bool) -> float | int | str:
    try:
        return int(typed) if whole else float(typed.replace(",", ""))
    except ValueError:
        return typed
