"""Search with what everything costs at the own gate, and the searches that were kept."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import material_name, region_name, tonnes
from gateway.console.pages.buyer.common import UNITS, Json, is_id, items_of, number, plants
from gateway.console.visit import Form, Visit
from shared import catalogue

NUMBERS = ("min_t", "max_t", "min_price", "max_price", "within_km")
TEXTS = ("q", "material", "grade", "region")
SWITCHES = ("compliant", "favourite")
SORTS = ("relevance", "delivered", "price", "distance", "newest", "quantity")
ALERTS = ("at_once", "daily", "off")
PAGE = 20
_MARK = re.compile(r"<em>(.*?)</em>")


def search(visit: Visit) -> Response:
    """`/buyer/search`."""
    sites = plants(visit)
    if not visit.request.args.keys() - {"lang"}:
        return visit.go(link({}, {"material": _bought(visit)}))
    asked = {name: value for name, value in visit.request.args.items() if value.strip() and name != "lang"}
    site = next((one for one in sites if one["id"] == asked.get("to_site")), sites[0] if sites else None)
    form = Form(dict(asked))
    query = query_of(asked, site)
    reply = visit.api.get("/v1/search/lots", {**query, "limit": PAGE, "cursor": asked.get("cursor")})
    if reply.status == 422:
        form.refuse(reply, known=(*NUMBERS, *TEXTS, "sort"))
    found = None if form.is_faulty else reply.body
    here = {name: value for name, value in asked.items() if name not in ("cursor", "all")}
    return visit.render(
        "search.html", 422 if form.is_faulty else 200, form=form, found=found, sites=sites, site=site, sorts=SORTS,
        lots=[] if found is None else [(one, marks_of(one)) for one in found["items"]],
        query=here, words=_words(visit, here), with_=lambda **more: link(here, more), alerts=ALERTS,
    )  # fmt: skip


def query_of(asked: Mapping[str, str], site: Json | None) -> dict[str, Any]:
    """What the API is asked: the delivered cost to a site of one's own, and distances from it."""
    query: dict[str, Any] = {name: asked[name] for name in (*NUMBERS, *TEXTS) if asked.get(name)}
    query |= {name: "true" for name in SWITCHES if asked.get(name)}
    sort = asked.get("sort", "")
    query.setdefault("min_t", "0.001")  # what is reserved as a whole is not to be had
    query["sort"] = sort if sort in SORTS else "delivered" if site is not None and not asked.get("q") else "relevance"
    if site is not None:
        query["to_site"] = site["id"]
        if asked.get("within_km") or sort == "distance":
            query["near"] = f"{site['position']['lat']},{site['position']['lon']}"
    return query


def link(here: Mapping[str, str], more: Mapping[str, str | None]) -> str:
    """The search with another choice; None takes one out."""
    query = {name: value for name, value in {**here, **more}.items() if value}
    return f"/buyer/search?{urlencode(query or {'all': '1'})}"


def _bought(visit: Visit) -> str | None:
    """The family that the buyer asks for first; delivered costs of several are not to be compared."""
    reply = visit.api.get("/v1/demands", status="open", limit=1)
    return next((str(one["materials"][0]) for one in reply.items), None) if reply.is_ok else None


def marks_of(lot: Json) -> list[list[tuple[str, bool]]]:
    """The texts that were found, in pieces that are marked or not. The API marks by <em> in escaped text."""
    texts = [text for found in lot["highlights"].values() for text in found][:3]
    return [[(html.unescape(piece), at % 2 == 1) for at, piece in enumerate(_MARK.split(text)) if piece] for text in texts]


def _words(visit: Visit, asked: Mapping[str, str]) -> dict[str, str]:
    """What is set, in words, by parameter."""
    t = visit.t
    named = {"material": material_name, "grade": material_name, "region": region_name}
    words = {name: call(asked[name], t) for name, call in named.items() if asked.get(name)}
    units = {"min_t": "unit_t", "max_t": "unit_t", "min_price": "unit_cny_t", "max_price": "unit_cny_t"}
    words |= {name: f"{t[name]} {_figure(asked[name])} {t[unit]}" for name, unit in units.items() if asked.get(name)}
    words |= {name: t[name] for name in SWITCHES if asked.get(name)}
    if asked.get("within_km"):
        words["within_km"] = f"{t['within_km']} {asked['within_km']} km"
    return words


def _figure(typed: str) -> str:
    """As figures are written; what is none, as it was typed."""
    value = number(typed)
    return tonnes(value) if isinstance(value, float) else value


def lot(visit: Visit, lot_id: str) -> Response:
    """`/buyer/lots/{lot}`: a lot as a buyer may see it, what hauling it here costs, and what to do about it."""
    found = visit.api.get(f"/v1/lots/{lot_id}").body
    site = next(iter(plants(visit)), None)
    quote, tenders = visit.api.all(
        None if site is None else Ask("/v1/quotes", {
            "from": found["region"], "to": site["id"], "tonnes": max(found["available_t"], 0.001), "material": found["grade"],
        }),
        Ask("/v1/tenders", {"lot_id": lot_id, "status": "open"}),
    )  # fmt: skip
    options = quote.body["options"] if quote is not None and quote.is_ok else []
    names = {one.name: one.name_zh if visit.t.code == "zh" else one.name_en for one in catalogue.attributes()}
    tender = next(iter(items_of(tenders)), None)
    quoted = quote is not None and quote.is_ok
    return visit.render(
        "lot.html", lot=found, site=site, options=options, quoted=quoted, tender=tender, attributes=names, units=UNITS
    )


def photo(visit: Visit, lot_id: str, photo_id: str) -> Response:
    """`/buyer/lots/{lot}/photos/{photo}`: a picture in a browser, which has no token to give; `?small=1` a thumbnail."""
    small = "/thumbnail" if visit.request.args.get("small") else ""
    reply = visit.api.get(f"/v1/lots/{lot_id}/photos/{photo_id}{small}")
    if not reply.is_ok:
        _ = reply.body
    response = visit.send(reply.content, reply.headers.get("content-type", "image/jpeg"))
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def saved(visit: Visit) -> Response:
    """`/buyer/searches`: what is kept, how it tells of new lots, and what came of it. POST keeps, changes or drops one."""
    form = visit.form()
    if visit.request.method == "POST":
        done = _keep(visit, form)
        if done is not None:
            return done
    kept, news = visit.api.all(
        Ask("/v1/saved-searches", {"kind": "lots", "limit": 200}),
        Ask("/v1/notices", {"type": "saved_search.matched", "limit": 20}),
    )
    found = items_of(kept)
    return visit.render(
        "searches.html", 422 if form.is_faulty else 200, form=form, kept=[(one, _criteria(visit, one)) for one in found],
        read=kept is not None and kept.is_ok, news=items_of(news), alerts=ALERTS,
    )  # fmt: skip


def _criteria(visit: Visit, kept: Json) -> tuple[str, str]:
    """`(link, words)`."""
    given = {name: str(value) for name, value in kept["criteria"].items() if value not in (None, False, "")}
    words = [given["q"]] if "q" in given else []
    return link({name: value for name, value in given.items() if name != "near"}, {}), visit.t["and_so_on"].join(
        words + list(_words(visit, given).values())
    )


def _keep(visit: Visit, form: Form) -> Response | None:
    """None where it was refused."""
    what, search_id, alert = form.value("do"), form.value("id"), form.value("alert", "at_once")
    path = f"/v1/saved-searches/{search_id}" if is_id(search_id) else "/v1/saved-searches"
    if what == "drop":
        reply = visit.api.delete(path)
    elif what == "alert":
        reply = visit.api.patch(path, {"alert": alert}, visit.api.get(path).etag)
    else:
        given = {name: form.value(name) for name in (*TEXTS, *NUMBERS, *SWITCHES, "near") if form.value(name).strip()}
        criteria: dict[str, Any] = {name: number(value) if name in NUMBERS else value for name, value in given.items()}
        criteria |= {"compliant": True} if "compliant" in given else {}
        criteria.pop("favourite", None)  # what one thinks of others by then is not kept
        body = {"name": form.value("name"), "kind": "lots", "criteria": criteria, "alert": alert}
        reply = visit.api.post("/v1/saved-searches", body, form.value("form_key"))
    if not reply.is_ok:
        form.refuse(reply, known=("name",))
        return None
    return visit.go("/buyer/searches", visit.t[{"drop": "said_dropped", "alert": "said_alert"}.get(what, "said_kept")])
