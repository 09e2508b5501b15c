"""Selling in six taps: sell, the grade's picture, the tonnes, a photo (two), publish. Everything else has an answer already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Response

from gateway.console.client import Ask, Reply
from gateway.console.formats import day_begins, day_ends, last_day, shanghai_day, shanghai_today, tonnes
from gateway.console.pages.collector.advice import advise
from gateway.console.visit import Form, Visit
from shared import catalogue

TILES = (
    "steel.hms1", "steel.hms2", "steel.medium", "steel.light", "steel.shredded", "steel.turnings", "steel.cast_iron",
    "steel.stainless",
    "nonferrous.copper", "nonferrous.aluminium", "paper.occ_a", "paper.mixed", "plastic.pet_bottle", "plastic.ldpe_film",
    "battery.lfp_pack", "tyre.whole",
)  # fmt: skip
"""Grades with a picture of their own, which a yard sees first; all others are found by their names."""
UNITS = ("t", "kg", "jin", "load")
OF_UNIT = {"t": "吨", "kg": "公斤", "jin": "斤", "load": "车"}
DAYS = 10
WINDOW = ("available_from", "available_until")
VAT_PCT = 3
MOST_OFTEN = ("moisture_pct", "impurity_pct", "thickness_mm")
"""Attributes that stand in the form; a grade has those of them that it has."""
FIELDS = (
    "grade", "quantity_t", "ask_cny_per_t", "site_id", "available_from", "available_until", "vat_rate_pct", "min_take_t",
    "load_t", "description", *MOST_OFTEN,
)  # fmt: skip


def grades(visit: Visit) -> Response:
    """The tiles of what was typed, as a part of the page."""
    q = visit.request.args.get("q", "").strip()
    found = visit.api.get("/v1/search/suggest", q=q, limit=12) if q else None
    codes = [one["value"] for one in found.items if one["kind"] == "grade"] if found is not None and found.is_ok else []
    if found is not None and found.is_ok:
        families = {one["value"] for one in found.items if one["kind"] == "material"}
        codes += [one.code for one in catalogue.grades() if one.family in families and one.code not in codes]
    return visit.render("grades.html", q=q, codes=codes[:24], refused=found is not None and not found.is_ok)


def sell(visit: Visit) -> Response:
    """First the grade, then the rest of it."""
    form = visit.form()
    code = form.value("grade") or visit.request.args.get("grade", "")
    if visit.request.method == "POST":
        reply = visit.api.post("/v1/lots", body_of(form), key=form.value("form_key"))
        if reply.is_ok:
            return _listed(visit, reply.body, visit.send_photos(f"/v1/lots/{reply.body['id']}/photos"))
        form.refuse(reply, {"/available_until": "available_until"}, FIELDS)
    if catalogue.grade(code) is None:
        own = visit.api.get("/v1/lots", limit=50)
        recent = list(dict.fromkeys(one["grade"] for one in own.items))[:4] if own.is_ok else []
        again = _each_once(own.items)[:3] if own.is_ok else []
        return visit.render(
            "pick.html", tiles=[*recent, *(one for one in TILES if one not in recent)], recent=recent, again=again
        )
    if not form.values and (again_id := visit.request.args.get("again")):
        typed = typed_of(visit.api.get(f"/v1/lots/{again_id}").body)
        form = Form({name: text for name, text in typed.items() if name not in WINDOW})  # from today on
    return _form(visit, form, code, "sell.html")


def _each_once(lots: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that were published; of several alike the last."""
    seen = {(one["grade"], one["quantity_t"], one["ask_cny_per_t"]): one for one in reversed(lots) if one["status"] != "draft"}
    return list(reversed(seen.values()))


def edit(visit: Visit, lot_id: str) -> Response:
    """The same form over what there is."""
    path = f"/v1/lots/{lot_id}"
    form, found = visit.form(), visit.api.get(path)
    lot = found.body
    form.begin(found, typed_of(lot))
    if visit.request.method == "POST":
        body = body_of(form)
        body.pop("publish", None)
        reply = visit.change(path, body, form, typed_of)
        if reply.is_ok:
            return visit.go(f"/collector/lots/{lot_id}", visit.t["did_edit"])
        form.refuse(reply, known=FIELDS)
    return _form(visit, form, lot["grade"], "edit.html", lot=lot)


def _form(visit: Visit, form: Form, code: str, template: str, **more: Any) -> Response:
    sites, me = visit.api.all(Ask("/v1/sites", {"organisation_id": visit.organisation_id, "limit": 100}), Ask("/v1/me"))
    assert sites is not None and me is not None
    chosen = form.value("site_id")
    site = next((one for one in sites.items if one["id"] == chosen), sites.items[0] if sites.items else None)
    found = catalogue.grade(code)
    assert found is not None
    today = shanghai_today(visit.now)
    return visit.render(
        template,
        422 if form.is_faulty else 200,
        form=form,
        me=me,
        grade=code,
        advice=advise(visit, [code], site, me.body["region"])[code],
        sites=[(one["id"], one["name"]) for one in sites.items],
        attributes=[catalogue.attribute(name) for name in MOST_OFTEN if name in found.attributes],
        traits=_traits(visit, found.family),
        units=[(one, visit.t[f"unit_of_{one}"]) for one in UNITS],
        days={"today": today.isoformat(), "until": (today + timedelta(days=DAYS)).isoformat()},
        vat=VAT_PCT,
        **more,
    )


def _traits(visit: Visit, family: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The choices of what is a word and no figure: field, label, options."""
    zh = visit.t.code == "zh"
    return [
        (
            f"trait_{one.code}",
            one.name_zh if zh else one.name_en,
            [("", "–"), *((value.code, value.name_zh if zh else value.name_en) for value in values)],
        )
        for one in catalogue.traits()
        if (values := one.of(family))
    ]


def _traits_typed(form: Form) -> dict[str, str] | None:
    """None where the form asks for none: what a lot says of them stays."""
    asked = [one.code for one in catalogue.traits() if one.of(catalogue.family_of(form.value("grade")))]
    return {code: value for code in asked if (value := form.value(f"trait_{code}"))} if asked else None


def body_of(form: Form) -> dict[str, Any]:
    """The lot that was typed. What can't be read goes as it is, and the API says what is wrong with it."""
    quantity = form.value("quantity_t").strip()
    unit = OF_UNIT.get(form.value("unit", "t"), "吨")
    bare = quantity.replace(",", "").replace(".", "", 1).isdecimal()
    body: dict[str, Any] = {
        "grade": form.value("grade"),
        "quantity_t": f"{quantity}{unit}" if bare else quantity,
        "ask_cny_per_t": form.number("ask_cny_per_t"),
        "site_id": form.value("site_id"),
        "available_from": day_begins(form.value("available_from")) or None,
        "available_until": day_ends(form.value("available_until")) or None,
        "quality": {name: form.number(name) for name in MOST_OFTEN if form.value(name)},
        "traits": _traits_typed(form),
        "vat_rate_pct": form.number("vat_rate_pct"),
        "divisible": form.value("whole") != "yes",
        "auto_accept": form.value("auto_accept") == "yes",
        "description": form.value("description") or None,
        "publish": form.value("publish") == "yes",
    }
    if form.value("min_take_t"):
        body["min_take_t"] = form.number("min_take_t")
    if unit == "车":
        body["load_t"] = form.number("load_t")
    if form.value("hard_stops") == "yes":
        body["hard_stops_declared"] = True
    return {name: value for name, value in body.items() if value is not None}


def typed_of(lot: Mapping[str, Any]) -> dict[str, str]:
    """A lot as it would be typed."""
    quality = {name: f"{value:g}" for name, value in lot["quality"].items() if name in MOST_OFTEN}
    return {
        "grade": lot["grade"],
        "quantity_t": tonnes(lot["quantity_t"]).replace(",", ""),
        "unit": "t",
        "ask_cny_per_t": f"{lot['ask_cny_per_t']:.2f}",
        "site_id": lot["site_id"] or "",
        "available_from": shanghai_day(lot["available_from"]),
        "available_until": last_day(lot["available_until"]),
        "vat_rate_pct": f"{lot['vat_rate_pct']:g}",
        "min_take_t": tonnes(lot["min_take_t"]).replace(",", ""),
        "whole": "" if lot["divisible"] else "yes",
        "auto_accept": "yes" if lot["auto_accept"] else "",
        "hard_stops": "yes" if lot["hard_stops_declared"] is not None else "",
        "description": lot["description"] or "",
        **quality,
        **{f"trait_{name}": value for name, value in lot["traits"].items()},
    }


def _listed(visit: Visit, lot: Mapping[str, Any], refused: Reply | None) -> Response:
    """The lot stands whatever became of its photo, and the next page says both."""
    path = f"/collector/lots/{lot['id']}"
    said = visit.t["did_publish"] if lot["status"] == "open" else visit.t["did_draft"]
    if refused is not None:
        said += " " + visit.t.say("photo_refused", why=refused.problem.get("detail") or refused.status)
    return visit.go(path, said, undo=f"{path}?do=withdraw" if lot["status"] == "open" else "")
