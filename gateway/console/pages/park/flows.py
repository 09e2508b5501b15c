"""Flows: what was received in a region, from where to where; the twelve largest drawn, all in the table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response

from gateway.console.client import Ask
from gateway.console.formats import material_name
from gateway.console.pages.park.looking import choices, look_of, named_region
from gateway.console.pages.park.places import name_of
from gateway.console.visit import Visit
from shared.geo import contains, lineage, region

DRAWN = 12
REST = "rest"


def flows(visit: Visit) -> Response:
    """Of a region, of everything or one material."""
    look = look_of(visit)
    code = visit.request.args.get("region") or visit.api.get("/v1/me").body["organisation"]["region"]
    way = visit.request.args.get("way", "")
    query = {"material": look.material, "from": look.start, "as_of": look.as_of, "by": "mode"}
    if visit.request.args.get("as") == "csv":
        found = visit.api.get(f"/v1/regions/{code}/flows", query).items
        rows = [("from", "to", "material", "mode", "received_t")]
        body = [
            (one["from"], one["to"], one["material"], one["mode"], one["received_t"]) for one in found if goes(one, code, way)
        ]
        return visit.table([*rows, *body], f"flows-{code}.csv")
    about, reply = visit.api.all(Ask(f"/v1/regions/{code}"), Ask(f"/v1/regions/{code}/flows", query))
    assert about is not None and reply is not None
    place = about.body
    items = sorted((one for one in reply.items if goes(one, code, way)), key=lambda one: -one["received_t"])
    return visit.render(
        "flows.html",
        items=items,
        place=place,
        name=name_of(place, visit.t),
        look=look,
        way=way,
        ways=("in", "out", "within"),
        withheld=reply.body["withheld"],
        drawing=drawn(items, place, visit),
        whole=sum(round(one["received_t"] * 1000) for one in items) / 1000,
        named=lambda one: named_region(one, visit.t),
        material=lambda one: material_name(one, visit.t),
        **choices(visit.t),
    )


def goes(one: dict[str, Any], code: str, way: str) -> bool:
    """`in`: it was received in the region; `out`: it came from there and was received elsewhere; `within`: both ends in it."""
    ends = (contains(code, one["from"]), contains(code, one["to"])) if region(code) else (True, True)
    return {"in": ends[1], "out": ends[0] and not ends[1], "within": all(ends)}.get(way, True)


def drawn(items: Iterable[dict[str, Any]], place: dict[str, Any], visit: Visit) -> dict[str, Any]:
    """The largest as a Sankey, the rest as one; as `charts.js` takes it."""
    kg: dict[tuple[str, str], int] = {}
    for one in items:
        key = (end_of(one["from"], place), end_of(one["to"], place))
        kg[key] = kg.get(key, 0) + round(one["received_t"] * 1000)
    largest = sorted(kg.items(), key=lambda one: -one[1])
    folded = sum(amount for _, amount in largest[DRAWN:])
    links = [(start, end, amount) for (start, end), amount in largest[:DRAWN] if amount]
    if folded:
        links.append((REST, REST, folded))
    sums: dict[tuple[str, str], int] = {}
    for start, end, amount in links:
        for side, code in (("from", start), ("to", end)):
            sums[side, code] = sums.get((side, code), 0) + amount
    nodes = [
        {
            "id": f"{side}:{code}",
            "side": side,
            "value": amount / 1000,
            "label": visit.t["flows_rest"] if code == REST else named_region(code, visit.t),
        }
        for (side, code), amount in sums.items()
    ]
    return {
        "nodes": nodes,
        "links": [{"from": f"from:{start}", "to": f"to:{end}", "value": amount / 1000} for start, end, amount in links],
        "unit": visit.t["unit_t"],
    }


def end_of(code: str, place: dict[str, Any]) -> str:
    """Inside the region what lies directly below it; outside the province."""
    line = lineage(code)
    if place["level"] in ("province", "city", "county") and contains(place["code"], code):
        below = {"province": 1, "city": 2, "county": 2}[place["level"]]
        from_above = sorted(line)
        return from_above[min(below, len(from_above) - 1)]
    return f"{code[:2]}0000"
